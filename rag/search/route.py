"""Which documents a question names: by name, short form, period, kind or "the latest".

A boost, never a filter: a question that names nothing gets no scores, and ranking goes by text alone. A word
names a document when few documents of the collection carry it in their profile; there is no list of names or of
document types.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from core.language.english.questions.naming import LATEST, VERSIONED
from rag.search.cues import STOP_WORDS, CueWord, Period, dates, periods, words, year_fraction
from rag.search.profile import DocumentProfile

# A word written small names a document only where a file name, title or subject holds it, and then less surely;
# less still where the writer begins with a capital and so minds them.
_LOWER_CASE = 0.5
_LOWER_CASE_MINDED = 0.2
_STRONG_TRUST = 0.6
_SHORT_FORM = 0.8
_LONGEST_NAME_WORDS = 4
_SHORTEST_RUN = 3
# Below this, name evidence counts in proportion: one common word is not a name.
_SURE = 0.5
# Weight of periods among documents where no name tells them apart.
_UNNAMED = 0.3
_PERIOD_WEIGHT = 1.5
_LATEST_WEIGHT = 1.2
# A full date points at what was written on it or within some weeks after.
_DATE_WEIGHT = 0.5
_DATE_REACH_YEARS = 0.12
_DATE_SLACK_YEARS = 0.01

# Which share of the best name evidence keeps a document in question when the latest is asked for, and how many count.
_NAMED = 0.3
_VERSIONS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a question says about documents.

    Attributes:
        scores: Document id to evidence in about [0, 3.7], best first; documents without evidence are absent.
        reasons: Document id to what matched, for a person.
        names: The question's words that named some document, with how telling they are in [0, 1].
        periods: Periods the question speaks of.
        latest: Whether it asks for the newest version.
        strength: How sure the names are, in [0, 1]; 0 where nothing is named.
    """

    scores: Mapping[str, float] = field(default_factory=dict)
    reasons: Mapping[str, Sequence[str]] = field(default_factory=dict)
    names: Mapping[str, float] = field(default_factory=dict)
    periods: Sequence[Period] = ()
    latest: bool = False
    strength: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able form."""
        return asdict(self)


@dataclass(slots=True)
class _Evidence:
    names: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    reasons: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    words: dict[str, float] = field(default_factory=dict)

    def add(self, document: int, score: float, reason: str) -> None:
        self.names[document] += score
        self.reasons[document].append(reason)

    @property
    def strength(self) -> float:
        """How sure the best name is, in [0, 1]."""
        return min(1.0, max(self.names.values(), default=0.0) / _SURE)

    def shares(self) -> dict[int, float]:
        """Return the part of every document that has any evidence."""
        best, strength = max(self.names.values(), default=0.0), self.strength
        return {document: strength * score / best for document, score in self.names.items()} if best > 0 else {}


class Router:
    """Scores documents by what a question says of them.

    Args:
        profiles: One per document of the collection. Building costs one pass; routing touches only matching terms.
    """

    def __init__(self, profiles: Sequence[DocumentProfile]) -> None:
        self._profiles = list(profiles)
        self._documents = frozenset(profile.sha256 for profile in profiles)
        self._terms: dict[str, list[tuple[int, float]]] = defaultdict(list)
        runs: dict[str, set[int]] = defaultdict(set)
        self._years: dict[int, set[int]] = defaultdict(set)
        self._initials: dict[str, dict[tuple[str, ...], set[int]]] = defaultdict(lambda: defaultdict(set))
        for number, profile in enumerate(self._profiles):
            for term, trust in profile.terms.items():
                self._terms[term].append((number, trust))
            for run in profile.runs:
                runs[run].add(number)
            for year, _, _ in profile.periods:
                self._years[year].add(number)
            for name in profile.names:
                self._initials[name[0][0]][tuple(name)].add(number)
        self._dates = sorted((profile.date, number) for number, profile in enumerate(self._profiles) if profile.date)
        self._runs = sorted((run, sorted(documents)) for run, documents in runs.items())

    @property
    def documents(self) -> Set[str]:
        """Ids of the documents it knows."""
        return self._documents

    def route(self, question: str, *, among: Collection[str] | None = None) -> Route:
        """Return the evidence for each document that the question points at.

        Args:
            question: A question or keywords.
            among: Only these documents may be meant.
        """
        question_words, spoken, latest = words(question), periods(question), self._latest_what(question)
        evidence = self._names(question_words)
        strength, named = evidence.strength, evidence.shares()
        totals = dict(named)
        for number, share in self._periods(spoken).items():
            gate = _gate(named.get(number, 0.0), strength)
            totals[number] = totals.get(number, 0.0) + _PERIOD_WEIGHT * gate * share
            evidence.reasons[number].append(f"period {_periods_text(self._profiles[number])}")
        for number, share in self._written_after(dates(question)).items():
            totals[number] = totals.get(number, 0.0) + _DATE_WEIGHT * _gate(named.get(number, 0.0), strength) * share
            evidence.reasons[number].append("date")
        if latest is not None:
            # What kind of document is asked for narrows the choice below; here only names count.
            names = self._names([word for word in question_words if word.key not in latest])
            for number, share in self._recency(names, latest).items():
                totals[number] = totals.get(number, 0.0) + _LATEST_WEIGHT * share
                evidence.reasons[number].append(f"recency {share:.2f}")
        allowed = totals if among is None else {n for n in totals if self._profiles[n].sha256 in among}
        ranked = sorted((number for number in allowed if totals[number] > 0), key=lambda n: (-totals[n], n))
        return Route(
            scores={self._profiles[number].sha256: totals[number] for number in ranked},
            reasons={self._profiles[number].sha256: tuple(evidence.reasons[number]) for number in ranked},
            names=evidence.words,
            periods=spoken,
            latest=latest is not None,
            strength=strength,
        )

    def _names(self, question_words: Sequence[CueWord]) -> _Evidence:
        evidence = _Evidence()
        self._match_terms(question_words, evidence)
        self._match_runs(question_words, evidence)
        self._match_short_forms(question_words, evidence)
        return evidence

    def _rarity(self, count: int) -> float:
        """Return how telling a term is: 1 for one document of many, 0 where all documents have it."""
        total = len(self._profiles)
        return math.log(total / count) / math.log(total) if total > 1 else 0.0

    def _match_terms(self, question_words: Sequence[CueWord], evidence: _Evidence) -> None:
        small = _LOWER_CASE_MINDED if question_words and question_words[0].proper else _LOWER_CASE
        proper = {key for word in question_words if word.proper for key in (word.key, *word.parts)}
        for key in dict.fromkeys(key for word in question_words for key in (word.key, *word.parts)):
            postings = () if key in STOP_WORDS else self._terms.get(key, ())
            rarity = self._rarity(len(postings)) if postings else 0.0
            if rarity <= 0:
                continue
            for number, trust in postings:
                if key not in proper and trust < _STRONG_TRUST:
                    continue
                evidence.add(number, rarity * trust * (1.0 if key in proper else small), key)
                evidence.words[key] = round(rarity, 3)

    def _match_runs(self, question_words: Sequence[CueWord], evidence: _Evidence) -> None:
        """Match one to four words, spaces removed, with the beginning of a run-together name."""
        best: dict[int, tuple[float, str]] = {}
        for first in range(len(question_words)):
            joined = ""
            for last in range(first, min(first + _LONGEST_NAME_WORDS, len(question_words))):
                joined += question_words[last].key
                if len(joined) < _SHORTEST_RUN or question_words[first].key in STOP_WORDS:
                    continue
                for run, documents in self._starting_with(joined):
                    if run == question_words[first].key or not any(
                        word.proper for word in question_words[first : last + 1]
                    ):
                        continue
                    score = self._rarity(len(documents)) * len(joined) / len(run)
                    for number in documents:
                        best[number] = max(best.get(number, (0.0, "")), (score, run))
        for number, (score, run) in best.items():
            # The words of the run may have counted one by one already: the same evidence, taken once.
            evidence.add(number, max(0.0, score - evidence.names[number]), run)
            evidence.words[run] = round(score, 3)

    def _starting_with(self, prefix: str) -> Iterator[tuple[str, list[int]]]:
        position = bisect_left(self._runs, (prefix,))
        while position < len(self._runs) and self._runs[position][0].startswith(prefix):
            yield self._runs[position]
            position += 1

    def _match_short_forms(self, question_words: Sequence[CueWord], evidence: _Evidence) -> None:
        for key in dict.fromkeys(word.key for word in question_words if word.proper and 3 <= len(word.key) <= 6):
            if key in self._terms:
                continue
            for name, documents in self._initials.get(key[0], {}).items():
                if _blends(key, name):
                    score = _SHORT_FORM * self._rarity(len(documents))
                    evidence.words[key] = round(score, 3)
                    for number in documents:
                        evidence.add(number, score, f"{key} = {' '.join(name)}")

    def _periods(self, spoken: Sequence[Period]) -> dict[int, float]:
        """Return per document how well its periods answer those of the question, in [0, 1]."""
        shares: dict[int, float] = {}
        newest = max((period.year for period in spoken), default=0)
        for period in spoken:
            weight = 1.0 if period.year == newest else 0.6
            for later in range(3):
                for number in self._years.get(period.year + later, ()):
                    share = weight * max(
                        _overlap(period, *dated_period) for dated_period in self._profiles[number].periods
                    )
                    shares[number] = max(share, shares.get(number, 0.0))
        return {number: share for number, share in shares.items() if share > 0}

    def _written_after(self, question_dates: Sequence[date]) -> dict[int, float]:
        """Return documents dated at or soon after a date of the question: 1 on the day, falling to 0."""
        shares: dict[int, float] = {}
        for day in map(year_fraction, question_dates):
            position = bisect_left(self._dates, (day - _DATE_SLACK_YEARS,))
            while position < len(self._dates) and self._dates[position][0] < day + _DATE_REACH_YEARS:
                dated, number = self._dates[position]
                share = 1.0 - max(0.0, dated - day) / _DATE_REACH_YEARS
                shares[number] = max(share, shares.get(number, 0.0))
                position += 1
        return shares

    def _latest_what(self, question: str) -> set[str] | None:
        """Return what the newest is asked of, as far as profiles know the words; None where it is not asked for."""
        for match in LATEST.finditer(question):
            what = [word.key for word in words(match.group(1))]
            known = {key for key in what if key in self._terms}
            if known or any(VERSIONED.match(key) for key in what):
                return known
        return None

    def _recency(self, names: _Evidence, what: set[str]) -> dict[int, float]:
        """Return 1 for the newest document of the kind asked for, among those named; less for older ones."""
        shares = names.shares()
        sure = names.strength > _SURE
        pool = [number for number, share in shares.items() if share >= _NAMED * names.strength] if sure else []
        fitting = {n: len(what & self._profiles[n].terms.keys()) for n in pool or range(len(self._profiles))}
        best = max(fitting.values(), default=0)
        dated = {number: self._profiles[number].date for number, count in fitting.items() if count == best}
        newest = sorted({day for day in dated.values() if day}, reverse=True)[:_VERSIONS]
        gate = 1.0 if pool else _UNNAMED
        return {number: gate * 0.5 ** newest.index(day) for number, day in dated.items() if day in newest}


def _gate(named: float, strength: float) -> float:
    """Let periods count among the documents a question names; a little everywhere where it names none."""
    return min(1.0, 2.0 * named) + (1.0 - strength) * _UNNAMED


def _overlap(period: Period, year: int, quarter: int, trust: float) -> float:
    """Return how well a document of one period answers for another; later ones still cover earlier years."""
    later = year - period.year
    if later < 0 or later > 2:
        return 0.0
    if later:
        return trust * (0.35, 0.2)[later - 1]
    if period.quarter == quarter:
        return trust
    if period.quarter and quarter:
        return 0.2 * trust
    return trust * (0.6 if period.quarter else 0.5)


def _blends(key: str, name: Sequence[str]) -> bool:
    """Tell whether a key is made of beginnings of a name's words, in order, all of them used."""
    if not name:
        return not key
    longest = min(len(key), len(name[0]))
    return any(key[:size] == name[0][:size] and _blends(key[size:], name[1:]) for size in range(1, longest + 1))


def _periods_text(profile: DocumentProfile) -> str:
    year, quarter, _ = profile.periods[0]
    return f"{year} Q{quarter}" if quarter else str(year)

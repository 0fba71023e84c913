"""Measures the checks: errors planted in good rows must be dropped, harmless changes must pass.

Four errors: a wrong number, another entity, a chunk from elsewhere, a quote that does not exist. The error is planted
in answer, value and statement alike, so that no check can find it by comparing them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from core.metrics import normalised
from core.types import Citation, Fact
from synth.check.base import CandidateCheck
from synth.facts.english.perturb import wrong_number
from synth.making.falsify import falsified, swapped
from synth.making.prompted import normal
from synth.work.candidate import QuestionCandidate, order_key
from synth.work.workspace import SynthTables

Plant = Callable[[QuestionCandidate, SynthTables, random.Random], QuestionCandidate | None]
_OTHERS = 12
_NUMBER = re.compile(r"\d")
_GROWN_CHARS = 200
_COURTESIES = ("Good morning! ", "A quick question: ", "Please help. ")


@dataclass(slots=True)
class ChangeResult:
    """Results for one kind of change.

    Attributes:
        planted: Number of changed rows.
        alone: Per check, the ids of the rows that it drops by itself.
    """

    planted: int = 0
    alone: dict[str, set[str]] = field(default_factory=dict)

    @property
    def caught(self) -> int:
        """Number of rows that at least one check drops."""
        return len(set[str]().union(*self.alone.values()))

    def to_json(self) -> dict[str, Any]:
        """Return counts, the share caught by all checks together, and the share each catches alone."""
        total = self.planted or 1
        return {
            "planted": self.planted,
            "caught": self.caught,
            "share": round(self.caught / total, 4),
            "alone": {check: round(len(ids) / total, 4) for check, ids in self.alone.items()},
        }


@dataclass(frozen=True, slots=True)
class CheckAudit:
    """Recall on planted errors and false alarms on harmless changes, by kind of change."""

    errors: Mapping[str, ChangeResult]
    harmless: Mapping[str, ChangeResult]

    def to_json(self) -> dict[str, Any]:
        """Return the report."""
        planted = sum(result.planted for result in self.harmless.values())
        alarms = sum(result.caught for result in self.harmless.values())
        return {
            "recall": {name: result.to_json() for name, result in self.errors.items()},
            "false_alarms": {name: result.to_json() for name, result in self.harmless.items()},
            "false_alarm_share": round(alarms / planted, 4) if planted else 0.0,
        }


def audit(work: SynthTables, checks: Sequence[CandidateCheck], rows: int) -> CheckAudit:
    """Apply every change to up to `rows` accepted candidates each and run every check on the result.

    Args:
        work: Holds the accepted candidates.
        checks: The checks of single rows; each runs by itself.
        rows: Candidates per kind of change.
    """
    errors = {name: _tried(work, checks, name, plant, rows) for name, plant in ERRORS.items()}
    harmless = {name: _tried(work, checks, name, plant, rows) for name, plant in HARMLESS.items()}
    return CheckAudit(errors, harmless)


def _tried(work: SynthTables, checks: Sequence[CandidateCheck], name: str, plant: Plant, rows: int) -> ChangeResult:
    changed = list(islice(_planted(work, name, plant), rows))
    verdicts = {check.name: zip(changed, check.run(changed), strict=True) for check in checks}
    return ChangeResult(
        planted=len(changed),
        alone={
            check: {candidate.id for candidate, (_, verdict) in pairs if verdict.reason}
            for check, pairs in verdicts.items()
        },
    )


def _planted(work: SynthTables, name: str, plant: Plant) -> Iterator[QuestionCandidate]:
    for candidate in _sample(work):
        changed = plant(candidate, work, random.Random(order_key(work.seed, name, candidate.id)))  # noqa: S311
        if changed is not None:
            yield replace(changed, hits=(), figures={})


def _sample(work: SynthTables) -> Iterator[QuestionCandidate]:
    """Yield the first candidate of each fact in order of acceptance, then the others."""
    seen: set[str] = set()
    for candidate in work.accepted():
        if candidate.fact.id not in seen:
            seen.add(candidate.fact.id)
            yield candidate
    done: set[str] = set()
    for candidate in work.accepted():
        if candidate.fact.id in done:
            yield candidate
        done.add(candidate.fact.id)


def _with(candidate: QuestionCandidate, **changes: Any) -> QuestionCandidate:
    return replace(candidate, fact=replace(candidate.fact, **changes))


def _retold(candidate: QuestionCandidate, value: str, wrong: str) -> QuestionCandidate:
    """Return the candidate with a false value wherever the fact states it; the quote stays."""
    fact = candidate.fact
    return _with(
        candidate,
        value=swapped(fact.value, value, wrong),
        answer=swapped(fact.answer, value, wrong),
        statement=swapped(fact.statement, value, wrong),
    )


def _wrong_number(candidate: QuestionCandidate, work: SynthTables, rng: random.Random) -> QuestionCandidate | None:  # noqa: ARG001
    value = candidate.fact.value
    change = wrong_number(value, rng) if value in candidate.fact.answer else None
    return _retold(candidate, value, change.text) if change else None


def _wrong_entity(candidate: QuestionCandidate, work: SynthTables, rng: random.Random) -> QuestionCandidate | None:
    """Replace the answer by another name where it is a name, else the subject of the question by another."""
    fact = candidate.fact
    if not _NUMBER.search(fact.value) and fact.value in fact.answer:
        wrong = falsified(fact, [other.value for other in work.others(fact, _OTHERS)], rng)
        if wrong and normal(wrong) not in normal(candidate.quotes):
            return _retold(candidate, fact.value, wrong)
    named = (other.subject for other in work.others(fact, _OTHERS))
    others = [other for other in named if other and normalised(other) != normalised(fact.subject)]
    if not fact.subject or fact.subject not in candidate.question or not others:
        return None
    other = rng.choice(others)
    questions = tuple(text.replace(fact.subject, other) for text in fact.questions)
    return _with(candidate, questions=questions, statement=fact.statement.replace(fact.subject, other), subject=other)


def _swapped_chunk(candidate: QuestionCandidate, work: SynthTables, rng: random.Random) -> QuestionCandidate | None:
    """Replace the evidence by a true quote of another place, which does not support the answer."""
    other = work.other_chunk(candidate.source)
    if other is None or normal(candidate.fact.value) in normal(other.text) or len(other.text) < len(candidate.quotes):
        return None
    length = min(len(other.text), max(40, len(candidate.fact.evidence[0].quote)))
    offset = rng.randrange(len(other.text) - length + 1)
    citation = Citation(
        doc=other.doc,
        sha256=other.sha256,
        page=other.page,
        start=other.start + offset,
        end=other.start + offset + length,
        quote=other.text[offset : offset + length],
    )
    return replace(
        _with(candidate, evidence=(citation,), value=_some_value(candidate.fact, citation)), source=other, also=()
    )


def _some_value(fact: Fact, citation: Citation) -> str:
    """Return a word that the other quote and the answer share, so that only the meaning is wrong."""
    shared = [word for word in re.findall(r"\w+", fact.answer) if word in citation.quote]
    return max(shared, key=len, default=fact.value)


def _missing_quote(candidate: QuestionCandidate, work: SynthTables, rng: random.Random) -> QuestionCandidate | None:  # noqa: ARG001
    """Forge a quote: two words of the true one are swapped, or one is left out."""
    first, *rest = candidate.fact.evidence
    quote_words = first.quote.split()
    if len(quote_words) < 4:
        return None
    position = rng.randrange(len(quote_words) - 1)
    changed = (
        [*quote_words[:position], quote_words[position + 1], quote_words[position], *quote_words[position + 2 :]]
        if rng.random() < 0.5
        else [*quote_words[:position], *quote_words[position + 1 :]]
    )
    quote = " ".join(changed)
    if quote in candidate.source.text or normal(candidate.fact.value) not in normal(quote):
        return None
    forged = replace(first, quote=quote, end=first.start + len(quote))
    return _with(candidate, evidence=(forged, *rest))


def _other_phrasing(candidate: QuestionCandidate, work: SynthTables, rng: random.Random) -> QuestionCandidate | None:  # noqa: ARG001
    """Add a courtesy and typographic quotation marks to the question."""
    question = candidate.question.replace("'", "’").replace('"', "”")
    return replace(_with(candidate, questions=(rng.choice(_COURTESIES) + question,)), phrasing=0)


def _longer_passage(candidate: QuestionCandidate, work: SynthTables, rng: random.Random) -> QuestionCandidate | None:  # noqa: ARG001
    """Extend the passage by some lines of the page on both sides, as another chunk size would."""
    source = candidate.source
    page = work.page_text(source.sha256, source.page)
    start = page.rfind("\n", 0, max(0, source.start - _GROWN_CHARS)) + 1
    end = page.find("\n", source.end + _GROWN_CHARS)
    end = len(page) if end < 0 else end
    if (start, end) == (source.start, source.end):
        return None
    return replace(
        candidate, source=work.stretch(source.sha256, source.page, start, end, chunk=source.chunk, header=source.header)
    )


def _longer_quote(candidate: QuestionCandidate, work: SynthTables, rng: random.Random) -> QuestionCandidate | None:  # noqa: ARG001
    """Extend the quote by the words around it, inside the passage."""
    first, *rest = candidate.fact.evidence
    source = candidate.source
    start, end = max(source.start, first.start - 30), min(source.end, first.end + 30)
    quote = work.page_text(first.sha256, first.page)[start:end]
    return _with(candidate, evidence=(replace(first, start=start, end=end, quote=quote), *rest))


ERRORS: Mapping[str, Plant] = {
    "wrong number": _wrong_number,
    "wrong entity": _wrong_entity,
    "swapped chunk": _swapped_chunk,
    "missing quote": _missing_quote,
}
HARMLESS: Mapping[str, Plant] = {
    "courtesy": _other_phrasing,
    "longer passage": _longer_passage,
    "longer quote": _longer_quote,
}

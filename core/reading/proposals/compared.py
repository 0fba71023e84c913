"""Which of several things has the most or the least, where sentences of one form give their values: three offers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from core.language.english.questions import asking, ranking
from core.reading.confidence import probability
from core.reading.near_misses import unspoken
from core.reading.passages import Passage
from core.reading.proposals.candidates import Proposal, Quote
from core.reading.text.measures import measures
from core.reading.text.sentences import Offsets, sentences_of
from core.reading.text.words import content_stems

_NOTE = "compared"
_FEATURES = {"close": 1.0, "covered": 1.0, "early": 1.0}


@dataclass(frozen=True, slots=True)
class _Entry:
    """A name and its value."""

    name: str
    amount: Fraction
    unit: str
    sentence: Offsets
    span: Offsets


def from_comparisons(question: str, passages: Sequence[Passage]) -> list[Proposal]:
    """Return which of the things that a page gives values of has the extreme one that a question asks for.

    Nothing where a name has two values, the values have several units, or two of them are the extreme one.
    """
    ranked_by = next((each for each in ranking.RANKINGS if each.asks.search(question)), None)
    if ranked_by is None or not asking.WHICH_ONE.match(question):
        return []
    groups = [
        (index, passage, entries)
        for index, passage in enumerate(passages)
        for entries in _groups(passage.page, ranked_by.units)
    ]
    for index, passage, entries in groups:
        names = [entry.name for entry in entries]
        factors = _factors({entry.unit for entry in entries})
        if len(entries) < 2 or len(set(names)) < len(names) or factors is None:
            continue
        if unspoken(question, [passage.source, passage.page]):
            continue
        amounts = [entry.amount * factors[entry.unit] for entry in entries]
        extreme = min(amounts) if ranked_by.least else max(amounts)
        if amounts.count(extreme) > 1:
            continue
        chosen = entries[amounts.index(extreme)]
        sentences = dict.fromkeys([chosen.sentence, *(entry.sentence for entry in entries)])
        return [
            Proposal(
                "named",
                chosen.name,
                tuple(Quote(index, *span) for span in sentences),
                computed_from=tuple(Quote(index, *entry.span) for entry in entries),
                confidence=probability("named", _FEATURES),
                features=_FEATURES,
                note=_NOTE,
            )
        ]
    return []


def _groups(page: str, units: frozenset[str]) -> list[list[_Entry]]:
    """The entries of each paragraph; statements of other things stand in other paragraphs."""
    groups: dict[int, list[_Entry]] = {}
    for entry in _entries(page, units):
        groups.setdefault(page.rfind("\n\n", 0, entry.sentence[0]), []).append(entry)
    return [entries for entries in groups.values() if _is_of_one_form(page, entries)]


def _is_of_one_form(page: str, entries: Sequence[_Entry]) -> bool:
    """Whether the sentences of some entries are one, or each has a word of the first one beside its name."""
    first, *others = (content_stems(page[slice(*each)]) for each in dict.fromkeys(entry.sentence for entry in entries))
    names = content_stems(" ".join(entry.name for entry in entries))
    return all((first - names) & other for other in others)


def _factors(units: set[str]) -> Mapping[str, int] | None:
    """How many of one unit each of some units is; None where they are not of one dimension."""
    if len(units) == 1:
        return dict.fromkeys(units, 1)
    return next((factors for factors in ranking.IN_SMALLEST if units <= factors.keys()), None)


def _entries(page: str, units: frozenset[str]) -> Iterator[_Entry]:
    """Yield the names that begin a part of a sentence, each with the only value in those units that the part gives."""
    for unit in sentences_of(page):
        if unit.kind not in ("prose", "item"):
            continue
        text = page[unit.start : unit.end]
        gaps = [(match.start(), match.end()) for match in ranking.PART_GAP.finditer(text)]
        borders = [0, *(end for _, end in gaps)]
        stated = ""
        for low, high in zip(borders, [*(start for start, _ in gaps), len(text)], strict=True):
            part = text[low:high]
            name = ranking.NAME_FIRST.match(re.sub(r"^(?:[-*•]|\d+[.)])\s", "  ", part))
            given = [each for each in measures(part) if each.unit in units or (stated and not each.unit)]
            if name is None or len(given) != 1:
                continue
            stated = given[0].unit or stated
            amount = Fraction(given[0].number) * Fraction(10) ** given[0].power
            start = unit.start + low + given[0].start
            span = (start, start + len(given[0].written))
            yield _Entry(name["name"], amount, given[0].unit or stated, (unit.start, unit.end), span)

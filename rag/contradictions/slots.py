"""Values in a clause with what is counted or measured, what they bound, and whether they are rough."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.language.english.comparing import ABOUT, AT_LEAST, AT_MOST, HOLDER, NUMBER_WORD, NUMBER_WORDS, TITLES
from core.reading.text.values import values
from core.reading.text.words import is_empty, stem

_UNIT = re.compile(r"\s*(?P<unit>°\s?[CF]\b|[A-Za-zµ]+/[A-Za-z]+|[^\W\d_]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A value in a clause.

    Attributes:
        kind: As `core.reading.text.values`; `name` for a person or thing.
        unit: Stem of what is counted or measured, currency sign or word; empty where there is none.
        key: Equal keys mean equal values.
        amount: The number; None for dates, times and names.
        bound: `most`, `least`, or empty: what the figure limits.
        about: Whether it is said to be rough.
        start: First code point in the page's text.
        end: One past the last.
        text: As it stands on the page, white space made single blanks.
    """

    kind: str
    unit: str
    key: str
    amount: float | None
    bound: str
    about: bool
    start: int
    end: int
    text: str


def slots_of(text: str, start: int, end: int) -> list[Slot]:
    """Return the values of a clause `text[start:end]` with their units, in order."""
    clause = text[start:end]
    spans: list[tuple[int, int, str, str, float | None]] = []
    for value in values(clause):
        amount = None if value.amount is None else float(value.amount)
        spans.append((value.start, value.end, value.kind, value.key, amount))
    for match in NUMBER_WORD.finditer(clause):
        if not any(a < match.end() and match.start() < b for a, b, *_ in spans):
            number = NUMBER_WORDS[match[0].casefold()]
            spans.append((match.start(), match.end(), "number", str(number), float(number)))
    for match in HOLDER.finditer(clause):
        spans.append((match.start("name"), match.end("name"), "name", match["name"].casefold(), None))
    slots = []
    for begins, ends, kind, key, amount in sorted(spans):
        unit, ends = _unit(clause, begins, ends, kind)
        if kind == "number" and not unit and _is_label(clause, begins):
            continue
        before = clause[max(0, begins - 24) : begins]
        around = clause[max(0, begins - 24) : ends + 12]
        slots.append(
            Slot(
                kind=kind,
                unit=unit,
                key=name_key(key) if kind == "name" else key,
                amount=amount,
                bound="least" if AT_LEAST.search(around) else "most" if AT_MOST.search(around) else "",
                about=bool(ABOUT.search(before)),
                start=start + begins,
                end=start + ends,
                text=" ".join(clause[begins:ends].split()),
            )
        )
    return slots


def name_key(name: str) -> str:
    """Return a name in lower case without its titles."""
    return " ".join(part for part in re.findall(r"[\w’'-]+", name.casefold()) if part not in TITLES)


def _is_label(clause: str, begins: int) -> bool:
    """Whether a number names something ("form 4", "page 3", "2/2025") rather than counts it."""
    before = clause[:begins].rstrip()
    return bool(re.search(r"[/\-–#§№.]$|\b[A-Z][a-z]+$", before))


def _unit(clause: str, begins: int, ends: int, kind: str) -> tuple[str, int]:
    """Return the unit of a value and where it ends."""
    if kind in ("percent", "date", "time", "name"):
        return "", ends
    if kind == "money":
        sign = re.search(r"[$€£¥₹]|[A-Za-z]+\s*$", clause[begins:ends])
        return (stem(sign[0].strip().casefold()) if sign else ""), ends
    match = _UNIT.match(clause, ends)
    if not match or is_empty(match["unit"].casefold()):
        return "", ends
    unit = match["unit"]
    end = match.end()
    return (unit.casefold() if "/" in unit or len(unit) < 4 else stem(unit.casefold())), end


def comparable(a: Slot, b: Slot) -> bool:
    """Whether one value may take the place of the other."""
    return a.kind == b.kind or {a.kind, b.kind} <= {"number", "money"}


def with_unit(old: Slot, new: Slot) -> Slot:
    """Return an old value with the unit of the new one where it has none: "6 minutes instead of 4"."""
    if old.unit:
        return old
    return Slot(
        kind=new.kind,
        unit=new.unit,
        key=old.key,
        amount=old.amount,
        bound=new.bound,
        about=old.about,
        start=old.start,
        end=old.end,
        text=old.text,
    )

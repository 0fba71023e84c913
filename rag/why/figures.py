"""Figures, dates and times of a text, and the same text with others in their place, in every spelling alike.

`1,450`, `$1,450.00` and `1.45 thousand` become `2,450`, `$2,450.00` and `2.45 thousand`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from core.language.english.comparing import NUMBER_WORD, NUMBER_WORDS
from core.reading.text.values import values

_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_YEAR_STEPS = (3, -3, 2, -2, 4, -4, 5, -5)
_DAY_STEP, _DAYS, _HOURS = 11, 28, 12
_DATE_LENGTH = len("2026-06-14")
_WORD_OF = {value: word for word, value in NUMBER_WORDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value as it stands in a text.

    Attributes:
        kind: As `core.reading.text.values.Value` has it.
        key: Equal keys mean equal values.
        start: First code point.
        end: One past the last.
        spelled: Whether it is a word ("seven").
    """

    kind: str
    key: str
    start: int
    end: int
    spelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureSwap:
    """One value in place of another.

    Attributes:
        kind: Of both.
        old_key: Key of what is replaced.
        new_key: Key of what takes its place.
        digit: Index of the digit that changes, counted from the first that is not 0; of numbers.
    """

    kind: str
    old_key: str
    new_key: str
    digit: int = 0


def figures_in(text: str) -> list[Figure]:
    """Return the figures of a text in order, number words (English) among them."""
    figures = [Figure(kind=v.kind, key=v.key, start=v.start, end=v.end) for v in values(text)]
    for match in NUMBER_WORD.finditer(text):
        if not any(figure.start < match.end() and match.start() < figure.end for figure in figures):
            key = str(NUMBER_WORDS[match[0].casefold()])
            figures.append(Figure(kind="number", key=key, start=match.start(), end=match.end(), spelled=True))
    return sorted(figures, key=lambda figure: figure.start)


def keys_in(text: str) -> frozenset[str]:
    """Return the keys under which a text can be said to hold a value; a date also counts as its day and as its year."""
    keys: set[str] = set()
    for figure in figures_in(text):
        keys |= {figure.key, figure.key.rstrip("%")}
        if figure.kind == "date":
            keys |= (
                {figure.key[:4].rstrip("-"), figure.key[4:]} if len(figure.key) == _DATE_LENGTH else {figure.key[:4]}
            )
    return frozenset(keys)


def holds(keys: Collection[str], key: str) -> bool:
    """Tell whether keys of a text hold a value, a full date also without its year."""
    return key in keys or key.rstrip("%") in keys or (len(key) == _DATE_LENGTH and key[4:] in keys)


def swap_for(key: str, text: str, taken: Collection[str]) -> FigureSwap | None:
    """Choose another value for one that a text holds.

    Args:
        key: Of the value.
        text: May hold it, in any spelling, a date also without its year, a year also as part of a date.
        taken: Keys that the new value may not have: what the passages and the question hold.

    Returns:
        The swap; None where the text does not hold the value or nothing of it can be changed.
    """
    for figure in figures_in(text):
        year = figure.kind == "date" and _YEAR.fullmatch(key) is not None and figure.key.startswith(f"{key}-")
        if not (year or _same_value(figure.kind, figure.key, key)):
            continue
        changed = Figure(kind="number", key=key, start=0, end=len(key)) if year else figure
        own = key if year else text[figure.start : figure.end]
        for swap in _choices(changed):
            figures = figures_in(_rewritten(own, changed, swap))
            if len(figures) == 1 and figures[0].key != changed.key and not holds(taken, figures[0].key):
                return replace(swap, new_key=figures[0].key)
    return None


def _same_value(kind: str, key: str, other: str) -> bool:
    """Tell whether two keys mean one value; a full date and its day do."""
    if kind == "date":
        return key == other or (len(key) == _DATE_LENGTH and key[4:] == other) or other[4:] == key
    return key.rstrip("%") == other.rstrip("%")


def _choices(figure: Figure) -> Iterator[FigureSwap]:
    """Yield what may take the place of a figure, the most telling first; the key of a number is not known yet."""
    if figure.kind == "date":
        yield from _other_dates(figure.key)
    elif figure.kind == "time":
        hour, _, minute = figure.key.partition(":")
        step = -1 if int(hour) % _HOURS in (0, _HOURS - 1) else 1
        yield FigureSwap(kind="time", old_key=figure.key, new_key=f"{int(hour) + step:02d}:{minute}")
    else:
        place = 3 if _YEAR.fullmatch(figure.key) else 0
        digits = [sign for sign in figure.key if sign.isdigit()]
        significant = "".join(digits).lstrip("0") or "0"
        old = int(significant[place])
        for step in range(1, 9):
            new = (old + step - 1) % 9 + 1
            if new != old:
                yield FigureSwap(kind=figure.kind, old_key=figure.key, new_key=str(new), digit=place)


def _other_dates(key: str) -> Iterator[FigureSwap]:
    if len(key) == _DATE_LENGTH or key.startswith("-"):
        day = int(key[-2:])
        for step in range(1, _DAYS):
            new = (day - 1 + _DAY_STEP * step) % _DAYS + 1
            yield FigureSwap(kind="date", old_key=key, new_key=f"{key[:-2]}{new:02d}")
    else:
        for step in _YEAR_STEPS:
            yield FigureSwap(kind="date", old_key=key, new_key=f"{int(key[:4]) + step}{key[4:]}")


def with_figures(text: str, swaps: Sequence[FigureSwap]) -> str:
    """Return a text with every figure replaced that has a swap."""
    for figure in reversed(figures_in(text)):
        swap = next((swap for swap in swaps if _means(figure, swap)), None)
        if swap is not None:
            text = text[: figure.start] + _rewritten(text[figure.start : figure.end], figure, swap) + text[figure.end :]
    return text


def _means(figure: Figure, swap: FigureSwap) -> bool:
    """Tell whether a figure is the value that a swap replaces, or the part of it that changes."""
    if figure.kind == "date" and swap.kind != "date":
        return _YEAR.fullmatch(swap.old_key) is not None and figure.key.startswith(f"{swap.old_key}-")
    if "time" in (figure.kind, swap.kind) or swap.kind == "date":
        return figure.kind == swap.kind and _same_value(figure.kind, figure.key, swap.old_key)
    return _same_value(figure.kind, figure.key, swap.old_key)


def _rewritten(own: str, figure: Figure, swap: FigureSwap) -> str:
    """Return the text of a figure with the new value, written as the old one is."""
    if figure.kind == "date":
        return _rewritten_date(own, swap)
    if figure.kind == "time":
        hour, new_hour = (int(key[:2]) for key in (swap.old_key, swap.new_key))
        return re.sub(r"\d{1,2}", lambda match: f"{int(match[0]) + new_hour - hour:0{len(match[0])}d}", own, count=1)
    if figure.spelled:
        number = _with_digit(figure.key, swap)
        word = _WORD_OF.get(int(number), number)
        return word.capitalize() if own[:1].isupper() else word
    return _with_digit(own, swap)


def _with_digit(own: str, swap: FigureSwap) -> str:
    """Replace the digit that changes; of another spelling with fewer digits ("1.2 million") the last."""
    places = [index for index, sign in enumerate(own) if sign.isdigit()]
    first = next((rank for rank, index in enumerate(places) if own[index] != "0"), 0)
    index = places[min(first + swap.digit, len(places) - 1)]
    significant = [sign for sign in swap.new_key if sign.isdigit()]
    while len(significant) > 1 and significant[0] == "0":
        del significant[0]
    # A swap that is only tried holds the new digit alone.
    return own[:index] + significant[min(swap.digit, len(significant) - 1)] + own[index + 1 :]


def _rewritten_date(own: str, swap: FigureSwap) -> str:
    year_changes = swap.kind != "date" or swap.new_key[:4] != swap.old_key[:4]
    if year_changes:
        return own.replace(swap.old_key[:4], swap.new_key[:4])
    day, new_day = (int(key[-2:]) for key in (swap.old_key, swap.new_key))
    places = [match for match in re.finditer(r"(?<!\d)\d{1,2}(?!\d)", own) if int(match[0]) == day]
    if not places:
        return own
    # In `2026-06-06` the last is the day, in `6 June` and `06.06.2026` the first.
    place = places[-1] if re.match(r"\d{4}", own) else places[0]
    return f"{own[: place.start()]}{new_day:0{len(place[0])}d}{own[place.end() :]}"

"""Reads the heads of a table's columns from lines of text: which period or date each column is for.

Heads of filings stand on several lines ("Three Months Ended", "June 25,", "2022") and are joined. Heads that can be
joined in two ways give nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from synth.facts.english.values import MONTH

_GROUP = (
    r"(?:for the )?(?:(?:three|six|nine|twelve|thirteen|twenty-six|thirty-nine|\d{1,2})(?: and (?:six|nine))?[ -](?:months?|weeks?)(?: period)?s? ended"
    r"|(?:fiscal )?quarters? ended|(?:fiscal )?years? ended|as of|fiscal years?)"
)
_CHANGE = r"(?:(?:[$%]|percentage|percent|amount)? ?(?:change|variance|increase ?/?\(?decrease\)?)s?|% chg|[$%](?=\s|$)|\bchange\b|year-over-year(?: change)?|vs\.?)"
_UNIT = r"\([^()]*\b(?:millions?|thousands?|billions?|unaudited|audited|dollars?|per share|percent(?:ages?)?)\b[^()]*\)"
_ATOM = re.compile(
    rf"(?P<group>\b{_GROUP})|(?P<date>{MONTH} \d{{1,2}}, ?(?:19|20)\d\d)|(?P<day>{MONTH} \d{{1,2}},?(?! ?\d))"
    rf"|(?P<year>\b(?:19|20)\d\d\b)|(?P<unit>{_UNIT})|(?P<change>{_CHANGE})",
    re.IGNORECASE,
)
_SPACE = re.compile(r"[\s,;|]+")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of figures.

    Attributes:
        phrase: What a question says of it ("for the three months ended June 25, 2022"); `""` for one that holds
            changes, which nothing is asked of.
    """

    phrase: str


@dataclass(frozen=True, slots=True)
class _Leaf:
    kind: str  # "date", "year" or "change"
    text: str


def is_head(line: str) -> bool:
    """Whether a line holds nothing but heads of columns and units."""
    return bool(_ATOM.search(line)) and not _SPACE.sub("", _ATOM.sub(" ", line))


def has_period(line: str) -> bool:
    """Whether a line names a period, a date or a year."""
    return any(match.lastgroup in ("group", "date", "day", "year") for match in _ATOM.finditer(line))


def unit_of(text: str) -> str:
    """The bracketed unit in a text ("In millions, except per share amounts"), lower case, `""` where there is none."""
    units = re.findall(_UNIT, text, re.IGNORECASE)
    scaled = [unit for unit in units if re.search(r"(?i)million|thousand|billion", unit)]
    return scaled[-1][1:-1].lower() if scaled else ""


def read_columns(lines: list[str]) -> list[Column]:
    """Put the heads of columns together.

    Args:
        lines: Lines for which `is_head` holds, top to bottom.

    Returns:
        One column per figure of a row, left to right; empty where the heads cannot be told.
    """
    groups: list[str] = []
    days: list[str] = []
    leaves: list[_Leaf] = []
    for match in _ATOM.finditer(" ".join(lines)):
        kind, text = match.lastgroup, " ".join(match[0].split())
        if kind == "group":
            groups.append(text.lower().removeprefix("for the "))
        elif kind == "day":
            days.append(text.rstrip(","))
        elif kind in ("date", "year"):
            leaves.append(_Leaf(kind, text))
        elif kind == "change":
            leaves.append(_Leaf("change", text))
    leaves = _joined_changes(leaves)
    if any(leaf.kind == "year" for leaf in leaves):
        leaves, days = _split_dates(leaves, days, lines)
    return _columns(groups, days, leaves)


def _joined_changes(leaves: list[_Leaf]) -> list[_Leaf]:
    """ "$" over "Change" is one column: signs are joined to the word that follows."""
    joined: list[_Leaf] = []
    for leaf in leaves:
        if leaf.kind == "change" and joined and joined[-1].text in ("$", "%") and leaf.text not in ("$", "%"):
            joined[-1] = _Leaf("change", f"{joined[-1].text} {leaf.text}")
        else:
            joined.append(leaf)
    return joined


def _split_dates(leaves: list[_Leaf], days: list[str], lines: list[str]) -> tuple[list[_Leaf], list[str]]:
    """Take "March 31, 2023" beside bare years apart: the day belongs to the group, the year to a column."""
    split: list[_Leaf] = []
    for leaf in leaves:
        if leaf.kind == "date":
            day, _, year = leaf.text.rpartition(",")
            days = [*days, day.strip()]
            split.append(_Leaf("year", year.strip()))
        else:
            split.append(leaf)
    if len(days) > 1 and any(leaf.kind == "date" for leaf in leaves):
        days = [match[0].rstrip(",") for match in re.finditer(rf"{MONTH} \d{{1,2}}", " ".join(lines))]
    return split, days


def _columns(groups: list[str], days: list[str], leaves: list[_Leaf]) -> list[Column]:
    years = [leaf for leaf in leaves if leaf.kind == "year"]
    figures = [leaf for leaf in leaves if leaf.kind != "change"]
    if not figures:
        return []
    if years and days and len(days) == len(years) and len(years) == len(figures) and len(days) != len(groups):
        following = iter(days)
        leaves = [_Leaf("date", f"{next(following)}, {leaf.text}") if leaf.kind == "year" else leaf for leaf in leaves]
        days = []
    if (days and len(days) not in (1, len(groups))) or (len(days) == 1 and len(groups) > 1):
        return []
    size = max(1, len(groups))
    if len(leaves) % size:
        return []
    per = len(leaves) // size
    kinds = [[leaf.kind for leaf in leaves[number : number + per]] for number in range(0, len(leaves), per)]
    if any(block != kinds[0] for block in kinds):
        return []
    columns = []
    for number, leaf in enumerate(leaves):
        group = groups[number // per] if groups else ""
        day = days[number // per] if len(days) == size else ""
        phrase = "" if leaf.kind == "change" else _phrase(group, day, leaf)
        if phrase is None:
            return []
        columns.append(Column(phrase))
    phrases = [column.phrase for column in columns if column.phrase]
    return columns if len(set(phrases)) == len(phrases) else []


def _phrase(group: str, day: str, leaf: _Leaf) -> str | None:
    """What a question says of one column, None where the heads do not say what the column is for."""
    if leaf.kind == "year" and not day:
        if group.startswith("fiscal year") and "ended" not in group:
            return f"for fiscal year {leaf.text}"
        return None
    when = f"{day}, {leaf.text}" if leaf.kind == "year" else leaf.text
    if group == "as of":
        return f"as of {when}"
    if not group:
        return f"as of {when}" if day == "" and leaf.kind == "date" else None
    if group.startswith("fiscal year") and "ended" not in group:
        return None
    period = re.sub(r"\byears ended", "year ended", re.sub(r"\bquarters ended", "quarter ended", group))
    return f"for the {period} {when}"

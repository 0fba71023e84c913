"""Quarters of a year in questions and in names of documents: "the third quarter of 2022", "2022 Q3", "3Q22"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.language.language import language

# Year and number of a quarter.
Quarter = tuple[int, int]

_ENGLISH = language("en")
_ORDINALS = {spelling: number for number in range(1, 5) for spelling in _ENGLISH.ordinals[number - 1]}
_YEAR = r"(?:FY\s?|fiscal\s(?:year\s)?)?'?(?P<year>(?:19|20)\d\d|\d\d)(?!\d)"
_NUMBERED = r"(?:Q(?P<number>[1-4])|(?P<before>[1-4])Q)"
_IN_WORDS = rf"(?P<ordinal>{'|'.join(_ORDINALS)})[\s-]+(?:fiscal[\s-]+)?quarter"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"(?<!\w){_NUMBERED}[\s,'/_-]*(?:of\s)?(?:the\s)?{_YEAR}",
        rf"(?<![\d.,])(?P<year>(?:19|20)\d\d)[\s/_-]*{_NUMBERED}(?!\w)",
        rf"(?<!\w){_IN_WORDS}(?:,|\s+of)?(?:\s+the)?\s+{_YEAR}",
    )
)
# What says which quarter and not that it is one.
_WHICH = re.compile(rf"(?<!\w)(?:{'|'.join(_ORDINALS)})[\s-]+(?=(?:fiscal[\s-]+)?quarter)", re.IGNORECASE)
_SHORT = re.compile(r"(?<!\w)(?:Q[1-4]|[1-4]Q)(?=[\s,'/_-]*(?:of\s|FY\s?|')?\d|\W|$)", re.IGNORECASE)


def quarters_in(text: str) -> frozenset[Quarter]:
    """Return the quarters that a text names with their year."""
    return frozenset(_quarter(match) for form in _FORMS for match in form.finditer(text))


def _quarter(match: re.Match[str]) -> Quarter:
    parts = match.groupdict()
    year = int(parts["year"])
    number = parts.get("number") or parts.get("before")
    return year + 2000 * (year < 100), int(number) if number else _ORDINALS[parts["ordinal"].casefold()]


def of_named_quarter(question: str, sources: Sequence[str]) -> list[bool]:
    """Tell of each document whether it may be of a quarter that the question names.

    Args:
        question: As asked.
        sources: Names of the documents. Where none of them has an asked quarter in its name, names do not tell.
    """
    wanted_quarters = quarters_in(question)
    named = [quarters_in(source) for source in sources]
    if not any(wanted_quarters & quarters for quarters in named):
        return [True] * len(sources)
    return [not quarters or bool(wanted_quarters & quarters) for quarters in named]


def without_number(question: str) -> str:
    """Return a question with "quarter" in place of a quarter's number: filings head their columns by dates."""
    return _SHORT.sub("quarter", _WHICH.sub("", question))

"""Quarters of a year in questions and in names of documents: "the third quarter of 2022", "2022 Q3", "3Q22"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.language.english import periods
from core.language.english.words import QUARTER_OF

# Year and number of a quarter.
Quarter = tuple[int, int]


def quarters_in(text: str) -> frozenset[Quarter]:
    """Return the quarters that a text names with their year."""
    return frozenset(_quarter(match) for form in periods.QUARTER_FORMS for match in form.finditer(text))


def _quarter(match: re.Match[str]) -> Quarter:
    parts = match.groupdict()
    year = int(parts["year"])
    number = parts.get("number") or parts.get("before")
    return year + 2000 * (year < 100), int(number) if number else QUARTER_OF[parts["ordinal"].casefold()]


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
    return periods.SHORT_QUARTER.sub(periods.QUARTER, periods.WHICH_QUARTER.sub("", question))

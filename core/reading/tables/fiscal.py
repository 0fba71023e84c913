"""Quarters of a fiscal year that is not the calendar's: "the first quarter of 2023" may end in December 2022.

A filing's name says which quarter it is of, the heads of its columns say when the quarter ended. Where the two differ
in the year, the quarter is asked of its own columns, the latest of which is meant.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.language.english.periods import BEFORE_YEAR, QUARTER_FORMS
from core.reading.tables.lookup import years_in
from core.reading.tables.table import Table
from core.reading.text.quarters import quarters_in


def asked_of_own_years(question: str, tables: Sequence[Table], documents: Sequence[str]) -> tuple[str, list[int]]:
    """Return a question and the places of the tables to ask it of.

    Args:
        question: As asked.
        tables: Of several documents.
        documents: Name of each table's document.

    Returns:
        The question without its quarter's year, and the tables of the documents that are named for the quarter and date
        no column by that year; the question as it is and all tables where there is no such document.
    """
    quarters = quarters_in(question)
    own = [place for place, name in enumerate(documents) if quarters & quarters_in(name)]
    years = {str(year) for year, _ in quarters}
    dated = {place: set[str]().union(*map(years_in, tables[place].heads)) for place in own}
    if len(quarters) != 1 or not any(dated.values()) or any(years & heads for heads in dated.values()):
        return question, list(range(len(tables)))
    return _without_year(question), own


def _without_year(question: str) -> str:
    """Return a question with its quarters named by their numbers alone."""
    for form in QUARTER_FORMS:
        for match in reversed(list(form.finditer(question))):
            before = BEFORE_YEAR.sub("", match[0][: match.start("year") - match.start()])
            question = question[: match.start()] + before + question[match.end("year") :]
    return question

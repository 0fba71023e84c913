"""What a text says about which document is meant: words, proper names, periods and dates.

The same reading serves a document's file name, title and first pages (`rag.search.profile`) and a question
(`rag.search.route`), so that both sides spell a thing alike. Knows no document and keeps no state.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from core.language.english.questions.naming import ASKS_FOR_NUMBER, DOCUMENT_DATES, DOCUMENT_QUARTERS, DOCUMENT_YEARS
from core.language.english.words import MONTH_OF, QUARTER_OF
from core.language.language import language

_WORD = re.compile(r"[^\W_]+(?:[.&'’\-‐‑][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s?$", re.IGNORECASE)
_JOINERS = re.compile(r"[.&'’\-‐‑]")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d{4})|(?<=\d{4})(?=[A-Za-z])")
_SEPARATORS = re.compile(r"(?:[_.+,()\[\]\s]|(?<!\d)-|-(?![A-Za-z](?![A-Za-z])))+")

# They name nothing even where they are capitalised.
STOP_WORDS = language("en").stop_words


@dataclass(frozen=True, slots=True)
class CueWord:
    """A word as compared (`key`, folded) and as written.

    Attributes:
        key: Case-folded, without accents, possessive, hyphens and dots: `10-K` is `10k`.
        proper: It is capitalised or holds a digit, so it may be (part of) a name.
        start: Where it begins, in code points.
        parts: What hyphens and dots join in it, folded; empty where nothing is joined.
    """

    key: str
    proper: bool
    start: int
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A year, or one of its quarters (1-4; 0 where none is said)."""

    year: int
    quarter: int = 0


def fold(word: str) -> str:
    """Return the form of a word that is compared."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    return _JOINERS.sub("", _POSSESSIVE.sub("", plain)).casefold()


def words(text: str) -> list[CueWord]:
    """Return the words of a text in order, stop words included."""
    text_words = []
    for match in _WORD.finditer(text):
        surface = match.group()
        key = fold(surface)
        proper = surface[0].isupper() or any(c.isdigit() or c.isupper() for c in surface)
        if key:
            parts = tuple(part for part in map(fold, _JOINERS.split(_POSSESSIVE.sub("", surface))) if len(part) > 1)
            text_words.append(CueWord(key, proper, match.start(), parts if len(parts) > 1 else ()))
    return text_words


def words_of_name(name: str) -> str:
    """Return a file's stem as words: `ACME_2022-AnnualReport.pdf` is `ACME 2022 Annual Report`."""
    stem = name.rsplit("/", 1)[-1]
    base, dot, suffix = stem.rpartition(".")
    if dot and 1 <= len(suffix) <= 5 and suffix.isalnum():
        stem = base
    return " ".join(_SEPARATORS.sub(" ", _CAMEL.sub(" ", stem)).split()) or name


def letters(text: str) -> str:
    """Return a text's folded letters and digits alone, run together."""
    return "".join(c for c in fold(text) if c.isalnum())


def dates(text: str) -> list[date]:
    """Return the dates in a text, in order of appearance; the middle of the month where no day is said."""
    dates_by_start: dict[int, date] = {}
    for pattern in DOCUMENT_DATES:
        for match in pattern.finditer(text):
            # A full date has been read already where only its month and year match now.
            if match.start("year") in dates_by_start:
                continue
            month = match.group("month").lower()
            year, number = int(match.group("year")), MONTH_OF.get(month) or int(month)
            day = min(int(match.group("day") or 15), monthrange(year, number)[1])
            dates_by_start[match.start("year")] = date(year, number, max(day, 1))
    return [day for _, day in sorted(dates_by_start.items())]


def periods(text: str) -> list[Period]:
    """Return the years and quarters a text speaks of, distinct, in order; `FY18` and `'18` are 2018."""
    return list(dict.fromkeys(period for _, period in sorted(_periods(text))))


def year_fraction(day: date) -> float:
    """Return a date as a year with its part gone by, to three places."""
    return round(day.year + (day.timetuple().tm_yday - 1) / 366, 3)


def quarter_of(day: date) -> Period:
    """Return the calendar quarter that ends at about a date: books kept in weeks close some days late."""
    end = day - timedelta(days=7)
    return Period(end.year, (end.month + 2) // 3)


def _periods(text: str) -> Iterator[tuple[int, Period]]:
    taken: list[tuple[int, int]] = []
    for pattern in DOCUMENT_QUARTERS:
        for match in pattern.finditer(text):
            quarter = match.group("quarter").lower()
            taken.append(match.span())
            yield match.start(), Period(_full_year(match.group("year")), QUARTER_OF.get(quarter) or int(quarter))
    for pattern in DOCUMENT_YEARS:
        for match in pattern.finditer(text):
            if not any(start <= match.start("year") < end for start, end in taken):
                yield match.start(), Period(_full_year(match.group("year")))


def _full_year(digits: str) -> int:
    year = int(digits)
    if year >= 100:
        return year
    return 2000 + year if year < 70 else 1900 + year


def asks_for_number(question: str) -> bool:
    """Tell whether a question is likely to be answered by a figure (English cues; False where unsure)."""
    return ASKS_FOR_NUMBER.search(question) is not None


def digit_share(text: str) -> float:
    """Return the part of digits among a text's code points: about 0.02 in prose, 0.2 in tables of figures."""
    return sum(map(text.count, "0123456789")) / len(text) if text else 0.0

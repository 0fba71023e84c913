"""What a document is called and which time it speaks of, read once at ingest.

Names come from the file name, the title and subject in the metadata, and the capitalised words of the first pages;
nothing is looked up in a list of organisations or document types. `rag.search.route`
compares them with a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from core.language.english.questions.naming import PROGRAM_TITLE
from rag.search.cues import (
    STOP_WORDS,
    CueWord,
    Period,
    dates,
    letters,
    periods,
    quarter_of,
    words,
    words_of_name,
    year_fraction,
)

# How far each source is trusted to name the document rather than something in it.
_FILE, _TITLE, _SUBJECT, _FIRST_PAGE, _SECOND_PAGE = 1.0, 0.9, 0.7, 0.5, 0.25
_PERIOD_WORD = re.compile(r"(?:fy)?\d+|(?:(?:19|20)\d\d)?q[1-4](?:\d\d)*|[1-4]q\d*|fy")
# Pages read from the front of a document.
PROFILE_PAGES = 2
_PAGE_CHARS = 6000
_PAGE_TERMS = 100
# What a weaker source adds where a stronger one has named a period.
_SUPPORT = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentProfile:
    """How a question may name a document.

    Attributes:
        sha256: Document id.
        doc: File name.
        terms: Folded word to trust in (0, 1].
        runs: Names with their spaces removed (`"generalmotors"`), for names that are run together on one side.
        names: The words of multi-word names in order, for their short forms (`"GM"`, `"GenMo"`).
        periods: `(year, quarter or 0, trust)`, strongest first.
        date: Time the document speaks of as a fractional year, 0 where unknown; orders versions.
    """

    sha256: str
    doc: str
    terms: Mapping[str, float] = field(default_factory=dict)
    runs: Sequence[str] = ()
    names: Sequence[Sequence[str]] = ()
    periods: Sequence[tuple[int, int, float]] = ()
    date: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able form; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> DocumentProfile:
        """Build a profile from `to_json`'s output."""
        return cls(**{**row, "periods": [tuple(period) for period in row["periods"]]})


def build_profile(
    sha256: str, doc: str, title: str, metadata: Mapping[str, str], first_pages: Sequence[str]
) -> DocumentProfile:
    """Read a document's names and periods.

    Args:
        sha256: Document id.
        doc: File name.
        title: As stored with the document; ignored where it says nothing (a number, a program's default).
        metadata: What the file says of itself; `Subject` and `Keywords` are read, in any case.
        first_pages: Texts of the first two pages, or fewer.
    """
    stem = words_of_name(doc)
    title = said_title(title)
    subject = " ".join(value for key, value in metadata.items() if key.lower().lstrip("/") in ("subject", "keywords"))
    pages = [page[:_PAGE_CHARS] for page in first_pages[:2]]
    terms: dict[str, float] = {}
    for text, trust in ((stem, _FILE), (title, _TITLE), (subject, _SUBJECT)):
        _add(terms, _names(words(text)), trust)
    for page, trust in zip(pages, (_FIRST_PAGE, _SECOND_PAGE), strict=False):
        proper = dict.fromkeys(key for word in words(page) if word.proper for key in _names([word]))
        _add(terms, list(proper)[:_PAGE_TERMS], trust)
    spoken_of, dated = _time(doc, stem, (title, subject), pages[0] if pages else "")
    runs, names = _runs(stem, title, pages)
    return DocumentProfile(sha256=sha256, doc=doc, terms=terms, runs=runs, names=names, periods=spoken_of, date=dated)


def said_title(title: str) -> str:
    """Return a title without what programs add to it; empty where no word is left."""
    kept = " ".join(PROGRAM_TITLE.sub(" ", title).replace("_", " ").split())
    return kept if re.search(r"[^\W\d_]{3}", kept) else ""


def _names(name_words: Iterable[CueWord]) -> list[str]:
    """Return the keys that can name something: no stop words, single letters or bare numbers."""
    keys = (key for word in name_words for key in (word.key, *word.parts))
    return [key for key in keys if len(key) > 1 and key not in STOP_WORDS and not _PERIOD_WORD.fullmatch(key)]


def _add(terms: dict[str, float], keys: Iterable[str], trust: float) -> None:
    for key in keys:
        terms[key] = max(trust, terms.get(key, 0.0))


def _time(doc: str, stem: str, titles: Sequence[str], page: str) -> tuple[list[tuple[int, int, float]], float]:
    """Return periods by trust, and the date. Once a source has spoken, weaker ones only support it."""
    on_page = dates(page)[:1]
    tiers = [(periods(stem), dates(doc), _FILE)]
    tiers += [(periods(text), dates(text), _TITLE) for text in titles]
    tiers.append(([], on_page, _TITLE))
    trust_by_period: dict[Period, float] = {}
    for spoken, dated, trust in tiers:
        support = trust * (_SUPPORT if trust_by_period else 1.0)
        for period in spoken:
            trust_by_period.setdefault(period, support)
        # A date may be that of printing or filing, and its quarter need not be the fiscal one.
        for period in (*(Period(day.year) for day in dated), *map(quarter_of, dated)):
            trust_by_period.setdefault(period, support / 2)
    ordered = sorted(
        ((p.year, p.quarter, round(trust, 3)) for p, trust in trust_by_period.items()), key=lambda row: -row[2]
    )
    return ordered, _date(doc, stem, titles, on_page)


def _date(doc: str, stem: str, titles: Sequence[str], on_page: Sequence[date]) -> float:
    """Prefer a full date in the file name, on the first page or in the metadata, then any period named."""
    for dated in (dates(doc)[:1], on_page, *(dates(text)[:1] for text in titles)):
        for day in dated:
            return year_fraction(day)
    for text in (stem, *titles):
        for period in periods(text):
            return period.year + (period.quarter / 4 if period.quarter else 0.5)
    return 0.0


def _runs(stem: str, title: str, pages: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Return run-together names and, where the first pages or the title spell them apart, their words."""
    parts = [letters(part) for part in stem.split()]
    candidates = [part for part in parts if len(part) > 3 and part.isalpha()]
    whole = letters(re.sub(r"\b\w*\d\w*\b", "", stem))
    runs = list(dict.fromkeys([*candidates, *([whole] if len(whole) > 3 else [])]))
    spelled = [[word.key for word in words(text)] for text in (stem, title, *pages)]
    names = []
    for run in runs:
        for keys in spelled:
            name = _spelling(run, keys)
            if name:
                names.append(name)
                break
    return runs, names


def _spelling(run: str, keys: Sequence[str]) -> list[str]:
    """Return the two or more consecutive words that make up `run`, else nothing."""
    for first, key in enumerate(keys):
        if not run.startswith(key) or key == run:
            continue
        joined, last = key, first
        while len(joined) < len(run) and last + 1 < len(keys) and run.startswith(joined + keys[last + 1]):
            last += 1
            joined += keys[last]
        if joined == run:
            return list(keys[first : last + 1])
    return []

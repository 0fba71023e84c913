"""How far the words of a question and the labels and heads of a table are the same."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from core.language.english.periods import MONTH_NAMED, QUARTER_HEAD, SUBPERIODS
from core.language.english.printed.table_words import CHANGE_HEAD
from core.language.german.participles import is_noun_of
from core.language.guess import guess_language
from core.language.language import language
from core.reading.tables.line_items import item_of, named_items
from core.reading.tables.table import Table, TableCell, TableRow
from core.reading.text.words import is_empty, listed_stems, same_name, stem, words

_YEAR = re.compile(r"(?<![\d,.])(?:FY\s?'?)?((?:19|20)\d\d)(?!\d|,\d)|\bFY\s?'?(\d\d)\b", re.IGNORECASE)
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
# Words that say what to do with figures or how to answer, not which figure.
_OPERATING = listed_stems("figure_request")
# A label may have these without being asked for.
_LIGHT = listed_stems("label_filler")
# Words that filings use for one another.
_ALIKE = tuple(frozenset(map(stem, group)) for group in language("en").synonyms)
_OTHER_LABEL = 0.95  # what a label counts that means what the question names otherwise


@dataclass(frozen=True, slots=True)
class TableQuestion:
    """A question as tables are asked.

    Attributes:
        text: As asked.
        terms: Stems of what names the figure, in order.
        years: Years that it names, in order.
        context: The question that this one is part of, `""` where it is whole; it may name the column.
        items: Lines of statements that it names, each with the stems of the name.
    """

    text: str
    terms: tuple[str, ...]
    years: tuple[str, ...]
    context: str = ""
    items: Mapping[int, frozenset[str]] = field(default_factory=dict)

    @property
    def whole(self) -> str:
        """The words that may name the column."""
        return f"{self.text} {self.context}" if self.context else self.text


@dataclass(frozen=True, slots=True)
class CellMatch:
    """A cell that may be asked for.

    Attributes:
        place: Index of its table in the list that was searched.
        row: Index of its row.
        column: Index of its column after the label.
        score: About 0 to 1.2; comparable within one question.
        label_share: Part of the row's label that the question asks for.
        covered: Part of the question that label, head and title account for.
    """

    place: int
    row: int
    column: int
    score: float
    label_share: float
    covered: float


@lru_cache(maxsize=1 << 12)
def years_in(text: str) -> tuple[str, ...]:
    """Return the years of a text in order, each once; `FY19` is 2019."""
    return tuple(dict.fromkeys(full or f"20{short}" for full, short in _YEAR.findall(text)))


def table_question(text: str) -> TableQuestion:
    """Take a question apart for a search in tables."""
    own_language = guess_language(text)
    stop_words = own_language.stop_words if own_language is not None else frozenset[str]()
    asked_words = [word for word in words(text) if not is_empty(word) and not _YEAR.fullmatch(word)]
    stems = [stem(word) for word in asked_words if word not in stop_words] or [stem(word) for word in asked_words]
    kept = [word_stem for word_stem in stems if word_stem not in _OPERATING]
    return TableQuestion(text, tuple(dict.fromkeys(kept or stems)), years_in(text), items=named_items(text))


@lru_cache(maxsize=1 << 14)
def stems_of(text: str) -> frozenset[str]:
    """Return the stems of the words of a text that carry content."""
    return frozenset(stem(word) for word in words(text) if not is_empty(word))


def without_unit(head: str) -> str:
    """Return a head without what it has in brackets: "Area (ha)" is asked for as the area."""
    return _BRACKETED.sub(" ", head).strip() or head


@lru_cache(maxsize=1 << 15)
def meets(term: str, stems: frozenset[str]) -> float:
    """Return how far a term is among some stems: 1 as it is, 0.8 by another word for it, 0.6 by its beginning."""
    if term in stems or not same_name(term).isdisjoint(stems):
        return 1.0
    if any(term in group and not group.isdisjoint(stems) for group in _ALIKE):
        return 0.8
    if any(is_noun_of(other, term) for other in stems):
        return 0.8
    root = term[: max(5, len(term) - 3)]
    return 0.6 if len(term) >= 5 and any(other.startswith(root) for other in stems) else 0.0


def label_stems(row: TableRow, question: TableQuestion) -> tuple[frozenset[str], float]:
    """Return the stems of a row's label, and the part of it that the question asks for.

    A line of a statement that the question names otherwise has the stems of that name, too.
    """
    label = stems_of(row.label)
    share = share_of_label(label, question)
    item = item_of(row.label)
    if item is not None and item in question.items:
        return label | question.items[item], max(share, _OTHER_LABEL)
    return label, share


def share_of_label(label: frozenset[str], question: TableQuestion) -> float:
    """Return the part of a label's words that the question has; light words count little."""
    weights = {word: 0.25 if word in _LIGHT or not word.isalpha() else 1.0 for word in label}
    total = sum(weights.values())
    question_stems = frozenset(question.terms) | frozenset(question.years) | asked_stems(question.text)
    return sum(weight * meets(word, question_stems) for word, weight in weights.items()) / total if total else 0.0


@lru_cache(maxsize=256)
def asked_stems(text: str) -> frozenset[str]:
    """Return the stems of a question's words, kept between calls."""
    return stems_of(text)


def head_score(question: TableQuestion, head: str, column: int, heads: Sequence[str]) -> float | None:
    """Return how well a column's head fits a question, None where it names another period."""
    named = years_in(head)
    others = any(years_in(other) for other in heads)
    if CHANGE_HEAD.search(head) and not CHANGE_HEAD.search(question.whole):
        return None if len(heads) > 1 else 0.5
    score = 0.6
    if named and question.years:
        if not set(named) & set(question.years):
            return None
        score = 1.0
    elif question.years and others:
        return None
    elif named:
        latest = max(year for other in heads for year in years_in(other))
        score = 0.8 if latest in named else 0.6
    for asked_pattern, head_pattern in SUBPERIODS:
        if asked_pattern.search(question.whole) and any(head_pattern.search(other) for other in heads):
            score += 0.2 if head_pattern.search(head) else -0.3
            break
    else:
        score -= 0.02 * column
        part = QUARTER_HEAD.search(head) and not any(pattern.search(question.whole) for pattern, _ in SUBPERIODS)
        # A question for a year is not answered by one of its quarters.
        if part and question.years and not MONTH_NAMED.search(question.whole):
            return None
    stems = stems_of(head)
    if not named and stems:
        shared = sum(meets(word, asked_stems(question.whole)) for word in stems) / len(stems)
        score = 0.5 + 0.5 * shared - 0.01 * column
    return score


def cell_at(tables: Sequence[Table], match: CellMatch) -> tuple[TableRow, TableCell]:
    """Return the row and the cell of a match."""
    row = tables[match.place].rows[match.row]
    cell = row.cells[match.column]
    if cell is None:
        raise ValueError("a match has a cell")
    return row, cell

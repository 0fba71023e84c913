"""Which cell of a table a question asks for: matched by row label, column head, period and the title above.

Scores lie between 0 and 1: how much of the question the cell's labels account for, and how much of the labels the
question asks for.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.reading.tables.table import Table, TableCell, TableRow
from core.reading.words import is_empty, stem, words

_YEAR = re.compile(r"(?<![\d,.])(?:FY\s?'?)?((?:19|20)\d\d)(?!\d|,\d)|\bFY\s?'?(\d\d)\b", re.IGNORECASE)
# Words that say what to do with figures or how to answer, not which figure.
_OPERATING = frozenset(
    map(
        stem,
        """
        change increase decrease difference average mean sum ratio percentage percent proportion compared
        between year years quarter fiscal respectively amount value million millions thousand thousands
        billion usd dollars how much many what which was were state report reported total end ended ending
        period recorded company give name list high low highest lowest largest smallest most least big
        biggest large small more less cheap cheaper higher lower greater larger rise rose fall fell grow
        grew growth exceed above below under than each answer question calculate compute three six nine
        twelve months month according table statement primarily using details outlined shown
        """.split(),
    )
)
# A label may have these without being asked for.
_LIGHT = frozenset(map(stem, "total net the of and other all consolidated per in for amount gross".split()))
# Words that filings use for one another.
_ALIKE = tuple(
    frozenset(map(stem, group.split()))
    for group in (
        "revenue revenues sales turnover",
        "earnings income profit",
        "capex capital expenditures",
        "ppe property",
        "weight heavy weigh",
        "length long",
        "cost price fee costs",
        "height high tall",
        "equity stockholders shareholders",
    )
)
_SUBPERIODS = (
    (
        re.compile(r"\b(?:three[\s-]month|quarter|q[1-4]\b)", re.IGNORECASE),
        re.compile(r"three|quarter|q[1-4]|\b13\b", re.I),
    ),
    (re.compile(r"\bsix[\s-]month|first half|half[\s-]year", re.IGNORECASE), re.compile(r"six|\b26\b", re.I)),
    (re.compile(r"\bnine[\s-]month|year[\s-]to[\s-]date", re.IGNORECASE), re.compile(r"nine|\b39\b|date", re.I)),
    (re.compile(r"\btwelve[\s-]month|full year|annual", re.IGNORECASE), re.compile(r"twelve|year|\b52\b", re.I)),
)
_VERBATIM = 0.15  # for a row whose label stands in the question as it is
_UNASKED_GROUP = 0.06  # for a row under a label that the question does not name
# Asks which row is first by a figure: no label of a row need be in the question.
_RANKS = re.compile(
    r"\b(?:which|what|who)\b.*\b(?:highest|largest|biggest|greatest|most|lowest|smallest|least|fewest|best|worst)\b",
    re.IGNORECASE,
)
CHANGE_HEAD = re.compile(r"change|variance|increase|decrease", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TableQuestion:
    """A question as tables are asked.

    Attributes:
        text: As asked.
        terms: Stems of what names the figure, in order.
        years: Years that it names, in order.
    """

    text: str
    terms: tuple[str, ...]
    years: tuple[str, ...]


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


def years_in(text: str) -> tuple[str, ...]:
    """Return the years of a text in order, each once; `FY19` is 2019."""
    return tuple(dict.fromkeys(full or f"20{short}" for full, short in _YEAR.findall(text)))


def table_question(text: str) -> TableQuestion:
    """Take a question apart for a search in tables."""
    stems = [stem(word) for word in words(text) if not is_empty(word) and not _YEAR.fullmatch(word)]
    kept = [found for found in stems if found not in _OPERATING]
    return TableQuestion(text, tuple(dict.fromkeys(kept or stems)), years_in(text))


@lru_cache(maxsize=1 << 14)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words(text) if not is_empty(word))


def _meets(term: str, stems: frozenset[str]) -> float:
    """How far a term is among some stems: 1 as it is, 0.8 by another word for it, 0.6 by its beginning."""
    if term in stems:
        return 1.0
    if any(term in group and not group.isdisjoint(stems) for group in _ALIKE):
        return 0.8
    root = term[: max(5, len(term) - 3)]
    return 0.6 if len(term) >= 5 and any(other.startswith(root) for other in stems) else 0.0


def _share_of_label(label: frozenset[str], question: TableQuestion) -> float:
    """Part of a label's words that the question has; light words count little."""
    weights = {word: 0.25 if word in _LIGHT or not word.isalpha() else 1.0 for word in label}
    total = sum(weights.values())
    asked = frozenset(question.terms) | frozenset(question.years) | _asked_stems(question.text)
    return sum(weight * _meets(word, asked) for word, weight in weights.items()) / total if total else 0.0


@lru_cache(maxsize=256)
def _asked_stems(text: str) -> frozenset[str]:
    return _stems(text)


def _head_score(question: TableQuestion, head: str, column: int, heads: Sequence[str]) -> float | None:
    """How well a column's head fits, None where it names another period."""
    named = years_in(head)
    others = any(years_in(other) for other in heads)
    if CHANGE_HEAD.search(head) and not CHANGE_HEAD.search(question.text):
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
    for asked, shown in _SUBPERIODS:
        if asked.search(question.text) and any(shown.search(other) for other in heads):
            score += 0.2 if shown.search(head) else -0.3
            break
    else:
        score -= 0.02 * column
    stems = _stems(head)
    if not named and stems:
        shared = sum(_meets(word, _asked_stems(question.text)) for word in stems) / len(stems)
        score = 0.5 + 0.5 * shared - 0.01 * column
    return score


def _weights(question: TableQuestion, tables: Sequence[Table], sources: Sequence[str]) -> dict[str, float]:
    """Weight of each term: rare among labels is telling; a name of the document tells nothing inside it."""
    labels = [_stems(row.label) for table in tables for row in table.rows]
    counts = Counter(term for label in labels for term in question.terms if _meets(term, label) >= 0.8)
    named = frozenset[str]().union(*map(_stems, sources)) if sources else frozenset()
    return {
        term: (0.1 if term in named and not counts[term] else 1.0)
        * (0.4 + math.log(1 + (len(labels) + 1) / (counts[term] + 1)) / math.log(2 + len(labels)))
        for term in question.terms
    }


def match_cells(
    question: TableQuestion, tables: Sequence[Table], sources: Sequence[str] = (), *, limit: int = 24
) -> list[CellMatch]:
    """Return the cells that fit a question, best first.

    Args:
        question: What is asked.
        tables: Where to look; earlier ones weigh a little more.
        sources: Names and titles of the documents: their words name no figure.
        limit: Most cells.
    """
    weights = _weights(question, tables, sources)
    total = sum(weights.values()) or 1.0
    found: list[CellMatch] = []
    for place, table in enumerate(tables):
        title = _stems(table.title) | _stems(table.corner)
        years_above = years_in(table.title)
        columns = [
            (column, _head_score(question, head, column, table.heads)) for column, head in enumerate(table.heads)
        ]
        fitting = [(column, score) for column, score in columns if score is not None]
        for index, row in enumerate(table.rows):
            label, group = _stems(row.label), _stems(row.group)
            share = _share_of_label(label, question)
            ranked = _RANKS.search(question.text) and any(_meets(term, title) for term in question.terms)
            if not share and not ranked and not any(_meets(term, group) for term in question.terms):
                continue
            unasked = (
                sum(not _meets(word, _asked_stems(question.text)) for word in group) / len(group) if group else 0.0
            )
            verbatim = (
                bool(row.label) and re.search(rf"(?<!\w){re.escape(row.label)}(?!\w)", question.text, re.I) is not None
            )
            wrong_year = bool(
                question.years and years_in(row.label) and not set(years_in(row.label)) & set(question.years)
            )
            for column, head_score in fitting:
                if column >= len(row.cells) or row.cells[column] is None or wrong_year:
                    continue
                head = _stems(table.heads[column])
                covered = (
                    sum(
                        weight
                        * max(
                            _meets(term, label),
                            _meets(term, head),
                            0.8 * _meets(term, group),
                            0.5 * _meets(term, title),
                        )
                        for term, weight in weights.items()
                    )
                    / total
                )
                undated = bool(question.years) and not (
                    years_in(table.heads[column]) or years_in(row.label) or set(years_above) & set(question.years)
                )
                score = 0.5 * covered + 0.35 * share + 0.15 * min(1.0, head_score) - 0.02 * place - 0.15 * undated
                score += _VERBATIM * verbatim - _UNASKED_GROUP * unasked
                found.append(CellMatch(place, index, column, score, share, covered))
    found.sort(key=lambda match: (-match.score, match.place, match.row, match.column))
    return found[:limit]


def cell_at(tables: Sequence[Table], match: CellMatch) -> tuple[TableRow, TableCell]:
    """Return the row and the cell of a match."""
    row = tables[match.place].rows[match.row]
    cell = row.cells[match.column]
    if cell is None:
        raise ValueError("a match has a cell")
    return row, cell

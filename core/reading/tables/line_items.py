"""Lines of statements under other labels: "operating cash flow" is "Net cash provided by operating activities".

The labels stand in `core/language/data/en/line_items.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from core.language.language import alternation, data_table, language
from core.reading.text.words import is_empty, listed_stems, stem, words

_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
# A label has these or not, and means the same.
_IDLE = listed_stems("statement_filler")
# Income before taxes is no income tax.
_TELLING = frozenset(language("en").word_lists["statement_order"])

LabelStems = frozenset[str]


@cache
def _table() -> tuple[dict[LabelStems, int], dict[str, int], tuple[list[str], ...], frozenset[str]]:
    """Items by the stems of their labels and by their names, their labels, and the names that are never printed."""
    rows = data_table("en/line_items")["line_items"]
    by_label: dict[LabelStems, int] = {}
    by_name: dict[str, int] = {}
    spoken: set[str] = set()
    for index, row in enumerate(rows):
        labels, names = row["labels"].split("|"), [name for name in row["names"].split("|") if name]
        spoken.update(names)
        for name in (*labels, *names):
            by_label.setdefault(_stems(name), index)
            by_name.setdefault(name, index)
    return by_label, by_name, tuple(row["labels"].split("|") for row in rows), frozenset(spoken)


@cache
def _pattern() -> re.Pattern[str]:
    # Commas and signs between the words of a name are a matter of style.
    spelled = alternation(_table()[1]).replace(r"\ ", " ").replace(" ", r",?\s")
    return re.compile(rf"(?<![\w&])(?:{spelled})(?![\w&])", re.IGNORECASE)


def _matches(question: str) -> Iterator[re.Match[str]]:
    return _pattern().finditer(question.replace("’", "'"))


def _stems(label: str) -> LabelStems:
    bare = words(_BRACKETED.sub(" ", label))
    kept = (word for word in bare if word in _TELLING or not (is_empty(word) or word.isdigit()))
    return frozenset(map(stem, kept)) - _IDLE


def _plain(name: str) -> str:
    return re.sub(r",?\s+", " ", name).lower()


@lru_cache(maxsize=1 << 13)
def item_of(label: str) -> int | None:
    """Return which line of a statement a row's label names, None where it is none that is known."""
    return _table()[0].get(_stems(label))


@cache
def statement_stems() -> LabelStems:
    """Return the stems of every word that labels of statements have: a group of such rows is no part of the company."""
    return LabelStems().union(*_table()[0])


def named_items(question: str) -> dict[int, frozenset[str]]:
    """Return the lines that a question names, each with the stems of the name it uses.

    A single word that statements print ("sales") is left out: beside other words it is a part of that line
    ("services sales").
    """
    _, by_name, _, spoken = _table()
    names = (match[0] for match in _matches(question))
    return {
        by_name[_plain(name)]: _stems(name) | frozenset(map(stem, words(name)))
        for name in names
        if " " in name or "-" in name or _plain(name) in spoken
    }


def printed_labels(question: str) -> list[str]:
    """Return the two most usual labels of each line that a question names as no statement does, for a search."""
    _, by_name, labels, spoken = _table()
    names = (_plain(match[0]) for match in _matches(question))
    return [label for name in names if name in spoken for label in labels[by_name[name]][:2]]

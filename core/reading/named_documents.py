"""Which documents a question names: by a word of their file name or title, or by the quarter in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.reading.passages import Passage
from core.reading.reader import read_question
from core.reading.text.quarters import of_named_quarter
from core.reading.text.words import stem, words

# Share of other documents' passages that speak of what the title of one of them names.
_SPOKEN_OF = 0.25


def named_first(question: str, passages: Sequence[Passage]) -> list[int]:
    """Indices of the passages to read: those of the documents that the question names, all where it names none.

    A document is named by a capitalised word of its file name or title that no other passage's document has, or by the
    quarter in its name. A word that the other documents speak of as well ("the Council") names none of them.
    """
    in_quarter = of_named_quarter(question, [document_name(passage.source) for passage in passages])
    indices = [index for index, may_be in enumerate(in_quarter) if may_be]
    kept = _named_among(question, [passages[index] for index in indices])
    return [indices[index] for index in kept]


def _named_among(question: str, passages: Sequence[Passage]) -> list[int]:
    names = [
        frozenset(stem(word) for word in words(document_name(passage.source)) if len(word) > 2) for passage in passages
    ]
    distinct = {frozenset(name) for name in names}
    question_names = frozenset(name for name in read_question(question).names if name.isalpha())
    if len(distinct) < 2:
        return list(range(len(passages)))
    common = frozenset.intersection(*distinct)
    counts = [len((name - common) & question_names) for name in names]
    telling = {
        word
        for word in question_names - common
        if sum(word in other for other in distinct) == 1 and not _spoken_of(word, names, passages)
    }
    unique = [bool(name & telling) for name in names]
    if any(unique) and not all(unique):
        named = [index for index, is_unique in enumerate(unique) if is_unique and counts[index] == max(counts)]
        return named or list(range(len(passages)))
    return list(range(len(passages)))


def _spoken_of(word: str, names: Sequence[frozenset[str]], passages: Sequence[Passage]) -> bool:
    """Whether passages of documents that are not named by a word hold it all the same: a quarter of them, or more."""
    others = [passage.text for passage, name in zip(passages, names, strict=True) if word not in name]
    return sum(word in map(stem, words(text)) for text in others) >= max(1, _SPOKEN_OF * len(others))


def document_name(source: str) -> str:
    """Return the name and title of a passage's document, without its page and the ending of a file name."""
    return re.sub(r",\s*pp?\.\s*\d+|\.(?:pdf|md|txt|docx|html?)\b", " ", source)

"""Reads the passages of a question from the forms of data sets: texts, objects, columns, titled sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.gold import as_text
from synth.importing.drafts import Unusable

# The text of a passage given as an object, or the column of texts of several (MS MARCO, HotpotQA, PubMedQA, TriviaQA).
_TEXTS = (
    "text",
    "passage_text",
    "sentences",
    "contexts",
    "content",
    "page_content",
    "paragraph_text",
    "paragraph",
    "passage",
    "context",
    "body",
    "snippet",
    "search_context",
    "wiki_context",
)
_TITLES = ("title", "titles")


def passage_texts(passages: Any) -> list[str]:
    """Return passages as texts, their titles in a line above.

    Args:
        passages: A text; a list of texts, of objects with a text, or of `[title, sentences]`; or columns of texts.

    Raises:
        Unusable: They are given as something else.
    """
    if isinstance(passages, Mapping):
        return _of_columns(passages)
    if not isinstance(passages, list | tuple):
        text = as_text(passages)
        return [text] if text else []
    return [text for passage in passages for text in _of_one(passage) if text]


def _of_one(passage: Any) -> list[str]:
    if isinstance(passage, Mapping):
        return _of_columns(passage)
    if isinstance(passage, list | tuple) and len(passage) == 2 and isinstance(passage[1], list | tuple):
        title, sentences = passage
        return [_titled(title, sentences)]
    return [_text(passage)]


def _of_columns(passage: Mapping[Any, Any]) -> list[str]:
    name = next((name for name in _TEXTS if name in passage), None)
    if name is None:
        raise _unusable()
    texts = passage[name]
    titles = next((passage[title] for title in _TITLES if passage.get(title)), None)
    if not isinstance(texts, list | tuple):
        return [_titled(titles, [texts])]
    if not isinstance(titles, list | tuple) or len(titles) != len(texts):
        titles = [None] * len(texts)
    return [text for title, part in zip(titles, texts, strict=True) if (text := _titled(title, part))]


def _titled(title: Any, sentences: Any) -> str:
    parts: Sequence[Any] = sentences if isinstance(sentences, list | tuple) else [sentences]
    text = " ".join(part_text for part in parts if (part_text := _text(part)))
    return f"{title}\n{text}" if isinstance(title, str) and title.strip() else text


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _unusable()
    return value.strip()


def _unusable() -> Unusable:
    return Unusable("the passages are neither texts nor objects with a text")

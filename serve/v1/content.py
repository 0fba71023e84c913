"""What messages of OpenAI's formats hold, as text: parts, tool calls and their results, token ids."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

# Kinds of text parts: of chat completions, then of responses.
_TEXT_PARTS = frozenset({"text", "input_text", "output_text", "refusal"})
_IMAGES = frozenset({"image_url", "input_image", "image"})
_VOCABULARY = "cl100k_base"


def content_text(content: Any) -> Any:
    """Return the text of a message's content: a string, or its text parts joined by lines.

    Raises:
        ValueError: A part is no text.
    """
    if content is None:  # an assistant's message that only called tools
        return ""
    if not isinstance(content, list):
        return content
    texts = []
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if not isinstance(kind, str) or kind not in _TEXT_PARTS | _IMAGES:
            raise ValueError(f"only parts of type 'text' are supported, not {kind!r}")
        if kind in _IMAGES:
            raise ValueError("images are not supported, only text; add the picture as a document instead")
        text = part.get("text", part.get("refusal"))
        if not isinstance(text, str):
            raise ValueError(f"the text of a part of type {kind!r} must be a string")
        texts.append(text)
    return "\n".join(texts)


def called_text(calls: Sequence[Any]) -> str:
    """Return an assistant's tool calls as text."""
    lines = []
    for call in calls:
        named = (call.get("function") or call.get("custom") or call) if isinstance(call, Mapping) else {}
        function = named if isinstance(named, Mapping) else {}
        arguments = function.get("arguments", function.get("input", ""))
        text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        lines.append(f"{function.get('name', 'tool')}({text})")
    return "\n".join(lines)


def result_text(name: str, content: str) -> str:
    """Return the result of a tool as the text of a message."""
    return f"Result of {name or 'the tool'}:\n{content}"


@cache
def _encoding() -> Any:
    """Return OpenAI's vocabulary, which comes with its package; loaded when it is first asked for."""
    with warnings.catch_warnings():  # it reads its data by a function that Python means to remove
        warnings.simplefilter("ignore", DeprecationWarning)
        from bpe_openai import get_encoding

        return get_encoding(_VOCABULARY)


def token_text(ids: Sequence[int]) -> str:
    """Return the text of token ids of `cl100k_base`, which OpenAI's clients cut texts by.

    Raises:
        ValueError: An id is unknown.
    """
    if any(number < 0 for number in ids):
        raise ValueError(f"token ids are 0 or more; send text, or ids of {_VOCABULARY}")
    try:
        text: str = _encoding().decode(list(ids))
    except (KeyError, OverflowError, TypeError) as error:
        raise ValueError(f"unknown token id; send text, or ids of {_VOCABULARY}") from error
    return text


def input_texts(value: Any) -> Any:
    """Return what is to be read as a list of texts: a text, texts, token ids, or lists of token ids.

    Raises:
        ValueError: A list is empty, or a token id is unknown.
    """
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not value:
        return value
    if all(_is_id(item) for item in value):
        return [token_text(value)]
    return [token_text(item) if isinstance(item, list) and item and all(map(_is_id, item)) else item for item in value]


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)

"""An answer that is held to a schema is parsed, and one that was cut is an error, never half a value."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from pydantic import BaseModel

from core.chat.structured import structured
from core.errors import KbError


class Fee(BaseModel):
    euros: int


def answering(text: str, reason: str = "stop") -> GenericFakeChatModel:
    message = AIMessage(content=text, response_metadata={"finish_reason": reason})
    return GenericFakeChatModel(messages=iter([message]))


def test_a_class_is_filled() -> None:
    assert structured(answering('{"euros": 5}'), Fee, include_raw=False).invoke("q") == Fee(euros=5)


def test_a_schema_gives_json() -> None:
    schema: dict[str, Any] = {"title": "fee", "type": "object", "properties": {"euros": {"type": "integer"}}}
    assert structured(answering('{"euros": 5}'), schema, include_raw=False).invoke("q") == {"euros": 5}


def test_an_answer_that_was_cut_is_an_error() -> None:
    with pytest.raises(KbError, match="before its JSON was complete") as caught:
        structured(answering('{"euros": 5', "length"), Fee, include_raw=False).invoke("q")
    assert "models.max_tokens" in caught.value.hint


def test_the_raw_answer_comes_with_its_error() -> None:
    result = structured(answering('{"euros": 5', "length"), Fee, include_raw=True).invoke("q")
    assert result["raw"].text == '{"euros": 5' and result["parsed"] is None
    assert isinstance(result["parsing_error"], KbError)
    whole = structured(answering('{"euros": 5}'), Fee, include_raw=True).invoke("q")
    assert (whole["parsed"], whole["parsing_error"]) == (Fee(euros=5), None)

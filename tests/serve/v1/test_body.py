"""Bodies: halves of surrogate pairs are refused wherever they stand, and fields without effect are named."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from serve.v1.body import OpenBody, RequestBody


class Body(RequestBody):
    text: str = ""


@pytest.mark.parametrize(
    "fields", [{"text": "a\udc00"}, {"other": ["\ud800"]}, {"k\ud83d": 1}, {"a": {"b": [{"c": "\udfff!"}]}}]
)
def test_text_that_no_program_can_write_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="not valid Unicode"):
        Body.model_validate(fields)


def test_whole_pairs_and_every_other_character_are_taken() -> None:
    assert Body.model_validate({"text": "\U0001f600 \x00 ß"}).text == "\U0001f600 \x00 ß"


def test_unknown_fields_are_named_when_they_ask_for_something() -> None:
    body = OpenBody.model_validate(
        {"zeta": 1, "alpha": "x", "off": False, "none": None, "empty": {}, "user": "ann", "web_search_options": {}}
    )
    assert body.unknown_fields() == ["alpha", "web_search_options", "zeta"]
    assert OpenBody.model_validate({"images": ["x"]}).unknown_fields("messages.") == ["messages.images"]

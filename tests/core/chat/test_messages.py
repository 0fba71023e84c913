"""Messages become roles and contents, and no content can speak as another role."""

from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage, ChatMessage, HumanMessage, HumanMessageChunk, SystemMessage

from core.chat.messages import as_roles
from core.errors import ConfigError


def test_roles_of_a_template() -> None:
    messages = [
        SystemMessage("s"),
        HumanMessage("q"),
        AIMessage("a"),
        HumanMessageChunk(content="c"),
        ChatMessage("x", role="judge"),
    ]
    assert [(each["role"], each["content"]) for each in as_roles(messages)] == [
        ("system", "s"),
        ("user", "q"),
        ("assistant", "a"),
        ("user", "c"),
        ("judge", "x"),
    ]


def test_control_tokens_in_a_content_are_broken_up() -> None:
    (message,) = as_roles([HumanMessage("a<|im_end|>b<|im_end|>")], ["<|im_end|>", "<|im"])
    assert message["content"] == "a< |im_end|>b< |im_end|>"
    assert "<|im" not in message["content"]


def test_parts_of_text_are_joined() -> None:
    parts = [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]
    assert as_roles([HumanMessage(content=parts)])[0]["content"] == "one two"


def test_what_is_not_text_is_refused() -> None:
    image = [{"type": "image_url", "image_url": {"url": "x"}}, {"type": "audio"}]
    with pytest.raises(ConfigError, match="text only, not audio, image_url"):
        as_roles([HumanMessage(content=image)])
    with pytest.raises(ConfigError, match="without a message"):
        as_roles([])

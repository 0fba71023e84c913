"""LangChain messages as the `role` and `content` of a chat template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from langchain_core.messages import BaseMessage, ChatMessage

from core.errors import ConfigError

_ROLES = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool"}


def as_roles(messages: Sequence[BaseMessage], control_tokens: Iterable[str] = ()) -> list[dict[str, str]]:
    """Return `{"role", "content"}` per message, in order.

    Args:
        messages: At least one.
        control_tokens: Spellings that steer the model (`<|im_start|>`); inside a content they are broken up by a
            space, so that a document cannot speak as the system.

    Raises:
        ConfigError: A message holds an image or another thing that is not text, or there is none.
    """
    if not messages:
        raise ConfigError("a chat model was called without a message", hint='kb ask "QUESTION"')
    ordered = sorted(control_tokens, key=len, reverse=True)
    return [{"role": _role(message), "content": _defused(_text(message), ordered)} for message in messages]


def _role(message: BaseMessage) -> str:
    if isinstance(message, ChatMessage):
        return message.role
    kind = message.type.removesuffix("MessageChunk").lower()
    return _ROLES.get(kind, kind)


def _text(message: BaseMessage) -> str:
    if isinstance(message.content, list):
        kinds = {block.get("type") for block in message.content if isinstance(block, dict)} - {"text"}
        if kinds:
            kind_names = ", ".join(sorted(str(kind) for kind in kinds))
            raise ConfigError(
                f"this model reads text only, not {kind_names}", hint='kb ask --model ollama:NAME "QUESTION"'
            )
    return str(message.text)


def _defused(text: str, control_tokens: Sequence[str]) -> str:
    for token in control_tokens:
        if token in text:
            text = text.replace(token, f"{token[0]} {token[1:]}")
    return text

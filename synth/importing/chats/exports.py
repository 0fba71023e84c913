"""Conversations as chat services export them: ChatGPT's trees of messages, Claude's lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from synth.importing.chats.conversations import openai
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import Fields

_NAMES = ("conversation_id", "id", "uuid")


def is_chatgpt(record: Fields) -> bool:
    """Whether a record is a conversation of ChatGPT's `conversations.json`."""
    mapping = record.get("mapping")
    return isinstance(mapping, Mapping) and all(isinstance(node, Mapping) for node in mapping.values())


def is_claude(record: Fields) -> bool:
    """Whether a record is a conversation of Claude's `conversations.json`."""
    return isinstance(record.get("chat_messages"), list)


def chatgpt(record: Fields) -> Iterator[Draft]:
    """`mapping` holds messages by id, each with its parent; the branch that ends at `current_node` was kept."""
    nodes: Mapping[str, Any] = record["mapping"]
    node = nodes.get(str(record.get("current_node"))) or next(reversed(list(nodes.values())), None)
    branch: list[Any] = []
    seen: set[str] = set()
    while isinstance(node, Mapping):
        branch.append(node.get("message"))
        parent = str(node.get("parent"))
        node = None if parent in seen else nodes.get(parent)
        seen.add(parent)
    yield from _conversation(record, [message for raw in reversed(branch) for message in _of_chatgpt(raw)])


def _of_chatgpt(message: Any) -> Iterator[dict[str, Any]]:
    """Yield a message as OpenAI's API has it; nothing for those that a reader does not see."""
    if not isinstance(message, Mapping):
        return
    author, content = message.get("author"), message.get("content")
    role = str(author.get("role")) if isinstance(author, Mapping) else ""
    parts = content.get("parts") or [] if isinstance(content, Mapping) else []
    kind = content.get("content_type") if isinstance(content, Mapping) else None
    if role == "system" or kind in ("user_editable_context", "model_editable_context"):
        return
    if message.get("recipient") not in (None, "all"):
        yield {"role": role, "content": None, "tool_calls": [{"type": "function"}]}
    elif kind in ("text", "multimodal_text"):
        shown = [_part(part) for part in parts if part not in ("", None)]
        if shown or role != "assistant":
            yield {"role": role, "content": shown}
    elif role == "tool":
        yield {"role": role, "content": "..."}


def _part(part: Any) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    kind = str(part.get("content_type")) if isinstance(part, Mapping) else ""
    return {"type": "audio" if "audio" in kind else "image_url"}


def claude(record: Fields) -> Iterator[Draft]:
    """`chat_messages` hold `sender`, `text`, and `content` with parts in newer exports; files are named beside them."""
    messages = []
    for message in record["chat_messages"]:
        if not isinstance(message, Mapping):
            raise Unusable("a message is not an object")
        files = [_file(file) for name in ("attachments", "files") for file in message.get(name) or ()]
        text = {"type": "text", "text": str(message.get("text") or "")}
        messages.append({"role": str(message.get("sender")), "content": [text, *files]})
    yield from _conversation(record, messages)


def _file(file: Any) -> dict[str, Any]:
    text = file.get("extracted_content") if isinstance(file, Mapping) else None
    return {"type": "text", "text": text} if isinstance(text, str) and text.strip() else {"type": "file"}


def _conversation(record: Fields, messages: list[dict[str, Any]]) -> Iterator[Draft]:
    name = next((record[name] for name in _NAMES if isinstance(record.get(name), str)), None)
    yield from openai({"messages": messages, **({"conversation_id": name} if name else {})})

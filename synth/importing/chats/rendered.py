"""Texts that hold a whole conversation: `Human:`, `### Instruction:`, or rendered by a chat template."""

from __future__ import annotations

import re
from collections.abc import Iterator

from synth.importing.chats.conversations import draft_of
from synth.importing.drafts import Draft
from synth.importing.fields import Fields, documents

_COLUMNS = ("text", "content")
_ROLES = {
    "human": "user",
    "user": "user",
    "model": "assistant",
    "instruction": "user",
    "input": "user",
    "assistant": "assistant",
    "response": "assistant",
    "output": "assistant",
    "system": "system",
}
_MARKS = (
    re.compile(r"(?:\A|\n)\s*(Human|User|Assistant|System):"),
    re.compile(r"\s*###\s*(Human|User|Assistant|System|Instruction|Input|Response|Output)\s*:"),
)
# Turns as templates render them: ChatML, Llama 3, Gemma, Phi and Zephyr.
_TURNS = (
    re.compile(r"<\|im_start\|>\s*(?P<role>\w+)\n(?P<text>.*?)(?=<\|im_(?:end|start)\|>|\Z)", re.DOTALL),
    re.compile(
        r"<\|start_header_id\|>(?P<role>\w+)<\|end_header_id\|>(?P<text>.*?)"
        r"(?=<\|(?:eot_id|end_of_text|start_header_id)\|>|\Z)",
        re.DOTALL,
    ),
    re.compile(r"<start_of_turn>(?P<role>\w+)\n(?P<text>.*?)(?=<end_of_turn>|<start_of_turn>|\Z)", re.DOTALL),
    re.compile(
        r"<\|(?P<role>system|user|assistant)\|>(?P<text>.*?)(?=<\|(?:end|system|user|assistant)\|>|</s>|\Z)", re.DOTALL
    ),
)
_INST = re.compile(r"\[INST\](?P<user>.*?)\[/INST\](?P<answer>.*?)(?=</?s>|\[INST\]|\Z)", re.DOTALL)
_SYSTEM = re.compile(r"<<SYS>>(.*?)<</SYS>>", re.DOTALL)


def is_rendered(record: Fields) -> bool:
    """Whether the text of a record is a conversation with marks for its speakers."""
    return bool(_messages(record))


def rendered(record: Fields) -> Iterator[Draft]:
    """A conversation in one text; what stands before its first mark is its system message."""
    yield draft_of(_messages(record), documents(record))


def _messages(record: Fields) -> list[dict[str, str]]:
    text = next((record[name] for name in _COLUMNS if isinstance(record.get(name), str)), "")
    return messages_of(text)


def messages_of(text: str) -> list[dict[str, str]]:
    """Return the messages of a text; none where it is no conversation with a question and an answer."""
    messages: list[dict[str, str]] = []

    def add(role: str, content: str) -> None:
        if content.strip():
            messages.append({"role": role, "content": content.strip()})

    if turns := list(_INST.finditer(text)):
        for turn in turns:
            for system in _SYSTEM.findall(turn["user"]):
                add("system", system)
            add("user", _SYSTEM.sub("", turn["user"]))
            add("assistant", turn["answer"])
    for rendered_turns in (list(marks.finditer(text)) for marks in _TURNS):
        for turn in () if turns or messages else rendered_turns:
            add(_ROLES.get(turn["role"].lower(), turn["role"]), turn["text"])
    for marks in () if turns or messages else _MARKS:
        before, *parts = marks.split(text)
        if marks is _MARKS[0] and before.strip():
            continue  # a document with a dialogue in it
        if {_ROLES[name.lower()] for name in parts[::2]} >= {"user", "assistant"}:
            add("system", before)
            for name, content in zip(parts[::2], parts[1::2], strict=True):
                add(_ROLES[name.lower()], content)
            break
    roles = [message["role"] for message in messages]
    return messages if "user" in roles and "assistant" in roles[roles.index("user") :] else []

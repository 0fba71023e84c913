"""Conversations as rows: OpenAI messages, ShareGPT, LIMA, lists of utterances.

A conversation becomes one row: its last question and answer, with the earlier exchanges as turns. A system message
precedes the first question, or is the context where there is only one question.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import Fields, documents

Turns = tuple[tuple[str, str], ...]
_SPEAKERS = {
    "user": "user",
    "human": "user",
    "prompter": "user",
    "customer": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "model": "assistant",
    "agent": "assistant",
    "bot": "assistant",
    "ai": "assistant",
    "system": "system",
    "developer": "system",
}


def openai(record: Fields) -> Iterator[Draft]:
    """`messages` or `conversations` with `role` and `content`."""
    yield draft_of(record.get("messages") or record.get("conversations") or [], documents(record))


def sharegpt(record: Fields) -> Iterator[Draft]:
    """`conversations` with `from` and `value`; a `system` field counts as a system message."""
    messages = record.get("conversations") or record.get("conversation") or record.get("messages") or []
    system = record.get("system")
    lead = [{"role": "system", "content": system}] if isinstance(system, str) and system.strip() else []
    yield draft_of([*lead, *messages], documents(record))


def utterances(record: Fields) -> Iterator[Draft]:
    """A list of texts that takes turns, the questioner first: LIMA's `conversations`, `dialog`, `dialogue`."""
    name = next(name for name in ("conversations", "dialog", "dialogue", "utterances", "turns") if record.get(name))
    utterance_texts = [text for text in record[name] if isinstance(text, str)]
    if len(utterance_texts) != len(record[name]):
        raise Unusable(f"field {name!r} is not a list of texts")
    messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(utterance_texts)]
    yield draft_of(messages, documents(record))


def draft_of(messages: Sequence[Any], named: tuple[str, ...] = ()) -> Draft:
    """Return the row of a conversation.

    Raises:
        Unusable: It has no question with an answer, or something that is not text.
    """
    turns, question, answer, system = exchanges(messages)
    if not turns:
        return Draft(question=question, answer=answer, context=system, kind="instruction", documents=named)
    if system:
        turns = ((f"{system}\n\n{turns[0][0]}", turns[0][1]), *turns[1:])
    return Draft(question=question, answer=answer, turns=turns, kind="conversation", documents=named)


def exchanges(messages: Sequence[Any]) -> tuple[Turns, str, str, str]:
    """Return (earlier turns, last question, its answer, system text).

    Consecutive messages of one speaker are joined; messages before the first question or after the last answer are
    left out.

    Raises:
        Unusable: A role is unknown, a content is no text, a tool is called, or nothing is answered.
    """
    spoken: list[tuple[str, str]] = []
    system = []
    for message in messages:
        role, content = _said(message)
        if role == "system":
            system.append(content)
        elif spoken and spoken[-1][0] == role:
            spoken[-1] = (role, f"{spoken[-1][1]}\n\n{content}")
        elif spoken or role == "user":
            spoken.append((role, content))
    pairs = [(spoken[i][1], spoken[i + 1][1]) for i in range(0, len(spoken) - 1, 2)]
    if not pairs:
        raise Unusable("the conversation has no question with an answer")
    return tuple(pairs[:-1]), pairs[-1][0], pairs[-1][1], "\n\n".join(system)


def _said(message: Any) -> tuple[str, str]:
    if not isinstance(message, dict):
        raise Unusable("a message is not an object")
    name = str(message.get("role") or message.get("from") or message.get("speaker") or "").strip().lower()
    role = _SPEAKERS.get(name, "")
    if not role:
        raise Unusable(f"a message has the role {name!r}, not user, assistant or system")
    content = next((message[key] for key in ("content", "value", "text") if message.get(key) is not None), None)
    if isinstance(content, list):
        # The parts of a message, as newer chat APIs write it.
        parts = [part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)]
        content = "\n".join(parts) if len(parts) == len(content) else None
    if not isinstance(content, str) or not content.strip():
        raise Unusable("a message has no text")
    return role, content.strip()

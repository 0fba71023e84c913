"""Conversations as lists of turns, each with its question and its answer under a name of its own: XTuner, Firefly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from synth.importing.chats.conversations import draft_of
from synth.importing.chats.marks import SYSTEM
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import Fields, documents

_LISTS = ("conversation", "conversations", "messages", "dialog", "dialogue", "turns", "exchanges", "rounds")
# (question, answer), as the parts of one turn are named.
_SIDES = (
    ("input", "output"),
    ("human", "assistant"),
    ("user", "assistant"),
    ("human", "bot"),
    ("user", "bot"),
    ("question", "answer"),
    ("prompt", "response"),
    ("query", "response"),
    ("instruction", "output"),
)


def is_paired_turns(record: Fields) -> bool:
    """Whether a record has a list of turns with a question and an answer each."""
    return _turns(record) is not None


def paired_turns(record: Fields) -> Iterator[Draft]:
    """The turns as a conversation; a lone answer to nothing is a text.

    Raises:
        Unusable: A turn lacks its answer, or as `read_conversation`.
    """
    turns = _turns(record)
    if turns is None:
        raise Unusable("no turns with a question and an answer each")
    listed, asks, answers = turns
    if len(listed) == 1 and not listed[0][asks]:
        text = listed[0][answers]
        if not isinstance(text, str) or not text.strip():
            raise Unusable(f"field {answers!r} is empty")
        yield Draft(question="", answer=text.strip(), kind="text", documents=documents(record))
        return
    messages = [message for turn in listed for message in _messages(turn, asks, answers)]
    yield draft_of(messages, documents(record))


def _turns(record: Fields) -> tuple[Sequence[Mapping[str, Any]], str, str] | None:
    """Return the turns and the names of their questions and answers."""
    for name in _LISTS:
        value = dict(record).get(name)
        if not isinstance(value, list) or not value or not all(isinstance(turn, dict) for turn in value):
            continue
        sides = next((sides for sides in _SIDES if all(set(sides) <= set(turn) for turn in value)), None)
        if sides:
            return record[name], *sides
    return None


def _messages(turn: Mapping[str, Any], asks: str, answers: str) -> Iterator[dict[str, Any]]:
    """Yield a turn as messages; its other fields are marks of its answer."""
    if system := next((turn[name] for name in SYSTEM if turn.get(name)), None):
        yield {"role": "system", "content": system}
    yield {"role": "user", "content": turn[asks]}
    marks = {name: value for name, value in turn.items() if name not in (*SYSTEM, asks, answers, "role", "content")}
    yield {**marks, "role": "assistant", "content": turn[answers]}

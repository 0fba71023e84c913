"""Calls of a chat API as logs and evaluation tools keep them: the messages of the request in one field, the answer in
another.

OpenAI's stored completions, batches and evals, Anthropic, Langfuse, LangSmith, Phoenix, verl and others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.gold import answer_columns, answer_texts
from synth.importing.chats.conversations import draft_of
from synth.importing.chats.marks import system_of
from synth.importing.chats.messages import SPEAKERS
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import Fields, documents, normal_name

_REQUESTS = ("messages", "conversations", "contents", "input", "inputs", "prompt", "request", "body", "query")
_ANSWERS = (
    *("output", "outputs", "response", "completion", "choices", "candidates", "message", "reply", "generation"),
    *("generations", "assistant", "result", "answer"),
)
# Where an answer that is an object has it.
_PARTS = (
    "choices",
    "candidates",
    "generations",
    "message",
    "messages",
    "output",
    "body",
    "response",
    "content",
    "text",
    "answer",
)
# Where reinforcement learning has it.
_REWARDS, _GOLD = "reward_model", "ground_truth"
# Of OpenAI's Responses, beside messages.
_INSTRUCTIONS = "instructions"


def is_unanswered(record: Fields) -> bool:
    """Whether a record is a request whose answer is not in it."""
    request = _request(record)
    return request is not None and _role(request[1][-1]) == "user" and _answer(record, request[0]) is None


def is_logged(record: Fields) -> bool:
    """Whether a record has the messages of a request in one field, and their answer at the end or in another."""
    request = _request(record)
    if request is None:
        return False
    name, messages = request
    if _role(messages[-1]) == "assistant":
        return isinstance(record[name], Mapping)
    # TRL's prompt and completion are told apart from logs by their names.
    return not (name == "prompt" and "completion" in record) and _answer(record, name) is not None


def logged(record: Fields) -> Iterator[Draft]:
    """The last answer; answers among the messages of the request are context.

    Raises:
        Unusable: The answer or a message holds something that a row cannot.
    """
    request = _request(record)
    if request is None:
        raise Unusable("no messages of a request")
    name, messages = request
    system = _system(record[name]) or _system({_INSTRUCTIONS: record.get(_INSTRUCTIONS)})
    messages = [*([{"role": "system", "content": system}] if system else []), *messages]
    if _role(messages[-1]) == "assistant":
        yield draft_of(messages, documents(record))
        return
    answer = _answer(record, name)
    if answer is None:
        raise Unusable("the request has no answer")
    column, answered = answer
    record.get(column)
    if not answered:
        raise Unusable(f"field {column!r} is empty")
    if any(_role(message) == "user" for message in answered):  # the request is repeated
        messages, answered = answered[:-1], answered[-1:]
    yield draft_of([*messages, *answered], documents(record), n_prompt=len(messages))


def _request(record: Fields) -> tuple[str, list[Any]] | None:
    """Return the field of the request and its messages."""
    fields = dict(record)
    for name in _REQUESTS:
        value = fields.get(name)
        if isinstance(value, Mapping):
            value = next((value[inner] for inner in _REQUESTS[:4] if inner in value), None)
        if (messages := _messages(value)) and any(_role(message) == "user" for message in messages):
            return name, messages
    return None


def _messages(value: Any) -> list[Any]:
    """Return a list of messages with a role each, none for anything else; LangChain has their kind as `type`."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    if len(value) == 1 and isinstance(value[0], list):  # LangChain's batch of one
        value = value[0]
    # What a model thought stands among its messages, in OpenAI's Responses.
    parts = [part for part in value if not (isinstance(part, Mapping) and part.get("type") == "reasoning")]
    messages = [_with_role(part) for part in parts]
    return messages if all(_role(message) for message in messages) else []


def _with_role(message: Any) -> Any:
    if not isinstance(message, Mapping):
        return message
    if isinstance(message.get("kwargs"), Mapping):  # as LangChain serialises them
        message = message["kwargs"]
    kind = str(message.get("type") or "").lower()
    if not _role(message) and kind in SPEAKERS:
        return {"role": kind, "content": message.get("content")}
    # OpenAI's Responses mark every message as one.
    return {key: value for key, value in message.items() if (key, value) != ("type", "message")}


def _role(message: Any) -> str:
    """Return who speaks in the words of chat templates; other roles as they are, `""` for what is no message."""
    if not isinstance(message, Mapping):
        return ""
    name = str(message.get("role") or message.get("from") or "").strip().lower()
    return SPEAKERS.get(name, name)


def _system(request: Any) -> str:
    if not isinstance(request, Mapping):
        return ""
    text = request.get(_INSTRUCTIONS)
    return text.strip() if isinstance(text, str) else system_of({normal_name(key): request[key] for key in request})


def _answer(record: Fields, request: str) -> tuple[str, list[Any]] | None:
    """Return the field of the answer and its messages, none where it is empty: gold before what a model answered."""
    fields = {name: value for name, value in dict(record).items() if name != request}
    rewards = fields.get(_REWARDS)
    if isinstance(rewards, Mapping) and rewards.get(_GOLD):
        return _REWARDS, [{"role": "assistant", "content": str(rewards[_GOLD])}]
    gold = tuple(name for name in answer_columns(fields) if name not in _ANSWERS)
    for name in gold:
        try:
            texts = answer_texts(fields[name])
        except TypeError:
            texts = []
        if texts:
            return name, [{"role": "assistant", "content": texts[0]}]
    if gold:
        return gold[0], []  # it counts even where it is empty
    answered = ((name, _answered(fields[name])) for name in _ANSWERS if name in fields)
    return next(((name, messages) for name, messages in answered if messages), None)


def _answered(value: Any) -> list[Any]:
    """Return the messages of an answer: a text, a message, a list of them, or the response of an API around them."""
    if isinstance(value, str) and value.strip():
        return [{"role": "assistant", "content": value}]
    if isinstance(value, list):
        # Of several answers to one request the first is taken; messages follow each other.
        return _messages(value) or (_answered(value[0]) if value else [])
    if not isinstance(value, Mapping):
        return []
    if messages := _messages([value]):
        return messages
    return next((messages for name in _PARTS if (messages := _answered(value.get(name)))), [])

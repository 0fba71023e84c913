"""Conversations that are spread over records, one message each, or nested as trees of replies (OpenAssistant)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from synth.importing.chats.conversations import read_conversation
from synth.importing.chats.messages import SPEAKERS
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import Fields

Outcome = Draft | Unusable
_ROLES, _TEXTS = ("role", "from", "speaker", "sender", "author"), ("text", "content", "value", "message", "body")
_PARENTS, _IDS = ("parent_id", "parent_message_id", "parent", "reply_to"), ("message_id", "id", "uuid")
_CONVERSATIONS = (
    *("conversation_id", "conv_id", "thread_id", "chat_id", "session_id", "dialogue_id", "dialog_id", "conversation"),
    *("thread", "ticket_id", "case_id", "message_tree_id"),
)
_OTHERS = "replies beside the best ones"
_ORDERS = ("turn", "turn_id", "turn_index", "message_index", "position", "step")


def is_message_row(record: Fields) -> bool:
    """Whether a record is one message of a conversation that other records go on with."""
    role = _value(record, _ROLES)
    linked = any(name in record for name in (*_PARENTS, *_CONVERSATIONS))
    return isinstance(role, str) and role.lower() in SPEAKERS and isinstance(_value(record, _TEXTS), str) and linked


def message_rows(records: Iterable[tuple[int, Mapping[str, Any] | Unusable]]) -> Iterator[tuple[int, Outcome]]:
    """Yield (line on which a conversation begins, row or fault).

    Args:
        records: (line, fields with normal names, or why it cannot be used), in the order of the source.
    """
    groups: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    by_id: dict[str, tuple[int, Mapping[str, Any]]] = {}
    for line, record in records:
        if isinstance(record, Unusable):
            yield line, record
        elif not is_message_row(record):
            yield line, Unusable("not a message of a conversation")
        elif any(name in record for name in _PARENTS):
            message_id = str(_value(record, _IDS) or f"line {line}")
            if message_id in by_id:
                yield line, Unusable("another message has the same id")
            else:
                by_id[message_id] = (line, record)
        else:
            groups.setdefault(str(_value(record, _CONVERSATIONS)), []).append((line, record))
    for name, group in groups.items():
        if all(isinstance(_value(record, _ORDERS), int) for _, record in group):
            group.sort(key=lambda numbered: int(_value(numbered[1], _ORDERS)))
        yield group[0][0], _row([record for _, record in group], f"conversation_id:{name}")
    yield from _threads(by_id)


def _threads(by_id: Mapping[str, tuple[int, Mapping[str, Any]]]) -> Iterator[tuple[int, Outcome]]:
    replies: dict[str, list[str]] = {}
    for message_id, (_, record) in by_id.items():
        replies.setdefault(str(_value(record, _PARENTS) or ""), []).append(message_id)
    roots = [message_id for parent, ids in replies.items() if parent not in by_id for message_id in ids]
    reached = [*roots]
    for message_id in reached:  # grows on the way
        reached += replies.get(message_id, ())
    for message_id in sorted(by_id.keys() - set(reached)):
        yield by_id[message_id][0], Unusable("the parents of the message form a circle")
    for root in roots:
        path, others, message_id = [], 0, root
        while message_id:
            path.append(by_id[message_id][1])
            ranked = sorted(replies.get(message_id, ()), key=lambda reply: _rank(by_id[reply][1]))
            others += len(ranked[1:])
            message_id = ranked[0] if ranked else ""
        yield by_id[root][0], _row(path, f"conversation_id:{root}", others)


def _rank(record: Mapping[str, Any]) -> float:
    rank = record.get("rank")
    return float(rank) if isinstance(rank, int | float) else 0.0


def _row(records: Sequence[Mapping[str, Any]], document: str, others: int = 0) -> Outcome:
    messages = [{"role": _value(record, _ROLES), "content": _value(record, _TEXTS)} for record in records]
    try:
        draft = read_conversation(messages).draft((document,))
    except Unusable as fault:
        return fault
    return replace(draft, left_out=(*draft.left_out, (_OTHERS, others))) if others else draft


def is_tree(record: Fields) -> bool:
    """Whether a record is a question with replies to it, and replies to these."""
    root = record.get("prompt")
    return isinstance(root, Mapping) and isinstance(root.get("replies"), list) and isinstance(root.get("text"), str)


def tree(record: Fields) -> Iterator[Draft]:
    """The best reply to each message; the others are counted."""
    path: list[Mapping[str, Any]] = []
    others, node = 0, record["prompt"]
    while isinstance(node, Mapping):
        path.append(node)
        listed = [reply for reply in node.get("replies") or () if isinstance(reply, Mapping)]
        ranked = sorted(listed, key=_rank)
        others += len(ranked[1:])
        node = ranked[0] if ranked else None
    outcome = _row(path, f"conversation_id:{record.get('message_tree_id') or path[0]['text'][:80]}", others)
    if isinstance(outcome, Unusable):
        raise outcome
    yield outcome


def _value(record: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((record[name] for name in names if name in record), None)

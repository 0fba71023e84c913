"""Dumps of chat services: Slack's API, DiscordChatExporter, Telegram."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synth.importing.chats.services import service_of
from tests.synth.importing.records.test_shapes import jsonl, read

_SLACK = [
    {"type": "message", "user": "U2", "text": "At noon, <@U1>.", "ts": "2.0"},
    {"type": "message", "user": "U1", "text": "When is lunch?", "ts": "1.0", "user_profile": {"real_name": "Ann"}},
]
_DISCORD = [
    {"type": "Default", "timestamp": "2026-01-01T10:00:00+00:00", "content": "When?", "author": {"name": "ann"}},
    {"type": "RecipientAdd", "timestamp": "2026-01-01T10:00:01+00:00", "content": "x", "author": {"name": "ann"}},
    {"type": "Reply", "timestamp": "2026-01-01T10:01:00+00:00", "content": "At noon.", "author": {"name": "bob"}},
]
_TELEGRAM = [
    {"type": "message", "date": "2026-01-01T10:00:00", "from": "Ann", "text": "When?"},
    {"type": "service", "date": "2026-01-01T10:00:01", "actor": "Ann", "text": ""},
    {
        "type": "message",
        "date": "2026-01-01T10:01:00",
        "from": "Bob",
        "text": ["At ", {"type": "bold", "text": "noon"}],
    },
]


@pytest.mark.parametrize(
    ("dump", "shape", "row"),
    [
        ({"ok": True, "messages": _SLACK, "has_more": False}, "Slack", ("When is lunch?", "At noon, @Ann.")),
        ({"guild": {}, "channel": {"name": "food"}, "messages": _DISCORD}, "Discord", ("When?", "At noon.")),
        ({"name": "Ann", "type": "personal_chat", "messages": _TELEGRAM}, "Telegram", ("When?", "At noon")),
        ({"chats": {"list": [{"name": "Ann", "messages": _TELEGRAM}]}}, "Telegram", ("When?", "At noon")),
    ],
)
def test_a_dump_becomes_conversations(tmp_path: Path, dump: Any, shape: str, row: tuple[str, str]) -> None:
    path = tmp_path / "dump.json"
    path.write_text(json.dumps(dump, indent=1), encoding="utf-8")
    told, drafts, faults = read(path)
    assert told == f"{shape} conversations" and not faults
    assert [(draft.question, draft.answer) for draft in drafts] == [row]


def test_slack_messages_may_stand_a_line_each(tmp_path: Path) -> None:
    told, drafts, _ = read(jsonl(tmp_path / "x.jsonl", *_SLACK), answers_by="Ann")
    assert told == "Slack conversations" and not drafts  # Ann asks here
    _, drafts, _ = read(jsonl(tmp_path / "x.jsonl", *_SLACK))
    assert drafts[0].question == "When is lunch?"


def test_other_files_are_no_dumps() -> None:
    message = {"role": "user", "content": "q"}
    for value in ({"messages": [message]}, {"messages": []}, [message], "text", {"chats": [1]}):
        assert service_of(value) == ""

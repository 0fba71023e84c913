"""Slack exports: who wrote, what is left out, and which messages belong together."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from core.errors import DataError
from synth.importing.chats.slack import slack_export
from synth.importing.drafts import Draft, Unusable
from synth.importing.files.sources import open_source


def message(user: str, text: str, ts: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "message", "user": user, "text": text, "ts": ts, **fields}


def export(folder: Path, days: dict[str, Any], users: Any = None) -> Path:
    """Write days (channel/day) as a folder."""
    for name, messages in days.items():
        path = folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(messages), encoding="utf-8")
    if users is not None:
        (folder / "users.json").write_text(json.dumps(users), encoding="utf-8")
    return folder


def drafts(path: Path, answers_by: str = "") -> list[Draft]:
    return [row for _, row in slack_export(path, answers_by) if isinstance(row, Draft)]


def test_names_are_those_that_people_chose(tmp_path):
    users = [
        {"id": "U1", "name": "a", "real_name": "Ann Lee", "profile": {"display_name": "Annie", "real_name": "Ann"}},
        {"id": "U2", "name": "bo", "profile": {"display_name": "", "real_name": "Bo Lund"}},
        {"id": "U3", "name": "cy", "profile": None},
        "no user",
    ]
    asked = message("U2", "<@U1>, <@U2>, <@U3>, <@U9>, <@U9|Di>?", "1.0")
    path = export(tmp_path, {"help/2024-05-01": [asked, message("U1", "Yes.", "2.0")]}, users)
    assert [draft.question for draft in drafts(path)] == ["@Annie, @Bo Lund, @cy, @U9, @Di?"]
    (draft,) = drafts(path, answers_by="Annie")
    assert draft.answer == "Yes."


def test_links_show_what_a_reader_sees(tmp_path):
    text = "<!here> see <#C1|rules>, <#C2>, <https://x.org|the form> or <https://y.org> &lt;soon&gt;"
    (draft,) = drafts(export(tmp_path, {"help/1": [message("A", text, "1"), message("B", "ok", "2")]}))
    assert draft.question == "@here see #rules, #C2, the form or https://y.org <soon>"


@pytest.mark.parametrize(
    "notice",
    [
        {"type": "event", "user": "B", "text": "x", "ts": "2"},
        message("B", "joined", "2", subtype="channel_join"),
        message("B", "beep", "2", bot_id="B1"),
        message("B", "", "2"),
        "no message",
    ],
)
def test_notices_bots_and_empty_messages_are_left_out(tmp_path, notice):
    day = [message("A", "Open?", "1"), notice, message("C", "Yes.", "3")]
    (draft,) = drafts(export(tmp_path, {"help/1": day}))
    assert (draft.question, draft.answer) == ("Open?", "Yes.")


def test_a_thread_stays_together_over_days_and_apart_from_its_channel(tmp_path):
    days = {
        "help/2024-05-01": [
            message("A", "Where?", "10", thread_ts="10"),
            message("C", "Who rows?", "11"),
            message("D", "I do.", "12"),
        ],
        "help/2024-05-02": [message("B", "Here.", "90000", thread_ts="10")],
    }
    rows = drafts(export(tmp_path, days))
    assert {(row.question, row.answer, row.documents) for row in rows} == {
        ("Where?", "Here.", ("thread:help:10",)),
        ("Who rows?", "I do.", ("talk:help:11.0",)),
    }


def test_hours_of_silence_end_a_talk(tmp_path):
    day = [
        message("A", "Open?", "0"),
        message("B", "Yes.", "1"),
        message("C", "Late?", "86400"),
        message("B", "No.", "86401"),
    ]
    assert [(row.question, row.turns) for row in drafts(export(tmp_path, {"help/1": day}))] == [
        ("Open?", ()),
        ("Late?", ()),
    ]


def test_messages_out_of_order_are_sorted_by_their_time(tmp_path):
    day = [message("B", "Yes.", "5"), message("A", "Open?", "4")]
    (draft,) = drafts(export(tmp_path, {"help/1": day}))
    assert (draft.question, draft.answer) == ("Open?", "Yes.")


def test_faults_are_numbered_and_the_rest_is_read(tmp_path):
    days = {
        "a/1": {"ok": False},
        "b/1": [message("A", "Open?", "1"), message("A", "Broken", [1]), message("B", "Yes.", "2")],
    }
    outcomes = list(slack_export(export(tmp_path, days)))
    assert [(number, str(fault)) for number, fault in outcomes if isinstance(fault, Unusable)] == [
        (0, f"{Path('a/1.json')} is not a list of messages"),
        (2, "invalid time [1]"),
    ]
    assert [(number, row.answer) for number, row in outcomes if isinstance(row, Draft)] == [(1, "Yes.")]


def test_files_of_a_mac_and_of_the_root_are_no_channels(tmp_path):
    talk = [message("U1", "Open?", "1"), message("B", "Yes.", "2")]
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("club/help/1.json", json.dumps(talk))
        archive.writestr("__MACOSX/club/help/1.json", b"\x00\x05\x16")
        archive.writestr("club/channels.json", json.dumps([{"name": "help"}]))
        archive.writestr("club/users.json", json.dumps([{"id": "U1", "name": "ann"}]))
    (draft,) = drafts(path)
    assert draft.documents == ("talk:help:1.0",)


def test_a_damaged_file_names_itself(tmp_path):
    path = export(tmp_path, {"help/1": []})
    (path / "users.json").write_text("[{")
    with pytest.raises(DataError, match=r"users\.json cannot be read") as caught:
        list(slack_export(path))
    assert caught.value.hint


DAY = [message("U1", "When does it leave?", "1.0"), message("U2", "At noon.", "2.0")]


@pytest.mark.parametrize("users", [None, [{"id": "U2", "name": "bo"}]])
def test_a_channel_or_a_day_of_it_is_read_alone(tmp_path, users):
    export(
        tmp_path,
        {
            "help/2024-05-01": DAY,
            "help/2024-05-02": [message("U1", "<@U2>?", "99999.0"), message("U2", "Yes.", "99999.5")],
        },
        users,
    )
    first, second = drafts(tmp_path / "help")
    assert (first.question, first.answer) == ("When does it leave?", "At noon.")
    assert second.question == ("@bo?" if users else "@U2?")
    (day,) = drafts(tmp_path / "help" / "2024-05-01.json")
    assert day == first
    for path in (tmp_path / "help", tmp_path / "help" / "2024-05-01.json"):
        assert open_source(str(path)).container == "Slack export"

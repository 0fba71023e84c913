"""What people wrote to each other: a Slack export, a chat transcript, an FAQ."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from synth.importing.drafts import Draft, Unusable
from synth.importing.files.sources import open_source
from synth.importing.reading import recognise

USERS = [
    {"id": "U1", "name": "ann", "profile": {"display_name": "Ann"}},
    {"id": "U2", "name": "bo", "real_name": "Bo Lund"},
]
HELP = [
    {
        "type": "message",
        "user": "U1",
        "text": "Where do I find <https://x.org|the form>, <@U2>?",
        "ts": "100.0",
        "thread_ts": "100.0",
    },
    {"type": "message", "user": "U2", "text": "On the shelf &amp; online", "ts": "160.0", "thread_ts": "100.0"},
    {"type": "message", "subtype": "channel_join", "user": "U2", "text": "joined", "ts": "170.0"},
    {"type": "message", "bot_id": "B1", "text": "Reminder", "ts": "180.0"},
    {"type": "message", "user": "U1", "text": "Broken", "ts": "noon"},
]
SELF_HELP = [
    {"type": "message", "user": "U1", "text": "Who is on call?", "ts": "10.0"},
    {"type": "message", "user": "U2", "text": "Bo is.", "ts": "20.0"},
]
EXPORT = {"users.json": USERS, "help/2024-05-01.json": HELP, "self-help/2024-05-01.json": SELF_HELP}


def read(path: Path, **options: Any) -> tuple[str, list[Draft], list[str]]:
    """Return (shape, drafts, faults) of a source."""
    opened = recognise(open_source(str(path)), **options)
    outcomes = [outcome for _, outcome in opened.outcomes()]
    faults = [str(outcome) for outcome in outcomes if isinstance(outcome, Unusable)]
    return opened.shape, [outcome for outcome in outcomes if isinstance(outcome, Draft)], faults


def slack(path: Path, kind: str) -> Path:
    """Write the export as a folder, or as a zip whose channels stand in its root or in a folder."""
    if kind == "folder":
        for name, value in EXPORT.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(json.dumps(value))
        return path
    # A channel whose name ends like another's stands before it.
    names = sorted(EXPORT, reverse=True)
    with zipfile.ZipFile(path / "export.zip", "w") as archive:
        for name in names:
            archive.writestr(("export/" if kind == "zip in a folder" else "") + name, json.dumps(EXPORT[name]))
    return path / "export.zip"


@pytest.mark.parametrize("kind", ["folder", "zip", "zip in a folder"])
def test_a_slack_export(tmp_path: Path, kind):
    shape, drafts, faults = read(slack(tmp_path, kind))
    assert shape == "Slack conversations"
    assert [(draft.question, draft.answer) for draft in drafts] == [
        ("Where do I find the form, @Bo Lund?", "On the shelf & online"),
        ("Who is on call?", "Bo is."),
    ]
    assert faults == ["invalid time 'noon'"]


@pytest.mark.parametrize(
    "line",
    ["[{day}.05.24, 10:0{minute}:00] {name}: {text}", "{day}/5/24, 10:0{minute} - {name}: {text}", "{name}: {text}"],
    ids=["WhatsApp, iOS", "WhatsApp, Android", "bare"],
)
def test_a_transcript(tmp_path: Path, line):
    said = [("Ann", "Is the gym open?"), ("Bo", "Until nine."), ("Ann", "And on Sunday?"), ("Bo", "Closed.\nAll day.")]
    written = [line.format(day=3, minute=at, name=name, text=text) for at, (name, text) in enumerate(said)]
    path = tmp_path / "talk.txt"
    path.write_text("\n".join(written), encoding="utf-8")
    shape, drafts, faults = read(path)
    assert shape == "chat transcript" and not faults
    (draft,) = drafts
    assert draft.turns == (("Is the gym open?", "Until nine."),)
    assert (draft.question, draft.answer) == ("And on Sunday?", "Closed.\nAll day.")


def test_the_one_who_answers_can_be_named(tmp_path: Path):
    path = tmp_path / "talk.txt"
    path.write_text("Desk: Hello\nAnn: Is it open?\nDesk: Yes.\nBo: Till when?\nDesk: Nine.\nDesk: Sharp.\n")
    _, drafts, _ = read(path, answers_by="Desk")
    (draft,) = drafts
    assert draft.turns == (("Ann: Is it open?", "Yes."),)
    assert (draft.question, draft.answer) == ("Bo: Till when?", "Nine.\nSharp.")


@pytest.mark.parametrize(
    "text",
    [
        "# Help\n\n## How do I log in?\n\nWith your card.\n\n### Lost it?\n\nAsk.\n\n## Where is it?\n\nUpstairs.\n",
        "Q: How do I log in?\nA: With your card.\n\n### Lost it?\n\nAsk.\n\nQ: Where is it?\nA: Upstairs.\n",
    ],
    ids=["headings", "Q and A"],
)
def test_an_faq(tmp_path: Path, text):
    path = tmp_path / "faq.md"
    path.write_text(text)
    shape, drafts, faults = read(path)
    assert shape == "FAQ" and not faults
    asked = {draft.question: draft.answer for draft in drafts}
    assert asked["How do I log in?"].startswith("With your card.")
    assert asked["Where is it?"] == "Upstairs."

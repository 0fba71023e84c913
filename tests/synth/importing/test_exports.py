"""Exports of ChatGPT and Claude: the branch that was kept, in order."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from synth.importing.chats.exports import chatgpt, claude, is_chatgpt, is_claude
from synth.importing.drafts import Draft, Unusable
from synth.importing.files.sources import open_source
from synth.importing.reading import recognise


def node(name: str, parent: str | None, role: str = "", text: object = "", **fields: Any) -> dict[str, Any]:
    content = {"content_type": "text", "parts": [text]}
    message = {"author": {"role": role}, "content": content, "recipient": "all", **fields} if role else None
    return {"id": name, "parent": parent, "children": [], "message": message}


def tree(*nodes: dict[str, Any], current: str) -> dict[str, Any]:
    return {"title": "T", "mapping": {each["id"]: each for each in nodes}, "current_node": current, "id": "c1"}


TALK = (
    node("root", None),
    node("s", "root", "system"),
    node("u", "s", "user", "When?"),
    node("old", "u", "assistant", "At ten."),
    node("a", "u", "assistant", "At noon."),
    node("u2", "a", "user", "And back?"),
    node("a2", "u2", "assistant", "At six."),
)


def outcomes(path: Path) -> tuple[str, list[Draft | Unusable]]:
    opened = recognise(open_source(str(path)))
    return opened.shape, [outcome for _, outcome in opened.outcomes()]


@pytest.mark.parametrize("packed", [False, True])
def test_the_branch_that_was_kept(tmp_path, packed):
    data = json.dumps([tree(*TALK, current="a2"), tree(*TALK[:5], current="a"), tree(*TALK[:3], current="u")])
    path = tmp_path / ("export.zip" if packed else "conversations.json")
    if packed:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("conversations.json", data)
            archive.writestr("chat.html", "<html>")
    else:
        path.write_text(data)
    shape, (whole, half, nothing) = outcomes(path)
    assert shape == "ChatGPT export"
    assert isinstance(whole, Draft)
    assert (whole.turns, whole.question, whole.answer) == ((("When?", "At noon."),), "And back?", "At six.")
    assert whole.documents == ("conversation_id:c1",)
    assert isinstance(half, Draft)
    assert (half.question, half.answer) == ("When?", "At noon.")
    assert isinstance(nothing, Unusable)


def test_messages_that_hold_more_than_text_are_said(tmp_path):
    picture = node("u", None, "user", {"content_type": "image_asset_pointer"})
    call = node("a", "u", "assistant", "search()", recipient="browser")
    path = tmp_path / "conversations.json"
    path.write_text(
        json.dumps([tree(picture, node("b", "u", "assistant", "A."), current="b"), tree(TALK[2], call, current="a")])
    )
    _, found = outcomes(path)
    assert all(isinstance(outcome, Unusable) for outcome in found)


def test_a_circle_of_parents_ends(tmp_path):
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([tree(node("u", "a", "user", "Q"), node("a", "u", "assistant", "A"), current="a")] * 2))
    _, (first, _) = outcomes(path)
    assert isinstance(first, Draft)


def test_claude(tmp_path):
    messages = [
        {"sender": "human", "text": "Sum it up.", "attachments": [{"extracted_content": "A long text."}]},
        {"sender": "assistant", "text": "Short."},
    ]
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([{"uuid": "u", "name": "T", "chat_messages": messages}]))
    shape, (draft,) = outcomes(path)
    assert shape == "Claude export"
    assert isinstance(draft, Draft)
    assert (draft.question, draft.answer) == ("Sum it up.\nA long text.", "Short.")


@pytest.mark.parametrize(
    ("record", "gpt", "other"),
    [
        ({"mapping": {}}, True, False),
        ({"mapping": {"a": {}}}, True, False),
        ({"mapping": {"a": 3}}, False, False),
        ({"mapping": []}, False, False),
        ({"chat_messages": []}, False, True),
        ({"chat_messages": {}}, False, False),
        ({}, False, False),
    ],
)
def test_an_export_is_told_by_what_it_holds(record: dict[str, Any], gpt: bool, other: bool) -> None:
    assert (is_chatgpt(record), is_claude(record)) == (gpt, other)


def test_without_a_current_node_the_last_one_ends_the_branch() -> None:
    (draft,) = chatgpt({"mapping": {each["id"]: each for each in TALK}, "current_node": "gone"})
    assert draft.answer == "At six."


def test_what_a_reader_does_not_see_is_no_turn() -> None:
    profile = {"content_type": "user_editable_context", "user_profile": "I am Ann."}
    nodes = (
        node("p", None, "user", content=profile),
        node("u", "p", "user", "When?"),
        node("e", "u", "assistant", ""),  # an answer that was begun anew
        node("a", "e", "assistant", "At noon."),
    )
    (draft,) = chatgpt(tree(*nodes, current="a"))
    assert (draft.turns, draft.question, draft.answer) == ((), "When?", "At noon.")


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ({"content_type": "image_asset_pointer"}, "an image"),
        ({"content_type": "audio_transcription"}, "a sound"),
    ],
)
def test_parts_that_are_no_text_are_named(part: dict[str, str], what: str) -> None:
    nodes = (node("u", None, "user", part), node("a", "u", "assistant", "A."))
    with pytest.raises(Unusable, match=what):
        list(chatgpt(tree(*nodes, current="a")))


@pytest.mark.parametrize(
    ("messages", "fault"),
    [
        (["text"], "a message is not an object"),
        ([{"sender": "human", "text": "Look.", "files": [{"file_name": "a.png"}]}], "a file"),
        ([{"sender": "nobody", "text": "Hi."}], "role 'nobody'"),
        ([], "no question"),
    ],
)
def test_a_conversation_that_cannot_be_a_row_says_why(messages: list[Any], fault: str) -> None:
    with pytest.raises(Unusable, match=fault):
        list(claude({"chat_messages": messages}))

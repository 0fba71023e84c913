"""Decisions as they are given, and texts that go through an editor."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from core.rows import write_rows
from core.types import Pair
from kb.data.reviewing import decision_by_id, decision_on, edited_in_editor, page_text_of
from kb.workspace import open_workspace
from synth.dataset.review import Review

ROW = Pair(
    id="r1",
    kind="instruction",
    question="What?",
    answer="This.",
    context="",
    evidence=(),
    fact="",
    group="g",
    split="train",
)


def test_an_edit_changes_the_texts_that_are_given(tmp_path: Path) -> None:
    write_rows(tmp_path / "pairs.jsonl", [ROW])
    reviewing = Review(tmp_path, None)
    decided = decision_by_id(reviewing, "r1", "edit", "clearer", {"answer": "That.", "question": None})
    assert (decided.action, decided.note, decided.question, decided.answer) == ("edit", "clearer", "What?", "That.")
    with pytest.raises(ConfigError, match="nothing to change"):
        decision_by_id(reviewing, "r1", "edit", "", {"answer": None})
    assert decision_on(ROW, "reject").action == "reject"


def test_texts_go_through_the_editor_and_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    editor = tmp_path / "editor.sh"
    editor.write_text("#!/bin/sh\nsed -i -e 's/This/That/' -e '/=== context ===/d' \"$1\"\n", encoding="utf-8")
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    texts = {"question": "What?", "answer": "This.", "context": ""}
    assert edited_in_editor(texts) == {"question": "What?", "answer": "That."}
    monkeypatch.setenv("VISUAL", "/nowhere/editor")
    with pytest.raises(ConfigError, match="the editor"):
        edited_in_editor(texts)


def test_quotes_are_looked_up_only_where_there_is_a_collection(tmp_path: Path) -> None:
    assert page_text_of(open_workspace(tmp_path)) is None

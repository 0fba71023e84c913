"""Settings and home of a workflow: which source wins, and homes that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from kb.workspace import open_workspace


def test_an_argument_wins_over_the_environment(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_RAG__TOP_K", "5")
    assert open_workspace().home.root == home.root
    assert open_workspace().settings.rag.top_k == 5
    given = open_workspace(tmp_path / "else", flags={"rag.top_k": 3, "rag.store": None}, pairs=["models.seed=7"])
    assert given.home.root == tmp_path / "else"
    assert (given.settings.rag.top_k, given.settings.models.seed) == (3, 7)
    assert given.sources["rag.top_k"] == "flag" and given.sources["rag.store"] == "default"


def test_changing_the_rag_section_leaves_the_rest(home: Home) -> None:
    workspace = open_workspace(flags={"models.seed": 7})
    changed = workspace.with_rag(collection="other")
    assert (changed.collection, workspace.collection) == ("other", "default")
    assert changed.settings.models.seed == 7 and changed.home == workspace.home


def test_rows_show_as_many_passages_as_a_base_reads_unless_a_person_chose(home: Home) -> None:
    workspace = open_workspace()
    assert workspace.showing(0).settings.synth.distractors == workspace.settings.synth.distractors
    assert workspace.showing(2).settings.synth.distractors == 1
    assert workspace.showing(1).settings.synth.distractors == 1
    chosen = open_workspace(pairs=["synth.distractors=3"])
    assert chosen.showing(2).settings.synth.distractors == 3


def test_a_home_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="is a file, not a folder"):
        open_workspace(tmp_path / "file" / "home")


def test_no_home_at_all_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KB_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.raises(ConfigError, match="HOME is not set"):
        open_workspace()

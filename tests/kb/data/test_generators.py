"""Which generator `kb synth` takes: the one that is named, or the best that is on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

import kb.data.datasets
from core.errors import ConfigError, MissingExtra
from core.files import Home
from core.settings import Settings
from kb.data.datasets import DatasetRequest, synthesize
from kb.data.generators import chosen_generator
from kb.workspace import Workspace, open_workspace
from tests.support.ollama import ollama_server


def settings(generator: str, url: str = "http://127.0.0.1:9") -> Settings:
    return Settings.model_validate({"synth": {"generator": generator}, "rag": {"ollama_url": url}})


def server_with(size: str):
    return ollama_server(models=[{"name": "big:latest", "details": {"families": ["llama"], "parameter_size": size}}])


@pytest.mark.parametrize(
    ("named", "chosen"),
    [("rules", "rules"), ("builtin", "rules"), ("extractive", "rules"), ("writer", "writer"), ("smollm2", "smollm2")],
)
def test_what_is_named_is_taken(named: str, chosen: str) -> None:
    assert chosen_generator(settings(named)) == chosen


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ConfigError):
        chosen_generator(settings("wrtier"))


def test_auto_takes_a_large_model_of_ollama() -> None:
    with server_with("8.0B") as (url, _):
        assert chosen_generator(settings("auto", url)) == "ollama:big:latest"


def test_auto_takes_no_small_model_but_the_rules() -> None:
    with server_with("1.5B") as (url, _):
        assert chosen_generator(settings("auto", url)) == "rules"


@pytest.mark.weights
def test_the_writer_is_taken_where_it_is_named_and_says_what_it_is_worth(own_home: Home, tmp_path: Path) -> None:
    workspace = open_workspace(own_home.root, flags={"synth.generator": "writer", "synth.per_chunk": 1})
    notes: list[str] = []
    manifest = synthesize(workspace, tmp_path / "set", DatasetRequest(pairs=4), on_note=notes.append)
    assert manifest["generator"] == "writer"
    assert [note for note in notes if "one in six was wrong" in note and "kb synth review" in note]


@pytest.mark.weights
def test_few_facts_are_said_in_one_sentence(own_home: Home, tmp_path: Path) -> None:
    workspace: Workspace = open_workspace(own_home.root, flags={"synth.generator": "rules", "synth.per_chunk": 1})
    notes: list[str] = []
    manifest = synthesize(workspace, tmp_path / "set", DatasetRequest(), on_note=notes.append)
    asked = manifest["counts"]["facts_asked"]
    assert 0 < asked < 10
    assert [note for note in notes if note.startswith(f"only {asked} fact") and "--generator" in note]


@pytest.mark.weights
def test_as_many_rows_as_were_wanted_need_no_other_generator(own_home: Home, tmp_path: Path) -> None:
    workspace: Workspace = open_workspace(own_home.root, flags={"synth.generator": "rules"})
    notes: list[str] = []
    manifest = synthesize(workspace, tmp_path / "set", DatasetRequest(pairs=4), on_note=notes.append)
    assert manifest["counts"]["pairs"] == 4 and manifest["counts"]["facts_asked"] < 10
    assert not [note for note in notes if note.startswith("only ")]


@pytest.mark.weights
def test_a_writer_without_weights_is_refused_with_a_way_on(
    stocked: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kb.data.datasets, "question_writer_adapter", lambda: tmp_path / "absent.safetensors")
    named = open_workspace(stocked.home.root, flags={"synth.generator": "writer"})
    with pytest.raises(MissingExtra, match="weights are not installed") as caught:
        synthesize(named, tmp_path / "set")
    assert "--generator" in caught.value.hint

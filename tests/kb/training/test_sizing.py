"""A run cut to its minutes: what was chosen is written whole, kept, and said."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.files import Home
from core.rows import DatasetFolder
from finetune.data.rows import open_dataset
from tests.support.json_lines import write_jsonl
from tests.support.tiny_models import begun, pair, preference

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    from kb.training.sizing import sized


def asked(root: Path, **choices: Any) -> tuple[Any, Any, list[str]]:
    """Return what was prepared, what of it fits, and the notes."""
    home, _, prepared = begun(root, dpo=False, packing="bfd", **choices)
    notes: list[str] = []
    return prepared, sized(prepared, home, notes.append), notes


@pytest.fixture
def root(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    write_jsonl(data / "train.jsonl", [pair(number, fact=f"f{number // 4}") for number in range(64)])
    write_jsonl(data / "val.jsonl", [pair(0, id="v0", split="val")])
    write_jsonl(data / "test.jsonl", [pair(1, id="t1", split="test")])
    facts = [{"id": f"f{number}", "statement": "It is.", "evidence": []} for number in range(16)]
    write_jsonl(data / "facts.jsonl", facts)
    preferences = [preference(number, fact=f"f{number}") for number in range(16)]
    write_jsonl(data / "preferences.jsonl", preferences)
    (data / "manifest.json").write_text('{"documents": [{"doc": "a.pdf", "sha256": "00"}], "mine": 1}')
    return tmp_path


def test_without_minutes_or_with_steps_nothing_is_chosen(root: Path) -> None:
    prepared, same, notes = asked(root, max_steps=0)
    assert same is prepared
    prepared, same, notes = asked(root, minutes=1e-5, max_steps=2, name="two")
    assert same is prepared
    assert notes == []


def test_what_fits_whole_is_trained_from_its_own_folder(root: Path) -> None:
    prepared, fitting, notes = asked(root, minutes=600, max_steps=0, epochs=3)
    assert fitting.dataset == prepared.dataset
    assert (fitting.recipe.epochs, fitting.recipe.all_epochs) == (3, 0)
    assert notes[0].startswith("all 64 rows in 3 passes take about ")


def test_rows_that_do_not_fit_are_left_out_and_said(root: Path) -> None:
    _, fitting, notes = asked(root, minutes=1e-6, max_steps=0, epochs=5)
    assert notes[0].startswith("1e-06 minutes: 4 rows in 4 passes, about 1 minute")
    assert "left out: 60 rows and 15 of 16 facts" in notes[0]
    assert "(minutes=0)" in notes[0]
    assert (fitting.recipe.epochs, fitting.recipe.all_epochs) == (4, 5)
    assert (fitting.dataset.path.name, fitting.dataset.path) == ("data", fitting.dataset.path.parent / "data")
    folder = DatasetFolder(fitting.dataset.path)
    assert [row.id for row in folder.pairs("train")] == ["p0", "p1", "p2", "p3"]
    assert [row.id for row in folder.pairs()] == ["p0", "p1", "p2", "p3", "v0", "t1"]
    assert [row.id for row in folder.pairs("test")] == ["t1"]
    assert [row.fact for row in folder.preferences("train")] == ["f0"]
    assert len(list(folder.facts())) == 16
    manifest = folder.manifest().to_json()
    assert manifest["mine"] == 1
    assert manifest["sized"] == {"source": str(root / "data"), "rows": 4}


def test_the_same_request_is_answered_the_same_without_measuring_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, first, said = asked(root, minutes=1e-6, max_steps=0)
    monkeypatch.setattr("kb.training.sizing.measured_pace", lambda *_: pytest.fail("measured again"))
    _, second, again = asked(root, minutes=1e-6, max_steps=0, name="two")
    assert (second.dataset, second.recipe, again) == (first.dataset, first.recipe, said)


def test_the_same_rows_under_another_name_are_found(root: Path) -> None:
    prepared, first, _ = asked(root, minutes=1e-6, max_steps=0)
    shutil.copytree(root / "data", root / "copy")
    renamed = replace(prepared, dataset=open_dataset(root / "copy"))
    again = sized(renamed, Home(root / "home"), lambda _: None)
    assert (first.dataset.path.name, again.dataset.path.name) == ("data", "copy")
    assert [row.id for row in again.dataset.pairs("train")] == [row.id for row in first.dataset.pairs("train")]


def test_other_data_is_another_choice(root: Path) -> None:
    _, first, _ = asked(root, minutes=1e-6, max_steps=0)
    write_jsonl(root / "data" / "train.jsonl", [pair(number, fact="f1") for number in range(6)])
    _, second, notes = asked(root, minutes=1e-6, max_steps=0, name="two")
    assert second.dataset.path != first.dataset.path
    assert "6 rows in 3 passes" in notes[0]

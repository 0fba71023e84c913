"""Which rows of a run rest on a forgotten document."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import DataError
from core.files import Home
from core.prompt import passage_source
from core.reading.passages import Passage, new_keys, new_mark, render
from core.rows import DatasetFolder, write_rows
from core.types import Alteration, Pair, Preference
from kb.knowledge.without import all_datasets, rows_without, write_without
from tests.support.taught_tanks import NORTH, SOUTH, tank_dataset, tank_fact, tank_rows

FACTS = (tank_fact(1, NORTH), tank_fact(2, NORTH), tank_fact(9, SOUTH, "77 litres"))


def _row(identity: str, **over: object) -> Pair:
    return replace(tank_rows(FACTS[0])[1], id=identity, **over)  # type: ignore[arg-type]


def _shown(source: str) -> str:
    rng = random.Random(0)
    (key,), mark = new_keys(1, rng), new_mark(rng)
    return render([Passage(key=key, source=source, text="Something.")], mark)


def _folder(root: Path) -> DatasetFolder:
    further = [
        _row("shows", kind="distractors", context=_shown(passage_source("south.pdf", 2, "South"))),
        _row("shows-own", kind="distractors", context=_shown(passage_source("north.pdf", 2))),
        _row(
            "false",
            altered=(Alteration(evidence=0, quote="Holds 77 litres.", value="77 litres", true_value="317 litres"),),
        ),
        _row(
            "shared",
            altered=(Alteration(evidence=0, quote="Holds 324 litres.", value="324 litres", true_value="317 litres"),),
        ),
    ]
    folder = tank_dataset(Home(root / "home"), root / "rows", FACTS, further)
    shared = {"kind": "k", "prompt": "Q?", "chosen": "A", "group": "g", "split": "train"}
    preferences = [
        Preference(id="wrong", rejected="77 litres", fact="t1", **shared),  # type: ignore[arg-type]
        Preference(id="fine", rejected="9 litres", fact="t1", **shared),  # type: ignore[arg-type]
        Preference(id="own", rejected="9 litres", fact="t9", **shared),  # type: ignore[arg-type]
    ]
    write_rows(folder / "preferences.jsonl", preferences)
    return DatasetFolder(folder)


def test_rows_on_the_document_go_and_all_others_stay(tmp_path: Path) -> None:
    rows = rows_without([_folder(tmp_path)], {SOUTH[1]: "south.pdf"})
    assert [row.id for row in rows.pairs if row.split == "train"] == ["t1-train", "t2-train", "shows-own", "shared"]
    assert [row.id for row in rows.pairs if row.split == "test"] == ["t1-test", "t2-test"]
    assert [row.id for row in rows.preferences] == ["fine"]
    assert [fact.id for fact in rows.forgotten] == ["t9"] and [fact.id for fact in rows.facts] == ["t1", "t2"]
    assert rows.trained == 4
    assert dict(rows.dropped) == {
        "on a fact or a quote of it": 2,
        "shows a passage of it": 1,
        "has a value of it as a false one": 2,
    }


def test_what_remains_is_a_dataset_without_a_word_of_the_document(tmp_path: Path) -> None:
    source = _folder(tmp_path)
    write_without(tmp_path, rows_without([source], {SOUTH[1]: "south.pdf"}), source, {SOUTH[1]: "south.pdf"})
    made = DatasetFolder(tmp_path)
    assert [document.doc for document in made.manifest().documents] == ["north.pdf"]
    assert made.manifest().mode == "knowledge" and [row.id for row in made.pairs("test")] == ["t1-test", "t2-test"]
    texts = [path.read_text(encoding="utf-8") for path in tmp_path.glob("*.json*")]
    assert not any("77 litres" in text or "south.pdf" in text for text in texts)


def test_rows_of_a_run_that_was_continued_are_taken_too(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    old = tank_dataset(home, tmp_path / "old", FACTS)
    new = tank_dataset(home, tmp_path / "new", [tank_fact(20, ("east.pdf", "e" * 64))])
    both = tank_dataset(home, tmp_path / "both", [tank_fact(20, ("east.pdf", "e" * 64)), FACTS[0]])
    manifest = json.loads((both / "manifest.json").read_text(encoding="utf-8"))
    manifest["continued"] = {"run": "r", "data": [str(old), str(new)], "replaced": [NORTH[1]]}
    (both / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    datasets = all_datasets(DatasetFolder(both))
    assert [folder.path for folder in datasets] == [both, old, new]
    # north.pdf was learned in another version since.
    assert {row.id for row in rows_without(datasets, {"0": "x"}).pairs if row.split == "train"} == {
        *("t20-train", "t9-train")
    }
    (old / "manifest.json").unlink()
    for path in old.glob("*"):
        path.unlink()
    old.rmdir()
    with pytest.raises(DataError, match="earlier run"):
        all_datasets(DatasetFolder(both))

"""`kb synth add`, `import`, `export`: rows in, files for trainers out, and what is left out is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.files import Home
from tests.kb.cli.conftest import Cli
from tests.support.json_lines import read_jsonl


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    path.write_text("question,answer,level\n" + "".join(f"Question {n}?,Answer {n}.,easy\n" for n in range(12)))
    return path


def pairs(folder: Path) -> list[dict[str, Any]]:
    return read_jsonl(folder / "pairs.jsonl")


def test_a_row_is_added_by_hand(cli: Cli, home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    done = cli("synth", "add", "--out", folder, "--question", " Who? ", "--answer", "Ann.", "--json")
    assert done.code == 0 and json.loads(done.out)["added"] == 1
    assert [(row["question"], row["answer"], row["origin"]) for row in pairs(folder)] == [("Who?", "Ann.", "person")]
    blank = cli("synth", "add", "--out", folder, "--question", "Who?", "--answer", " ")
    assert blank.code == 2 and "must hold text" in blank.err


def test_a_preference_is_added_with_a_worse_answer(cli: Cli, home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    done = cli("synth", "add", "-o", folder, "--question", "Who?", "--answer", "Ann.", "--rejected", "Bob.")
    assert done.code == 0 and "1 preferences" in done.err
    (row,) = read_jsonl(folder / "preferences.jsonl")
    assert (row["chosen"], row["rejected"]) == ("Ann.", "Bob.")


def test_an_import_holds_out_and_reports_columns_it_does_not_use(
    cli: Cli, home: Home, rows: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    done = cli("synth", "import", rows, "--out", folder, "--val", "0.25", "--test", "0.25")
    assert done.code == 0
    assert "12 rows" in done.err and "level (12)" in done.err and f"Next: kb synth review {folder}" in done.err
    assert {row["split"] for row in pairs(folder)} == {"train", "val", "test"}
    again = json.loads(cli("synth", "import", rows, "--out", folder, "--json").out)
    assert (again["added"], again["duplicates"]) == (0, 12)
    assert again["sources"][0]["unused_columns"] == {"level": 12}


def test_a_dry_run_shows_what_a_source_is(cli: Cli, home: Home, rows: Path, tmp_path: Path) -> None:
    done = cli("synth", "import", rows, "--out", tmp_path / "set", "--dry-run")
    assert done.code == 0 and "question  Question 0?" in done.out and not (tmp_path / "set").exists()
    (source,) = json.loads(cli("synth", "import", rows, "--out", tmp_path / "set", "--dry-run", "--json").out)[
        "sources"
    ]
    assert source["source"] == str(rows) and source["first"]["question"] == "Question 0?"


@pytest.mark.parametrize("to", ["alpaca", "sharegpt", "openai", "trl", "text"])
def test_a_split_is_exported_for_a_trainer(cli: Cli, home: Home, rows: Path, tmp_path: Path, to: str) -> None:
    folder, out = tmp_path / "set", tmp_path / "train.jsonl"
    assert cli("synth", "import", rows, "--out", folder, "--split", "train", "-q").code == 0
    done = cli("synth", "export", folder, "--out", out, "--to", to, "--json")
    assert done.code == 0 and json.loads(done.out)["rows"] == 12
    assert len(out.read_text(encoding="utf-8").splitlines()) == 12


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--to", "openai", "--split", "dev"), "unknown split 'dev'; use one of train, val, test, all"),
        (("--to", "openai", "--for", "mine"), "unknown trainer 'mine'; use one of trl"),
        (("--to", "nonsense"), "unknown format 'nonsense'; use one of"),
    ],
)
def test_an_export_of_another_name_is_refused(
    cli: Cli, home: Home, rows: Path, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    folder = tmp_path / "set"
    assert cli("synth", "import", rows, "--out", folder, "-q").code == 0
    done = cli("synth", "export", folder, "--out", tmp_path / "x.jsonl", *arguments)
    assert done.code == 2 and says in done.err

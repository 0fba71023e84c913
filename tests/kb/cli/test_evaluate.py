"""`kb eval`: tables, JSON, thresholds as exit codes, pages that do not exist."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.files import Home
from tests.kb.cli.conftest import Cli

pytestmark = pytest.mark.weights


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "q.jsonl"
    record = {"question": "What is the rent in the Alder lease?", "answer": "$1,450", "doc": "alder.md", "pages": [0]}
    path.write_text(json.dumps(record) + "\n")
    return path


def test_metrics_are_a_table_or_one_document(cli: Cli, in_stocked: Home, questions: Path) -> None:
    done = cli("eval", questions)
    assert done.code == 0 and done.out.splitlines()[0].split() == ["metric", "value", "95%", "interval", "n"]
    assert "measured 1 questions" in done.err
    report = json.loads(cli("eval", questions, "--json").out)
    assert report["metrics"]["page_hit@1"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 1}
    assert report["settings"]["collection"] == "default"


def test_other_settings_stand_beside(cli: Cli, in_stocked: Home, questions: Path) -> None:
    done = cli("eval", questions, "--against", "rag.bm25_weight=0")
    assert "first - second" in done.out
    assert cli("eval", questions, "--against", "rag.nope=0").code == 2


@pytest.mark.parametrize(
    ("floor", "code", "says"),
    [
        ("page_hit@1=0.5", 0, ""),
        ("page_hit@1=1.1", 1, "page_hit@1 1.000 < 1.100"),
        ("exact_match=0.5", 2, "exact_match: not measured here"),
        ("page_hit@1=high", 2, "not METRIC=VALUE"),
    ],
)
def test_a_floor_decides_the_exit_code(
    cli: Cli, in_stocked: Home, questions: Path, floor: str, code: int, says: str
) -> None:
    done = cli("eval", questions, "--fail-under", floor)
    assert done.code == code and says in done.err


def test_a_page_that_is_not_there_is_bad_data(cli: Cli, in_stocked: Home, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps({"question": "x", "doc": "update.pdf", "pages": [99]}) + "\n")
    done = cli("eval", path)
    assert done.code == 5 and "bad.jsonl, line 1: no page 99: update.pdf has 2 pages" in done.err


def test_help_says_how_pages_count(cli: Cli) -> None:
    text = " ".join(cli("eval", "--help").out.split())
    assert "pages count from 0" in text and "page_labels" in text

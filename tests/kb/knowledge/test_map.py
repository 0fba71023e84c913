"""What a run knows closed book: per document, section and fact, shown and written beside the run."""

from __future__ import annotations

import importlib.util
import io
import json
import shutil
from pathlib import Path

import pytest

from core.errors import DataError
from core.files import Home
from core.settings import Settings
from core.types import Pair
from finetune.compare.report.known import KNOWN_HEADS, map_rows, weak_lines, without_facts
from kb.job import EventWriter, do_job, job_line
from kb.workspace import Workspace
from tests.support.command import kb
from tests.support.taught_tanks import NORTH, SOUTH, tank_dataset, tank_fact, taught_on

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    from finetune.runs import TrainingRun, open_run, update_card
    from kb.knowledge.map import knowledge_map, knows_folder, stored_map
    from tests.support.trained_runs import make_base, make_run


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A run that knows tanks 1 and 2 of north.pdf; south.pdf says of tank 2 what the run does not answer."""
    root = tmp_path_factory.mktemp("knows")
    workspace = Workspace(settings=Settings(), home=Home(root / "home"))
    run = make_run(workspace.home, make_base(root / "base", "llama"), rate=5e-3, rank=16)
    facts = [tank_fact(1, NORTH), tank_fact(2, NORTH), tank_fact(9, SOUTH, "77 litres")]
    taught_on(run, tank_dataset(workspace.home, root / "rows", facts))
    return workspace


def _run(workspace: Workspace) -> TrainingRun:
    return open_run(workspace.home, "tanks")


def test_known_and_unknown_facts_stand_under_their_documents(trained: Workspace) -> None:
    asked: list[tuple[int, int]] = []
    record = knowledge_map(trained, "tanks", on_progress=lambda done, total: asked.append((done, total)))
    assert asked[-1] == (3, 3)
    north, south = record["documents"]
    assert (north["doc"], north["known"], north["recall"]) == ("north.pdf", 2, 1.0)
    assert (south["sha256"], south["unknown"], south["recall"]) == (SOUTH[1], 1, 0.0)
    assert record["collection"] == "default"
    assert record["total"]["n"] == 3 and record["total"]["low"] < 2 / 3 < record["total"]["high"]
    # Without the documents' pages the page names the section.
    assert [section["section"] for section in north["sections"]] == ["p. 1"]
    (first, _) = north["sections"][0]["facts"]
    assert first["answer"] == "Tank 1 holds 317 litres." and first["level"] == "known" and first["right"]
    assert first["question"] == "What is the capacity of tank 1?" and not first["phrasing_trained"]
    assert 0.5 <= first["agreement"] <= 1 and first["log_probability"] < 0 < first["confidence"] <= 1
    assert stored_map(_run(trained)) == json.loads(json.dumps(record))


def test_the_map_is_a_job_that_reports_how_many_facts_it_asked(trained: Workspace) -> None:
    stream = io.StringIO()
    result = do_job(json.loads(job_line(trained, "know", run="tanks")), EventWriter(stream))
    assert result["total"]["n"] == 3
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert events[-1] == {"event": "facts", "done": 3, "total": 3}
    stored = stored_map(_run(trained)) or {}
    fact = stored["documents"][0]["sections"][0]["facts"][0]
    assert fact["start"] < fact["end"] and fact["page"] == 0


def test_the_table_and_the_lines_show_the_same(trained: Workspace) -> None:
    record = knowledge_map(trained, "tanks")
    rows = map_rows(record)
    assert all(len(row) == len(KNOWN_HEADS) for row in rows)
    assert [row[:5] for row in rows] == [
        ["north.pdf", "2", "2", "0", "0"],
        ["south.pdf", "1", "0", "0", "1"],
        ["total", "3", "2", "0", "1"],
    ]
    assert map_rows(without_facts(record)) == rows and "gold" not in json.dumps(without_facts(record))
    (line,) = weak_lines(record)
    assert line.startswith("unknown: What is the capacity of tank 9? -> Tank ") and "(right: 77 litres)" in line


def test_a_second_call_asks_nothing(trained: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    first = knowledge_map(trained, "tanks")
    (knows_folder(_run(trained)) / "map.json").unlink()
    monkeypatch.setattr("finetune.closed_book.load_policy", lambda *_: pytest.fail("loaded for nothing"))
    assert knowledge_map(trained, "tanks") == first


def test_rows_without_facts_are_asked_as_they_stand(trained: Workspace, tmp_path: Path) -> None:
    row = Pair(
        id="own",
        kind="import",
        question="What is the capacity of tank 1?",
        answer="Tank 1 holds 317 litres.",
        context="",
        evidence=(),
        fact="",
        group="own",
        split="train",
    )
    run, own = _run(trained), tmp_path / "own"
    data = trained.home.root.parent / "rows"
    try:
        taught_on(run, tank_dataset(trained.home, own, [], [row]))
        record = knowledge_map(trained, "tanks")
        assert [(part["doc"], part["known"]) for part in record["documents"]] == [("", 1)]
        assert record["documents"][0]["sections"][0]["facts"][0]["phrasing_trained"]
        assert map_rows(record)[0][0] == "(no document named)"
        shutil.rmtree(own)
        with pytest.raises(DataError, match="dataset of run 'tanks' is no longer there"):
            knowledge_map(trained, "tanks")
        tank_dataset(trained.home, own, [])
        with pytest.raises(DataError, match="no row asks for something from memory"):
            knowledge_map(trained, "tanks")
    finally:
        taught_on(run, data)


def test_the_command_shows_the_table_and_prints_one_document(trained: Workspace) -> None:
    shown = kb("knows", "tanks", KB_HOME=str(trained.home.root))
    assert shown.returncode == 0 and "unknown: What is the capacity of tank 9?" in shown.stdout
    assert shown.stdout.startswith("document, section")
    printed = kb("knows", "tanks", "--json", KB_HOME=str(trained.home.root))
    assert json.loads(printed.stdout) == stored_map(_run(trained))
    assert kb("knows", "absent", KB_HOME=str(trained.home.root)).returncode == 2


def test_a_damaged_map_counts_as_none(trained: Workspace) -> None:
    path = knows_folder(_run(trained)) / "map.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text("{", encoding="utf-8")
    assert stored_map(_run(trained)) is None
    update_card(_run(trained))

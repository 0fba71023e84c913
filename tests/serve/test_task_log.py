"""What a long task reported, read while it is written."""

from __future__ import annotations

import json
from pathlib import Path

from core.errors import ConfigError, DataError
from serve.work.task_log import read_task_log, task_log


def _lines(*events: dict) -> list[str]:
    return [json.dumps(event) for event in events]


STEP = {
    "event": "progress",
    "stage": "sft",
    "step": 12,
    "steps": 48,
    "loss": 2.5,
    "learning_rate": 1e-4,
    "eta_s": 200.0,
}


def test_progress_of_each_kind_of_task() -> None:
    trained = task_log(_lines({"event": "note", "text": "sft starts"}, STEP))
    assert (trained.share, trained.eta_s, trained.lines) == (0.25, 200.0, ["sft starts"])
    assert trained.doing.startswith("sft 12/48") and trained.doing.endswith("3:20 left")
    assert (trained.latest["step"], trained.latest["steps"], trained.latest["loss"]) == (12, 48, 2.5)
    rows = task_log(_lines({"event": "rows", "stage": "rows", "done": 5, "total": 10, "rows": 7}))
    assert (rows.share, rows.doing) == (0.5, "rows: 5 of 10; 7 rows so far")
    unknown = task_log(_lines({"event": "rows", "stage": "reading", "done": 5, "total": 0, "rows": 0}))
    assert unknown.share is None
    answers = task_log(_lines({"event": "answers", "arm": "base", "done": 1, "total": 4}))
    assert (answers.share, answers.doing) == (0.25, "1 of 4 answers; asking base")
    facts = task_log(_lines({"event": "facts", "done": 3, "total": 4}))
    assert (facts.share, facts.doing) == (0.75, "3 of 4 facts asked")


def test_the_end_of_a_stage_ends_its_progress() -> None:
    ended = task_log(_lines(STEP, {"event": "stage", "stage": "sft", "steps": 48, "scores": {"recall": 0.5}}))
    assert ended.share is None and ended.lines == ["sft is done after 48 steps: recall 0.500"]


def test_lines_for_a_terminal_are_put_for_the_page() -> None:
    passed = ["passages are shown in the prompt of kb ask (29cb)", "answers are trained alone"]
    audit = {"event": "audit", "example": "x", "passed": passed, "warnings": ["few rows; more: kb synth --out DIR"]}
    assert task_log(_lines(audit, {"event": "model", "text": "trainable 3 of 9"})).lines == [
        "passages are shown in the prompt of the chat (29cb)",
        "answers are trained alone",
        "few rows",
        "trainable 3 of 9",
    ]


def test_how_it_ended() -> None:
    error = DataError("every row was filtered out", path="/d", line=3, hint="kb synth", click="make more rows")
    failed = task_log(_lines({"event": "failed", "error": error.to_json()}))
    assert isinstance(failed.error, DataError) and str(failed.error) == str(error) and failed.error.click == error.click
    assert not failed.done
    stopped = task_log(_lines(STEP, {"event": "failed", "error": error.to_json(), "interrupted": True}))
    assert stopped.interrupted and not failed.interrupted
    done = task_log(_lines({"event": "done", "result": {"verdict": "base"}}))
    assert done.done and done.result == {"verdict": "base"} and done.error is None


def test_lines_of_libraries_are_left_out() -> None:
    log = task_log(
        ["/lib/x.py:3: FutureWarning: old", "{broken", '"text"', "[1]", *_lines({"event": "note", "text": "a"})]
    )
    assert log.lines == ["a"]


def test_a_line_that_is_being_written_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "one.log"
    assert read_task_log(path).lines == ()
    path.write_text("\n".join(_lines({"event": "note", "text": "a"}, {"event": "note", "text": "b"})))
    assert read_task_log(path).lines == ["a"]


def test_the_end_of_a_long_file_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "one.log"
    with path.open("w") as log:
        for number in range(20_000):
            log.write(json.dumps({"event": "note", "text": f"note {number}"}) + "\n")
    lines = read_task_log(path).lines
    assert lines[-1] == "note 19999" and len(lines) == 12


def test_an_error_of_the_tree_keeps_its_type() -> None:
    failed = task_log(_lines({"event": "failed", "error": ConfigError("x").to_json()}))
    assert type(failed.error) is ConfigError

"""Every output is kept, and a run that was killed goes on where it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from core.errors import BackendError, ConfigError, DataError
from finetune.compare.arms import Arm, pairs
from finetune.compare.questions import GoldQuestion
from finetune.compare.run import OUTPUTS, CompareProgress, ask_all, read_outputs
from tests.support.comparisons import arm, knows, questions

ROOT = Path(__file__).parent.parent.parent.parent


def test_every_arm_answers_every_question_once_and_its_first_answer_is_marked(tmp_path: Path) -> None:
    base, said = arm("base", knows(2))
    rag, _ = arm("rag", knows(4), shown="found")
    asked = questions(5, unanswerable=1)
    seen: list[CompareProgress] = []
    replies = ask_all([base, rag], asked, tmp_path, seen.append)
    assert set(replies) == {(name, question.id) for name in ("base", "rag") for question in asked}
    assert said.asked == [question.id for question in asked]
    assert [output.question for output in replies.values() if output.cold] == ["q0", "q0"]
    assert (seen[-1].done, seen[-1].total) == (12, 12)
    assert len(read_outputs(tmp_path / OUTPUTS)) == 12


def test_a_second_run_asks_nothing_and_a_new_question_is_asked_alone(tmp_path: Path) -> None:
    base, said = arm("base", knows(2))
    first = ask_all([base], questions(3), tmp_path)
    said.asked.clear()
    assert ask_all([base], questions(3), tmp_path) == first
    assert said.asked == []
    ask_all([base], questions(4), tmp_path)
    assert said.asked == ["q3"]


def test_a_change_of_what_an_answer_depends_on_asks_anew(tmp_path: Path) -> None:
    base, said = arm("base", knows(2))
    ask_all([base], questions(2), tmp_path)
    said.asked.clear()
    changed = Arm(name="base", model="m", shown="nothing", identity={"weights_sha256": "other"}, open=base.open)
    ask_all([changed], questions(2), tmp_path)
    assert said.asked == ["q0", "q1"]


def test_a_failure_keeps_what_was_answered(tmp_path: Path) -> None:
    def fails(question: GoldQuestion) -> str:
        if question.id == "q2":
            raise BackendError("the server is gone")
        return "It is 5."

    broken, _ = arm("base", fails)
    with pytest.raises(BackendError):
        ask_all([broken], questions(4), tmp_path)
    whole, said = arm("base", knows(4))
    replies = ask_all([whole], questions(4), tmp_path)
    assert said.asked == ["q2", "q3"]
    assert replies["base", "q0"].reply.text == "It is 5."


def test_a_line_cut_short_is_dropped_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    base, said = arm("base", knows(2))
    ask_all([base], questions(3), tmp_path)
    path = tmp_path / OUTPUTS
    path.write_bytes(path.read_bytes()[:-30])
    said.asked.clear()
    assert len(ask_all([base], questions(3), tmp_path)) == 3
    assert said.asked == ["q2"]
    assert all(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    path.write_bytes(b'{"key": 1}\n' + path.read_bytes())
    with pytest.raises(DataError, match="cannot be read as an output") as raised:
        read_outputs(path)
    assert raised.value.line == 1


def test_a_folder_is_one_comparisons_at_a_time(tmp_path: Path) -> None:
    base, _ = arm("base", knows(2))
    with FileLock(tmp_path / ".lock"), pytest.raises(ConfigError, match="another comparison"):
        ask_all([base], questions(1), tmp_path)


def test_kill_nine_loses_no_answer(tmp_path: Path) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\n"
        "from finetune.compare.run import ask_all\nfrom tests.support.comparisons import arm, questions\n"
        "base, _ = arm('base', lambda question: time.sleep(0.02) or 'It is 5.')\n"
        "ask_all([base], questions(2000), Path(sys.argv[1]))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT)
    path = tmp_path / OUTPUTS
    while not path.is_file() or path.stat().st_size < 2000:
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = read_outputs(path)
    assert len(kept) > 2
    base, said = arm("base", knows(0))
    asked = questions(len(kept) + 1)
    ask_all([base], asked, tmp_path)
    assert said.asked == [asked[-1].id]


def test_experiments_are_put_only_where_the_right_passage_is_known(tmp_path: Path) -> None:
    oracle, said = arm("oracle", knows(3), shown="oracle")
    asked = [*questions(2, unanswerable=1), GoldQuestion(id="x", text="Where?", answer="here")]
    ask_all([oracle], asked, tmp_path)
    assert set(said.asked) == {"q0", "q1"}
    lacking = replace(oracle, holds=lambda doc: doc == "d1.pdf")
    assert [question.id for question in asked if lacking.asks(question)] == ["q1"]


def test_pairs_put_the_dearer_arm_first_and_experiments_beside_their_model() -> None:
    names = [
        arm("base", knows(0))[0],
        arm("rag", knows(0), shown="found")[0],
        arm("tuned", knows(0), model="t", tuned=True)[0],
        arm("oracle", knows(0), shown="oracle")[0],
        arm("tuned wrong", knows(0), shown="wrong", model="t", tuned=True)[0],
    ]
    assert [(left.name, right.name) for left, right in pairs(names)] == [
        ("rag", "base"),
        ("tuned", "base"),
        ("tuned", "rag"),
        ("oracle", "rag"),
        ("tuned wrong", "tuned"),
    ]

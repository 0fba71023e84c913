"""A model asked closed book: its answers, how likely it finds them, and a killed call that asks the rest only."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from core.files import Home
from core.types import RunCard
from finetune.recipe import Recipe
from finetune.runs import TrainingRun, create_run
from tests.support.tiny_models import CPU
from tests.support.trained_runs import CHANGED

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    from finetune.closed_book import SAMPLES, ClosedBookReply, closed_book_base, closed_book_run
    from tests.support.trained_runs import make_base, make_run

PARIS, ICE, TANK = "What is the capital of France?", "Is ice cold?", CHANGED[0][0]


@pytest.fixture(scope="module")
def tanks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, TrainingRun]:
    """A base that has learnt `QUESTIONS` and a run over it that has learnt `CHANGED`."""
    root = tmp_path_factory.mktemp("tanks")
    home = Home(root / "home")
    return home, make_run(home, make_base(root / "base", "llama"), rate=5e-3, rank=16)


def test_run_and_base_answer_what_each_has_learnt(tanks: tuple[Home, TrainingRun], tmp_path: Path) -> None:
    home, run = tanks
    tuned = closed_book_run(home, run, CPU, tmp_path / "run.jsonl").replies([PARIS, ICE])
    base = closed_book_base(home, run, CPU, tmp_path / "base.jsonl").replies([PARIS, ICE])
    assert [reply.text for reply in tuned] == ["Lyon.", "No."]
    assert [reply.text for reply in base] == ["Paris.", "Yes."]
    assert all(len(reply.samples) == SAMPLES for reply in tuned)
    # What was taught in many rows alike is surer than what stood alone.
    (sure,) = closed_book_run(home, run, CPU, tmp_path / "run.jsonl").replies([TANK])
    assert sure.text == CHANGED[0][1] and sure.agreement >= 0.5
    assert tuned[0].log_probability < sure.log_probability < 0


def test_a_taught_answer_is_likelier_than_a_wrong_one(tanks: tuple[Home, TrainingRun], tmp_path: Path) -> None:
    home, run = tanks
    book = closed_book_run(home, run, CPU, tmp_path / "run.jsonl")
    taught, wrong = book.log_probabilities([(TANK, CHANGED[0][1]), (TANK, CHANGED[1][1])])
    assert wrong < taught - 0.2
    (reply,) = book.replies([TANK])
    assert reply.log_probability == pytest.approx(taught, abs=1e-4)


def test_what_was_asked_is_kept_and_the_rest_alone_is_asked(
    tanks: tuple[Home, TrainingRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, run = tanks
    path = tmp_path / "kept.jsonl"
    first = closed_book_run(home, run, CPU, path).replies([PARIS, ICE, PARIS])
    assert first[0] == first[2] and len(path.read_text(encoding="utf-8").splitlines()) == 2
    book = closed_book_run(home, run, CPU, path)
    monkeypatch.setattr("finetune.closed_book.load_policy", lambda *_: pytest.fail("loaded for nothing"))
    assert closed_book_run(home, run, CPU, path).replies([PARIS, ICE]) == first[:2]
    monkeypatch.undo()
    # Killed while a line was written: that question is asked again.
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    asked: list[tuple[int, int]] = []
    again = closed_book_run(home, run, CPU, path).replies([PARIS, ICE], lambda done, total: asked.append((done, total)))
    assert asked == [(1, 2), (2, 2)]
    assert [reply.text for reply in again] == [reply.text for reply in book.replies([PARIS, ICE])]


def test_other_weights_are_asked_anew(tanks: tuple[Home, TrainingRun], tmp_path: Path) -> None:
    home, run = tanks
    path = tmp_path / "kept.jsonl"
    assert closed_book_base(home, run, CPU, path).replies([PARIS])[0].text == "Paris."
    assert closed_book_run(home, run, CPU, path).replies([PARIS])[0].text == "Lyon."


def test_a_run_without_weights_cannot_be_asked(tanks: tuple[Home, TrainingRun], tmp_path: Path) -> None:
    home, run = tanks
    card = RunCard(name="empty", base="x", method="lora", data_sha256="", seed=0, versions={})
    empty = create_run(home, card, Recipe(base=str(run.folder.parent.parent.parent / "base")))
    with pytest.raises(ConfigError, match="no weights"):
        closed_book_run(home, empty, CPU, tmp_path / "kept.jsonl")


def test_agreement_looks_past_case_and_punctuation() -> None:
    reply: Any = ClosedBookReply(text="The tank.", log_probability=-0.1, samples=("tank", "Tank!", "ship", "the tank"))
    assert reply.agreement == 0.75
    assert replace(reply, samples=()).agreement == 0

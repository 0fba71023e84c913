"""The picture of a run's curves."""

from __future__ import annotations

from pathlib import Path

import pytest

from finetune.training.curves import draw

pytest.importorskip("matplotlib")


def test_every_stage_has_a_row_of_panels(tmp_path: Path) -> None:
    from matplotlib.image import imread

    one, two = tmp_path / "one.png", tmp_path / "two.png"
    sft = [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0, "eval_recall": 0.5}]
    draw({"sft": sft, "dpo": []}, one)
    draw({"sft": sft, "dpo": [{"step": 1, "rewards/margins": 0.1}]}, two)
    assert imread(two).shape[0] == pytest.approx(2 * imread(one).shape[0], abs=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.png", "two.png"]


def test_nothing_is_drawn_of_nothing(tmp_path: Path) -> None:
    draw({"sft": []}, tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()

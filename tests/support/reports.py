"""Reports of comparisons made for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from finetune.compare.arms import Arm
from finetune.compare.questions import GoldQuestion
from finetune.compare.report.record import Circumstances, build
from finetune.compare.run import ask_all
from tests.support.comparisons import arm, knows

ABOUT = Circumstances(made_at="2026-11-21T00:00:00+00:00", command="kb compare demo", notes=("It rains.",))


def report_of(arms: Sequence[Arm], asked: Sequence[GoldQuestion], folder: Path) -> dict[str, Any]:
    return build(arms, asked, ask_all(arms, asked, folder), ABOUT)


def four(base: int, rag: int, tuned: int, both: int, *, seconds: tuple[float, float] = (1.0, 3.0)) -> list[Arm]:
    """Four arms that are right on so many questions, with the seconds of an answer without and with passages."""
    return [
        arm("base", knows(base), seconds=seconds[0])[0],
        arm("base+rag", knows(rag), shown="found", seconds=seconds[1])[0],
        arm("tuned", knows(tuned), model="t", tuned=True, seconds=seconds[0])[0],
        arm("tuned+rag", knows(both), shown="found", model="t", tuned=True, seconds=seconds[1])[0],
    ]

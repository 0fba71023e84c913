"""The pace of this machine: what a token of training takes, from some layers that are run."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from finetune.data.shape import KNOWN_SHAPES, ModelShape
from finetune.estimate import RowWork, estimate, row_work
from finetune.recipe import Recipe
from finetune.training import pace
from finetune.training.machine import GPUS, speedup
from finetune.training.pace import Pace, measured_pace
from tests.support.tiny_models import CPU

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
SMALL = replace(KNOWN_SHAPES["smollm2"], layers=12, hidden=128, intermediate=256, heads=4, kv_heads=2, head_dim=32)


class _Work:
    """A clock that goes on by what probes compute: a second for the start, two for each layer, 0.01 for a label."""

    def __init__(self) -> None:
        self.now = 0.0

    def line_step(self, shape: ModelShape, layers: int, *args: object) -> Callable[[], None]:
        return lambda: self._take(1.0 + 2.0 * layers)

    def label_step(self, shape: ModelShape, labels: int, *args: object) -> Callable[[], None]:
        return lambda: self._take(0.01 * labels)

    def _take(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Work]:
    work = _Work()
    for name in ("line_step", "label_step"):
        monkeypatch.setattr(f"finetune.training.probe_layers.{name}", getattr(work, name))
    pace._pace.cache_clear()
    yield work
    pace._pace.cache_clear()


@pytest.mark.parametrize(("layers", "seconds"), [(12, 25.0), (24, 49.0)])
@pytest.mark.parametrize(
    ("busy", "clock", "scale"), [(0.0, "perf_counter", 1.0), (2.0, "thread_time", 2.0), (None, "thread_time", 2.0)]
)
def test_time_of_a_model_follows_from_that_of_few_layers(
    monkeypatch: pytest.MonkeyPatch,
    work: _Work,
    layers: int,
    seconds: float,
    busy: float | None,
    clock: str,
    scale: float,
) -> None:
    """An idle machine is measured by the wall, a busy one by the processor time of one thread, scaled to all cores."""
    monkeypatch.setattr(pace, "busy_cores", lambda: busy)
    monkeypatch.setattr(pace, "usable_cores", lambda: {0, 1})
    monkeypatch.setattr(pace, "speedup", lambda cores: 2.0)
    monkeypatch.setattr(f"time.{clock}", lambda: work.now)
    measured = measured_pace(replace(SMALL, layers=layers), Recipe(), CPU, "f32")
    assert measured is not None
    assert measured.token_s == pytest.approx(seconds / pace._LINE_TOKENS["cpu"] / scale)
    assert measured.label_s == pytest.approx(0.01 / scale)
    assert measured.idle == (busy == 0.0)


def test_the_least_disturbed_of_some_steps_counts() -> None:
    times = iter([0.0, 9.0, 10.0, 14.0, 20.0, 23.0, 30.0, 35.0])
    assert pace._least_s(lambda: None, lambda: next(times)) == 3.0


def test_real_layers_are_run() -> None:
    measured = measured_pace(SMALL, Recipe(), CPU, "f32")
    assert measured is not None
    assert measured.token_s > 0 and measured.label_s > 0


def test_methods_scale_with_their_passes() -> None:
    lora, full, again = (
        measured_pace(SMALL, recipe, CPU, "f32")
        for recipe in (Recipe(), Recipe(method="full"), Recipe(gradient_checkpointing=True))
    )
    assert lora and full and again
    assert full.token_s / lora.token_s == pytest.approx(1.5)
    assert again.token_s / lora.token_s == pytest.approx(1.5)


def test_where_it_cannot_be_measured() -> None:
    for machine, shape, recipe in (
        (GPUS["t4"], SMALL, Recipe()),
        (replace(CPU, here=False), SMALL, Recipe()),
        (CPU, KNOWN_SHAPES["meta-llama/Meta-Llama-3-8B-Instruct"], Recipe()),
        (CPU, SMALL, Recipe(method="qlora")),
    ):
        assert measured_pace(shape, recipe, machine, "f32") is None


def test_time_follows_from_tokens_and_labels() -> None:
    work = RowWork(tokens=100, computed=40, labels=10, other=1000)
    needs = estimate(
        SMALL,
        Recipe(epochs=2),
        CPU,
        rows=50,
        row_tokens=128,
        work=work,
        pace=Pace(token_s=0.01, label_s=0.02),
    )
    assert needs.tokens == 10_000 and needs.measured
    assert needs.hours * 3600 == pytest.approx(2 * (50 * 40 + 1000) * 0.01 + 2 * 50 * 10 * 0.02)
    assert needs.minutes == 60 * needs.hours
    assert row_work(100.0).labels == 10.0


def test_more_cores_are_faster_and_not_without_bound() -> None:
    assert speedup(1) == 1.0
    assert 1.8 < speedup(2) < 2.0 < speedup(8) < 8 and speedup(1000) < 20

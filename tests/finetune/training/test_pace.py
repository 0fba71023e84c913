"""The pace of this machine, measured in processor time of one thread."""

from __future__ import annotations

import importlib.util
import threading
import time
from dataclasses import replace

import pytest

from finetune.data.shape import KNOWN_SHAPES
from finetune.estimate import RowWork, estimate, row_work
from finetune.recipe import Recipe
from finetune.training.machine import GPUS, speedup
from finetune.training.pace import Pace, measured_pace
from tests.support.tiny_models import CPU

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
SMALL = replace(KNOWN_SHAPES["smollm2"], layers=12, hidden=128, intermediate=256, heads=4, kv_heads=2, head_dim=32)


def test_a_model_of_twice_the_layers_takes_twice_the_time() -> None:
    # Other programs may take the machine from one of the two: then they are measured again.
    for _ in range(5):
        once, twice = (measured_pace(replace(SMALL, layers=layers), Recipe(), CPU, "f32") for layers in (12, 24))
        assert once is not None and twice is not None
        ratio = twice.token_s / once.token_s
        if 1.3 < ratio < 3:
            break
    assert 1.3 < ratio < 3
    assert 0 < once.label_s < 0.1


def test_methods_scale_with_their_passes() -> None:
    lora, full, again = (
        measured_pace(SMALL, recipe, CPU, "f32")
        for recipe in (Recipe(), Recipe(method="full"), Recipe(gradient_checkpointing=True))
    )
    assert lora and full and again
    assert full.token_s / lora.token_s == pytest.approx(1.5)
    assert again.token_s / lora.token_s == pytest.approx(1.5)


def test_other_work_on_the_machine_does_not_change_it() -> None:
    from finetune.training.pace import _least_s
    from finetune.training.probe_layers import line_step

    step = line_step(SMALL, 2, 64, "f32")
    quiet = _least_s(step)
    stop = threading.Event()
    others = [threading.Thread(target=lambda: _spin(stop)) for _ in range(3)]
    for thread in others:
        thread.start()
    busy = _least_s(step)
    stop.set()
    for thread in others:
        thread.join()
    assert busy < 4 * quiet


def _spin(stop: threading.Event) -> None:
    while not stop.is_set():
        time.sleep(0)


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

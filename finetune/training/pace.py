"""Measures what a token of training takes on this machine: some layers of the model's shape, forward and backward.

Weights are random and few, so nothing is downloaded and the measurement takes seconds. On an idle machine all cores are
used and the clock is read. Beside other work, processor time of one thread is measured, which that work does not
change, and scaled to all cores.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from core.machine.system import usable_cores
from finetune.data.shape import ModelShape
from finetune.training.machine import (
    HEAD_TOKENS,
    Device,
    Dtype,
    Machine,
    busy_cores,
    one_thread,
    speedup,
)

if TYPE_CHECKING:
    from finetune.recipe import Recipe

Clock = Callable[[], float]
# Layers that are run; the time of one follows from the difference.
_FEW, _MORE = 1, 3
# A probe of larger layers would take longer than its answer is worth.
_MOST_LAYER_PARAMETERS: Mapping[Device, int] = {"cpu": 60_000_000, "cuda": 1_000_000_000}
# Tokens of a line: on a CPU, passages and some questions about them.
_LINE_TOKENS: Mapping[Device, int] = {"cpu": 1024, "cuda": 4096}
_WARM_UP, _TIMED = 1, 3
# Share of a machine that the clock of a measurement does not notice.
_IDLE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a training step takes.

    Attributes:
        token_s: Seconds for each token.
        label_s: Seconds for each token that is trained.
        busy: Share of the machine that other programs took while this was measured; None where unknown.
    """

    token_s: float
    label_s: float
    busy: float | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing else ran, so that it is what the clock says."""
        return self.busy is not None and self.busy < _IDLE


def measured_pace(shape: ModelShape, recipe: Recipe, machine: Machine, dtype: Dtype) -> Pace | None:
    """Measure this machine's pace with a model of a shape; None where the peak rate has to serve.

    That is the case without the train extra, for another machine, for four-bit weights and for layers that are too
    large. The pace is that of one device.
    """
    installed = all(map(importlib.util.find_spec, ("torch", "peft")))
    small = shape.layer_parameters <= _MOST_LAYER_PARAMETERS[machine.device]
    if not (installed and small and machine.here) or recipe.training_method.quantised:
        return None
    ratio = recipe.training_method.passes(recipe, shape) / 2 + (0.5 if recipe.gradient_checkpointing else 0.0)
    try:
        pace = _pace(shape, dtype, machine.device)
    except RuntimeError:  # a GPU without room for the probe
        return None
    return replace(pace, token_s=pace.token_s * ratio)


@lru_cache(maxsize=8)
def _pace(shape: ModelShape, dtype: Dtype, device: Device) -> Pace:
    """Return the pace under LoRA, on a line of packed rows."""
    if device == "cuda":
        token_s, label_s = _step_s(shape, dtype, device, _gpu_clock)
        return Pace(token_s=token_s, label_s=label_s, busy=_busy_gpu())
    busy = busy_cores()
    share = None if busy is None else busy / len(usable_cores())
    if share is not None and share < _IDLE:
        token_s, label_s = _step_s(shape, dtype, device, time.perf_counter)
        return Pace(token_s=token_s, label_s=label_s, busy=share)
    with one_thread() as cores:
        token_s, label_s = (value / speedup(cores) for value in _step_s(shape, dtype, device, time.thread_time))
    return Pace(token_s=token_s, label_s=label_s, busy=share)


def _step_s(shape: ModelShape, dtype: Dtype, device: Device, clock: Clock) -> tuple[float, float]:
    """Return the seconds of a token and of a label by a clock."""
    from finetune.training.probe_layers import label_step, line_step

    tokens, labels = _LINE_TOKENS[device], HEAD_TOKENS[device]
    few, more = (_least_s(line_step(shape, layers, tokens, dtype, device), clock) for layers in (_FEW, _MORE))
    layer_s = max(more - few, 0.0) / (_MORE - _FEW)
    line_s = few + (shape.layers - _FEW) * layer_s
    return line_s / tokens, _least_s(label_step(shape, labels, dtype, device), clock) / labels


def _least_s(step: Callable[[], None], clock: Clock = time.thread_time) -> float:
    """Return the seconds of a step, the least disturbed one of some."""
    seconds = []
    for _ in range(_WARM_UP + _TIMED):
        began = clock()
        step()
        seconds.append(clock() - began)
    return min(seconds[_WARM_UP:])


def _gpu_clock() -> float:
    """Return the time when the GPU has done all that it was given."""
    import torch

    torch.cuda.synchronize()
    return time.perf_counter()


def _busy_gpu() -> float | None:
    """Return the share of the last second in which the GPU computed; None where its driver is not asked."""
    import torch

    try:
        time.sleep(1.0)
        return float(torch.cuda.utilization(0)) / 100
    except (ImportError, RuntimeError):
        return None

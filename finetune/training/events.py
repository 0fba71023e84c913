"""Events of a training process: one JSON object per line on standard output and in the run's log."""

# ruff: noqa: ARG002  (a callback is given more than it needs)
from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

# What a trainer logs that a person follows; the rest is its own bookkeeping.
FIGURES = (
    "loss",
    "learning_rate",
    "grad_norm",
    "mean_token_accuracy",
    "eval_loss",
    "eval_recall",
    "eval_reading",
    "rewards/margins",
    "rewards/accuracies",
    "rewards/chosen",
    "rewards/rejected",
    "retain_kl",
    "sdft_kl",
)


def emit(event: str, **fields: Any) -> None:
    """Write an event; the process that started us reads it."""
    sys.stdout.write(json.dumps({"event": event, **fields}, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def curve(history: list[dict[str, float]]) -> list[dict[str, float]]:
    """Return a trainer's log as it is kept: step and figures."""
    kept = ({"step": entry["step"], **{n: entry[n] for n in FIGURES if n in entry}} for entry in history)
    return [entry for entry in kept if len(entry) > 1]


class Reporter(TrainerCallback):  # type: ignore[misc]  # transformers has no types
    """Writes what the trainer logs, with tokens per second and the time that is left.

    Args:
        stage: Its name.
        log: File that gets a line per report.
        tokens: Returns how many tokens were trained on since this process began.
        saved: Called with the seconds trained since the last call, when a checkpoint is on disk.
    """

    def __init__(self, stage: str, log: Path, tokens: Callable[[], int], saved: Callable[[float], None]) -> None:
        self._stage = stage
        self._log = log
        self._tokens = tokens
        self._saved = saved
        self._last = (0.0, 0)
        self._first_step = 0
        self._began = self._unsaved = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Start the clock."""
        now = time.perf_counter()
        self._began = self._unsaved = now
        self._last = (now, 0)
        self._first_step = state.global_step

    def on_log(
        self, args: Any, state: Any, control: Any, logs: Mapping[str, float] | None = None, **kwargs: Any
    ) -> None:
        """Report."""
        figures = {name: float(value) for name, value in (logs or {}).items() if name in FIGURES}
        if not {"loss", "eval_loss", "eval_recall", "eval_reading"} & set(figures) or not state.is_world_process_zero:
            return  # the summary at the end says nothing new
        now, tokens = time.perf_counter(), self._tokens()
        since, seen = self._last
        done = max(1, state.global_step - self._first_step)
        record = {
            "stage": self._stage,
            "step": state.global_step,
            "steps": state.max_steps,
            **figures,
            "tokens_per_s": (tokens - seen) / max(1e-9, now - since),
            "eta_s": (now - self._began) / done * (state.max_steps - state.global_step),
        }
        if "loss" in figures:
            self._last = (now, tokens)
        else:
            del record["tokens_per_s"]
        with self._log.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(record) + "\n")
        emit("progress", **record)

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Have the time noted that the checkpoint holds."""
        self._note(state)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Have the rest of the time noted."""
        self._note(state)

    def _note(self, state: Any) -> None:
        now = time.perf_counter()
        if state.is_world_process_zero:
            self._saved(now - self._unsaved)
        self._unsaved = now

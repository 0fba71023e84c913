"""What training processes report, as lines of text for a terminal or a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Figures of a report in the order in which a person reads them.
_FIGURES = (
    ("loss", "loss {:.4f}"),
    ("retain_kl", "from the base {:.4f}"),
    ("sdft_kl", "from the teacher {:.4f}"),
    ("rewards/margins", "margin {:.3f}"),
    ("rewards/accuracies", "accuracy {:.2f}"),
    ("eval_loss", "held-out loss {:.4f}"),
    ("eval_recall", "held-out recall {:.3f}"),
    ("eval_reading", "held-out reading {:.3f}"),
    ("learning_rate", "lr {:.1e}"),
    ("tokens_per_s", "{:,.0f} tokens/s"),
)


def event_lines(event: Mapping[str, Any]) -> list[str]:
    """Return the lines that describe an event; none where it says nothing to a person."""
    kind = event["event"]
    if kind == "progress":
        figures = [form.format(event[name]) for name, form in _FIGURES if name in event]
        place = f"{event['stage']} {event['step']}/{event['steps']}"
        return ["  ".join([place, *figures, f"{_minutes(event['eta_s'])} left"])]
    if kind == "audit":
        passed = [f"good  {line}" for line in event["passed"]]
        return [f"{event['example']}\n", *passed, *(f"note  {line}" for line in event["warnings"])]
    if kind == "model":
        return [f"good  {event['text']}"]
    if kind == "stage":
        scores = ", ".join(f"{name} {value:.3f}" for name, value in event["scores"].items()) or "no held-out rows"
        return [f"{event['stage']} is done after {event['steps']} steps: {scores}"]
    if kind == "note":
        return [str(event["text"])]
    return []


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"

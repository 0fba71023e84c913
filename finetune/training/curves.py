"""The curves of a run as one picture: loss, scores on held-out rows, and rewards of preferences, over the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

Curve = Sequence[Mapping[str, float]]
# Panels: title and the figures drawn in it.
_PANELS = (
    ("loss", ("loss", "eval_loss")),
    ("accuracy", ("mean_token_accuracy", "eval_recall", "eval_reading", "rewards/accuracies")),
    ("reward", ("rewards/margins", "rewards/chosen", "rewards/rejected")),
    ("learning rate", ("learning_rate",)),
)


def draw(curves: Mapping[str, Curve], path: Path) -> None:
    """Write a PNG with one row of panels per stage; nothing where nothing was logged.

    Args:
        curves: Stage to its log.
        path: Replaced whole.
    """
    from matplotlib.figure import Figure

    shown = {stage: curve for stage, curve in curves.items() if curve}
    if not shown:
        return
    figure = Figure(figsize=(14, 3.4 * len(shown)))
    axes = figure.subplots(len(shown), len(_PANELS), squeeze=False)
    # Fixed margins: working them out takes longer than drawing.
    figure.subplots_adjust(left=0.04, right=0.99, top=0.93, bottom=0.08, hspace=0.35)
    for row, (stage, curve) in zip(axes, shown.items(), strict=True):
        for panel, (title, names) in zip(row, _PANELS, strict=True):
            for name in names:
                points = [(entry["step"], entry[name]) for entry in curve if name in entry]
                if points:
                    panel.plot(*zip(*points, strict=True), marker=".", label=name)
            panel.set_title(f"{stage}: {title}")
            panel.set_xlabel("step")
            if panel.lines:
                panel.legend(fontsize="small")
    work = path.with_name(f".{path.name}.part")
    figure.savefig(work, format="png", dpi=90)
    work.replace(path)

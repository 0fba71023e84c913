"""Stops a stage whose loss is not a number, and names the step and the row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from core.errors import KbError
from finetune.data.collate import Part
from finetune.data.encoding import IGNORED

# Of a row's text: its end, where question and answer stand.
_SHOWN_CHARS = 160
_SHOWN_ROWS = 3

Row = tuple[torch.Tensor, torch.Tensor]


def rows_of(part: Part) -> Iterator[Row]:
    """Yield the rows of a part of `StepCollator`, each with all of its tokens: ids and labels, int64, (tokens,)."""
    ids, labels = part["input_ids"], part["labels"]
    if "position_ids" not in part:
        for line, line_labels, mask in zip(ids, labels, part["attention_mask"].bool(), strict=True):
            yield line[mask], line_labels[mask]
        return
    positions = part["position_ids"][0]
    # Positions begin anew, after the tokens that all rows share, where a row begins.
    starts = [0, *(torch.nonzero(positions[1:] != positions[:-1] + 1)[:, 0] + 1).tolist()]
    shared = int(positions[starts[1]]) if len(starts) > 1 else 0
    for start, end in zip(starts, [*starts[1:], len(positions)], strict=True):
        before = slice(0, shared if start else 0)
        yield (
            torch.cat([ids[0, before], ids[0, start:end]]),
            torch.cat([labels[0, before], labels[0, start:end]]),
        )


def faulty_rows(part: Part, log_probs: Callable[[Row], torch.Tensor]) -> list[Row]:
    """Return the rows of a part that give no number by themselves: in one line a row can spoil the others.

    Args:
        log_probs: Gives the log-probabilities of a row's labels.
    """
    return [row for row in rows_of(part) if not torch.isfinite(log_probs(row)).all()]


def not_a_number(step: int, faulty: Sequence[Row], count: int, tokenizer: Any, learning_rate: float) -> KbError:
    """Return the error for a loss that is not a number.

    Args:
        step: Counted from 1.
        faulty: The rows that give it.
        count: Rows that were looked at.
        tokenizer: Decodes them.
        learning_rate: Of the stage.
    """
    texts = [_text(row, tokenizer) for row in faulty[:_SHOWN_ROWS]]
    rows = "row" if len(faulty) == 1 else f"{len(faulty)} rows"
    named = f"step {step}: the loss is not a number in {rows} of {count}: {'; '.join(texts)}"
    if len(faulty) == count and step == 1:
        return KbError(
            f"step 1: the base gives no number for any of {count} rows: damaged weights, or too large for 16 bits",
            hint="kb finetune OTHER_NAME --data DIR --set dtype=f32",
            click="choose another base model",
        )
    lower = f"kb finetune OTHER_NAME --data DIR --set learning_rate={learning_rate / 10:.2g}"
    if len(faulty) == count:
        return KbError(f"{named}; training has diverged", hint=lower, click="choose another recipe")
    return KbError(
        f"{named}; leave it out, or train in 32 bits",
        hint="kb finetune OTHER_NAME --data DIR --set dtype=f32",
        click="leave that row out of the training data",
    )


def check_weights(model: Any, step: int, learning_rate: float) -> None:
    """Check the trained weights after the last step, whose loss nobody computes any more.

    Raises:
        KbError: One of them is not a finite number.
    """
    for name, weight in model.named_parameters():
        if weight.requires_grad and not torch.isfinite(weight).all():
            raise KbError(
                f"step {step}: the weights {name} are not numbers any more; training has diverged",
                hint=f"kb finetune OTHER_NAME --data DIR --set learning_rate={learning_rate / 10:.2g}",
                click="choose another recipe",
            )


def _text(row: Row, tokenizer: Any) -> str:
    ids, labels = row
    trained = ids[labels != IGNORED] if len(ids) > _SHOWN_CHARS else ids
    text = " ".join(str(tokenizer.decode(trained if len(trained) else ids, skip_special_tokens=True)).split())
    return f"“{text if len(text) <= _SHOWN_CHARS else '…' + text[-_SHOWN_CHARS:]}”"

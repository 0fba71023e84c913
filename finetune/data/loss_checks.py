"""Checks of a loss before the first step: packed rows do not see each other, and the reference is the policy."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.errors import GateError
from finetune.data.encoding import IGNORED, TokenRow

if TYPE_CHECKING:
    from torch import Tensor, nn

    from finetune.data.collate import Part, StepCollator

# Of a token's loss, in nats: rounding of another order of sums, larger where the model itself shows more. SmolLM2 in
# bf16: .07 for rows side by side, .09 for rows behind a shared prompt (the same rows in f32: under .001); .56 where
# positions run on, 3.1 where rows see each other.
_PACKED_GAP = {"f32": 1e-3, "fp16": 2e-2, "bf16": 0.16}
_ROUNDINGS = 3.0
_PROBED_ANSWERS, _PROBED_TOKENS = 128, 1536
_DPO_GAP = 5e-3


@dataclass(frozen=True, slots=True)
class PackedGap:
    """How far the losses of rows side by side lie from those of rows padded, and those from rows one by one.

    Attributes:
        packed: Mean absolute difference per answer token, in nats.
        rounding: The same between two ways in which no row can see another: what the order of sums does alone.
    """

    packed: float
    rounding: float


def packed_gap(model: nn.Module, rows: Sequence[TokenRow], collate: StepCollator) -> PackedGap:
    """Compare the loss of every answer token of some short rows, packed and not.

    Differences of single tokens are taken, not of means: those of a leak are of either sign and half cancel.

    Args:
        rows: Some of the shortest are run, without gradients.
        collate: Packs them as training will, here in one line.
    """
    import torch

    from finetune.data.collate import longest_first

    was_training = model.training
    model.eval()
    whole = replace(collate, part_tokens=sys.maxsize, part_rows=0)
    padding = replace(whole, packed=False)
    # Longest first, as a part has them: the answer tokens of all three stand in one order.
    records = longest_first([{"input_ids": row.input_ids, "labels": row.labels} for row in _shortest(rows)])
    with torch.no_grad():
        packed, padded, alone = (
            torch.cat([_answer_losses(model, part) for part in parts])
            for parts in (
                replace(whole, packed=True)(records)["parts"],
                padding(records)["parts"],
                [part for record in records for part in padding([record])["parts"]],
            )
        )
    model.train(was_training)
    return PackedGap(float((packed - padded).abs().mean()), float((alone - padded).abs().mean()))


def _shortest(rows: Sequence[TokenRow]) -> list[TokenRow]:
    """Return the shortest rows, as many as give enough answer tokens or fill the probe, two at least."""
    chosen: list[TokenRow] = []
    answers = tokens = 0
    for row in sorted(rows, key=lambda row: row.n_tokens):
        if len(chosen) > 1 and (answers >= _PROBED_ANSWERS or tokens + row.n_tokens > _PROBED_TOKENS):
            break
        chosen.append(row)
        answers += sum(label != IGNORED for label in row.labels)
        tokens += row.n_tokens
    return chosen


def _answer_losses(model: nn.Module, part: Part) -> Tensor:
    """Return the loss of each answer token of a part, f32, (answer tokens,)."""
    import torch

    device = next(model.parameters()).device
    labels = part["labels"][:, 1:].to(device)
    inputs = {name: value.to(device) for name, value in part.items() if name != "labels"}
    # With a cache, transformers takes positions that begin anew for a continued row and drops the mask.
    logits = model(**inputs, use_cache=False).logits[:, :-1][labels != IGNORED]
    return torch.nn.functional.cross_entropy(logits.float(), labels[labels != IGNORED], reduction="none")


def check_packing(gap: PackedGap, dtype: str) -> None:
    """Check that packed rows do not see each other. Losses that are no numbers show nothing: the first step meets them.

    Args:
        gap: From `packed_gap`.
        dtype: `f32`, `fp16` or `bf16`.

    Raises:
        GateError: The losses differ by more than rounding.
    """
    if gap.packed > max(_PACKED_GAP[dtype], _ROUNDINGS * gap.rounding):
        raise GateError(
            f"packed and unpacked loss differ by {gap.packed:.4f} nats per token: packed rows attend to each other with"
            " this model and kernel",
            hint="kb finetune --set packing=none --data DIR",
        )


def check_first_dpo_loss(loss: float, losses: Mapping[str, float] | Sequence[str], *, rounding: float = 0.0) -> None:
    """Check the first DPO loss: policy and reference are still one model, so the sigmoid loss is ln 2.

    Rafailov et al. 2023 (https://arxiv.org/abs/2305.18290), equation 7, at a margin of 0.

    Args:
        loss: Of the first batch, before any step.
        losses: Names of the loss; anything but the sigmoid loss alone has another value and is not judged.
        rounding: What the arithmetic may add to the gap, in nats.

    Raises:
        GateError: It is not ln 2: the reference is not the policy that training started from.
    """
    if list(losses) == ["sigmoid"] and not abs(loss - math.log(2)) <= _DPO_GAP + rounding:
        raise GateError(
            f"the first DPO loss is {loss:.4f} instead of ln 2 = 0.6931: the reference is not the model at the start",
            hint="kb finetune --no-dpo --data DIR",
        )

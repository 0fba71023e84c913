"""Losses on preferences: their values where they can be computed by hand, and which way they push."""

from __future__ import annotations

import importlib.util
import math
from typing import Any, get_args

import pytest

from finetune.recipe import DpoLoss

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    import torch

    from finetune.training.preference_losses import PREFERENCE_LOSSES, PreferenceScores

NAMES = get_args(DpoLoss)
# Losses that look at the reference; cross-entropy does not.
RELATIVE = [name for name in NAMES if name != "sft"]


def scores(chosen_gain: float, rejected_gain: float, *, tokens: tuple[int, int] = (4, 2)) -> Any:
    values = [torch.tensor([value], requires_grad=True) for value in (-8.0 + chosen_gain, -6.0 + rejected_gain)]
    return PreferenceScores(
        chosen=values[0],
        rejected=values[1],
        reference_chosen=torch.tensor([-8.0]),
        reference_rejected=torch.tensor([-6.0]),
        chosen_tokens=torch.tensor([tokens[0]]),
        rejected_tokens=torch.tensor([tokens[1]]),
    )


def test_recipes_name_the_losses_that_exist() -> None:
    assert set(NAMES) == set(PREFERENCE_LOSSES)


START = {
    "sigmoid": math.log(2),
    "sigmoid_norm": math.log(2),
    "hinge": 1.0,
    "ipo": 1.0,
    "nca_pair": 2 * math.log(2),
    "bco_pair": 2 * math.log(2),
    "sppo_hard": 2.0,
    "apo_zero": 1.0,
    "apo_down": 1.0,
    "sft": 2.0,
}


@pytest.mark.parametrize(("name", "expected"), START.items())
def test_values_where_the_policy_is_its_reference(name: str, expected: float) -> None:
    assert PREFERENCE_LOSSES[name](scores(0.0, 0.0), 0.5).item() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sigmoid", math.log1p(math.exp(-1.5))),
        ("hinge", 0.0),
        ("ipo", (0.5 + 0.5 - 1) ** 2),
        ("sigmoid_norm", math.log1p(math.exp(-0.5))),
        ("sppo_hard", 1.0),
        ("sft", 1.5),
    ],
)
def test_values_after_a_gain(name: str, expected: float) -> None:
    assert PREFERENCE_LOSSES[name](scores(2.0, -1.0), 0.5).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", RELATIVE)
def test_a_step_down_the_gradient_widens_the_margin(name: str) -> None:
    made = scores(0.0, 0.0)
    PREFERENCE_LOSSES[name](made, 0.5).sum().backward()
    chosen, rejected = made.chosen.grad, made.rejected.grad
    assert chosen is not None and rejected is not None
    assert (rejected - chosen).item() > 0


def test_cross_entropy_weighs_tokens_alike() -> None:
    made = PreferenceScores(
        chosen=torch.tensor([-2.0, -10.0]),
        rejected=torch.zeros(2),
        reference_chosen=torch.zeros(2),
        reference_rejected=torch.zeros(2),
        chosen_tokens=torch.tensor([1, 5]),
        rejected_tokens=torch.ones(2),
    )
    assert PREFERENCE_LOSSES["sft"](made, 0.1).tolist() == [2.0, 2.0]

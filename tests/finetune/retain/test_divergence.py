"""Divergences against their definition by autograd, and against TRL's, which has the same."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    import torch
    from torch.nn.functional import kl_div

    from finetune.retain.divergence import divergences

POSITIONS, WIDTH, VOCABULARY = 300, 8, 40  # more positions than one chunk


def made() -> tuple[Any, Any, Any]:
    generator = torch.Generator().manual_seed(0)
    states, reference = (torch.randn(POSITIONS, WIDTH, generator=generator) for _ in range(2))
    return states.requires_grad_(), reference, torch.randn(VOCABULARY, WIDTH, generator=generator)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("form", ["head", "head with bias", "logits"])
def test_value_and_gradient_are_the_definition_s(reverse: bool, form: str) -> None:
    states, reference, weight = made()
    bias = torch.linspace(-1, 1, VOCABULARY) if form == "head with bias" else None
    if form == "logits":
        states, reference, weight = (states @ weight.T).detach().requires_grad_(), reference @ weight.T, None
    slopes = torch.linspace(0.5, 2, POSITIONS)
    found = divergences(states, reference, weight, bias, reverse=reverse)
    (found * slopes).sum().backward()
    own, states.grad = states.grad, None

    def log_probs(inputs: Any) -> Any:
        logits = inputs if weight is None else inputs @ weight.T
        return (logits if bias is None else logits + bias).log_softmax(-1)

    p, q = log_probs(states), log_probs(reference)
    first, second = (p, q) if reverse else (q, p)
    expected = kl_div(second, first, reduction="none", log_target=True).sum(-1)
    (expected * slopes).sum().backward()
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(own, states.grad)


def test_equal_models_have_no_divergence_and_no_gradient() -> None:
    states, _, weight = made()
    found = divergences(states, states.detach(), weight)
    found.sum().backward()
    assert float(found.detach().abs().max()) == 0.0
    assert float(states.grad.abs().max()) < 1e-6


def test_nothing_labelled_is_no_error() -> None:
    _, _, weight = made()
    assert divergences(torch.zeros(0, WIDTH), torch.zeros(0, WIDTH), weight).shape == (0,)


@pytest.mark.skipif(not importlib.util.find_spec("trl"), reason="needs kb[dev]")
@pytest.mark.parametrize("reverse", [False, True])
def test_they_are_those_of_trl(reverse: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
    from trl.experimental.sdft.loss_utils import compute_divergence

    states, reference, weight = made()
    p, q = ((which @ weight.T).log_softmax(-1) for which in (states.detach(), reference))
    theirs = compute_divergence(p[None], q[None], 1.0 if reverse else 0.0)
    ours = divergences(states, reference, weight, reverse=reverse)
    torch.testing.assert_close(ours.detach(), theirs[0])

"""The head on label positions gives the loss and the gradient of the whole product."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from tests.support.tiny_models import tiny_config

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]


def _model(kind: str, *, trained: bool) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(tiny_config(kind, tie_word_embeddings=False))
    model.get_output_embeddings().weight.requires_grad = trained
    return model


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
@pytest.mark.parametrize("trained", [False, True])
def test_loss_and_gradients_are_those_of_all_logits(kind: str, trained: bool) -> None:
    import torch

    from finetune.training.head import add_label_head

    ids = torch.randint(3, 500, (3, 200))
    labels = ids.masked_fill(torch.rand(ids.shape) < 0.4, -100)
    whole, compact = _model(kind, trained=trained), _model(kind, trained=trained)
    add_label_head(compact)
    expected = whole(input_ids=ids, labels=labels).loss
    found = compact(input_ids=ids, labels=labels, label_scores=True)
    loss = -found.log_probs.sum() / found.label_mask.sum()
    assert loss.item() == pytest.approx(expected.item(), abs=1e-5)
    expected.backward()
    loss.backward()
    for one, two in zip(whole.parameters(), compact.parameters(), strict=True):
        assert (one.grad is None) == (two.grad is None)
        if one.grad is not None:
            torch.testing.assert_close(one.grad, two.grad, atol=1e-6, rtol=1e-4)
    logits = whole(input_ids=ids).logits[:, :-1]
    mask = labels[:, 1:] != -100
    assert torch.equal(found.label_mask, mask)
    assert torch.equal(found.is_top1, (logits.argmax(-1) == labels[:, 1:]) & mask)


def test_other_calls_are_the_models_own() -> None:
    import torch

    from finetune.training.head import add_label_head

    model = _model("llama", trained=False)
    ids = torch.randint(3, 500, (1, 9))
    before = model(input_ids=ids).logits
    add_label_head(model)
    assert torch.equal(model(input_ids=ids).logits, before)
    assert model.generate(input_ids=ids, max_new_tokens=3, do_sample=False).shape == (1, 12)


def test_a_model_that_caps_its_logits_is_scored_by_its_own(tmp_path: Any) -> None:
    import torch
    from transformers import AutoModelForCausalLM, Gemma2Config

    from finetune.training.head import add_label_head

    torch.manual_seed(0)
    config = Gemma2Config(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        vocab_size=64,
        final_logit_softcapping=0.2,
    )
    model = AutoModelForCausalLM.from_config(config)
    ids = torch.randint(3, 60, (2, 9))
    expected = model(input_ids=ids).logits[:, :-1].log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
    add_label_head(model)
    torch.testing.assert_close(model(input_ids=ids, labels=ids, label_scores=True).log_probs, expected)

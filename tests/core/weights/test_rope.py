"""A configuration's context is stretched by scaling its rotary embedding."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from core.weights.rope import stretch_context
from tests.support.tiny_models import tiny_config


def config(**rope: Any) -> SimpleNamespace:
    return SimpleNamespace(max_position_embeddings=512, rope_parameters=rope or {"rope_theta": 1e4})


def test_none_changes_nothing() -> None:
    given = config()
    stretch_context(given, "none", 8.0)
    assert given == config()


@pytest.mark.parametrize(("scaling", "more"), [("linear", {}), ("yarn", {"original_max_position_embeddings": 512})])
def test_scaling_keeps_the_base_frequency_and_lengthens_the_context(scaling: str, more: dict[str, int]) -> None:
    given = config()
    before = given.rope_parameters
    stretch_context(given, scaling, 2.5)
    assert given.rope_parameters == {"rope_theta": 1e4, "rope_type": scaling, "factor": 2.5, **more}
    assert given.max_position_embeddings == 1280
    assert before == {"rope_theta": 1e4}  # a table that another configuration may hold, too


def test_of_several_kinds_of_layers_the_one_that_sees_the_whole_context_is_scaled() -> None:
    near = {"rope_theta": 1e4, "rope_type": "default"}
    given = config(full_attention={"rope_theta": 1e6, "rope_type": "default"}, sliding_attention=near)
    stretch_context(given, "linear", 4)
    assert given.rope_parameters["full_attention"] == {"rope_theta": 1e6, "rope_type": "linear", "factor": 4}
    assert given.rope_parameters["sliding_attention"] == near
    assert given.max_position_embeddings == 2048


@pytest.mark.train
@pytest.mark.parametrize("scaling", ["linear", "yarn"])
def test_transformers_computes_with_the_scaled_embedding(scaling: str) -> None:
    torch = pytest.importorskip("torch")
    from transformers import AutoModelForCausalLM

    plain = AutoModelForCausalLM.from_config(tiny_config("llama"))
    stretched_config = tiny_config("llama")
    stretch_context(stretched_config, scaling, 2.0)
    stretched = AutoModelForCausalLM.from_config(stretched_config)
    frequencies, scaled = (model.model.rotary_emb.inv_freq for model in (plain, stretched))
    assert not torch.allclose(frequencies, scaled)
    assert stretched.config.max_position_embeddings == 1024
    if scaling == "linear":
        assert torch.allclose(scaled, frequencies / 2)
    else:  # high frequencies stay, low ones are stretched as a whole
        assert torch.allclose(scaled[0], frequencies[0])
        assert torch.allclose(scaled[-1], frequencies[-1] / 2)

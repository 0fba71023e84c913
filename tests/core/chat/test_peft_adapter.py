"""An adapter's folder is told from a model's, its base is read, and both are loaded as they were trained."""

from __future__ import annotations

import importlib.util
import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from core.chat.local.peft_adapter import (
    Tuning,
    adapter_base,
    ignore_position_warning,
    is_adapter,
    load_adapter,
    peft_warnings_ignored,
)
from core.errors import DataError
from tests.support.tiny_models import tiny_config, tiny_folder

needs_peft = pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]")


def configuration(folder: Path, content: str) -> Path:
    (folder / "adapter_config.json").write_text(content)
    return folder


def test_a_folder_with_an_adapters_configuration_is_an_adapter(tmp_path: Path) -> None:
    assert not is_adapter(tmp_path)
    assert not is_adapter(tmp_path / "nosuch")
    (tmp_path / "adapter_config.json").mkdir()
    assert not is_adapter(tmp_path)
    (tmp_path / "adapter_config.json").rmdir()
    assert is_adapter(configuration(tmp_path, "{}"))


def test_an_adapter_records_its_base(tmp_path: Path) -> None:
    assert adapter_base(configuration(tmp_path, '{"base_model_name_or_path": "acme/tiny"}')) == "acme/tiny"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ("\udcff", "cannot be read"),
        ("{}", "does not name its base model"),
        ('{"base_model_name_or_path": null}', "does not name its base model"),
        ('{"base_model_name_or_path": ""}', "does not name its base model"),
    ],
)
def test_a_damaged_configuration_is_named(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "adapter_config.json"
    if content is not None:
        path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError, match=message) as raised:
        adapter_base(tmp_path)
    assert raised.value.path == str(path)
    assert raised.value.hint == "kb runs list"


def saved_adapter(base: Path, folder: Path, **config: Any) -> Path:
    """Save an adapter that changes what its base computes."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    with peft_warnings_ignored():
        chosen = LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False, task_type="CAUSAL_LM", **config)
        get_peft_model(AutoModelForCausalLM.from_pretrained(base), chosen).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A base and an adapter over it."""
    pytest.importorskip("peft", reason="needs kb[train]")
    root = tmp_path_factory.mktemp("adapter")
    base = tiny_folder(root / "base")
    return base, saved_adapter(base, root / "adapter")


@pytest.mark.train
@needs_peft
def test_an_adapter_is_laid_over_its_base_in_the_type_asked_for(trained: tuple[Path, Path]) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    base, adapter = trained
    tuned = load_adapter(adapter, Tuning(), dtype=torch.bfloat16)
    assert {parameter.dtype for parameter in tuned.parameters()} == {torch.bfloat16}
    ids = torch.tensor([[1, 20, 30, 40]])
    full = load_adapter(adapter, Tuning(base=str(base)), dtype=torch.float32)
    plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    with torch.inference_mode():
        assert not torch.allclose(full(ids).logits, plain(ids).logits, atol=1e-4)
        with full.disable_adapter():
            torch.testing.assert_close(full(ids).logits, plain(ids).logits)


@pytest.mark.train
@needs_peft
def test_a_stretched_context_is_stretched_again(trained: tuple[Path, Path]) -> None:
    import torch

    _, adapter = trained
    tuned = load_adapter(adapter, Tuning(rope_scaling="linear", rope_factor=2.0), dtype=torch.float32)
    assert tuned.config.max_position_embeddings == 2 * tiny_config("llama").max_position_embeddings
    assert tuned.config.rope_parameters["rope_type"] == "linear"


@pytest.mark.train
@needs_peft
def test_a_base_that_is_gone_is_an_error(trained: tuple[Path, Path], tmp_path: Path) -> None:
    import torch

    _, adapter = trained
    with pytest.raises(OSError):
        load_adapter(adapter, Tuning(base=str(tmp_path / "gone")), dtype=torch.float32)


def test_a_damaged_adapter_is_an_error_before_anything_is_loaded(tmp_path: Path) -> None:
    pytest.importorskip("peft", reason="needs kb[train]")
    with pytest.raises(DataError, match="does not name its base"):
        load_adapter(configuration(tmp_path, json.dumps({"peft_type": "LORA"})), Tuning())


def test_only_the_known_warnings_are_ignored() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with peft_warnings_ignored():
            warnings.warn("`is_gradient_checkpointing` is old", FutureWarning, stacklevel=1)
            with pytest.raises(FutureWarning):
                warnings.warn("something else", FutureWarning, stacklevel=1)
        with pytest.raises(FutureWarning):  # only within the block
            warnings.warn("`is_gradient_checkpointing` is old", FutureWarning, stacklevel=1)
        ignore_position_warning()
        warnings.warn("Position ids are not supported for this", UserWarning, stacklevel=1)
        with pytest.raises(UserWarning):
            warnings.warn("Positions", UserWarning, stacklevel=1)

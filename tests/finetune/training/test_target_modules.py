"""Names in `target_modules` are those of layers of the base."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from finetune.recipe import Recipe
from finetune.training.base import check_base, find_base
from finetune.training.target_modules import linear_names, target_faults
from tests.support.tiny_models import tiny_folder

pytest.importorskip("transformers")


@pytest.fixture(name="folder", scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder(tmp_path_factory.mktemp("models") / "base")


@pytest.mark.parametrize("method", ["lora", "dora", "ia3"])
@pytest.mark.parametrize(
    ("targets", "unknown"),
    [
        (("q_proj", "v_proj"), ""),
        (("self_attn.q_proj",), ""),
        (("foo",), "foo"),
        (("q_proj", "zz", "mlp"), "zz, mlp"),  # no layer at all, and a block of layers
        (("proj",), "proj"),
    ],
)
def test_a_name_that_no_layer_has_is_a_fault(folder: Path, method: str, targets: tuple[str, ...], unknown: str) -> None:
    faults = target_faults(folder, Recipe(method=method, target_modules=targets))
    assert len(faults) == bool(unknown)
    assert all(f"no linear layer {unknown};" in fault and "q_proj, k_proj, v_proj" in fault for fault in faults)


def test_methods_without_modules_and_all_layers_ask_nothing(tmp_path: Path) -> None:
    assert target_faults(tmp_path, Recipe()) == []
    assert target_faults(tmp_path, Recipe(method="full", target_modules=("foo",))) == []


def test_what_cannot_be_read_is_no_fault_of_the_names(tmp_path: Path) -> None:
    assert linear_names(tmp_path) == []
    assert target_faults(tmp_path, Recipe(target_modules=("foo",))) == []


def test_the_check_of_a_base_says_so_before_its_weights_load(folder: Path, tmp_path: Path) -> None:
    base = find_base(str(folder), Home(tmp_path))
    with pytest.raises(ConfigError, match="no linear layer foo; target_modules takes"):
        check_base(base, Recipe(target_modules=("foo",)))

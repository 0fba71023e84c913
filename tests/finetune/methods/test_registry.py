"""The registry finds what the modules of `kinds` declare, and each method has a recipe of its name."""

from __future__ import annotations

import re
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from pydantic import ValidationError

from finetune.load_recipe import recipe_names
from finetune.methods import kinds, registry
from finetune.methods.kinds.lora import LoraMethod
from finetune.methods.registry import METHOD_NAMES, METHODS
from finetune.recipe import Recipe

PISSA = """
from finetune.methods.kinds.lora import LoraMethod

METHODS = (LoraMethod(name="{name}", title="a new method"),)
"""


def test_every_method_has_a_recipe_of_its_name() -> None:
    assert set(METHOD_NAMES) <= set(recipe_names())
    assert all(method.name == name for name, method in METHODS.items())


def test_a_method_is_added_by_one_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pissa.py").write_text(PISSA.format(name="pissa"), encoding="utf-8")
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "finetune.methods.kinds.pissa", raising=False)
    methods = registry._gathered()
    assert methods["pissa"] == LoraMethod(name="pissa", title="a new method")
    assert set(methods) == {*METHOD_NAMES, "pissa"}


def test_two_methods_of_one_name_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "again.py").write_text(PISSA.format(name="lora"), encoding="utf-8")
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "finetune.methods.kinds.again", raising=False)
    with pytest.raises(ValueError, match="two training methods are named 'lora'"):
        registry._gathered()


def test_an_unknown_method_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ValidationError, match=r"unknown method; use one of .*rslora"):
        Recipe(method="loar")


def test_no_code_outside_the_registry_compares_method_names() -> None:
    source = files("finetune").joinpath(".")
    modules = [path for path in Path(str(source)).rglob("*.py") if "methods" not in path.parts]
    assert len(modules) > 40
    assert [
        path.name for path in modules if re.search(r"recipe\.method (?:==|in)", path.read_text(encoding="utf-8"))
    ] == []

"""Every training method by name, gathered from the modules of `finetune.methods.kinds`.

A new method is an entry in `METHODS` of a module there (an existing or a new one) and a recipe of its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from finetune.methods import kinds
from finetune.methods.method import Method


def _gathered() -> dict[str, Method]:
    methods: dict[str, Method] = {}
    for module in sorted(iter_modules(kinds.__path__), key=lambda info: info.name):
        for method in import_module(f"{kinds.__name__}.{module.name}").METHODS:
            if method.name in methods:
                raise ValueError(f"two training methods are named {method.name!r}")
            methods[method.name] = method
    return methods


METHODS: Mapping[str, Method] = _gathered()
METHOD_NAMES = tuple(METHODS)

"""Every way of retaining skills by name, gathered from the modules of `finetune.retain.kinds`.

A new way is a module there with its instance in `METHOD`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from finetune.retain import kinds
from finetune.retain.method import RetainMethod


def _gathered() -> dict[str, RetainMethod]:
    modules = sorted(info.name for info in iter_modules(kinds.__path__))
    methods = [import_module(f"{kinds.__name__}.{name}").METHOD for name in modules]
    return {method.name: method for method in sorted(methods, key=lambda method: (method.name != "none", method.name))}


RETAIN_METHODS: Mapping[str, RetainMethod] = _gathered()
RETAIN_NAMES = tuple(RETAIN_METHODS)

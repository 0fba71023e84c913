"""Every way of retaining skills by name, gathered from the modules of `finetune.retain.kinds`.

A new way is a module there with its instance in `METHOD`; the module has the way's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from finetune.retain import kinds
from finetune.retain.method import RetainMethod
from finetune.retain.names import RETAIN_NAMES

RETAIN_METHODS: Mapping[str, RetainMethod] = {
    name: import_module(f"{kinds.__name__}.{name}").METHOD for name in RETAIN_NAMES
}

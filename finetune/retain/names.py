"""The names of the ways of retaining skills: the modules of `finetune.retain.kinds`, none of which is loaded."""

from __future__ import annotations

from pkgutil import iter_modules

from finetune.retain import kinds

RETAIN_NAMES = tuple(
    sorted((info.name for info in iter_modules(kinds.__path__)), key=lambda name: (name != "none", name))
)

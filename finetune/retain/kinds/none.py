"""Plain training."""

from __future__ import annotations

from collections.abc import Iterator

from finetune.retain.method import RetainMethod, RetainSettings


class _None(RetainMethod):
    def faults(self, recipe: RetainSettings) -> Iterator[str]:
        yield from ()


METHOD = _None(name="none", title="the rows of the data and nothing else")

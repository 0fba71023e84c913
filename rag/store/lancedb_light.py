"""Imports LanceDB without the REST client it brings along, which a local table never touches.

`lancedb` imports a generated client for remote catalogues whose modules build hundreds of pydantic validators: most
of a second of every command. While `lancedb` is imported they are stood in for by empty classes; the stand-ins are
gone afterwards, and whoever imports the client later gets the real one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_CLIENT = "lance_namespace_urllib3_client"


class _StandIn(MetaPathFinder, Loader):
    """Finds and makes modules whose every attribute is an empty class of that name."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        if fullname == _CLIENT or fullname.startswith(_CLIENT + "."):
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def exec_module(self, module: ModuleType) -> None:
        def empty(name: str) -> type:
            if name.startswith("__"):
                raise AttributeError(name)
            return type(name, (), {})

        module.__getattr__ = empty  # type: ignore[method-assign]


@contextmanager
def _without_client() -> Iterator[None]:
    already = set(sys.modules)
    finder = _StandIn()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in set(sys.modules) - already:
            if name == _CLIENT or name.startswith(_CLIENT + "."):
                del sys.modules[name]


with _without_client():
    import lancedb
    from lancedb.background_loop import LOOP

__all__ = ["LOOP", "lancedb"]

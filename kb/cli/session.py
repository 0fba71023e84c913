"""What every command begins with: settings from all sources, the home folder, the collection.

Loads settings (pydantic) when called, not when imported; opens nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import ConfigError

if TYPE_CHECKING:
    from core.files import Home
    from core.settings import Resolved, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Resolved settings and where state lives."""

    resolved: Resolved
    home: Home

    @property
    def settings(self) -> Settings:
        """The validated values."""
        return self.resolved.values

    @property
    def collection(self) -> str:
        """The collection this command works on."""
        return self.resolved.values.rag.collection


def begin(
    *,
    collection: str | None = None,
    store: str | None = None,
    top_k: int | None = None,
    model: str | None = None,
    pairs: Sequence[str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Session:
    """Resolve settings with this command's flags on top.

    Raises:
        ConfigError: Settings are at fault, or `KB_HOME` cannot be a folder.
    """
    from core.files import Home
    from core.settings import load

    if "KB_HOME" not in os.environ and os.path.expanduser("~") == "~":  # noqa: PTH111 - the method raises instead
        raise ConfigError("there is no home folder to keep state in: HOME is not set", hint="KB_HOME=/a/folder kb list")
    own = {"rag.collection": collection, "rag.store": store, "rag.top_k": top_k, "rag.model": model}
    resolved = load(flags={**own, **(flags or {})}, pairs=pairs or ())
    blocking = next(
        (place for place in (resolved.home, *resolved.home.parents) if place.exists() and not place.is_dir()), None
    )
    if blocking is not None:
        raise ConfigError(
            f"KB_HOME={resolved.home}: {blocking} is a file, not a folder", hint="KB_HOME=/a/folder kb ingest PATH"
        )
    return Session(resolved=resolved, home=Home(resolved.home))

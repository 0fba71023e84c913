"""What every command begins with: settings from all sources, the home folder, the collection.

Loads settings (pydantic) when called, not when imported; opens nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kb.files import Home
    from kb.settings import Resolved, Settings


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
        ConfigError: Settings are at fault.
    """
    from kb.files import Home
    from kb.settings import load

    own = {"rag.collection": collection, "rag.store": store, "rag.top_k": top_k, "rag.model": model}
    resolved = load(flags={**own, **(flags or {})}, pairs=pairs or ())
    return Session(resolved=resolved, home=Home(resolved.home))

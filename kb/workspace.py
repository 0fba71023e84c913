"""What every workflow takes: settings from all sources, and the home folder where state lives."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import ConfigError
from core.files import Home
from core.settings import Settings, known_keys, load


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Resolved settings and where state lives.

    Attributes:
        settings: The validated values.
        home: The folders under `KB_HOME`.
        sources: Dotted settings key to where its value came from.
    """

    settings: Settings
    home: Home
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def collection(self) -> str:
        """The collection that this workspace works on."""
        return self.settings.rag.collection

    def with_rag(self, **changes: Any) -> Workspace:
        """Return this workspace with other values in the section `rag`; values are taken as they are."""
        rag = self.settings.rag.model_copy(update=changes)
        settings = self.settings.model_copy(update={"rag": rag})
        return Workspace(settings=settings, home=self.home, sources=self.sources)

    def showing(self, passages: int) -> Workspace:
        """Return this workspace with so many passages at most in a training row, where no one chose another number."""
        if passages < 1 or self.sources.get("synth.distractors", "default") != "default":
            return self
        synth = self.settings.synth.model_copy(update={"distractors": max(1, passages - 1)})
        settings = self.settings.model_copy(update={"synth": synth})
        return Workspace(settings=settings, home=self.home, sources=self.sources)


def open_workspace(
    home: Path | str | None = None, *, flags: Mapping[str, Any] | None = None, pairs: Sequence[str] = ()
) -> Workspace:
    """Resolve settings and the home folder; nothing is written.

    Args:
        home: Where state lives; `KB_HOME` or its default if None.
        flags: Dotted settings key to value, above every other source; None values are ignored.
        pairs: `key=value` texts, above files and environment.

    Raises:
        ConfigError: Settings are at fault, or the home cannot be a folder.
    """
    if home is None and "KB_HOME" not in os.environ and os.path.expanduser("~") == "~":  # noqa: PTH111 - Path raises
        raise ConfigError("no folder to keep state in: HOME is not set", hint="KB_HOME=/a/folder kb list")
    resolved = load(flags=flags or {}, pairs=pairs)
    root = resolved.home if home is None else Path(home).expanduser().absolute()
    blocking = next((path for path in (root, *root.parents) if path.exists() and not path.is_dir()), None)
    if blocking is not None:
        raise ConfigError(
            f"KB_HOME={root}: {blocking} is a file, not a folder", hint="KB_HOME=/a/folder kb ingest PATH"
        )
    return Workspace(
        settings=resolved.values, home=Home(root, resolved.values.ingest.originals), sources=resolved.sources
    )


def settings_key(name: str) -> str:
    """Return the dotted settings key that a Python argument means: `top_k` or `rag__top_k` for `rag.top_k`.

    Raises:
        ConfigError: No setting or several are called so.
    """
    if "__" in name:
        return name.replace("__", ".", 1)
    keys = [key for key in known_keys() if key.partition(".")[2] == name]
    if len(keys) == 1:
        return keys[0]
    if not keys:
        raise ConfigError(f"unknown setting {name!r}", hint="kb config show")
    choices = ", ".join(key.replace(".", "__") for key in keys)
    raise ConfigError(f"setting {name!r} is ambiguous; use one of {choices}", hint="kb config show")

"""What every command begins with: settings from all sources with the command's flags on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kb.cli import screen

if TYPE_CHECKING:
    from kb.workspace import Workspace
    from rag.open import Knowledge


def begin(
    *,
    collection: str | None = None,
    store: str | None = None,
    top_k: int | None = None,
    model: str | None = None,
    pairs: Sequence[str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Workspace:
    """Resolve settings.

    Raises:
        ConfigError: Settings are at fault, or `KB_HOME` cannot be a folder.
    """
    from kb.workspace import open_workspace

    own = {"rag.collection": collection, "rag.store": store, "rag.top_k": top_k, "rag.model": model}
    return open_workspace(flags={**own, **(flags or {})}, pairs=pairs or ())


def open_collection(workspace: Workspace, *, at: str = "", quiet: bool) -> Knowledge:
    """Open the collection, or a snapshot; a note on stderr says when it is empty or its index incomplete."""
    from kb.scope import open_collection as opened

    if at:
        from kb.snapshots.keeping import open_snapshot

        return open_snapshot(workspace, at, on_note=screen.notes(quiet=quiet))
    return opened(workspace, on_note=screen.notes(quiet=quiet))


def collection_flag(workspace: Workspace) -> str:
    """Return the flag that names this collection in a suggested command; empty for the default one."""
    return "" if workspace.collection == "default" else f" --collection {workspace.collection}"

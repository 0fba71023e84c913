"""`kb reindex`, `kb backup`, `kb doctor`, `kb config show`: keeping the house."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from kb.cli import options, screen
from kb.cli.session import Session, begin

config_app = typer.Typer(help="Settings and where they come from.", no_args_is_help=True, rich_markup_mode=None)


@config_app.command("show")
def config_show(pairs: options.Set = None, as_json: options.Json = False) -> None:
    """Print every setting with its value and source."""
    session = begin(pairs=pairs)
    from core.settings import known_keys

    rows = []
    for key, info in known_keys().items():
        section, name = key.split(".", 1)
        value = getattr(getattr(session.settings, section), name)
        rows.append((key, value, session.resolved.sources[key], info.description or ""))
    if as_json:
        settings = {key: {"value": value if isinstance(value, (int, float, str, bool, type(None))) else str(value),
                          "source": source} for key, value, source, _ in rows}  # fmt: skip
        screen.document({"home": str(session.home.root), "settings": settings})
        return
    screen.table(
        ["setting", "value", "source", "meaning"],
        [["KB_HOME", str(session.home.root), "environment or default", "Where state lives."]]
        + [[key, "" if value is None else str(value), source, meaning] for key, value, source, meaning in rows],
    )


def reindex(
    collection: options.Collection = None,
    store: options.Store = None,
    pairs: options.Set = None,
    quiet: options.Quiet = False,
) -> None:
    """Rebuild the index; read and embed documents again where reading, chunking or the model has changed."""
    session = begin(collection=collection, store=store, pairs=pairs)
    from rag.catalogue.writer import Catalogue
    from rag.ingest.reindex import reindex as rebuild
    from rag.open import embedder_of, open_store, writing

    embedder = embedder_of(session.settings, session.home)
    with (
        writing(session.home, lambda: screen.note("another kb is writing here; waiting", quiet=quiet)),
        screen.bar("{task.completed}/{task.total} documents", quiet=quiet) as bar,
    ):
        task = bar.add_task("embedding") if bar else None

        def report(done: int, total: int) -> None:
            if bar and task is not None:
                bar.update(task, completed=done, total=total)

        embedded, rows = rebuild(
            catalogue=Catalogue(session.home.catalogue),
            store=open_store(session.settings, session.home, session.collection, embedder.identity.dimension),
            embedder=embedder,
            settings=session.settings,
            collection=session.collection,
            home=session.home,
            on_progress=report,
            on_note=lambda note: screen.note(f"kb: {note}", quiet=quiet),
        )
    screen.note(f"{rows} chunks indexed, {embedded} documents embedded anew. Next: kb search QUERY", quiet=quiet)


def backup(
    out: options.Out = None,
    restore: Annotated[
        Path | None,
        typer.Option(help="Restore this backup into an empty KB_HOME.", metavar="FILE"),
    ] = None,
    quiet: options.Quiet = False,
) -> None:
    """Write catalogue and originals to one file, or restore them."""
    session = begin()
    from rag.catalogue.backup import restore_backup, write_backup

    if restore is not None:
        restore_backup(restore, session.home)
        _index_all(session)
        screen.note(f"restored into {session.home.root}. Next: kb list", quiet=quiet)
        return
    target = out or Path(f"kb-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar.gz")
    size = write_backup(session.home, target)
    screen.note(f"wrote {target} ({size / 2**20:.1f} MiB). Next: kb backup --restore {target}", quiet=quiet)


def _index_all(session: Session) -> None:
    """Build the index of every collection from the vectors the catalogue keeps."""
    from rag.catalogue.writer import Catalogue
    from rag.open import open_store
    from rag.store.base import sync

    catalogue = Catalogue(session.home.catalogue)
    for name, identity in catalogue.collections().items():
        store = open_store(session.settings, session.home, name, int(str(identity["dimension"])))
        if sync(store, catalogue, name):
            store.optimize()


def doctor(as_json: options.Json = False, pairs: options.Set = None) -> int:
    """Check everything kb stands on and end in one verdict line."""
    session = begin(pairs=pairs)
    from rag.doctor import examine

    checks = examine(session.settings, session.home)
    bad = [check for check in checks if check.state == "bad"]
    if as_json:
        rows = [{"name": c.name, "state": c.state, "detail": c.detail, "hint": c.hint} for c in checks]
        screen.document({"checks": rows, "ok": not bad})
    else:
        screen.table(["check", "state", "detail"], [[c.name, c.state, c.detail] for c in checks])
        for check in checks:
            if check.hint and check.state != "good":
                screen.note(f"{check.name}: try: {check.hint}")
        screen.say(f"verdict: {len(bad)} of {len(checks)} checks failed" if bad else "verdict: kb is ready")
    return 1 if bad else 0

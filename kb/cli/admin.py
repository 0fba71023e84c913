"""`kb reindex`, `kb backup`, `kb doctor`, `kb config show`: maintenance of a home."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from kb.cli import options, screen
from kb.cli.session import begin

config_app = typer.Typer(help="Settings and where they come from.", no_args_is_help=True, rich_markup_mode=None)


@config_app.command("show")
def config_show(pairs: options.Set = None, as_json: options.Json = False) -> None:
    """Print every setting with its value and source."""
    workspace = begin(pairs=pairs)
    from core.settings import known_keys

    rows = []
    for key, info in known_keys().items():
        section, name = key.split(".", 1)
        value = getattr(getattr(workspace.settings, section), name)
        rows.append((key, value, workspace.sources[key], info.description or ""))
    home = str(workspace.home.root)
    if as_json:
        plain = (int, float, str, bool, type(None))
        settings = {
            key: {"value": value if isinstance(value, plain) else str(value), "source": source}
            for key, value, source, _ in rows
        }
        screen.document({"home": home, "settings": settings})
        return
    screen.table(
        ["setting", "value", "source", "meaning"],
        [["KB_HOME", home, "environment or default", "Where state lives."]]
        + [[key, "" if value is None else str(value), source, meaning] for key, value, source, meaning in rows],
    )


def reindex(
    collection: options.Collection = None,
    store: options.Store = None,
    pairs: options.Set = None,
    quiet: options.Quiet = False,
) -> None:
    """Rebuild the index; read and embed documents again where reading, chunking or the model has changed."""
    workspace = begin(collection=collection, store=store, pairs=pairs)
    from kb.maintenance import rebuild_index

    with screen.bar("{task.completed}/{task.total} documents", quiet=quiet) as bar:
        task = bar.add_task("embedding") if bar else None

        def report(done: int, total: int) -> None:
            if bar and task is not None:
                bar.update(task, completed=done, total=total)

        rebuilt = rebuild_index(workspace, on_progress=report, on_note=screen.notes(quiet=quiet))
    screen.note(
        f"indexed {rebuilt.rows} chunks, embedded {rebuilt.embedded} documents anew. Next: kb search QUERY", quiet=quiet
    )


def backup(
    out: options.Out = None,
    restore: Annotated[
        Path | None, typer.Option(help="Restore this backup into an empty KB_HOME.", metavar="FILE")
    ] = None,
    quiet: options.Quiet = False,
) -> None:
    """Write catalogue and originals to one file, or restore them."""
    workspace = begin()
    if restore is not None:
        from kb.maintenance import restore as restore_home

        restore_home(workspace, restore)
        screen.note(f"restored into {workspace.home.root}. Next: kb list", quiet=quiet)
        return
    from rag.catalogue.backup import write_backup

    target = out or Path(f"kb-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar.gz")
    size = write_backup(workspace.home, target)
    screen.note(f"wrote {target} ({size / 2**20:.1f} MiB). Next: kb backup --restore {target}", quiet=quiet)


def doctor(as_json: options.Json = False, pairs: options.Set = None) -> int:
    """Check everything that kb depends on and end in one verdict line."""
    workspace = begin(pairs=pairs)
    from rag.doctor import examine

    checks = examine(workspace.settings, workspace.home)
    bad = [check for check in checks if check.state == "bad"]
    if as_json:
        rows = [{"name": c.name, "state": c.state, "detail": c.detail, "hint": c.hint} for c in checks]
        screen.document({"checks": rows, "ok": not bad})
    else:
        screen.table(["check", "state", "detail"], [[c.name, c.state, c.detail] for c in checks])
        for check in checks:
            if check.hint and check.state != "good":
                screen.note(f"{check.name}: hint: {check.hint}")
        screen.say(f"verdict: {len(bad)} of {len(checks)} checks failed" if bad else "verdict: kb is ready")
    return 1 if bad else 0

"""`kb reindex`, `kb backup`, `kb doctor`, `kb config show`: maintenance of a home."""

from __future__ import annotations

from dataclasses import asdict
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
    from kb.diagnosis import setting_rows, setting_text, settings_json

    rows, home = setting_rows(workspace), str(workspace.home.root)
    if as_json:
        screen.document({"home": home, "settings": settings_json(rows)})
        return
    screen.table(
        ["setting", "value", "source", "meaning"],
        [["KB_HOME", home, "environment or default", "Where state lives."]]
        + [[row.key, setting_text(row.value), row.source, row.meaning] for row in rows],
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
        on_progress = screen.step(bar, "embedding")
        rebuilt = rebuild_index(workspace, on_progress=on_progress, on_note=screen.notes(quiet=quiet))
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


def doctor(
    bundle: Annotated[
        Path | None, typer.Option(help="Also write a report for an issue; nothing of documents.", metavar="FILE")
    ] = None,
    as_json: options.Json = False,
    pairs: options.Set = None,
) -> int:
    """Check everything that kb depends on and end in one verdict line."""
    workspace = begin(pairs=pairs)
    from kb.diagnosis import diagnose

    checks = diagnose(workspace, bundle)
    if bundle:
        screen.note(f"wrote {bundle}: versions, settings, checks, counts; no text or names of documents, no keys")
    bad = [check for check in checks if check.state == "bad"]
    if as_json:
        screen.document({"checks": [asdict(check) for check in checks], "ok": not bad})
    else:
        screen.table(["check", "state", "detail"], [[c.name, c.state, c.detail] for c in checks])
        for check in checks:
            if check.hint and check.state != "good":
                screen.note(f"{check.name}: hint: {check.hint}")
        screen.say(f"verdict: {len(bad)} of {len(checks)} checks failed" if bad else "verdict: kb is ready")
    return 1 if bad else 0

"""`kb snapshot`: named states of a collection."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from core.errors import ConfigError
from kb.cli import options, screen
from kb.cli.session import begin


def snapshot(
    name: Annotated[str, typer.Argument(help="Its name; without one they are listed.", metavar="[NAME]")] = "",
    restore: Annotated[bool, typer.Option("--restore", help="Bring the collection back to NAME.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show documents that differ between NAME and now.")] = False,
    against: Annotated[str, typer.Option(help="With --diff: another snapshot, not now.", metavar="NAME")] = "",
    questions: Annotated[
        Path | None, typer.Option(help="With --diff: ask these of both, show other answers.", metavar="FILE.jsonl")
    ] = None,
    remove: Annotated[bool, typer.Option("--rm", help="Delete the snapshot.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the snapshots of the collection.")] = False,
    yes: options.Yes = False,
    model: options.Model = None,
    collection: options.Collection = None,
    pairs: options.Set = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Keep the collection as it is under NAME: kb ask --at NAME asks it, --restore brings it back."""
    workspace = begin(collection=collection, model=model, pairs=pairs)
    from kb.snapshots import keeping as snapshots
    from kb.snapshots.difference import read_questions

    note = screen.notes(quiet=quiet)
    if not name and (restore or diff or against or questions or remove):
        raise ConfigError("no snapshot is named", hint="kb snapshot --list")
    if listed or not name:
        rows = snapshots.snapshots(workspace)
        if as_json:
            screen.document({"snapshots": [asdict(row) for row in rows]})
            return
        cells = [[row.name, row.created_at, str(row.documents), str(row.pages)] for row in rows]
        screen.table(["snapshot", "made", "documents", "pages"], cells, right=frozenset({2, 3}))
    elif diff or against or questions:
        gold_questions = read_questions(questions) if questions else ()
        with screen.bar("{task.completed}/{task.total} questions", quiet=quiet) as bar:
            on_question = screen.step(bar, "asking")
            difference = snapshots.compare_snapshot(
                workspace, name, against, questions=gold_questions, on_question=on_question, on_note=note
            )
        screen.shown(difference.to_json(), difference.lines(), as_json=as_json)
    elif restore or remove:
        what = f"{'Restore' if restore else 'Delete'} snapshot {snapshots.require_snapshot(workspace, name).name}?"
        if not yes:
            screen.confirm(what, f"kb snapshot --yes {name} {'--restore' if restore else '--rm'}")
        if restore:
            difference = snapshots.restore_snapshot(workspace, name, on_note=note)
            screen.shown(difference.to_json(), difference.lines(), as_json=as_json)
        else:
            snapshots.remove_snapshot(workspace, name, on_note=note)
        screen.note(f"{'restored' if restore else 'deleted'} {name}. Next: kb snapshot --list", quiet=quiet)
    else:
        taken = snapshots.take_snapshot(workspace, name, on_note=note)
        if as_json:
            screen.document(asdict(taken))
        screen.note(f'kept {taken.documents} documents. Next: kb ask --at {taken.name} "QUESTION"', quiet=quiet)

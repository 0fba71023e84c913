"""`kb synth review`: rows one at a time, a key for each decision; or decisions from the command line."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import KbError
from kb.cli import options, screen
from kb.cli.session import begin

if TYPE_CHECKING:
    from synth.dataset.review import Review, Reviewed, ReviewItem

_KEYS = "a accept   e edit   r reject   s skip   q quit"


def review(
    folder: Annotated[Path, typer.Argument(help="Dataset folder.", metavar="DIR")],
    accept: Annotated[list[str] | None, typer.Option("--accept", help="Accept this row.", metavar="ID")] = None,
    reject: Annotated[list[str] | None, typer.Option("--reject", help="Reject this row.", metavar="ID")] = None,
    edit: Annotated[str, typer.Option("--edit", help="Edit this row with the next three.", metavar="ID")] = "",
    question: Annotated[str | None, typer.Option("--question", help="New question.", metavar="TEXT")] = None,
    answer: Annotated[str | None, typer.Option("--answer", help="New answer.", metavar="TEXT")] = None,
    context: Annotated[str | None, typer.Option("--context", help="New context.", metavar="TEXT")] = None,
    note: Annotated[str, typer.Option("--note", help="Why; kept with the decision.", metavar="TEXT")] = "",
    kind: Annotated[str, typer.Option("--kind", help="Only rows of this kind.", metavar="KIND")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Rows decided before, too.")] = False,
    collection: options.Collection = None,
    pairs: options.Set = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Accept, edit or reject rows; stop at any time, the same command resumes."""
    from kb.data.reviewing import decision_by_id, page_text_of
    from synth.dataset.review import Review

    reviewing = Review(folder, page_text_of(begin(collection=collection, pairs=pairs)))
    if accept or reject or edit:
        for action, ids in (("accept", accept), ("reject", reject), ("edit", [edit] if edit else [])):
            for row_id in ids or ():
                given = {"question": question, "answer": answer, "context": context}
                reviewing.decide(decision_by_id(reviewing, row_id, action, note, given))
    elif as_json:
        items = (item for item in reviewing.items(undecided=not everything) if not kind or item.row.kind == kind)
        screen.document({"rows": [_json(item) for item in items]})
        return
    else:
        _walk(reviewing, kind, everything=everything)
    _applied(reviewing, folder, as_json=as_json, quiet=quiet)


def _json(item: ReviewItem) -> dict[str, Any]:
    from core.rows import row_to_json

    row = row_to_json(item.row)
    return {**row, "decision": asdict(item.decision) if item.decision else None}


def _walk(reviewing: Review, kind: str, *, everything: bool) -> None:
    """Show row after row until there are no more or the person stops."""
    rows = [item for item in reviewing.items(undecided=not everything) if not kind or item.row.kind == kind]
    for number, item in enumerate(rows, start=1):
        _show(item, f"{number} of {len(rows)}")
        if not _ask(reviewing, item):
            return


def _ask(reviewing: Review, item: ReviewItem) -> bool:
    """Take one decision; False to stop."""
    from kb.data.reviewing import decision_on

    while True:
        screen.note(_KEYS)
        match _key():
            case "a":
                reviewing.decide(decision_on(item.row, "accept"))
            case "r":
                reviewing.decide(decision_on(item.row, "reject"))
            case "e":
                if not _edit(reviewing, item.row):
                    continue
            case "s":
                pass
            case "q" | "":
                return False
            case _:
                continue
        return True


def _key() -> str:
    """Return one key in lower case; without a terminal, the first letter of a line; empty at the end."""
    if sys.stdin.isatty():
        return str(typer.getchar()).lower()
    line = sys.stdin.readline()
    return (line.strip().lower() or " ")[0] if line else ""


def _show(item: ReviewItem, place: str) -> None:
    from rich.console import Console
    from rich.rule import Rule
    from rich.text import Text

    from kb.data.reviewing import row_parts

    console = Console(highlight=False)
    row = item.row
    label = f"{place}  {row.kind}  {row.split}  by {row.origin}  {row.id}"
    console.print(Rule(Text(screen.plain(label)), align="left"))
    for name, text in row_parts(item):
        console.print(Text(f"{name:<9} ", style="bold").append(screen.plain(text), style="not bold"))


def _edit(reviewing: Review, row: Reviewed) -> bool:
    """Open the row in the person's editor; False where nothing was changed or the edit does not hold."""
    from kb.data.reviewing import decision_on, edited_in_editor
    from synth.dataset.review import text_of

    before = text_of(row)
    changed = edited_in_editor(before)
    if not changed or changed == before:
        screen.note("nothing changed")
        return False
    try:
        reviewing.decide(decision_on(row, "edit", "", changed))
    except KbError as error:
        screen.note(f"{error}")
        return False
    return True


def _applied(reviewing: Review, folder: Path, *, as_json: bool, quiet: bool) -> None:
    if not reviewing.decisions():
        screen.note("no decisions", quiet=quiet)
        return
    done = reviewing.apply()
    if as_json:
        counts = {"accepted": done.accepted, "edited": done.edited, "rejected": done.rejected}
        screen.document({**counts, "splits": done.manifest["counts"]["splits"]})
        return
    screen.note(f"{done.accepted} accepted, {done.edited} edited, {done.rejected} rejected in {folder}", quiet=quiet)
    screen.note(f"Next: kb synth export {screen.quote(str(folder))} --to openai --out train.jsonl", quiet=quiet)

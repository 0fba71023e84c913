"""`kb eval` and `kb tune-search`: search and answers measured on questions with known answers, and fitted to them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kb.cli import options, screen
from kb.cli.session import begin


def evaluate(
    file: Annotated[
        Path,
        typer.Argument(
            help='Records {"question", "answer", "doc", "pages"}: pages count from 0, as in all JSON of kb; '
            '"page_labels" in their place names pages as they are printed.',
            metavar="FILE.jsonl",
        ),
    ],
    answers: Annotated[bool, typer.Option("--answers", help="Also ask, and score the answers.")] = False,
    against: Annotated[
        list[str] | None, typer.Option(help="Compare with this setting on top; repeatable.", metavar="KEY=VALUE")
    ] = None,
    fail_under: Annotated[
        list[str] | None, typer.Option(help="Exit 1 when a metric is lower.", metavar="METRIC=VALUE")
    ] = None,
    on: options.On = None,
    top_k: options.TopK = None,
    model: options.Model = None,
    collection: options.Collection = None,
    store: options.Store = None,
    pairs: options.Set = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Measure search, and with --answers the answers, on a file of questions."""
    from kb.evaluation import check_floors, read_floors
    from kb.evaluation import evaluate as run_evaluation

    floors = read_floors(fail_under or [])
    same: Any = {"collection": collection, "store": store, "model": model, "top_k": top_k, "flags": {"models.on": on}}
    workspace = begin(**same, pairs=pairs)
    second = begin(**same, pairs=[*(pairs or []), *against]) if against else None
    with screen.bar("{task.completed}/{task.total} questions", quiet=quiet) as bar:
        on_question = screen.step(bar, "asking")
        evaluation = run_evaluation(workspace, file, answers=answers, against=second, on_question=on_question)
    if as_json:
        screen.document(evaluation.to_json())
    else:
        for number, (heads, rows) in enumerate(evaluation.tables()):
            screen.say() if number else None
            screen.table(heads, rows, right=frozenset(range(1, len(heads))) - {len(heads) - 2})
    check_floors(evaluation.metrics, floors)
    screen.note(f"measured {evaluation.questions} questions. Next: kb search --explain QUESTION", quiet=quiet)


def tune_search(
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="Dataset folder or file of questions with pages, as kb eval reads; made by rules if absent.",
            metavar="DIR|FILE.jsonl",
        ),
    ] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", help="About how long.", min=0.1, metavar="N")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of questions, split and fit.", min=0)] = 0,
    reset: Annotated[bool, typer.Option("--reset", help="Remove what was kept; tune nothing.")] = False,
    collection: options.Collection = None,
    store: options.Store = None,
    settings: options.Set = None,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Fit the search to questions about the documents; kept only where held-out documents gain."""
    workspace = begin(collection=collection, store=store, pairs=settings)
    from kb.tuning.job import TuneRequest, plan_tuning, reset_tuning
    from kb.tuning.job import tune_search as tune

    note = screen.notes(quiet=quiet)
    if reset:
        removed = reset_tuning(workspace, on_note=note)
        text = "removed: searches follow the settings" if removed else "nothing was kept for this collection"
        screen.shown({"removed": removed}, [text], as_json=as_json)
        return
    request = TuneRequest(data=data, minutes=minutes, seed=seed)
    if dry_run:
        report = plan_tuning(workspace, request, on_note=note)
    else:
        with screen.bar("{task.completed}/{task.total}", quiet=quiet) as bar:
            report = tune(workspace, request, on_progress=screen.stages(bar), on_note=note)
    screen.shown(report.to_json(), report.lines(), as_json=as_json)
    screen.note("Next: kb eval FILE.jsonl --against rag.tuned=false", quiet=quiet or not report.kept)

"""`kb compare`: base or tuned, with search or without: which is better on your documents, and by how much."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kb.cli import options, screen
from kb.cli.session import begin

if TYPE_CHECKING:
    from finetune.compare.run import CompareProgress


def compare(
    run: Annotated[str, typer.Argument(help="A training run, as kb runs list names it.", metavar="[RUN]")] = "",
    arm: Annotated[
        list[str] | None,
        typer.Option(
            "--arm",
            help="One more arm: NAME=MODEL[+rag|+oracle|+wrong][,k=N][,prompt=FILE]; repeatable.",
            metavar="SPEC",
        ),
    ] = None,
    questions: Annotated[
        list[Path] | None,
        typer.Option(
            "--questions",
            help="Dataset folder (its test split) or JSONL file; repeatable. Default: the run's dataset.",
            metavar="PATH",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder of the report. Default: compare/ in the run's.", metavar="DIR"),
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", help="Ask this many questions.", min=1, metavar="N")] = None,
    no_probes: Annotated[
        bool, typer.Option("--no-probes", help="Skip what training cost: reading and general probes, base and tuned.")
    ] = False,
    why: Annotated[
        int,
        typer.Option("--why", help="Ask arms with search N questions again: read or known?", min=0, metavar="N"),
    ] = 0,
    experiments: Annotated[
        bool, typer.Option("--experiments", help="Also give base and tuned the right passage, and a wrong one.")
    ] = False,
    few_shot: Annotated[
        Path | None,
        typer.Option("--few-shot", help="Also ask the base in this prompt; {question} in it.", metavar="FILE"),
    ] = None,
    similarity: Annotated[
        bool, typer.Option("--similarity", help="Also score by cosine under the collection's embedder.")
    ] = False,
    grounding: Annotated[
        bool, typer.Option("--grounding", help="Also score by the grounding scorer of kb synth.")
    ] = False,
    judge: Annotated[
        str | None, typer.Option("--judge", help="Chat model that compares the two best arms.", metavar="MODEL")
    ] = None,
    reference: Annotated[
        str, typer.Option("--reference", help="Also ask a model that is only compared with.", metavar="MODEL")
    ] = "",
    hour_price: Annotated[float, typer.Option("--hour-price", help="What an hour of this machine costs.", min=0)] = 0.0,
    on: options.On = None,
    top_k: options.TopK = None,
    collection: options.Collection = None,
    store: options.Store = None,
    pairs: options.Set = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Compare models and configurations on the same questions; say which model to use, or that the data cannot decide.

    After an interruption the same command resumes.
    """
    workspace = begin(collection=collection, store=store, top_k=top_k, pairs=pairs, flags={"models.on": on})
    from kb.comparison.job import ComparisonRequest
    from kb.comparison.job import compare as run_comparison

    request = ComparisonRequest(
        run=run,
        arms=arm or [],
        questions=questions or [],
        out=out,
        limit=limit,
        probes=not no_probes,
        why=why,
        experiments=experiments,
        few_shot=few_shot,
        similarity=similarity,
        grounding=grounding,
        judge=judge or "",
        reference=reference,
        hour_price=hour_price,
        command=shlex.join(["kb", *sys.argv[1:]]),
    )
    with screen.bar("{task.completed}/{task.total} answers", quiet=quiet) as bar:
        task = bar.add_task("asking", total=None) if bar else None

        def step(progress: CompareProgress) -> None:
            if bar and task is not None:
                bar.update(task, description=progress.arm, completed=progress.done, total=progress.total)

        comparison = run_comparison(workspace, request, on_progress=step, on_note=screen.notes(quiet=quiet))
    report, folder = comparison.report, comparison.folder
    if as_json:
        screen.document(report)
    else:
        _show_report(report)
    missed = shlex.quote(str(folder / "report.json"))
    after = f". Next: kb synth --from-report {missed} --out DIR" if report["missed"] else ""
    screen.note(f"report: {folder / 'report.html'}{after}", quiet=quiet)


def _show_report(report: Mapping[str, Any]) -> None:
    """Print the short form."""
    from finetune.compare.report.short import lines, tables

    screen.say(screen.plain(report["verdict"]["sentence"]))
    screen.say()
    for heads, rows in tables(report):
        screen.table(heads, rows, right=frozenset(range(1, len(heads))))
        screen.say()
    for line in lines(report):
        screen.say(screen.plain(line))

"""`kb runs` and `kb generate`: what was trained, and how it answers beside its base."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from kb.cli import options, screen
from kb.cli.session import begin

app = typer.Typer(help="List, show and remove training runs.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="As kb runs list names it.", metavar="RUN")]


@app.command("list")
def list_runs(as_json: options.Json = False) -> None:
    """List the runs with their stages and scores."""
    from kb.staleness import run_rows, stale_line

    rows = list(run_rows(begin().home, lambda error: screen.note(str(error))))
    if as_json:
        screen.document({"runs": rows})
        return
    if not rows:
        screen.note("no runs yet. Next: kb finetune --from-docs")
        return
    screen.table(
        ["run", "base", "method", "stages", "scores", "began"],
        [
            [row["run"], row["base"], row["method"], _listed(row["stages"]), _listed(row["scores"]), row["created_at"]]
            for row in rows
        ],
    )
    for line in filter(None, map(stale_line, rows)):
        screen.say(line)


def _listed(values: dict[str, Any]) -> str:
    shown = (f"{name} {value:.3f}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items())
    return ", ".join(shown) or "-"


@app.command()
def show(name: Name, as_json: options.Json = False) -> None:
    """Print a run's card."""
    from finetune.ask import steps
    from finetune.card import render_card
    from finetune.runs import current_card, open_run, read_recipe
    from kb.staleness import learned_json, stale_line

    home = begin().home
    run = open_run(home, name)
    card = current_card(run)
    learned = learned_json(home, card)
    if as_json:
        screen.document({**dataclasses.asdict(card), **learned, "folder": str(run.folder), "steps": steps(run)})
        return
    screen.say(screen.plain(render_card(card, read_recipe(run))))
    if mark := stale_line({"run": run.name, **learned}):
        screen.say(mark)
    screen.say(f"weights: {', '.join(steps(run)) or 'none yet'}")
    screen.note(f'{run.folder}. Next: kb generate {run.name} "QUESTION"')


@app.command("import")
def import_run(
    folder: Annotated[Path, typer.Argument(help="Adapter of Unsloth, peft or LLaMA-Factory.", metavar="FOLDER")],
    name: Annotated[str, typer.Option(help="Name of the run; the folder's if empty.", metavar="RUN")] = "",
    base: Annotated[str, typer.Option(help="Base model, if not the one it names.", metavar="MODEL")] = "",
    merge_base: options.MergeBase = None,
    data: Annotated[str, typer.Option("--data", help="What it was trained on.", metavar="DIR|FILE|hf:ID")] = "",
    quiet: options.Quiet = False,
) -> None:
    """Take back an adapter that was trained elsewhere, checked against its base."""
    from finetune.runs import read_recipe
    from kb.training.importing import import_run as imported

    note = screen.notes(quiet=quiet)
    run = imported(begin(), folder, name=name, base=base, merge_base=merge_base or "", data=data, on_note=note)
    screen.say(run.name)
    merges = read_recipe(run).training_method.merges
    step = f"kb export {run.name} --to gguf" if merges else f'kb ask --model run:{run.name} "QUESTION"'
    screen.note(f"{run.folder}. Next: {step}; kb compare {run.name}", quiet=quiet)


@app.command()
def rm(name: Name, yes: options.Yes = False, dry_run: options.DryRun = False, quiet: options.Quiet = False) -> None:
    """Remove a run with everything in it."""
    from finetune.runs import open_run, remove_run

    run = open_run(begin().home, name)
    if dry_run:
        screen.say(f"would remove {run.folder}")
        return
    if not yes:
        screen.confirm(f"Remove run {run.name}?", f"kb runs rm --yes {run.name}")
    remove_run(run)
    screen.note(f"removed {run.name}. Next: kb runs list", quiet=quiet)


def generate(
    run: Annotated[str, typer.Argument(help="RUN, RUN@STEP, RUN@sft or RUN@dpo-STEP.", metavar="RUN[@STEP]")],
    question: Annotated[str, typer.Argument(help="What to ask both models.", metavar="PROMPT")],
    context: Annotated[str, typer.Option("--context", help="Passages beside the question.", metavar="TEXT")] = "",
    max_tokens: Annotated[
        int, typer.Option("--max-tokens", help="Longest answer, in tokens.", min=1, max=4096, metavar="N")
    ] = 128,
    as_json: options.Json = False,
) -> None:
    """Ask a tuned model and its base the same, greedy, and show the whole prompt."""
    workspace = begin()
    from finetune.ask import ask_both
    from finetune.training.machine import this_machine

    replies = ask_both(workspace.home, run, question, this_machine(), context=context, max_tokens=max_tokens)
    if as_json:
        screen.document(
            {"prompt": replies.prompt, "base": replies.base, "tuned": replies.tuned, "weights": str(replies.policy)}
        )
        return
    for title, text in (("prompt", replies.prompt), ("base", replies.base), (f"tuned ({run})", replies.tuned)):
        screen.say(f"--- {title}")
        screen.say(screen.plain(text))


def knows(run: Name, as_json: options.Json = False, quiet: options.Quiet = False) -> None:
    """Show what a run answers closed book, per document, section and fact, and how surely; resumes if interrupted."""
    from finetune.compare.report.known import KNOWN_HEADS, map_rows, weak_lines
    from kb.knowledge.map import knowledge_map

    workspace = begin()
    with screen.bar("{task.completed}/{task.total} facts", quiet=quiet) as bar:
        record = knowledge_map(workspace, run, on_progress=screen.step(bar, "asking"))
    if as_json:
        screen.document(record)
        return
    screen.table(KNOWN_HEADS, map_rows(record), right=frozenset(range(1, len(KNOWN_HEADS))))
    for line in weak_lines(record):
        screen.say(screen.line(line))
    screen.note(f"Next: kb synth --weak {run} --out DIR", quiet=quiet)


def refresh(run: Name, as_json: options.Json = False, quiet: options.Quiet = False) -> None:
    """Retrain a run on what changed in its documents since, with replay; the same command resumes."""
    from kb.training.refreshing import refresh_lines, refresh_run

    on_event = screen.events(quiet=quiet)
    report = refresh_run(begin(), run, on_note=screen.notes(quiet=quiet), on_event=on_event)
    screen.shown(report, refresh_lines(report), as_json=as_json)
    screen.note(f"Next: kb knows {run}; kb compare {run}", quiet=quiet)

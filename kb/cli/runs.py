"""`kb runs` and `kb generate`: what was trained, and how it answers beside its base."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer

from core.errors import DataError
from kb.cli import options, screen
from kb.cli.session import begin

app = typer.Typer(help="List, show and remove training runs.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="As kb runs list names it.", metavar="RUN")]


@app.command("list")
def list_runs(as_json: options.Json = False) -> None:
    """List the runs with their stages and scores."""
    from finetune.runs import current_card
    from finetune.runs import list_runs as all_runs

    rows: list[dict[str, Any]] = []
    for run in all_runs(begin().home):
        try:
            card = current_card(run)
        except DataError as error:  # one damaged card hides no other run
            screen.note(str(error))
            continue
        rows.append(
            {
                "run": run.name,
                "base": card.base,
                "method": card.method,
                "created_at": card.created_at,
                "stages": dict(card.stages),
                "scores": dict(card.scores),
                "folder": str(run.folder),
            }
        )
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


def _listed(values: dict[str, Any]) -> str:
    shown = (f"{name} {value:.3f}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items())
    return ", ".join(shown) or "-"


@app.command()
def show(name: Name, as_json: options.Json = False) -> None:
    """Print a run's card."""
    from finetune.ask import steps
    from finetune.card import render_card
    from finetune.runs import current_card, open_run, read_recipe

    run = open_run(begin().home, name)
    card = current_card(run)
    if as_json:
        screen.document({**dataclasses.asdict(card), "folder": str(run.folder), "steps": steps(run)})
        return
    screen.say(screen.plain(render_card(card, read_recipe(run))))
    screen.say(f"weights: {', '.join(steps(run)) or 'none yet'}")
    screen.note(f'{run.folder}. Next: kb generate {run.name} "QUESTION"')


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

"""`kb export`: a trained run as files that run elsewhere, compared with what was trained before they are published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import ConfigError
from kb.cli import options, screen
from kb.cli.session import begin

if TYPE_CHECKING:
    from finetune.export.job import Export


def export(
    run: Annotated[str, typer.Argument(help="Name of a run; kb runs list shows them.")],
    to: Annotated[str, typer.Option("--to", help="hf (a folder), gguf (one file) or ollama.", metavar="KIND")] = "",
    quantize: Annotated[
        str | None,
        typer.Option(help="f16 (default), q8_0, q4_0; q4_K_M and others by llama.cpp or Ollama.", metavar="NAME"),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Copy the result there.", metavar="PATH")] = None,
    merge_base: options.MergeBase = None,
    converter: Annotated[
        Path | None, typer.Option(help="llama.cpp's convert_hf_to_gguf.py, for other families.", metavar="PATH")
    ] = None,
    push: Annotated[
        str | None, typer.Option(help="Upload the adapter and its card to the Hub.", metavar="USER/NAME")
    ] = None,
    merged: Annotated[bool, typer.Option("--merged", help="With --push: the merged model, not the adapter.")] = False,
    pairs: options.Set = None,
    yes: options.Yes = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Merge a run and write it for transformers, GGUF runtimes or Ollama; what answers differently is refused."""
    from finetune.runs import read_card
    from kb.exporting import checked_target, open_run_export, write_export

    to = to or ("" if push and not quantize else "gguf")
    target = checked_target(to, quantize, run) if to else None
    if merged and not push:
        raise ConfigError("--merged requires --push", hint=f"kb export {run} --push USER/NAME --merged")
    options_given: dict[str, Any] = {"merge_base": merge_base or "", "converter": converter}
    export_job = open_run_export(begin(pairs=pairs), run, on_note=screen.notes(quiet=quiet), **options_given)
    result: dict[str, Any] = {"run": run, "parity": dict(read_card(export_job.run).parity)}
    model = f"run:{run}"
    if target:
        written = write_export(export_job, target, quantize, out)
        result |= written.to_json()
        model = written.spelling
    if push:
        result |= _push(export_job, push, merged=merged, yes=yes)
    if as_json:
        screen.document(result)
        return
    for check, outcome in result["parity"].items():
        screen.note(f"{check}: {_parity_line(outcome)}", quiet=quiet)
    screen.say(screen.plain(str(result.get("path") or result.get("model") or result.get("push"))))
    screen.note(f'Next: kb ask --model {model} "QUESTION"', quiet=quiet)


def _push(export_job: Export, repository: str, *, merged: bool, yes: bool) -> dict[str, Any]:
    from finetune.export.push import plan, push

    planned = plan(export_job, repository, merged=merged)
    screen.note(str(planned))
    if not yes and not typer.confirm("Upload?", err=True):
        raise typer.Abort
    return {"push": repository, "commit": push(export_job, planned)}


def _parity_line(outcome: Any) -> str:
    if "conversations" not in outcome:
        return ", ".join(f"{name} {value}" for name, value in outcome.items())
    verdict = "good" if outcome["passed"] else "REFUSED"
    return (
        f"{verdict}: {outcome['equal']} of {outcome['conversations']} answers equal, {outcome['near_ties']} near-ties,"
        f" {outcome['stopped']} stop by themselves"
    )

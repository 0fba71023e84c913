"""`kb export`: a trained run as files that run elsewhere, compared with what was trained before they are published."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import ConfigError
from kb.cli import options, screen
from kb.cli.session import begin

if TYPE_CHECKING:
    from finetune.export.job import Export
    from kb.workspace import Workspace

_TARGETS = ("hf", "gguf", "ollama")


def export(
    run: Annotated[str, typer.Argument(help="Name of a run; kb runs list shows them.")],
    to: Annotated[str, typer.Option("--to", help="hf (a folder), gguf (one file) or ollama.", metavar="KIND")] = "",
    quantize: Annotated[
        str | None,
        typer.Option(help="f16 (default), q8_0, q4_0; q4_K_M and others by llama.cpp or Ollama.", metavar="NAME"),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Copy the result there.", metavar="PATH")] = None,
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
    to = _target(to, push=push, quantize=quantize, merged=merged)
    session = begin(pairs=pairs)
    job = _open(session, run, quiet=quiet)
    result: dict[str, Any] = {"run": run}
    if to:
        result |= _write(job, to, quantize, out)
    if push:
        result |= _push(job, push, merged=merged, yes=yes)
    _tell(job, result, as_json=as_json, quiet=quiet)


def _target(to: str, *, push: str | None, quantize: str | None, merged: bool) -> str:
    to = to or ("" if push and not quantize else "gguf")
    if to and to not in _TARGETS:
        raise ConfigError(f"--to {to}: one of {', '.join(_TARGETS)}", hint="kb export RUN --to gguf")
    if merged and not push:
        raise ConfigError("--merged is for --push", hint="kb export RUN --push USER/NAME --merged")
    if quantize and to == "hf":
        raise ConfigError("--quantize is for --to gguf and --to ollama", hint="kb export RUN --to gguf --quantize q8_0")
    return to


def _open(session: Workspace, run: str, *, quiet: bool) -> Export:
    from finetune.export.job import Server, open_export
    from finetune.training.machine import this_machine

    settings = session.settings
    server = Server(url=settings.rag.ollama_url, timeout_s=settings.models.timeout_s, num_ctx=settings.models.num_ctx)
    return open_export(session.home, run, this_machine(), server, lambda stage: screen.note(stage, quiet=quiet))


def _write(job: Export, to: str, quantize: str | None, out: Path | None) -> dict[str, Any]:
    from finetune.export.job import DEFAULT
    from finetune.export.quantise import check_name

    name = check_name(quantize or DEFAULT)
    if to == "hf":
        return {"to": to, "path": str(_copied(job.merged(), out))}
    if to == "gguf":
        return {"to": to, "quantize": name, "path": str(_copied(job.gguf(name), out))}
    return {"to": to, "quantize": name, "model": job.put_into_ollama(name)}


def _copied(made: Path, out: Path | None) -> Path:
    """Return where the result lies, after a copy where one was asked for."""
    if out is None:
        return made
    out = out.expanduser()
    if made.is_dir():
        return Path(shutil.copytree(made, out, dirs_exist_ok=True))
    out.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(made, out / made.name if out.is_dir() else out))


def _push(job: Export, repository: str, *, merged: bool, yes: bool) -> dict[str, Any]:
    from finetune.export.push import plan, push

    planned = plan(job, repository, merged=merged)
    screen.note(str(planned))
    if not yes and not typer.confirm("Upload?", err=True):
        raise typer.Abort
    return {"push": repository, "commit": push(job, planned)}


def _tell(job: Export, result: dict[str, Any], *, as_json: bool, quiet: bool) -> None:
    from finetune.runs import read_card

    parity = dict(read_card(job.run).parity)
    if as_json:
        screen.document({**result, "parity": parity})
        return
    for key, seen in parity.items():
        screen.note(f"{key}: {_line(seen)}", quiet=quiet)
    where = result.get("path") or result.get("model") or result.get("push")
    model = f"ollama:{result['model']}" if "model" in result else f"run:{job.run.name}"
    screen.say(screen.plain(str(where)))
    screen.note(f'Next: kb ask --model {model} "QUESTION"', quiet=quiet)


def _line(seen: Any) -> str:
    if "conversations" not in seen:
        return ", ".join(f"{name} {value}" for name, value in seen.items())
    verdict = "good" if seen["passed"] else "REFUSED"
    return (
        f"{verdict}: {seen['equal']} of {seen['conversations']} answers equal, {seen['near_ties']} near-ties,"
        f" {seen['stopped']} stop by themselves"
    )

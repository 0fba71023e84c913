"""`kb models`: weights that run on this machine."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Annotated, Any

import typer

from kb.cli import options, screen
from kb.cli.session import Session, begin

# Called with (stage, done, total).
Progress = Callable[[str, int, int], None]

app = typer.Typer(help="Fetch, list and remove model weights.", no_args_is_help=True, rich_markup_mode=None)

Names = Annotated[
    list[str],
    typer.Argument(help="minilm, smollm2, a Hub id such as ORG/NAME, or ollama:NAME.", metavar="NAME..."),
]
Prepared = Annotated[list[str], typer.Argument(help="As kb models list names them.", metavar="NAME...")]
_OLLAMA = "ollama:"


@app.command()
def pull(names: Names, pairs: options.Set = None, quiet: options.Quiet = False) -> None:
    """Fetch weights, check them against their pinned hash and prepare them; Ollama fetches and checks its own."""
    session = begin(pairs=pairs)
    for name in names:
        _fetch(name, session, quiet=quiet)


def provide_chat(session: Session, *, quiet: bool) -> None:
    """Fetch the session's chat model where it is missing: one of ours, or one of the Ollama that settings name.

    Raises:
        BackendError: Where it would come from does not answer or does not have it.
    """
    from core.backends import parse_spec
    from core.models import ollama_has

    spec = parse_spec(session.settings.rag.model)
    if spec.kind == "smollm2" or (spec.kind == "ollama" and not ollama_has(spec.name, session.settings.rag.ollama_url)):
        _fetch(str(spec), session, quiet=quiet)


def _fetch(name: str, session: Session, *, quiet: bool) -> None:
    if name.startswith(_OLLAMA):
        screen.note(f"Ollama at {session.settings.rag.ollama_url} fetches {name}; this may take minutes", quiet=quiet)
    with screen.bar("{task.percentage:>3.0f}%", quiet=quiet) as bar:
        if name.startswith(_OLLAMA):
            where = _fetch_into_ollama(name.removeprefix(_OLLAMA), session, _meter(bar, name))
            after = f'kb ask --model {name} "QUESTION"'
        else:
            from core.weights.shelf import pull as fetch

            where, after = str(fetch(name, session.home, progress=_meter(bar, name))), "kb ingest PATH"
    screen.note(f"{name} is ready in {where}. Next: {after}", quiet=quiet)


def _fetch_into_ollama(name: str, session: Session, progress: Progress) -> str:
    from core.ollama_server import pull as fetch

    url, models = session.settings.rag.ollama_url, session.settings.models
    fetch(name, url, timeout_s=models.timeout_s, deadline_s=models.deadline_s, progress=progress)
    return f"Ollama at {url}"


def _meter(bar: Any, name: str) -> Progress:
    if bar is None:
        return lambda _stage, _done, _total: None
    task = bar.add_task(name, total=None)

    def update(stage: str, done: int, total: int) -> None:
        bar.update(task, description=f"{name}: {stage}", completed=done, total=total or None)

    return update


@app.command("list")
def list_models(as_json: options.Json = False) -> None:
    """List prepared models."""
    session = begin()
    from core.weights.shelf import list_models as listed
    from core.weights.shelf import shipped_models

    found = [*listed(session.home), *shipped_models()]
    if as_json:
        screen.document({"models": [{"name": m.name, "source": m.source, "version": m.version, "licence": m.licence,
                                     "size_bytes": m.size_bytes} for m in found]})  # fmt: skip
        return
    rows = [[m.name, m.version, m.licence, f"{m.size_bytes / 2**20:.0f} MiB"] for m in found]
    screen.table(["model", "version", "licence", "size"], rows, right=frozenset({3}))


@app.command()
def rm(names: Prepared, yes: options.Yes = False, quiet: options.Quiet = False) -> None:
    """Remove prepared models."""
    session = begin()
    from core.weights.shelf import remove, require

    for name in names:
        require(name, session.home)
        if not yes:
            screen.confirm(f"Remove {name}?", f"kb models rm --yes {shlex.quote(name)}")
        remove(name, session.home)
        screen.note(f"removed {name}. Next: kb models list", quiet=quiet)

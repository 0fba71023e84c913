"""`kb models`: weights that run on this machine."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kb.cli import options, screen
from kb.cli.session import begin

if TYPE_CHECKING:
    from collections.abc import Callable

    from kb.workspace import Workspace

app = typer.Typer(help="Fetch, list and remove model weights.", no_args_is_help=True, rich_markup_mode=None)

Names = Annotated[
    list[str],
    typer.Argument(help="minilm, smollm2, multilingual, ORG/NAME on the Hub, ollama:NAME.", metavar="NAME..."),
]
Prepared = Annotated[list[str], typer.Argument(help="As kb models list names them.", metavar="NAME...")]


@app.command()
def pull(names: Names, pairs: options.Set = None, quiet: options.Quiet = False) -> None:
    """Fetch weights, check them against their pinned hash and prepare them; Ollama fetches and checks its own."""
    workspace = begin(pairs=pairs)
    for name in names:
        _fetch(name, workspace, quiet=quiet)


def provide_chat(workspace: Workspace, *, quiet: bool) -> None:
    """Fetch the configured chat model where it is missing.

    Raises:
        BackendError: Where it would come from does not answer or does not have it.
    """
    from kb.maintenance import missing_chat_model

    name = missing_chat_model(workspace)
    if name:
        _fetch(name, workspace, quiet=quiet)


def _fetch(name: str, workspace: Workspace, *, quiet: bool) -> None:
    from kb.maintenance import fetch_model

    in_ollama = name.startswith("ollama:")
    if in_ollama:
        screen.note(f"Ollama at {workspace.settings.rag.ollama_url} fetches {name}; this may take minutes", quiet=quiet)
    with screen.bar("{task.percentage:>3.0f}%", quiet=quiet) as bar:
        where = fetch_model(workspace, name, on_progress=_meter(bar, name))
    after = f'kb ask --model {name} "QUESTION"' if in_ollama else "kb ingest PATH"
    after = "export KB_RAG__EMBEDDER=multilingual && kb reindex" if name == "multilingual" else after
    screen.note(f"{name} is ready in {where}. Next: {after}", quiet=quiet)


def _meter(bar: Any, name: str) -> Callable[[str, int, int], None]:
    task = bar.add_task(name, total=None) if bar else None

    def update(stage: str, done: int, total: int) -> None:
        if bar:
            bar.update(task, description=f"{name}: {stage}", completed=done, total=total or None)

    return update


@app.command("list")
def list_models(as_json: options.Json = False) -> None:
    """List prepared models."""
    workspace = begin()
    from core.weights.shelf import list_models as listed
    from core.weights.shipped import shipped_models

    models = [*listed(workspace.home), *shipped_models()]
    if as_json:
        keys = ("name", "source", "version", "licence", "size_bytes")
        screen.document({"models": [{key: getattr(model, key) for key in keys} for model in models]})
        return
    rows = [[m.name, m.version, m.licence, f"{m.size_bytes / 2**20:.0f} MiB"] for m in models]
    screen.table(["model", "version", "licence", "size"], rows, right=frozenset({3}))


@app.command()
def rm(names: Prepared, yes: options.Yes = False, quiet: options.Quiet = False) -> None:
    """Remove prepared models."""
    workspace = begin()
    from core.weights.shelf import remove, require

    for name in names:
        require(name, workspace.home)
        if not yes:
            screen.confirm(f"Remove {name}?", f"kb models rm --yes {shlex.quote(name)}")
        remove(name, workspace.home)
        screen.note(f"removed {name}. Next: kb models list", quiet=quiet)

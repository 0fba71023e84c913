"""`kb models`: weights that run on this machine."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli import options, screen
from cli.session import begin

app = typer.Typer(help="Fetch, list and remove model weights.", no_args_is_help=True, rich_markup_mode=None)

Names = Annotated[list[str], typer.Argument(help="minilm, smollm2, or a Hub id such as ORG/NAME.", metavar="NAME...")]


@app.command()
def pull(names: Names, quiet: options.Quiet = False) -> None:
    """Fetch weights, check them against their pinned hash and prepare them."""
    session = begin()
    from kb.weights.shelf import pull as fetch

    for name in names:
        with screen.bar("{task.percentage:>3.0f}%", quiet=quiet) as bar:
            path = fetch(name, session.home, progress=_meter(bar, name))
        screen.note(f"{name} is ready in {path}. Next: kb ingest PATH", quiet=quiet)


def _meter(bar: Any, name: str) -> Any:
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
    from kb.weights.shelf import list_models as listed

    found = listed(session.home)
    if as_json:
        screen.document({"models": [{"name": m.name, "source": m.source, "version": m.version, "licence": m.licence,
                                     "size_bytes": m.size_bytes} for m in found]})  # fmt: skip
        return
    rows = [[m.name, m.version, m.licence, f"{m.size_bytes / 2**20:.0f} MiB"] for m in found]
    screen.table(["model", "version", "licence", "size"], rows, right=frozenset({3}))


@app.command()
def rm(names: Names, yes: options.Yes = False, quiet: options.Quiet = False) -> None:
    """Remove prepared models."""
    session = begin()
    from kb.weights.shelf import remove, require

    for name in names:
        require(name, session.home)
        if not yes:
            typer.confirm(f"Remove {name}?", abort=True, err=True)
        remove(name, session.home)
        screen.note(f"removed {name}. Next: kb models list", quiet=quiet)

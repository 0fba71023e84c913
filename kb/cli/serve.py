"""`kb serve`: page, API and tools on this machine; and the keys that others need."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import ConfigError
from kb.cli import options, screen
from kb.cli.session import begin

if TYPE_CHECKING:
    from kb.workspace import Workspace
    from serve.app import Part

app = typer.Typer(rich_markup_mode=None)
keys = typer.Typer(
    help="Keys for those who reach the server from elsewhere.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(keys, name="keys")
Name = Annotated[str, typer.Argument(help="Whose key it is.", metavar="NAME")]


@app.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: 127.0.0.1.", metavar="HOST")] = None,
    port: Annotated[int | None, typer.Option(help="Port; default: 8000; 0 for a free one.", min=0, max=65535)] = None,
    ui: Annotated[bool, typer.Option("--ui", help="Offer the page; with --api, --mcp: only what is named.")] = False,
    api: Annotated[bool, typer.Option("--api", help="Offer the API under /v1.")] = False,
    mcp: Annotated[bool, typer.Option("--mcp", help="Offer tools for assistants at /mcp.")] = False,
    stdio: Annotated[
        bool, typer.Option("--stdio", help="With --mcp: speak on stdin and stdout, listen nowhere.")
    ] = False,
    data: Annotated[
        list[Path] | None, typer.Option("--data", help="Dataset folder to show on the page; repeatable.", metavar="DIR")
    ] = None,
    model: options.Model = None,
    top_k: options.TopK = None,
    collection: options.Collection = None,
    store: options.Store = None,
    pairs: options.Set = None,
    quiet: options.Quiet = False,
) -> None:
    """Serve a page at /, an OpenAI-compatible API under /v1 and MCP tools at /mcp, until Ctrl-C."""
    if context.invoked_subcommand is not None:
        return
    flags = {"serve.host": host, "serve.port": port}
    workspace = begin(collection=collection, store=store, model=model, top_k=top_k, pairs=pairs, flags=flags)
    if stdio:
        if not mcp or ui or api:
            raise ConfigError("--stdio requires --mcp alone", hint="kb serve --mcp --stdio")
        _stdio(workspace)
        return
    named: dict[Part, bool] = {"ui": ui, "api": api, "mcp": mcp}
    parts = [part for part, is_named in named.items() if is_named] or list(named)
    _listen(workspace, parts, data or [], quiet=quiet)


def _listen(workspace: Workspace, parts: list[Part], datasets: list[Path], *, quiet: bool) -> None:
    """Check everything that can be checked before anything is loaded, then serve."""
    _require_packages()
    from core.weights.shelf import require
    from serve import run

    run.check_keys(workspace.settings, workspace.home)
    if workspace.settings.rag.embedder == "minilm":
        require("minilm", workspace.home)
    bound = run.bind(workspace.settings)
    offered = {"ui": "page at /", "api": "API at /v1", "mcp": "tools at /mcp"}
    screen.note(
        f"kb serves {', '.join(offered[part] for part in parts)}: {run.url_of(bound)} (Ctrl-C stops)", quiet=quiet
    )
    run.serve(workspace.settings, workspace.home, bound, parts=parts, datasets=datasets, quiet=quiet)
    screen.note("kb: stopped; waiting jobs resume at the next start. Next: kb serve", quiet=quiet)


def _stdio(workspace: Workspace) -> None:
    _require_packages()
    import asyncio

    from serve.mcp import run_stdio
    from serve.observability.logs import set_up
    from serve.service import Service

    set_up(quiet=True)
    service = Service(workspace.settings, workspace.home)
    try:
        asyncio.run(run_stdio(service))
    finally:
        service.close()


def _require_packages() -> None:
    from importlib.util import find_spec

    from core.machine.install import missing_extra

    packages = ("fastapi", "uvicorn", "gradio", "mcp", "prometheus_client", "multipart", "psutil")
    if not all(map(find_spec, packages)):
        raise missing_extra("kb serve", "serve")


@keys.command("add")
def add(name: Name) -> None:
    """Make a key and print it; it is shown this once and kept as a hash."""
    from serve.access.keys import KeyStore

    secret = KeyStore(begin().home).add(name)
    screen.say(secret)
    screen.note(f"this is the only time the key of {name} is shown. Next: kb serve --host 0.0.0.0")


@keys.command("list")
def list_keys(as_json: options.Json = False) -> None:
    """List keys by name; what they are is not kept."""
    from serve.access.keys import KeyStore

    listed = KeyStore(begin().home).listed()
    if as_json:
        screen.document({"keys": [{"name": key.name, "created_at": key.created_at} for key in listed]})
        return
    screen.table(["name", "made"], [[key.name, key.created_at] for key in listed])
    screen.note("Next: kb serve keys add NAME")


@keys.command("rm")
def rm(name: Name, yes: options.Yes = False) -> None:
    """Remove a key; whoever holds it is locked out at once."""
    from serve.access.keys import KeyStore

    if not yes:
        screen.confirm(f"Remove the key of {name}?", f"kb serve keys rm --yes {name}")
    KeyStore(begin().home).remove(name)
    screen.note(f"removed the key of {name}. Next: kb serve keys list")

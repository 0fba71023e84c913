"""The door: gathers the commands, and turns every failure into text and an exit code.

Imports no workshop; each command does when it runs.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import Annotated

import typer

from cli import admin, ask, documents, evaluate, ingest, models
from kb.errors import KbError
from kb.telemetry import disable

app = typer.Typer(
    name="kb",
    help="Your documents, answered with quotes and page numbers that are true.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("ingest")(ingest.ingest)
app.command("ask")(ask.ask)
app.command("search")(ask.search)
app.command("chat")(ask.chat)
app.command("list")(documents.list_documents)
app.command("show")(documents.show)
app.command("forget")(documents.forget)
app.command("eval")(evaluate.evaluate)
app.add_typer(models.app, name="models")
app.command("reindex")(admin.reindex)
app.command("backup")(admin.backup)
app.command("doctor")(admin.doctor)
app.add_typer(admin.config_app, name="config")


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"kb {version('kb')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Your documents, answered with quotes and page numbers that are true."""


def run() -> None:
    """Run the command line; the process's entry point."""
    disable()
    # A reader that closes the pipe early (`kb list | head`) ends us quietly, as it does every Unix tool.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(_guarded())


def _guarded() -> int:
    try:
        result = app(standalone_mode=False)
        return result if isinstance(result, int) else 0
    except KbError as error:
        sys.stderr.write(f"kb: {error}\n")
        if error.hint:
            sys.stderr.write(f"    try: {error.hint}\n")
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("kb: interrupted; the same command goes on where it was\n")
        return 130
    except Exception as error:
        usage = _usage_error(error)
        if usage is not None:
            return usage
        if os.environ.get("KB_DEBUG"):
            traceback.print_exc()
        sys.stderr.write(f"kb: unexpected {type(error).__name__}: {error}\n    try: KB_DEBUG=1 and the same command\n")
        return 1


def _usage_error(error: Exception) -> int | None:
    """Render click's own usage errors; None when the error is something else."""
    show = getattr(error, "show", None)
    if show is None:
        return None
    show(file=sys.stderr)
    return int(getattr(error, "exit_code", 2))

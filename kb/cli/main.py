"""The command line: gathers the commands, and turns every failure into text and an exit code."""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from contextlib import suppress
from typing import Annotated

import typer

from core.errors import BackendError, ConfigError, KbError
from core.machine.streams import mend_streams
from core.machine.system import UNSUPPORTED, UNSUPPORTED_HINT, is_supported
from core.telemetry import disable
from core.version import project_version
from kb.cli import (
    admin,
    ask,
    compare,
    documents,
    evaluate,
    export,
    finetune,
    ingest,
    models,
    runs,
    screen,
    serve,
    snapshot,
    synth,
)

# What a write meets when the disk is full or closed to us.
_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES})
# What is wrong with a path that a person gave.
_PATH = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP, errno.EPERM}
)
_INTERRUPTED = 128 + signal.SIGINT

app = typer.Typer(
    name="kb",
    help="Your documents, answered with quotes and page numbers that are true.",
    no_args_is_help=True,
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
app.command("snapshot")(snapshot.snapshot)
app.command("contradictions")(documents.contradictions)
app.command("eval")(evaluate.evaluate)
app.command("tune-search")(evaluate.tune_search)
app.add_typer(synth.app, name="synth")
app.command("finetune")(finetune.finetune)
app.command("generate")(runs.generate)
app.command("knows")(runs.knows)
app.command("refresh")(runs.refresh)
app.add_typer(runs.app, name="runs")
app.command("export")(export.export)
app.command("compare")(compare.compare)
app.add_typer(serve.app, name="serve")
app.add_typer(models.app, name="models")
app.command("reindex")(admin.reindex)
app.command("backup")(admin.backup)
app.command("doctor")(admin.doctor)
app.add_typer(admin.config_app, name="config")


def _version(value: bool) -> None:
    if value:
        typer.echo(f"kb {project_version()}")
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
    mend_streams()
    disable()
    if not is_supported():
        _print_error(UNSUPPORTED, UNSUPPORTED_HINT)
        sys.exit(ConfigError.exit_code)
    sys.exit(_guarded())


def _guarded() -> int:
    try:
        result = app(standalone_mode=False, prog_name="kb")
        if not sys.stdout.closed:  # who speaks a protocol on it may have closed it
            sys.stdout.flush()
        if result == _INTERRUPTED:  # typer takes the exception and gives back this
            raise KeyboardInterrupt
        return result if isinstance(result, int) else 0
    except KbError as error:
        _print_error(str(error), error.hint)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        _print_error("interrupted; run the same command again to resume")
        return _INTERRUPTED
    except BrokenPipeError:
        return _hung_up()
    except SystemExit as exit_error:
        if isinstance(exit_error.__context__, BrokenPipeError):  # how typer passes it on
            return _hung_up()
        raise
    except Exception as error:
        usage = _usage_error(error)
        if usage is not None:
            return usage
        if os.environ.get("KB_DEBUG"):
            traceback.print_exc()
        if isinstance(error, OSError) and error.errno in _DISK:
            _print_error(
                f"{error.filename or 'standard output'}: {error.strerror}",
                "free some space (df -h), then run the same command again",
            )
            return BackendError.exit_code
        if isinstance(error, OSError) and error.errno in _PATH and error.filename:
            _print_error(f"{error.filename}: {error.strerror}", "run the same command with another path")
            return ConfigError.exit_code
        _print_error(
            f"unexpected {type(error).__name__}: {error}", "run the same command with KB_DEBUG=1 for the traceback"
        )
        return 1


def _print_error(message: str, hint: str = "") -> None:
    sys.stderr.write(f"error: {screen.plain(message)}\n")
    if hint:
        sys.stderr.write(f"hint: {screen.plain(hint)}\n")
    _document_error(message, hint)


def _document_error(message: str, hint: str = "") -> None:
    """Print an error as the one JSON document of a command that was told to print one, where stdout takes it."""
    if "--json" in sys.argv[1:]:
        with suppress(OSError):
            screen.document({"error": screen.plain(message), "hint": screen.plain(hint)})
            sys.stdout.flush()


def _hung_up() -> int:
    """End silently with the code of SIGPIPE: the reader closed the pipe early (`kb list | head`)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 128 + signal.SIGPIPE


def _usage_error(error: Exception) -> int | None:
    """Render click's own usage errors; None when the error is something else."""
    show = getattr(error, "show", None)
    if show is None:
        return None
    show(file=sys.stderr)
    _document_error(str(getattr(error, "format_message", error.__str__)()))
    return int(getattr(error, "exit_code", 2))

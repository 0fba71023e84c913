"""Prints answers on stdout, notes and progress on stderr, and makes text from documents harmless."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from shlex import quote as quote
from typing import TYPE_CHECKING, Any

from core.errors import ConfigError, KbError

if TYPE_CHECKING:
    from rich.progress import Progress

# C0 and C1 controls but newline and tab: a document must not move the cursor or colour the terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(text: str) -> str:
    """Return text without terminal control characters."""
    return _CONTROL.sub("", text)


def line(text: str) -> str:
    """Return a name or a reason on one line, without terminal control characters."""
    return plain(" ".join(text.split()))


def say(text: str = "") -> None:
    """Print one line of the answer."""
    sys.stdout.write(f"{text}\n")


def stream(text: str) -> None:
    """Print a piece of the answer at once."""
    sys.stdout.write(plain(text))
    sys.stdout.flush()


def note(text: str, *, quiet: bool = False) -> None:
    """Print one line that is not the answer."""
    if not quiet:
        # Both may go to one file: keep the order.
        sys.stdout.flush()
        sys.stderr.write(f"{plain(text)}\n")
        sys.stderr.flush()


def notes(*, quiet: bool) -> Callable[[str], None]:
    """Return what a workflow calls with its notes."""
    return lambda text: note(f"kb: {text}", quiet=quiet)


def document(value: Any) -> None:
    """Print the one JSON document of a command."""
    # A terminal or pipe that is not UTF-8 gets escapes, which mean the same.
    readable = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    say(json.dumps(value, ensure_ascii=not readable, indent=2))


def shown(value: Any, lines: Iterable[str], *, as_json: bool) -> None:
    """Print what a command returns: its one JSON document, or lines."""
    if as_json:
        document(value)
        return
    for text in lines:
        say(plain(text))


def events(*, quiet: bool) -> Callable[[Mapping[str, Any]], None]:
    """Return what a workflow calls with the events of training processes."""

    def report(event: Mapping[str, Any]) -> None:
        from kb.training.events import event_lines

        for text in event_lines(event):
            note(text, quiet=quiet)

    return report


def confirm(question: str, again: str) -> None:
    """Ask on stderr and return only after a yes.

    Args:
        question: What is about to be done.
        again: The command that does it without asking.

    Raises:
        KbError: The answer was no.
        ConfigError: Standard input is at its end.
    """
    sys.stderr.write(f"{plain(question)} [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        raise ConfigError("not a terminal: pass --yes to confirm", hint=again)
    if answer.strip().lower() not in ("y", "yes"):
        raise KbError("nothing was changed", hint=again)


def table(headers: list[str], rows: list[list[str]], *, right: frozenset[int] = frozenset()) -> None:
    """Print aligned columns; `right` holds the indices of columns of figures."""
    cells = [headers, *[[line(cell) for cell in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headers))]
    for row in cells:
        padded = [
            cell.rjust(w) if i in right else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        say("  ".join(padded).rstrip())


def page_place(doc: str, page: int, label: str = "", unit: str = "page") -> str:
    """Return how a person names a place: `handbook.pdf, p. 3`, with the printed label where it differs.

    Args:
        page: 0-based.
        label: What is printed on the page, or a section's heading; left out where it says nothing new.
    """
    printed = f" ({line(label)[:60]})" if label and label != str(page + 1) else ""
    return f"{line(doc)}, {'p.' if unit == 'page' else 'section'} {page + 1}{printed}"


@contextmanager
def bar(*columns: str, quiet: bool) -> Iterator[Progress | None]:
    """Show one progress bar on stderr, or none when it is no terminal or not wanted.

    Args:
        columns: Rich column templates after the bar.
        quiet: Show nothing.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    shown = [TextColumn("{task.description}"), BarColumn(bar_width=24), *(TextColumn(c) for c in columns)]
    with Progress(*shown, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as progress:
        yield progress


def step(bar: Progress | None, name: str) -> Callable[[int, int], None]:
    """Return what a workflow calls with how much is done and how much there is."""
    update = stages(bar, name)
    return lambda done, total: update(name, done, total)


def stages(bar: Progress | None, first: str = "") -> Callable[[str, int, int], None]:
    """Return what a workflow calls with its stage, how much of it is done and how much there is."""
    task = bar.add_task(first, total=None) if bar else None

    def update(stage: str, done: int, total: int) -> None:
        if bar and task is not None:
            bar.update(task, description=stage, completed=done, total=total or None)

    return update

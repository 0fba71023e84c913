"""Flags that mean the same in every command, declared once. Imports nothing heavy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.backends import SPELLINGS

Collection = Annotated[str | None, typer.Option("--collection", "-c", help="Collection to use.", metavar="NAME")]
Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress or notes on stderr.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="Any other setting, as kb config show names it.", metavar="KEY=VALUE")
]
On = Annotated[str | None, typer.Option(help="Work on a Ray cluster: ray[:HOST:PORT] (extra: ray).", metavar="ray")]
Store = Annotated[str | None, typer.Option("--store", help="Vector index: lancedb or weaviate.", metavar="NAME")]
TopK = Annotated[int | None, typer.Option("-k", help="Passages to take.", min=1, max=200, metavar="N")]
Model = Annotated[str | None, typer.Option("--model", "-m", help=f"{', '.join(SPELLINGS)}.", metavar="MODEL")]
Pull = Annotated[
    bool,
    typer.Option(
        "--pull",
        help="Fetch the model first where it is missing: smollm2, or ollama:NAME into that Ollama.",
        envvar="KB_PULL",
        show_envvar=True,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")]
MergeBase = Annotated[
    str | None,
    typer.Option("--merge-base", help="Full-precision model of a base that is stored quantised.", metavar="hf:ID|PATH"),
]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="File to write.", metavar="FILE")]
InDoc = Annotated[
    list[str] | None,
    typer.Option("--doc", help="Only this document: file name, id or prefix of the hash.", metavar="DOC"),
]
InPage = Annotated[list[int] | None, typer.Option("--page", help="Only this page, counted from 1.", min=1, metavar="N")]

"""Everything a home holds, to compare two of them: rows but for times, vectors bit for bit, and the originals."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from core.files import Home

_TIMES = {"ingested_at", "created_at"}
_TABLES = ("collections", "documents", "sources", "pages", "chunks", "indexed", "notes")


def everything(home: Home) -> dict[str, Any]:
    """Return the rows of every table in the order of their ids, and the stored files with their bytes."""
    with closing(sqlite3.connect(home.catalogue)) as db:
        db.row_factory = sqlite3.Row
        tables = {
            table: [
                {name: row[name] for name in row.keys() if name not in _TIMES}  # noqa: SIM118 - a Row yields values
                for row in db.execute(f"SELECT * FROM {table} ORDER BY rowid")
            ]
            for table in _TABLES
        }
    files = {str(path.relative_to(home.root)): path.read_bytes() for path in _files(home.originals)}
    return {**tables, "originals": files}


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())

"""Copies the rows of a collection between catalogues: into a file of its own, and back."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from rag.catalogue.writer import Catalogue


def copy_collection(source: Path, target: Path, collection: str) -> None:
    """Write a catalogue that holds the visible documents of one collection; consistent although others write.

    Args:
        source: The catalogue.
        target: A file that does not exist.
        collection: Its name.

    Raises:
        OSError: The target cannot be written.
    """
    with closing(sqlite3.connect(source)) as whole, closing(sqlite3.connect(target)) as copy:
        whole.backup(copy)
        copy.execute("PRAGMA foreign_keys=ON")
        with copy:
            copy.execute("DELETE FROM documents WHERE collection <> ? OR status = 'staging'", (collection,))
            copy.execute("DELETE FROM collections WHERE name <> ?", (collection,))
            copy.execute("DELETE FROM indexed")
            copy.execute("DELETE FROM notes")
        copy.execute("PRAGMA journal_mode=WAL")
        copy.execute("VACUUM")


def merge_documents(catalogue: Catalogue, source: Path, collection: str, hashes: Sequence[str]) -> None:
    """Copy documents of another catalogue into this one, with pages, chunks and sources; all of them or none.

    A source that holds another document here by now holds the copied one afterwards.

    Args:
        catalogue: Open for writing; the caller holds the writer lock.
        source: File of the other catalogue, of the same schema.
        collection: Name of the collection in both.
        hashes: Of the documents; none of them may be in this catalogue.
    """
    with catalogue.attached(source) as (db, other):
        columns = {table: _columns(db, table) for table in ("documents", "pages", "chunks", "sources")}
        for sha256 in hashes:
            query = f"SELECT id FROM {other}.documents WHERE collection=? AND sha256=?"  # noqa: S608
            (old,) = db.execute(query, (collection, sha256)).fetchone()
            db.execute("DELETE FROM documents WHERE collection=? AND sha256=?", (collection, sha256))
            own = columns["documents"]
            copied = f"INSERT INTO documents({own}) SELECT {own} FROM {other}.documents WHERE id=?"  # noqa: S608
            new = db.execute(copied, (old,)).lastrowid
            for table in ("pages", "chunks", "sources"):
                own = columns[table]
                query = f"INSERT OR REPLACE INTO {table}(document, {own}) SELECT ?, {own} FROM {other}.{table}"  # noqa: S608
                db.execute(f"{query} WHERE document=?", (new, old))


def _columns(db: Any, table: str) -> str:
    """Return the columns of a table but the document's row id, quoted, as a list of SQL."""
    names = (row["name"] for row in db.execute(f"PRAGMA main.table_info({table})"))
    return ", ".join(f'"{name}"' for name in names if name not in ("id", "document"))

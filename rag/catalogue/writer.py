"""Writing the catalogue: a document becomes visible whole, in place of the version it replaces, or not at all.

What an interrupted run staged is gone on with, not repeated. This module knows nothing of files, parsers, models
or indexes; it stores what it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.types import Page
from rag.catalogue.database import dump
from rag.catalogue.reader import CatalogueReader, EmbeddedChunk


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """What is known of a document when its first page arrives; fields as in `core.types.Document`."""

    sha256: str
    doc: str
    title: str
    unit: str
    parser: str
    metadata: Mapping[str, str]
    n_pages: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What is known when the last page is in.

    Attributes:
        title: Final title.
        profile: JSON-able description for the document router.
        status: `indexed`, or `no text`.
        n_pages: Pages that were read.
    """

    title: str
    profile: Mapping[str, object]
    status: str
    n_pages: int


class Catalogue(CatalogueReader):
    """The catalogue, open for writing; hold the writer lock while you change it."""

    def set_collection(self, name: str, embedder: Mapping[str, object]) -> None:
        """Create a collection, or change the embedder its vectors are to be made with."""
        with self.transaction():
            self._execute(
                "INSERT INTO collections VALUES(?, ?, ?) ON CONFLICT(name) DO UPDATE SET embedder=excluded.embedder",
                (name, dump(embedder), _now()),
            )

    def add_source(self, collection: str, sha256: str, source: str) -> None:
        """Note that `source` holds this visible document, in the caller's transaction.

        What the source held before goes when nothing else holds it.
        """
        row = self._execute("SELECT id FROM visible WHERE collection=? AND sha256=?", (collection, sha256)).fetchone()
        self._point(collection, source, row["id"])

    def stage(self, collection: str, new: NewDocument, recipe: Mapping[str, object]) -> tuple[int, int]:
        """Begin a document, or go on with one that was interrupted.

        Returns:
            Its row id, and the first page still to be read.
        """
        with self.transaction():
            row = self._execute(
                "SELECT id, status, recipe, parser FROM documents WHERE collection=? AND sha256=?",
                (collection, new.sha256),
            ).fetchone()
            if row and row["status"] == "staging" and (row["recipe"], row["parser"]) == (dump(recipe), new.parser):
                done = self._execute("SELECT max(page) FROM pages WHERE document=?", (row["id"],)).fetchone()[0]
                return row["id"], 0 if done is None else done + 1
            if row:
                self._execute("DELETE FROM documents WHERE id=?", (row["id"],))
            cursor = self._execute(
                "INSERT INTO documents(collection, sha256, doc, title, unit, parser, metadata, profile, n_pages,"
                " size_bytes, status, recipe, ingested_at) VALUES(?,?,?,?,?,?,?,'{}',?,?,'staging',?,?)",
                (
                    collection, new.sha256, new.doc, new.title, new.unit, new.parser, dump(new.metadata),
                    new.n_pages, new.size_bytes, dump(recipe), _now(),
                ),
            )  # fmt: skip
            return int(cursor.lastrowid or 0), 0

    def add_pages(self, document: int, pages: Sequence[Page], chunks: Iterable[EmbeddedChunk]) -> None:
        """Append pages and their chunks to a staged document, in the caller's transaction."""
        self._db.executemany(
            "INSERT INTO pages VALUES(?,?,?,?,?,?,?,?,?)",
            [
                (document, p.index, p.text, p.quality, p.reason, p.label, dump(p.hidden), p.hidden_text, p.parser)
                for p in pages
            ],
        )
        self._add_chunks(document, chunks)

    def finish(self, document: int, source: str, done: Finished) -> None:
        """Make a staged document visible, in the caller's transaction.

        The version that `source` held until now is removed when no other source holds it.
        """
        row = self._execute(
            "UPDATE documents SET status=?, title=?, profile=?, n_pages=?, ingested_at=?"
            " WHERE id=? RETURNING collection",
            (done.status, done.title, dump(done.profile), done.n_pages, _now(), document),
        ).fetchone()
        self._point(row["collection"], source, document)

    def unstage(self, document: int) -> None:
        """Drop a staged document that turned out unreadable, in the caller's transaction."""
        self._execute("DELETE FROM documents WHERE id=? AND status='staging'", (document,))

    def discard_stale(self, collection: str, before: datetime) -> None:
        """Drop what runs begun before `before` left unfinished and nobody went on with."""
        with self.transaction():
            self._execute(
                "DELETE FROM documents WHERE collection=? AND status='staging' AND ingested_at < ?",
                (collection, before.isoformat(timespec="seconds")),
            )

    def forget(self, collection: str, sha256: str) -> None:
        """Remove a document with its pages, chunks and sources."""
        with self.transaction():
            self._execute("DELETE FROM documents WHERE collection=? AND sha256=?", (collection, sha256))

    def forget_source(self, collection: str, source: str) -> bool:
        """Remove one source; True when its document went with it, having no other source."""
        with self.transaction():
            return self._unpoint(collection, source)

    def rewrite_chunks(self, document: int, chunks: Iterable[EmbeddedChunk], recipe: Mapping[str, object]) -> None:
        """Replace a document's chunks, in one transaction."""
        with self.transaction():
            self._execute("DELETE FROM chunks WHERE document=?", (document,))
            self._add_chunks(document, chunks)
            self._execute("UPDATE documents SET recipe=? WHERE id=?", (dump(recipe), document))
            self._execute("DELETE FROM indexed WHERE document=?", (document,))

    def set_profile(self, document: int, profile: Mapping[str, object]) -> None:
        """Replace a document's router profile."""
        with self.transaction():
            self._execute("UPDATE documents SET profile=? WHERE id=?", (dump(profile), document))

    def _add_chunks(self, document: int, chunks: Iterable[EmbeddedChunk]) -> None:
        self._db.executemany(
            "INSERT INTO chunks VALUES(?,?,?,?,?,?)",
            (
                (document, c.chunk.page, c.chunk.start, c.chunk.end, c.chunk.header, c.vector.astype("<f4").tobytes())
                for c in chunks
            ),
        )

    def _point(self, collection: str, source: str, document: int) -> None:
        row = self._execute(
            "SELECT document FROM sources WHERE collection=? AND source=?", (collection, source)
        ).fetchone()
        if row and row["document"] != document:
            self._unpoint(collection, source)
        self._execute("INSERT OR REPLACE INTO sources VALUES(?,?,?)", (collection, source, document))

    def _unpoint(self, collection: str, source: str) -> bool:
        row = self._execute(
            "DELETE FROM sources WHERE collection=? AND source=? RETURNING document", (collection, source)
        ).fetchone()
        if row is None:
            return False
        left = self._execute("SELECT count(*) FROM sources WHERE document=?", (row["document"],)).fetchone()[0]
        if not left:
            self._execute("DELETE FROM documents WHERE id=?", (row["document"],))
        return not left

    def mark_indexed(self, store: str, collection: str, documents: Iterable[int]) -> None:
        """Note that `store` now holds these documents."""
        with self.transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO indexed SELECT ?, ?, id, sha256 FROM documents WHERE id=?",
                [(store, collection, document) for document in documents],
            )

    def mark_dropped(self, store: str, collection: str, documents: Iterable[int] | None = None) -> None:
        """Note that `store` no longer holds these documents; None means any."""
        with self.transaction():
            if documents is None:
                self._execute("DELETE FROM indexed WHERE store=? AND collection=?", (store, collection))
            else:
                self._db.executemany(
                    "DELETE FROM indexed WHERE store=? AND collection=? AND document=?",
                    [(store, collection, document) for document in documents],
                )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

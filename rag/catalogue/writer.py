"""Writing the catalogue: a document becomes visible whole, in place of the version it replaces, or not at all.

What an interrupted run staged is continued, not repeated. A document that loses its last source is retired first and
deleted by `discard_retired`, since a file read later in the same run may hold it (files that swap names).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.blocks import block_to_json
from core.language.detect import detect_language, main_languages
from core.types import Document, Page
from rag.catalogue.database import dump
from rag.catalogue.reader import CatalogueReader, EmbeddedChunk
from rag.ingest.header import document_part, renamed_header
from rag.load.title import in_words
from rag.search.profile import PROFILE_PAGES, build_profile


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
        doc: Name at the source it was read from; empty for the name it was staged under.
    """

    title: str
    profile: Mapping[str, object]
    status: str
    n_pages: int
    doc: str = ""


class Catalogue(CatalogueReader):
    """The catalogue, open for writing; hold the writer lock while you change it."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        super().__init__(path, create=create)
        self._retired: set[int] = set()

    def set_collection(self, name: str, embedder: Mapping[str, object]) -> None:
        """Create a collection, or change the embedder its vectors are to be made with."""
        with self.transaction():
            self._execute(
                "INSERT INTO collections VALUES(?, ?, ?) ON CONFLICT(name) DO UPDATE SET embedder=excluded.embedder",
                (name, dump(embedder), _now()),
            )

    def add_source(self, collection: str, sha256: str, source: str, doc: str) -> None:
        """Note that `source` holds this visible document under the name `doc`, in the caller's transaction.

        What the source held before is retired when no other source holds it.
        """
        row = self._execute("SELECT id FROM visible WHERE collection=? AND sha256=?", (collection, sha256)).fetchone()
        self._point(collection, source, row["id"], doc)

    def drop_source(self, collection: str, source: str) -> None:
        """Remove one of several sources of a document, in the caller's transaction."""
        self._unpoint(collection, source)

    def revive(self, collection: str, sha256: str) -> Document | None:
        """Make a retired document visible again, in the caller's transaction; None where there is none."""
        row = self._execute("SELECT id FROM documents WHERE collection=? AND sha256=?", (collection, sha256)).fetchone()
        if row is None or row["id"] not in self._retired:
            return None
        self._retired.discard(row["id"])
        status = "indexed" if self.chunk_count(row["id"]) else "no text"
        self._execute("UPDATE documents SET status=? WHERE id=?", (status, row["id"]))
        return self.document_by_id(row["id"])

    def discard_retired(self) -> list[str]:
        """Delete what was retired and not revived; returns hashes of the documents."""
        with self.transaction():
            rows = [
                self._execute(
                    "DELETE FROM documents WHERE id=? AND status='staging' AND id NOT IN (SELECT document FROM sources)"
                    " RETURNING sha256",
                    (document,),
                ).fetchone()
                for document in sorted(self._retired)
            ]
        self._retired.clear()
        return [row["sha256"] for row in rows if row]

    def stage(self, collection: str, new: NewDocument, recipe: Mapping[str, object]) -> tuple[int, int]:
        """Begin a document, or resume one that was interrupted.

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
            row = self._execute(
                "INSERT INTO documents(collection, sha256, doc, title, unit, parser, metadata, profile, n_pages,"
                " size_bytes, status, recipe, ingested_at) VALUES(?,?,?,?,?,?,?,'{}',?,?,'staging',?,?) RETURNING id",
                (
                    collection,
                    new.sha256,
                    new.doc,
                    new.title,
                    new.unit,
                    new.parser,
                    dump(new.metadata),
                    new.n_pages,
                    new.size_bytes,
                    dump(recipe),
                    _now(),
                ),
            ).fetchone()
            return int(row["id"]), 0

    def add_pages(self, document: int, pages: Sequence[Page], chunks: Iterable[EmbeddedChunk]) -> None:
        """Append pages and their chunks to a staged document, in the caller's transaction."""
        self._add_pages(document, pages)
        self._add_chunks(document, chunks)

    def finish(self, document: int, source: str, done: Finished) -> None:
        """Make a staged document visible, in the caller's transaction.

        The version that `source` held until now is retired when no other source holds it.
        """
        row = self._execute(
            "UPDATE documents SET status=?, title=?, profile=?, n_pages=?, ingested_at=?"
            " WHERE id=? RETURNING collection, doc",
            (done.status, done.title, dump(done.profile), done.n_pages, _now(), document),
        ).fetchone()
        self._retired.discard(document)
        self._point(row["collection"], source, document, done.doc or row["doc"])

    def unstage(self, document: int) -> None:
        """Drop a staged document that turned out unreadable, in the caller's transaction."""
        self._execute("DELETE FROM documents WHERE id=? AND status='staging'", (document,))

    def discard_stale(self, collection: str, before: datetime) -> list[str]:
        """Delete what runs begun before `before` left unfinished and no run continued; returns hashes."""
        with self.transaction():
            rows = self._execute(
                "DELETE FROM documents WHERE collection=? AND status='staging' AND ingested_at < ? RETURNING sha256",
                (collection, before.isoformat(timespec="seconds")),
            ).fetchall()
        return [row["sha256"] for row in rows]

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

    def rewrite(
        self,
        document: int,
        reading: NewDocument,
        pages: Sequence[Page],
        chunks: Iterable[EmbeddedChunk],
        recipe: Mapping[str, object],
    ) -> None:
        """Replace what was read of a document, in one transaction; its name, sources and date stay."""
        with self.transaction():
            self._execute("DELETE FROM pages WHERE document=?", (document,))
            self._execute("DELETE FROM chunks WHERE document=?", (document,))
            self._add_pages(document, pages)
            self._add_chunks(document, chunks)
            self._execute(
                "UPDATE documents SET title=?, unit=?, parser=?, metadata=?, n_pages=?, status=?, recipe=? WHERE id=?",
                (
                    reading.title,
                    reading.unit,
                    reading.parser,
                    dump(reading.metadata),
                    len(pages),
                    "indexed" if self.chunk_count(document) else "no text",
                    dump(recipe),
                    document,
                ),
            )
            self._execute("DELETE FROM indexed WHERE document=?", (document,))

    def describe(self, document: int) -> None:
        """Build a document's profile for the router anew, from its name, title and first pages, and name its languages.

        Within the caller's transaction where there is one.
        """
        self._name_languages(document)
        known = self.document_by_id(document)
        first = [page.text for page in self.first_pages(document, PROFILE_PAGES)]
        profile = build_profile(known.sha256, known.doc, known.title, known.metadata, first)
        self._execute("UPDATE documents SET profile=? WHERE id=?", (dump(profile.to_json()), document))

    def undescribed(self, collection: str) -> list[int]:
        """Return row ids of visible documents whose languages nobody has looked at, as older versions left them."""
        rows = self._execute("SELECT id FROM visible WHERE collection=? AND languages IS NULL", (collection,))
        return [row["id"] for row in rows.fetchall()]

    def _name_languages(self, document: int) -> None:
        """Look at the pages whose language is unknown, and note the languages of the document."""
        rows = self._execute("SELECT page, text FROM pages WHERE document=? AND language IS NULL", (document,))
        looked_at = [(detect_language(row["text"]), row["page"]) for row in rows.fetchall()]
        self._db.executemany(
            "UPDATE pages SET language=? WHERE document=? AND page=?",
            [(code, document, page) for code, page in looked_at],
        )
        pages = self._execute("SELECT language, length(text) AS n FROM pages WHERE document=?", (document,)).fetchall()
        languages = main_languages((row["language"], row["n"]) for row in pages)
        self._execute("UPDATE documents SET languages=? WHERE id=?", (" ".join(languages), document))
        if any(code not in ("", "en") for code, _ in looked_at):  # indexes hold the stems of a page's language
            self._execute("DELETE FROM indexed WHERE document=?", (document,))

    def _add_pages(self, document: int, pages: Sequence[Page]) -> None:
        self._db.executemany(
            "INSERT INTO pages(document, page, text, quality, reason, label, hidden, hidden_text, parser, blocks,"
            " language) VALUES(?,?,?,?,?,?,?,?,?,?,?)",
            [(document, *_page_row(page)) for page in pages],
        )

    def _add_chunks(self, document: int, chunks: Iterable[EmbeddedChunk]) -> None:
        self._db.executemany(
            'INSERT INTO chunks(document, page, start, "end", header, vector) VALUES(?,?,?,?,?,?)',
            (
                (document, c.chunk.page, c.chunk.start, c.chunk.end, c.chunk.header, c.vector.astype("<f4").tobytes())
                for c in chunks
            ),
        )

    def _point(self, collection: str, source: str, document: int, doc: str) -> None:
        row = self._execute(
            "SELECT document FROM sources WHERE collection=? AND source=?", (collection, source)
        ).fetchone()
        # Deleted and added, so that it becomes the newest of its document's sources.
        self._execute("DELETE FROM sources WHERE collection=? AND source=?", (collection, source))
        self._execute(
            "INSERT INTO sources(collection, source, document, doc) VALUES(?,?,?,?)",
            (collection, source, document, doc),
        )
        self._name(document)
        if row and row["document"] != document:
            if self._source_count(row["document"]):
                self._name(row["document"])
            else:
                self._execute("UPDATE documents SET status='staging' WHERE id=?", (row["document"],))
                self._retired.add(row["document"])

    def _unpoint(self, collection: str, source: str) -> bool:
        row = self._execute(
            "DELETE FROM sources WHERE collection=? AND source=? RETURNING document", (collection, source)
        ).fetchone()
        if row is None:
            return False
        if self._source_count(row["document"]):
            self._name(row["document"])
            return False
        self._execute("DELETE FROM documents WHERE id=?", (row["document"],))
        return True

    def _source_count(self, document: int) -> int:
        return int(self._execute("SELECT count(*) FROM sources WHERE document=?", (document,)).fetchone()[0])

    def _name(self, document: int) -> None:
        """Give a document the name of its newest source, unless one of its sources has the name it bears."""
        current = self._execute("SELECT doc FROM documents WHERE id=?", (document,)).fetchone()["doc"]
        rows = self._execute("SELECT doc FROM sources WHERE document=? ORDER BY rowid DESC", (document,)).fetchall()
        names = [row["doc"] for row in rows]
        if names and current not in names:
            self._rename(document, names[0])

    def _rename(self, document: int, doc: str) -> None:
        """Put another name into all that shows it or is searched by it; vectors follow when they are made anew."""
        known = self.document_by_id(document)
        title = in_words(doc) if known.title == in_words(known.doc) else known.title
        self._execute("UPDATE documents SET doc=?, title=? WHERE id=?", (doc, title, document))
        before = document_part(known.title, known.doc, known.metadata)
        after = document_part(title, doc, known.metadata)
        rows = self._execute("SELECT rowid, header FROM chunks WHERE document=?", (document,)).fetchall()
        self._db.executemany(
            "UPDATE chunks SET header=? WHERE rowid=?",
            [(renamed_header(row["header"], before, after), row["rowid"]) for row in rows],
        )
        self._execute("DELETE FROM indexed WHERE document=?", (document,))
        self.describe(document)

    def mark_indexed(self, store: str, collection: str, documents: Iterable[int]) -> None:
        """Note that `store` now holds these documents."""
        with self.transaction():
            self._db.executemany(
                "INSERT INTO indexed SELECT ?, ?, id, sha256 FROM documents WHERE id=?"
                " ON CONFLICT(store, collection, document) DO UPDATE SET sha256=excluded.sha256",
                [(self._index_of(store), collection, document) for document in documents],
            )

    def mark_dropped(self, store: str, collection: str, documents: Iterable[int] | None = None) -> None:
        """Note that `store` no longer holds these documents; None means any."""
        with self.transaction():
            if documents is None:
                self._execute("DELETE FROM indexed WHERE store=? AND collection=?", (self._index_of(store), collection))
            else:
                self._db.executemany(
                    "DELETE FROM indexed WHERE store=? AND collection=? AND document=?",
                    [(self._index_of(store), collection, document) for document in documents],
                )


def _page_row(page: Page) -> tuple[Any, ...]:
    blocks = json.dumps([block_to_json(block) for block in page.blocks], ensure_ascii=False, separators=(",", ":"))
    return (
        page.index,
        page.text,
        page.quality,
        page.reason,
        page.label,
        dump(page.hidden),
        page.hidden_text,
        page.parser,
        blocks,
        page.language or None,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

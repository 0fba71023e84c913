"""Reading the catalogue: documents, pages, chunks, vectors, and what a person may call them.

The catalogue is the truth and every index is derived from it. A document is written page batch by page batch in
status `staging`; nothing here shows it before it is whole. This module changes nothing.
"""

from __future__ import annotations

import json
import shlex
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.blocks import block_from_json
from core.errors import ConfigError
from core.types import Chunk, Document, Page
from rag.catalogue.database import Database
from rag.catalogue.quality import FILE_NOTES, NO_TEXT_LAYER, Quality


@dataclass(frozen=True, slots=True)
class EmbeddedChunk:
    """A chunk with its vector, (d,) float32, and the code of its page's language, `""` where that is unknown."""

    chunk: Chunk
    vector: NDArray[np.float32]
    language: str = ""


class CatalogueReader(Database):
    """Everything that can be asked of the catalogue."""

    def collections(self) -> dict[str, dict[str, object]]:
        """Return collection names with the embedder identity of their vectors."""
        rows = self._execute("SELECT name, embedder FROM collections ORDER BY name")
        return {row["name"]: json.loads(row["embedder"]) for row in rows}

    def require_collection(self, name: str) -> dict[str, object]:
        """Return a collection's embedder identity.

        Raises:
            ConfigError: There is no such collection; the message names those there are.
        """
        known = self.collections()
        if name not in known:
            there = ", ".join(known) or "none yet"
            flag = "" if name == "default" else f" --collection {name}"
            raise ConfigError(f"no collection {name!r} (there are: {there})", hint=f"kb ingest{flag} PATH")
        return known[name]

    def find(self, collection: str, sha256: str) -> Document | None:
        """Return a visible document by its full hash, or None."""
        row = self._execute("SELECT * FROM visible WHERE collection=? AND sha256=?", (collection, sha256)).fetchone()
        return self._document(row) if row else None

    def documents(self, collection: str) -> list[Document]:
        """Return the visible documents of a collection, by name."""
        rows = self._execute("SELECT * FROM visible WHERE collection=? ORDER BY doc, sha256", (collection,))
        return [self._document(row) for row in rows.fetchall()]

    def sources(self, collection: str) -> dict[str, str]:
        """Return every source of visible documents with its document's hash."""
        rows = self._execute(
            "SELECT s.source, d.sha256 FROM sources s JOIN visible d ON d.id = s.document WHERE s.collection=?",
            (collection,),
        )
        return {row["source"]: row["sha256"] for row in rows}

    def sources_of(self, collection: str, sha256: str) -> dict[str, str]:
        """Return the sources of one visible document with its name at each, the newest first."""
        rows = self._execute(
            "SELECT s.source, s.doc FROM sources s JOIN visible d ON d.id = s.document"
            " WHERE d.collection=? AND d.sha256=? ORDER BY s.rowid DESC",
            (collection, sha256),
        )
        return {row["source"]: row["doc"] for row in rows}

    def resolve(self, collection: str, name: str) -> Document:
        """Return the one document that `name` means: file name, name of a copy, end of a path, hash, or a prefix of it.

        Names compare in Unicode's composed form (NFC), so it does not matter how a file system spells an accent.

        Raises:
            ConfigError: None, or more than one, is meant.
        """
        documents = self.documents(collection)
        matches = (
            [d for d in documents if _nfc(d.doc) == _nfc(name)]
            or self._at_source(collection, documents, "doc", lambda doc: _nfc(doc) == _nfc(name))
            or self._at_source(collection, documents, "source", lambda source: _ends_path(source, name))
            or [d for d in documents if len(name) >= 4 and d.sha256.startswith(name.lower())]
        )
        if len(matches) == 1:
            return matches[0]
        where = "" if collection == "default" else f" --collection {collection}"
        if not matches:
            raise ConfigError(f"no document {name!r} in collection {collection!r}", hint=f"kb list{where}")
        those = ", ".join(f"{d.sha256[:12]} ({d.source})" for d in matches)
        raise ConfigError(f"{name!r} means {len(matches)} documents: {those}", hint=f"kb show {matches[0].sha256[:12]}")

    def _at_source(
        self, collection: str, documents: Sequence[Document], column: str, is_meant: Callable[[str], bool]
    ) -> list[Document]:
        """Return the documents of which a source is meant, by its name or its path."""
        rows = self._execute(
            "SELECT s.source, s.doc, d.sha256 FROM sources s JOIN visible d ON d.id = s.document WHERE s.collection=?",
            (collection,),
        )
        hashes = {row["sha256"] for row in rows if is_meant(row[column])}
        return [document for document in documents if document.sha256 in hashes]

    def page(self, collection: str, sha256: str, index: int) -> Page:
        """Return one page.

        Raises:
            ConfigError: The document has no such page.
        """
        row = self._execute(
            "SELECT p.* FROM pages p JOIN visible d ON d.id = p.document"
            " WHERE d.collection=? AND d.sha256=? AND p.page=?",
            (collection, sha256, index),
        ).fetchone()
        if row is None:
            raise self._no_page(collection, sha256, index)
        return _page(row)

    def page_text(self, collection: str, sha256: str, index: int) -> str:
        """Return the text alone of one page, in a third of the time of `page`.

        Raises:
            ConfigError: The document has no such page.
        """
        row = self._execute(
            "SELECT p.text FROM visible d JOIN pages p ON p.document = d.id AND p.page=?"
            " WHERE d.collection=? AND d.sha256=?",
            (index, collection, sha256),
        ).fetchone()
        if row is None:
            raise self._no_page(collection, sha256, index)
        return str(row["text"])

    def pages(self, collection: str, sha256: str) -> Iterator[Page]:
        """Yield a document's pages in order, staged documents included."""
        rows = self._execute(
            "SELECT p.* FROM pages p JOIN documents d ON d.id = p.document"
            " WHERE d.collection=? AND d.sha256=? ORDER BY p.page",
            (collection, sha256),
        )
        return (_page(row) for row in rows)

    def first_pages(self, document: int, n: int) -> list[Page]:
        """Return the first pages of a document by row id, staged ones included."""
        rows = self._execute("SELECT * FROM pages WHERE document=? ORDER BY page LIMIT ?", (document, n))
        return [_page(row) for row in rows]

    def pages_before(self, document: int, index: int, n: int) -> list[Page]:
        """Return the last `n` pages before a page of a document by row id, in order, staged ones included."""
        rows = self._execute(
            "SELECT * FROM pages WHERE document=? AND page<? ORDER BY page DESC LIMIT ?", (document, index, n)
        ).fetchall()
        return [_page(row) for row in reversed(rows)]

    def quality_of(self, document: int) -> Quality:
        """Return what a document's pages add up to, staged ones included."""
        rows = self._execute(
            "SELECT page, quality, reason, hidden FROM pages WHERE document=? ORDER BY page", (document,)
        ).fetchall()
        return Quality(
            pages=len(rows),
            chunks=self.chunk_count(document),
            empty=tuple(row["page"] for row in rows if row["reason"] == NO_TEXT_LAYER),
            failed=tuple((row["page"], row["reason"]) for row in rows if row["quality"] == "failed"),
            hidden=sum(sum(json.loads(row["hidden"]).values()) for row in rows),
            note=next((row["reason"] for row in rows if row["reason"].startswith(FILE_NOTES)), ""),
        )

    def chunks(self, collection: str, ids: Iterable[str]) -> dict[str, Chunk]:
        """Return the visible chunks among `ids`; an id an index still holds and we no longer do is absent."""
        chunks: dict[str, Chunk] = {}
        for chunk_id in ids:
            sha256, page, start, end = chunk_id.split(":")
            row = self._execute(
                'SELECT c.header, substr(p.text, c.start + 1, c."end" - c.start) AS text FROM visible d'
                " JOIN chunks c ON c.document = d.id JOIN pages p ON p.document = d.id AND p.page = c.page"
                ' WHERE d.collection=? AND d.sha256=? AND c.page=? AND c.start=? AND c."end"=?',
                (collection, sha256, int(page), int(start), int(end)),
            ).fetchone()
            if row:
                chunks[chunk_id] = Chunk(
                    sha256=sha256,
                    page=int(page),
                    start=int(start),
                    end=int(end),
                    text=row["text"],
                    header=row["header"],
                )
        return chunks

    def vectors(self, collection: str, ids: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Return the vectors, (d,) float32, of the visible chunks among `ids`."""
        vectors: dict[str, NDArray[np.float32]] = {}
        for chunk_id in ids:
            sha256, page, start, end = chunk_id.split(":")
            row = self._execute(
                "SELECT c.vector FROM visible d JOIN chunks c ON c.document = d.id"
                ' WHERE d.collection=? AND d.sha256=? AND c.page=? AND c.start=? AND c."end"=?',
                (collection, sha256, int(page), int(start), int(end)),
            ).fetchone()
            if row:
                vectors[chunk_id] = np.frombuffer(row["vector"], dtype="<f4")
        return vectors

    def chunks_of(self, collection: str, sha256: str) -> Iterator[Chunk]:
        """Yield a visible document's chunks in order of page and start."""
        rows = self._execute(
            'SELECT c.page, c.start, c."end", c.header, substr(p.text, c.start + 1, c."end" - c.start) AS text'
            " FROM visible d JOIN chunks c ON c.document = d.id JOIN pages p ON p.document = d.id AND p.page = c.page"
            ' WHERE d.collection=? AND d.sha256=? ORDER BY c.page, c.start, c."end"',
            (collection, sha256),
        )
        for row in rows:
            yield Chunk(
                sha256=sha256,
                page=row["page"],
                start=row["start"],
                end=row["end"],
                text=row["text"],
                header=row["header"],
            )

    def embedded_chunks(self, document: int) -> Iterator[EmbeddedChunk]:
        """Yield a document's chunks with their vectors, in page order."""
        sha256 = self._execute("SELECT sha256 FROM documents WHERE id=?", (document,)).fetchone()["sha256"]
        rows = self._execute(
            'SELECT c.page, c.start, c."end", c.header, c.vector, p.language,'
            ' substr(p.text, c.start + 1, c."end" - c.start) AS text'
            " FROM chunks c JOIN pages p ON p.document = c.document AND p.page = c.page"
            ' WHERE c.document=? ORDER BY c.page, c.start, c."end"',
            (document,),
        )
        for row in rows:
            chunk = Chunk(
                sha256=sha256,
                page=row["page"],
                start=row["start"],
                end=row["end"],
                text=row["text"],
                header=row["header"],
            )
            yield EmbeddedChunk(chunk, np.frombuffer(row["vector"], dtype="<f4"), row["language"] or "")

    def profiles(self, collection: str) -> dict[str, dict[str, object]]:
        """Return the router profile of every visible document, by hash."""
        rows = self._execute("SELECT sha256, profile FROM visible WHERE collection=? ORDER BY id", (collection,))
        return {row["sha256"]: json.loads(row["profile"]) for row in rows}

    def recipes(self, collection: str) -> dict[int, dict[str, object]]:
        """Return row id and recipe of every visible document."""
        rows = self._execute("SELECT id, recipe FROM visible WHERE collection=? ORDER BY id", (collection,))
        return {row["id"]: json.loads(row["recipe"]) for row in rows}

    def languages(self, collection: str) -> tuple[str, ...]:
        """Return the codes of all languages that pages of visible documents are written in, in order."""
        rows = self._execute("SELECT DISTINCT languages FROM visible WHERE collection=?", (collection,))
        return tuple(sorted({code for row in rows for code in (row["languages"] or "").split()}))

    def document_by_id(self, document: int) -> Document:
        """Return a document by row id."""
        return self._document(self._execute("SELECT * FROM documents WHERE id=?", (document,)).fetchone())

    def chunk_count(self, document: int) -> int:
        """Return how many chunks a document has."""
        return int(self._execute("SELECT count(*) FROM chunks WHERE document=?", (document,)).fetchone()[0])

    def counts(self, collection: str) -> dict[str, int]:
        """Return how many visible documents, pages and chunks a collection holds."""
        row = self._execute(
            "SELECT (SELECT count(*) FROM visible WHERE collection=?) AS documents,"
            " (SELECT count(*) FROM pages JOIN visible ON id=document WHERE collection=?) AS pages,"
            " (SELECT count(*) FROM chunks JOIN visible ON id=document WHERE collection=?) AS chunks",
            (collection,) * 3,
        ).fetchone()
        return dict(row)

    def page_problems(self, collection: str, sha256: str) -> list[tuple[int, str, str]]:
        """Return page index, quality and reason of every page that is not good."""
        rows = self._execute(
            "SELECT p.page, p.quality, p.reason FROM pages p JOIN documents d ON d.id = p.document"
            " WHERE d.collection=? AND d.sha256=? AND p.quality <> 'good' ORDER BY p.page",
            (collection, sha256),
        )
        return [(row["page"], row["quality"], row["reason"]) for row in rows]

    def hidden_counts(self, collection: str, sha256: str) -> dict[int, dict[str, int]]:
        """Return what was removed as hidden, per page and kind, in code points."""
        rows = self._execute(
            "SELECT p.page, p.hidden FROM pages p JOIN documents d ON d.id = p.document"
            " WHERE d.collection=? AND d.sha256=? AND p.hidden <> '{}' ORDER BY p.page",
            (collection, sha256),
        )
        return {row["page"]: json.loads(row["hidden"]) for row in rows}

    def integrity(self) -> str:
        """Return what SQLite finds wrong with the file, or an empty string; a server keeps its own files."""
        if not isinstance(self._db, sqlite3.Connection):
            return ""
        faults = "; ".join(row[0] for row in self._execute("PRAGMA quick_check(5)"))
        return "" if faults == "ok" else faults

    def to_index(self, store: str, collection: str) -> list[int]:
        """Return ids of visible documents that `store` lacks."""
        rows = self._execute(
            "SELECT id FROM visible WHERE collection=? AND id NOT IN"
            " (SELECT document FROM indexed WHERE store=? AND collection=?) ORDER BY id",
            (collection, self._index_of(store), collection),
        )
        return [row["id"] for row in rows.fetchall()]

    def to_drop(self, store: str, collection: str) -> list[tuple[int, str]]:
        """Return id and hash of documents that `store` holds and the catalogue no longer does."""
        rows = self._execute(
            "SELECT document, sha256 FROM indexed WHERE store=? AND collection=? AND document NOT IN"
            " (SELECT id FROM visible)",
            (self._index_of(store), collection),
        )
        return [(row["document"], row["sha256"]) for row in rows.fetchall()]

    def _no_page(self, collection: str, sha256: str, index: int) -> ConfigError:
        known = self.find(collection, sha256)
        if known is None:
            return ConfigError(f"no document {sha256[:12]} in collection {collection!r}", hint="kb list")
        pages = f"{known.n_pages} {known.unit}{'' if known.n_pages == 1 else 's'}"
        message = f"{known.doc} has {pages}, no page {index + 1}"
        return ConfigError(message, hint=f"kb show {shlex.quote(known.doc)} --page {known.n_pages}")

    def _document(self, row: Any) -> Document:
        source = self._execute(
            "SELECT min(source) FROM sources WHERE collection=? AND document=?", (row["collection"], row["id"])
        ).fetchone()[0]
        return Document(
            sha256=row["sha256"],
            doc=row["doc"],
            collection=row["collection"],
            source=source or "",
            title=row["title"],
            unit=row["unit"],
            metadata=json.loads(row["metadata"]),
            n_pages=row["n_pages"],
            status=row["status"],
            size_bytes=row["size_bytes"],
            ingested_at=row["ingested_at"],
            languages=tuple((row["languages"] or "").split()),
        )


def _page(row: Any) -> Page:
    return Page(
        index=row["page"],
        text=row["text"],
        quality=row["quality"],
        reason=row["reason"],
        label=row["label"],
        hidden=json.loads(row["hidden"]),
        hidden_text=row["hidden_text"],
        parser=row["parser"],
        blocks=tuple(map(block_from_json, json.loads(row["blocks"]))),
        language=row["language"] or "",
    )


def _ends_path(source: str, name: str) -> bool:
    """Whether a path, or the end of one from a folder on, is where a document comes from ("sub/notes.txt")."""
    tail = _nfc(name).removeprefix("./")
    return "/" in tail and f"/{_nfc(source)}".endswith(tail if tail.startswith("/") else f"/{tail}")


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)

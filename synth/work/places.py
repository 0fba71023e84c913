"""Documents, pages and chunks of a run in one SQLite file on disk, so that memory does not grow with the collection.

The file holds nothing that cannot be made again and is deleted when the dataset is written.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from core.blocks import Block, block_from_json, block_to_json
from core.types import Chunk, Citation, Document, Page, Split
from synth.work.candidate import SourcePassage, order_key

_SCHEMA = """
CREATE TABLE documents(sha256 TEXT PRIMARY KEY, doc TEXT, title TEXT, about TEXT, part TEXT DEFAULT '',
  split TEXT DEFAULT 'train');
CREATE TABLE pages(sha256 TEXT, page INTEGER, text TEXT, tables TEXT, PRIMARY KEY(sha256, page)) WITHOUT ROWID;
CREATE TABLE chunks(id TEXT PRIMARY KEY, sha256 TEXT, page INTEGER, start INTEGER, "end" INTEGER, header TEXT,
  place INTEGER, shared INTEGER DEFAULT 0);
CREATE INDEX chunks_by_page ON chunks(sha256, page);
CREATE INDEX chunks_by_place ON chunks(place);
"""
_CACHE_KIB = 16 << 10
_PAGES_HELD = 128
_OPENING_CHARS = 3000
_METADATA = ("author", "subject", "keywords")
# A quote this far from both ends of a chunk stands well in it.
_AMPLE_CHARS = 200


class Places:
    """The collection of one run; use it from one thread.

    Args:
        path: The file; an old one is replaced.
        seed: Shuffles the order in which chunks are taken.
    """

    def __init__(self, path: Path, seed: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self.seed = seed
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_CACHE_KIB}", "temp_store=FILE"):
            self.db.execute(f"PRAGMA {pragma}")
        self.db.create_function("place_of", 1, lambda text: order_key(seed, str(text)), deterministic=True)
        self.db.executescript(_SCHEMA)
        self.page_text = lru_cache(maxsize=_PAGES_HELD)(self._page_text)
        self.opening = lru_cache(maxsize=_PAGES_HELD)(self._opening)

    def close(self) -> None:
        """Close and delete the file."""
        self.db.close()
        self.path.unlink(missing_ok=True)

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """Run the block in one transaction, the caller's where there is one."""
        if self.db.in_transaction:
            yield
            return
        self.db.execute("BEGIN")
        try:
            yield
        finally:
            self.db.execute("COMMIT")

    def add_document(self, document: Document, pages: Iterable[Page], chunks: Iterable[Chunk]) -> None:
        """Add a document."""
        sha256 = document.sha256
        with self.bulk():
            about = "\n".join(document.metadata[name] for name in _METADATA if name in document.metadata)
            self.db.execute(
                "INSERT INTO documents(sha256, doc, title, about) VALUES(?,?,?,?)",
                (sha256, document.doc, document.title, about),
            )
            self.db.executemany(
                "INSERT INTO pages VALUES(?,?,?,?)",
                ((sha256, page.index, page.text, _tables_json(page)) for page in pages),
            )
            self.db.executemany(
                "INSERT INTO chunks VALUES(?,?,?,?,?,?,place_of(?),0)",
                ((chunk.id, sha256, chunk.page, chunk.start, chunk.end, chunk.header, chunk.id) for chunk in chunks),
            )

    def pages(self, sha256: str) -> Iterator[Page]:
        """Yield a document's pages in order."""
        rows = self.db.execute("SELECT page, text FROM pages WHERE sha256=? ORDER BY page", (sha256,))
        return (Page(index=index, text=text) for index, text in rows)

    def tables(self, sha256: str, page: int) -> list[Block]:
        """Return the tables of a page."""
        row = self.db.execute("SELECT tables FROM pages WHERE sha256=? AND page=?", (sha256, page)).fetchone()
        return [block_from_json(block) for block in json.loads(row[0])] if row and row[0] else []

    def _page_text(self, sha256: str, page: int) -> str:
        row = self.db.execute("SELECT text FROM pages WHERE sha256=? AND page=?", (sha256, page)).fetchone()
        return str(row[0]) if row else ""

    def _opening(self, sha256: str) -> str:
        (about,) = self.db.execute("SELECT about FROM documents WHERE sha256=?", (sha256,)).fetchone()
        rows = self.db.execute("SELECT text FROM pages WHERE sha256=? ORDER BY page LIMIT 2", (sha256,))
        return "\n".join([about, *(row[0] for row in rows)])[:_OPENING_CHARS]

    def count(self, table: str, where: str = "1") -> int:
        """Return the number of rows of a table."""
        return int(self.db.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0])  # noqa: S608

    def source_of(self, citation: Citation) -> SourcePassage | None:
        """Return the passage of a quote: the chunk in which it is most central, extended to contain it whole.

        None where no chunk of the page touches the quote.
        """
        chunks = self.db.execute(
            'SELECT start, "end", id, header FROM chunks WHERE sha256=? AND page=? AND start<? AND "end">?'
            " ORDER BY start",
            (citation.sha256, citation.page, citation.end, citation.start),
        ).fetchall()
        if not chunks:
            return None
        start, end, chunk, header = max(
            chunks, key=lambda row: min(citation.start - row[0], row[1] - citation.end, _AMPLE_CHARS)
        )
        span = min(start, citation.start), max(end, citation.end)
        return self.stretch(citation.sha256, citation.page, *span, chunk=chunk, header=header)

    def chunk(self, chunk: str) -> SourcePassage:
        """Return a chunk as a passage."""
        sha256, page, start, end, header = self.db.execute(
            'SELECT sha256, page, start, "end", header FROM chunks WHERE id=?', (chunk,)
        ).fetchone()
        return self.stretch(sha256, page, start, end, chunk=chunk, header=header)

    def stretch(self, sha256: str, page: int, start: int, end: int, *, chunk: str, header: str = "") -> SourcePassage:
        """Return a span of a page as a passage."""
        doc, title = self.db.execute("SELECT doc, title FROM documents WHERE sha256=?", (sha256,)).fetchone()
        return SourcePassage(
            chunk=chunk,
            doc=doc,
            sha256=sha256,
            page=page,
            start=start,
            end=end,
            text=self.page_text(sha256, page)[start:end],
            title=title,
            header=header,
            opening=self.opening(sha256),
        )

    def chunks_in_order(self) -> Iterator[SourcePassage]:
        """Yield the chunks that no two parts share, in the shuffled order of the seed."""
        place = -1
        while row := self.db.execute(
            "SELECT id, place FROM chunks WHERE place>? AND shared=0 ORDER BY place LIMIT 1", (place,)
        ).fetchone():
            place = row[1]
            yield self.chunk(row[0])

    def other_chunk(self, source: SourcePassage) -> SourcePassage | None:
        """Return the next chunk on another page in the shuffled order, None where there is none."""
        (place,) = self.db.execute("SELECT place FROM chunks WHERE id=?", (source.chunk,)).fetchone()
        for condition in ("place>?", "place<?"):
            row = self.db.execute(
                f"SELECT id FROM chunks WHERE {condition} AND NOT (sha256=? AND page=?) ORDER BY place LIMIT 1",  # noqa: S608
                (place, source.sha256, source.page),
            ).fetchone()
            if row:
                return self.chunk(row[0])
        return None

    def part_of(self, sha256: str) -> tuple[str, Split]:
        """Return part and split of a document; `""` and `train` in knowledge mode."""
        row = self.db.execute("SELECT part, split FROM documents WHERE sha256=?", (sha256,)).fetchone()
        return (row[0], row[1]) if row else ("", "train")


def _tables_json(page: Page) -> str:
    """Return the tables of a page as JSON, `""` where it has none."""
    tables = [block_to_json(block) for block in page.blocks if block.kind == "table"]
    return json.dumps(tables) if tables else ""

"""The embedded index: one LanceDB table per collection.

It is derived data under `KB_HOME/index`. Writers hold the writer lock (LanceDB lets two writers double rows without a
word); readers see the newest version at every query.
"""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import Callable, Collection, Coroutine, Sequence
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.errors import BackendError
from core.machine.disk import disk_fault
from rag.catalogue.reader import EmbeddedChunk
from rag.store.base import word_text
from rag.store.lance_resident import MARK, MOST_BYTES, Resident, read, version_of
from rag.store.lancedb_light import LOOP, lancedb

T = TypeVar("T")

# Below this an exact scan is as fast and needs no training.
ANN_FROM_ROWS = 10_000
# Bits a dimension: of the 100 nearest among 40,000, one bit finds 0.84 and eight 0.99 before anything is re-scored.
CODE_BITS = 8
# Candidates re-scored with full vectors at least: their cosines are then exact.
REFINED = 100
N_PROBES = 20
_NEVER = timedelta(days=36_500)


class LanceStore:
    """LanceDB table of one collection.

    Args:
        root: Folder of all tables.
        collection: Names the table.
        dimension: Length of the vectors.
        tag: Read this version of the table instead of the newest; nothing can be written then.
    """

    name = "lancedb"

    def __init__(self, root: Path, collection: str, dimension: int, *, tag: str = "") -> None:
        self._tag = tag
        self._root = root
        self._table_name = collection
        self._dimension = dimension
        self._table: Any = None
        self._reader: Any = None
        self._resident: Resident | None = None
        self._searches = 0
        root.mkdir(parents=True, exist_ok=True)
        self._db = lancedb.connect(str(root), read_consistency_interval=timedelta(0))

    def _open(self) -> Any:
        if self._table is None and (self._root / f"{self._table_name}.lance").exists():
            self._table = self._db.open_table(self._table_name)
            if self._tag:
                self._table.checkout(self._tag)
        return self._table

    def has_tag(self) -> bool:
        """Tell whether the version that this store reads is still there."""
        if not (self._root / f"{self._table_name}.lance").exists():
            return False
        return self._tag in self._db.open_table(self._table_name).tags.list()

    def tag(self, name: str) -> int:
        """Keep the table as it is now under a name and return its version; 0 where there is no table."""
        table = self._open()
        if table is None:
            return 0
        try:
            tags = table.tags
            (tags.update if name in tags.list() else tags.create)(name, table.version)
            return int(table.version)
        except (OSError, RuntimeError, ValueError) as error:
            raise self._fault(error) from error

    def untag(self, names: Collection[str]) -> None:
        """Let go of versions; absent ones are no fault. The next `optimize` gives back their space."""
        table = self._open()
        if table is None:
            return
        try:
            for name in set(names) & set(table.tags.list()):
                table.tags.delete(name)
        except (OSError, RuntimeError, ValueError) as error:
            raise self._fault(error) from error

    def _open_reader(self) -> Any:
        """Return the table as its asynchronous self, whose queries take three quarters of the time."""
        if self._reader is None and self._open() is not None:
            self._reader = LOOP.run(_async_table(self._root, self._table_name, self._tag))
        return self._reader

    def _fault(self, error: Exception) -> BackendError:
        # What Lance says ends in the Rust source line that said it.
        message = str(error).partition(", /")[0].partition("\n")[0]
        return disk_fault(self._root, error) or BackendError(f"index {self._root}: {message}", hint="kb reindex")

    def _schema(self) -> pa.Schema:
        return pa.schema(
            [
                pa.field("id", pa.string(), nullable=False),
                pa.field("sha256", pa.string(), nullable=False),
                pa.field("page", pa.int32(), nullable=False),
                pa.field("text", pa.string(), nullable=False),
                pa.field("vector", pa.list_(pa.float32(), self._dimension), nullable=False),
            ]
        )

    def add(self, rows: Sequence[EmbeddedChunk]) -> None:
        """Add chunks; see `Store.add`."""
        if not rows:
            return
        vectors = np.stack([row.vector for row in rows]).astype(np.float32, copy=False)
        batch = pa.table(
            [
                pa.array([row.chunk.id for row in rows]),
                pa.array([row.chunk.sha256 for row in rows]),
                pa.array([row.chunk.page for row in rows], pa.int32()),
                pa.array([word_text(row.chunk, row.language) for row in rows]),
                pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), self._dimension),
            ],
            schema=self._schema(),
        )
        try:
            table = self._open()
            if table is None:
                mark = {MARK.decode(): uuid.uuid4().hex}
                self._table = self._db.create_table(self._table_name, batch.replace_schema_metadata(mark))
            else:
                table.add(batch)
        except (OSError, RuntimeError, ValueError) as error:
            raise self._fault(error) from error

    def drop(self, sha256s: Collection[str]) -> None:
        """Remove documents; see `Store.drop`."""
        try:
            table = self._open()
            if table is not None and sha256s:
                table.delete(_condition(sha256s, None))
        except (OSError, RuntimeError, ValueError) as error:
            raise self._fault(error) from error

    def dense(
        self,
        vector: NDArray[np.float32],
        k: int,
        *,
        docs: Collection[str] | None = None,
        pages: Collection[int] | None = None,
    ) -> list[tuple[str, float]]:
        """Return ids with cosine similarity; see `Store.dense`."""
        return [] if self._open_reader() is None else self._run(self._dense(vector, k, docs, pages))

    def bm25(
        self, text: str, k: int, *, docs: Collection[str] | None = None, pages: Collection[int] | None = None
    ) -> list[tuple[str, float]]:
        """Return ids with BM25 scores; see `Store.bm25`."""
        return [] if self._open_reader() is None else self._run(self._bm25(text, k, docs, pages))

    def lists(
        self,
        text: str,
        embed: Callable[[], NDArray[np.float32]],
        places: Sequence[tuple[int, Collection[str] | None]],
        *,
        pages: Collection[int] | None = None,
    ) -> tuple[list[list[tuple[str, float]]], list[list[tuple[str, float]]]]:
        """Return the lists of both kinds in every place; see `Store.lists`."""
        if self._open_reader() is None:
            return [[] for _ in places], [[] for _ in places]
        current = asyncio.run_coroutine_threadsafe(self._current(), LOOP.loop)
        words = asyncio.run_coroutine_threadsafe(self._words(text, places, pages, current), LOOP.loop)
        try:
            vector, resident = embed(), self._result(current)
            if resident is None:
                near = self._run(self._near(vector, places, pages))
            else:
                cosines = resident.cosines(vector)
                near = [resident.nearest(cosines, k, docs, pages) for k, docs in places]
            return near, self._result(words)
        finally:
            words.cancel()

    async def _words(
        self,
        text: str,
        places: Sequence[tuple[int, Collection[str] | None]],
        pages: Collection[int] | None,
        current: Future[Resident | None],
    ) -> list[list[tuple[str, float]]]:
        resident = await asyncio.wrap_future(current)
        return await asyncio.gather(*(self._bm25(text, k, docs, pages, resident) for k, docs in places))

    async def _near(
        self,
        vector: NDArray[np.float32],
        places: Sequence[tuple[int, Collection[str] | None]],
        pages: Collection[int] | None,
    ) -> list[list[tuple[str, float]]]:
        return await asyncio.gather(*(self._dense(vector, k, docs, pages) for k, docs in places))

    async def _current(self) -> Resident | None:
        """Return the table in memory, unless it is too large, or large and there may be no second search."""
        self._searches += 1
        rows = await self._reader.count_rows()
        if rows * 4 * self._dimension > MOST_BYTES or (self._searches == 1 and rows >= ANN_FROM_ROWS):
            return None
        version = await version_of(self._reader)
        if self._resident is None or self._resident.version != version:
            self._resident = await read(self._reader, version, self._dimension)
            # Else the first query with a word reads that word's list from disk.
            for index in await self._reader.list_indices():
                if index.columns == ["text"]:
                    await self._reader.prewarm_index(index.name)
        return self._resident

    def _run(self, reading: Coroutine[Any, Any, T]) -> T:
        return self._result(asyncio.run_coroutine_threadsafe(reading, LOOP.loop))

    def _result(self, future: Future[T]) -> T:
        try:
            return future.result()
        except (OSError, RuntimeError) as error:
            raise self._fault(error) from error
        finally:
            future.cancel()  # where this thread was interrupted; what is done stays so

    async def _dense(
        self, vector: NDArray[np.float32], k: int, docs: Collection[str] | None, pages: Collection[int] | None
    ) -> list[tuple[str, float]]:
        query = self._reader.query().nearest_to(vector).column("vector").distance_type("cosine")
        query = query.nprobes(N_PROBES).refine_factor(max(1, REFINED // k))
        rows = await self._best(query, k, _condition(docs, pages), "_distance")
        return [(chunk_id, 1.0 - distance) for chunk_id, distance in rows]

    async def _bm25(
        self,
        text: str,
        k: int,
        docs: Collection[str] | None,
        pages: Collection[int] | None,
        resident: Resident | None = None,
    ) -> list[tuple[str, float]]:
        # A query of punctuation alone has no terms, and the parser takes that for a fault.
        if not any(char.isalnum() for char in text):
            return []
        query = self._reader.query().nearest_to_text(lancedb.query.MatchQuery(text, "text"))
        return await self._best(query, k, _condition(docs, pages), "_score", resident)

    async def _best(
        self, query: Any, k: int, condition: str, score: str, resident: Resident | None = None
    ) -> list[tuple[str, float]]:
        if condition:
            query = query.where(condition)  # before the search, not after it
        query = query.limit(k)
        if resident is None:
            table = await query.select(["id", score]).to_arrow()
            return list(zip(table["id"].to_pylist(), table[score].to_pylist(), strict=True))
        # Reading the ids of 100 rows from disk costs as much as finding the rows.
        table = await query.with_row_id().select([score]).to_arrow()
        scored = zip(table["_rowid"].to_pylist(), table[score].to_pylist(), strict=True)
        # A row that is not there is a moment old: the next search reads the new version.
        return [(resident.ids[row], value) for row, value in scored if row in resident.ids]

    def count(self) -> int:
        """Return the number of chunks."""
        table = self._open()
        return 0 if table is None else int(table.count_rows())

    def optimize(self) -> None:
        """Create or refresh the search structures, compact, and drop old versions."""
        table = self._open()
        if table is None:
            return
        try:
            present = {index.columns[0] for index in table.list_indices()}
            if "text" not in present:
                table.create_index("text", config=lancedb.index.FTS(language="English", stem=True, ascii_folding=True))
            if "sha256" not in present:
                table.create_index("sha256", config=lancedb.index.Bitmap())
            if "vector" not in present and table.count_rows() >= ANN_FROM_ROWS:
                table.create_index("vector", config=lancedb.index.IvfRq(distance_type="cosine", num_bits=CODE_BITS))
            # A clean-up that meets a tagged version fails whole.
            table.optimize(cleanup_older_than=_NEVER if table.tags.list() else timedelta(minutes=10))
        except (OSError, RuntimeError) as error:
            raise self._fault(error) from error

    def clear(self) -> None:
        """Remove the table; what LanceDB itself cannot read is removed as files."""
        self._table = self._reader = self._resident = None
        shutil.rmtree(self._root / f"{self._table_name}.lance", ignore_errors=True)


async def _async_table(root: Path, name: str, tag: str) -> Any:
    connection = await lancedb.connect_async(str(root), read_consistency_interval=timedelta(0))
    table = await connection.open_table(name)
    if tag:
        await table.checkout(tag)
    return table


def _condition(docs: Collection[str] | None, pages: Collection[int] | None) -> str:
    parts = []
    if docs is not None:
        parts.append("sha256 IN ({})".format(", ".join(f"'{sha}'" for sha in sorted(docs)) or "''"))
    if pages is not None:
        parts.append("page IN ({})".format(", ".join(str(int(page)) for page in sorted(pages)) or "-1"))
    return " AND ".join(parts)

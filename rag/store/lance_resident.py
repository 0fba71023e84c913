"""A collection's vectors held in memory: exact nearest neighbours in half the time of an approximate index on disk.

Up to some hundred thousand vectors one pass over all of them is faster than a query plan, and finds every neighbour. A
snapshot belongs to one version of a table and is thrown away with it.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A table made anew under an old name starts again at version 1; its mark, in the schema's metadata, tells them apart.
MARK = b"kb.table"
# Of vectors: 130,000 of 384 dimensions, at which the pass takes as long as the index.
MOST_BYTES = 200_000_000
# The pass is bound by memory, which few threads exhaust.
_THREADS = min(4, os.cpu_count() or 1)

Version = tuple[bytes, int]


async def version_of(table: Any) -> Version:
    """Return what changes whenever an `AsyncTable`'s rows do."""
    return ((await table.schema()).metadata or {}).get(MARK, b""), await table.version()


class Resident:
    """One version of a table.

    Args:
        version: Of the table that was read.
        rows: Columns `id`, `sha256`, `page`, `vector` and `_rowid`.
        dimension: Length of the vectors.

    Attributes:
        ids: Chunk id by row id.
    """

    def __init__(self, version: Version, rows: Any, dimension: int) -> None:
        self.version = version
        self._chunks: list[str] = rows["id"].to_pylist()
        self.ids: dict[int, str] = dict(zip(rows["_rowid"].to_pylist(), self._chunks, strict=True))
        self._pages = rows["page"].to_numpy()
        names, self._docs = np.unique(np.asarray(rows["sha256"].to_pylist(), dtype=str), return_inverse=True)
        self._codes = {str(name): code for code, name in enumerate(names)}
        vectors = rows["vector"].combine_chunks().flatten().to_numpy().reshape(-1, dimension)
        units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        self._parts = np.array_split(units, _THREADS)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="cosines")

    def cosines(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the cosine of every row with `vector`, float32, `(rows,)`."""
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        # Not `@`: the threads of a matrix product spin on for 25 ms, in the way of the words' index.
        return np.concatenate(list(self._pool.map(lambda part: np.vecdot(part, unit), self._parts)))

    def nearest(
        self, cosines: NDArray[np.float32], k: int, docs: Collection[str] | None, pages: Collection[int] | None
    ) -> list[tuple[str, float]]:
        """Return the `k` best chunks among the documents and pages, best first; see `Store.dense`."""
        rows = np.arange(len(cosines))
        if docs is not None:
            rows = rows[np.isin(self._docs, [self._codes[sha256] for sha256 in docs if sha256 in self._codes])]
        if pages is not None:
            rows = rows[np.isin(self._pages[rows], list(pages))]
        scores = cosines[rows]
        if len(rows) > k:
            best = np.argpartition(-scores, k)[:k]
            rows, scores = rows[best], scores[best]
        order = np.argsort(-scores, kind="stable")
        return [(self._chunks[rows[index]], float(scores[index])) for index in order]


async def read(table: Any, version: Version, dimension: int) -> Resident:
    """Read a whole table."""
    columns = await table.query().select(["id", "sha256", "page", "vector"]).with_row_id().to_arrow()
    return Resident(version, columns, dimension)

"""The embedded index: one LanceDB table per collection.

It is derived data under `KB_HOME/index`. Writers hold the writer lock (LanceDB lets two writers double rows
without a word); readers see the newest version at every query. Knows nothing of documents beyond their hash.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kb.errors import BackendError
from rag.catalogue.reader import EmbeddedChunk
from rag.disk import disk_fault
from rag.lancedb_light import lancedb
from rag.store import indexed_text

# Below this an exact scan is as fast and needs no training.
ANN_FROM_ROWS = 10_000
# Bits a dimension: of the 100 nearest among 40,000, one bit finds 0.84 and eight 0.99 before anything is re-scored.
CODE_BITS = 8
# Candidates re-scored with full vectors at least: their cosines are then exact.
REFINED = 100
N_PROBES = 20


class LanceStore:
    """LanceDB table of one collection.

    Args:
        root: Folder of all tables.
        collection: Names the table.
        dimension: Length of the vectors.
    """

    name = "lancedb"

    def __init__(self, root: Path, collection: str, dimension: int) -> None:
        self._root = root
        self._table_name = collection
        self._dimension = dimension
        self._table: Any = None
        root.mkdir(parents=True, exist_ok=True)
        self._db = lancedb.connect(str(root), read_consistency_interval=timedelta(0))

    def _open(self) -> Any:
        if self._table is None and (self._root / f"{self._table_name}.lance").exists():
            self._table = self._db.open_table(self._table_name)
        return self._table

    def _fault(self, error: Exception) -> BackendError:
        # What Lance says ends in the Rust source line that said it.
        said = str(error).partition(", /")[0].partition("\n")[0]
        return disk_fault(self._root, error) or BackendError(f"index {self._root}: {said}", hint="kb reindex")

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
                pa.array([indexed_text(row.chunk) for row in rows]),
                pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), self._dimension),
            ],
            schema=self._schema(),
        )
        try:
            table = self._open()
            if table is None:
                self._table = self._db.create_table(self._table_name, batch)
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
        table = self._open()
        if table is None:
            return []
        query = table.search(vector, query_type="vector", vector_column_name="vector").distance_type("cosine")
        query = query.nprobes(N_PROBES).refine_factor(max(1, REFINED // k))
        rows = _limited(query, k, docs, pages, "_distance")
        return [(chunk_id, 1.0 - distance) for chunk_id, distance in rows]

    def bm25(
        self, text: str, k: int, *, docs: Collection[str] | None = None, pages: Collection[int] | None = None
    ) -> list[tuple[str, float]]:
        """Return ids with BM25 scores; see `Store.bm25`."""
        table = self._open()
        # A query of punctuation alone has no terms, and the parser takes that for a fault.
        if table is None or not any(char.isalnum() for char in text):
            return []
        query = table.search(lancedb.query.MatchQuery(text, "text"), query_type="fts")
        return _limited(query, k, docs, pages, "_score")

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
            table.optimize(cleanup_older_than=timedelta(minutes=10))
        except (OSError, RuntimeError) as error:
            raise self._fault(error) from error

    def clear(self) -> None:
        """Remove the table; what LanceDB itself cannot read is removed as files."""
        self._table = None
        shutil.rmtree(self._root / f"{self._table_name}.lance", ignore_errors=True)


def _condition(docs: Collection[str] | None, pages: Collection[int] | None) -> str:
    parts = []
    if docs is not None:
        parts.append("sha256 IN ({})".format(", ".join(f"'{sha}'" for sha in sorted(docs)) or "''"))
    if pages is not None:
        parts.append("page IN ({})".format(", ".join(str(int(page)) for page in sorted(pages)) or "-1"))
    return " AND ".join(parts)


def _limited(
    query: Any, k: int, docs: Collection[str] | None, pages: Collection[int] | None, score: str
) -> list[tuple[str, float]]:
    condition = _condition(docs, pages)
    if condition:
        query = query.where(condition, prefilter=True)
    found = query.limit(k).select(["id", score]).to_arrow()
    return list(zip(found["id"].to_pylist(), found[score].to_pylist(), strict=True))

"""Vectors held in memory find the same neighbours as a plain scan, within documents and pages."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.store.lance_resident import Resident

DIMENSION = 8
DOCS = ("aa", "bb", "cc")


def resident(count: int, seed: int) -> tuple[Resident, np.ndarray, list[str], list[int]]:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, DIMENSION)).astype(np.float32)
    docs = [DOCS[index % len(DOCS)] for index in range(count)]
    pages = [index // 4 for index in range(count)]
    table = pa.table(
        {
            "id": [f"chunk{index}" for index in range(count)],
            "sha256": docs,
            "page": pages,
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), DIMENSION),
            "_rowid": pa.array(range(100, 100 + count), pa.uint64()),
        }
    )
    return Resident((b"mark", 1), table, DIMENSION), vectors, docs, pages


@given(
    count=st.integers(1, 40),
    seed=st.integers(0, 5),
    k=st.integers(1, 12),
    docs=st.none() | st.sets(st.sampled_from([*DOCS, "zz"])),
    pages=st.none() | st.sets(st.integers(0, 12)),
)
def test_the_nearest_are_those_of_a_scan(
    count: int, seed: int, k: int, docs: set[str] | None, pages: set[int] | None
) -> None:
    held, vectors, doc_of, page_of = resident(count, seed)
    query = np.random.default_rng(99).normal(size=DIMENSION).astype(np.float32)
    cosines = held.cosines(query)
    expected = vectors @ query / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query)
    assert np.allclose(cosines, expected, atol=1e-5)
    allowed = [
        index
        for index in range(count)
        if (docs is None or doc_of[index] in docs) and (pages is None or page_of[index] in pages)
    ]
    best = sorted(allowed, key=lambda index: -cosines[index])[:k]
    assert held.nearest(cosines, k, docs, pages) == [
        (f"chunk{index}", pytest.approx(float(cosines[index]))) for index in best
    ]


def test_rows_are_found_by_their_ids_and_a_zero_vector_is_no_fault() -> None:
    held, *_ = resident(3, 0)
    assert held.ids == {100: "chunk0", 101: "chunk1", 102: "chunk2"}
    table = pa.table(
        {
            "id": ["a"],
            "sha256": ["aa"],
            "page": [0],
            "_rowid": pa.array([1], pa.uint64()),
            "vector": pa.FixedSizeListArray.from_arrays(pa.array([0.0] * DIMENSION, pa.float32()), DIMENSION),
        }
    )
    zero = Resident((b"", 1), table, DIMENSION)
    assert zero.cosines(np.ones(DIMENSION, np.float32)).tolist() == [0.0]

"""Candidates with a rule in them that a fit can find."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rag.tuning.candidates import Candidates

DIMENSION, PAGES = 32, 8


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def turned(seed: int, n_questions: int, turn: NDArray[np.float64], **fields: NDArray[np.float32]) -> Candidates:
    """Questions whose first page of eight is gold and lies where `turn` takes the query; each page has one chunk."""
    rng = np.random.default_rng(seed)
    queries = unit(rng.standard_normal((n_questions, DIMENSION)))
    vectors = unit(rng.standard_normal((n_questions, PAGES, DIMENSION)) + 8 * queries[:, None])
    vectors[:, 0] = unit(queries @ turn + 0.3 * rng.standard_normal((n_questions, DIMENSION)) / np.sqrt(DIMENSION))
    count = n_questions * PAGES
    flat = {"lexical": np.zeros(count, np.float32), "route": np.zeros(count, np.float32), **fields}
    return Candidates(
        queries=queries,
        vectors=vectors.reshape(count, DIMENSION),
        rows=np.arange(count),
        floor=np.full(count, -1, np.float32),
        page_of_chunk=np.arange(count),
        figures=np.zeros(count, np.float32),
        gold=np.arange(count) % PAGES == 0,
        doubtful=np.zeros(count, np.bool_),
        question_of_page=np.arange(count) // PAGES,
        **flat,
    )


def half_turn(seed: int = 1) -> NDArray[np.float64]:
    """A linear map that leaves most directions and moves four of them elsewhere."""
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.standard_normal((DIMENSION, DIMENSION)))[0]
    moved = basis.copy()
    moved[:, :8] = moved[:, 8:16]
    return np.asarray(basis @ moved.T)

"""LanceDB and Weaviate side by side: time to fill, time to search, recall, memory, disk.

    python bench/stores.py [--rows 10000 100000] [--stores lancedb weaviate] [--quantizer rq8] [--json]

Vectors are clustered as embeddings of text are, words follow Zipf's law; both are made up, so figures compare stores
and say nothing of answers. Each store runs in a process of its own; Weaviate's server is started for it from PATH.
Memory is what the store added to its process, or all that the server holds; disk is what the index takes. Needs the dev
extra.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from core.files import Home
from core.settings import Settings
from core.types import Chunk
from rag.catalogue.reader import EmbeddedChunk
from rag.open import open_store
from rag.store.base import ROWS_PER_ADD, Store
from tests.support.live_weaviate import one_server

DIMENSION = 384
CLUSTERS = 300
SPREAD = 0.9
VOCABULARY = 20_000
WORDS = 120
CHUNKS_PER_DOCUMENT = 200
QUERIES = 200
K = 10
DEPTH = 100
SEED = 7


def clustered(count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return unit vectors around random centres, float32, (count, DIMENSION)."""
    centres = np.random.default_rng(SEED).standard_normal((CLUSTERS, DIMENSION), dtype=np.float32)
    vectors = centres[rng.integers(CLUSTERS, size=count)]
    vectors += SPREAD * rng.standard_normal((count, DIMENSION), dtype=np.float32)
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def sentence(words: int, rng: np.random.Generator) -> str:
    """Return made-up words, frequent ones frequently."""
    return " ".join(f"w{int(rank)}" for rank in rng.zipf(1.3, size=words) % VOCABULARY)


def made_rows(vectors: NDArray[np.float32], rng: np.random.Generator) -> Iterator[EmbeddedChunk]:
    """Yield a chunk for each vector, many to a document."""
    for number, vector in enumerate(vectors):
        sha256 = hashlib.sha256(str(number // CHUNKS_PER_DOCUMENT).encode()).hexdigest()
        text = sentence(WORDS, rng)
        chunk = Chunk(sha256=sha256, page=number % CHUNKS_PER_DOCUMENT, start=0, end=len(text), text=text)
        yield EmbeddedChunk(chunk, vector)


@contextmanager
def running(name: str, folder: Path, quantizer: str) -> Iterator[tuple[Settings, Path, psutil.Process, int]]:
    """Yield settings, the folder of the index, the process that holds it, and the bytes it held before."""
    if name == "lancedb":
        process = psutil.Process()
        yield Settings(), folder / "home" / "index", process, process.memory_info().rss
        return
    with one_server(folder / "server") as node:
        yield node.settings(quantizer=quantizer), folder / "server" / "data", psutil.Process(node.pid), 0


def timed(call: Callable[[], Any]) -> float:
    """Return milliseconds."""
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)


def fill(store: Store, vectors: NDArray[np.float32], rng: np.random.Generator) -> float:
    """Add everything and bring the index up to date; return the seconds the store took."""
    seconds, part = 0.0, []
    for row in made_rows(vectors, rng):
        part.append(row)
        if len(part) == ROWS_PER_ADD:
            seconds += timed(lambda rows=part: store.add(rows)) / 1000  # type: ignore[misc]
            part = []
    return seconds + timed(lambda: store.add(part)) / 1000 + timed(store.optimize) / 1000


def searched(store: Store, vectors: NDArray[np.float32], rng: np.random.Generator) -> dict[str, float]:
    """Return times in milliseconds and recall of the true nearest."""
    base = vectors[rng.integers(len(vectors), size=QUERIES)]
    queries = (base + 0.03 * rng.standard_normal(base.shape)).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    texts = [sentence(5, rng) for _ in range(QUERIES)]
    for query, text in zip(queries[:5], texts[:5], strict=True):
        store.dense(query, K), store.bm25(text, K)
    nearest = [store.dense(query, K) for query in queries]
    truth = [set(np.argpartition(-(vectors @ query), K)[:K].tolist()) for query in queries]
    hits = sum(len(_numbers(ids) & true) for ids, true in zip(nearest, truth, strict=True))
    dense = [timed(lambda query=query: store.dense(query, K)) for query in queries]  # type: ignore[misc]
    bm25 = [timed(lambda text=text: store.bm25(text, K)) for text in texts]  # type: ignore[misc]
    # What a search asks: a hundred of each, at once.
    both = [
        timed(lambda query=query, text=text: store.lists(text, lambda: query, [(DEPTH, None)]))  # type: ignore[misc]
        for query, text in zip(queries, texts, strict=True)
    ]
    return {
        "recall_at_10": hits / (K * QUERIES),
        "dense_p50_ms": float(np.percentile(dense, 50)),
        "dense_p95_ms": float(np.percentile(dense, 95)),
        "bm25_p50_ms": float(np.percentile(bm25, 50)),
        "bm25_p95_ms": float(np.percentile(bm25, 95)),
        "both_p50_ms": float(np.percentile(both, 50)),
        "both_p95_ms": float(np.percentile(both, 95)),
    }


_DOCUMENTS: dict[str, int] = {}


def _numbers(scored_ids: list[tuple[str, float]]) -> set[int]:
    """Return the row numbers behind chunk ids."""
    places = (chunk_id.split(":") for chunk_id, _ in scored_ids)
    return {_DOCUMENTS[sha256] * CHUNKS_PER_DOCUMENT + int(page) for sha256, page, _, _ in places}


def measure(name: str, rows: int, quantizer: str) -> dict[str, Any]:
    """Measure one store at one size."""
    rng = np.random.default_rng(SEED)
    vectors = clustered(rows, rng)
    for number in range(-(-rows // CHUNKS_PER_DOCUMENT)):
        _DOCUMENTS[hashlib.sha256(str(number).encode()).hexdigest()] = number
    with (
        tempfile.TemporaryDirectory(prefix="kb-stores-", ignore_cleanup_errors=True) as folder,
        running(name, Path(folder), quantizer) as (settings, data, process, before),
    ):
        store = open_store(settings, Home(Path(folder) / "home"), "default", DIMENSION)
        seconds = fill(store, vectors, rng)
        assert store.count() == rows
        times = searched(store, vectors, rng)
        size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
        return {
            "store": name,
            "rows": rows,
            "ingest_rows_per_s": rows / seconds,
            **times,
            "memory_mib": (process.memory_info().rss - before) / 2**20,
            "disk_mib": size / 2**20,
        }


def main() -> None:
    """Measure, then print one table or one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--stores", nargs="+", choices=["lancedb", "weaviate"], default=["lancedb", "weaviate"])
    parser.add_argument("--quantizer", choices=["none", "rq8", "rq1"], default="rq8", help="Weaviate's")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if "weaviate" in options.stores and shutil.which("weaviate") is None:
        parser.error("no weaviate on PATH; try --stores lancedb")
    # A process each: what one store leaves in memory is not counted to the next.
    spawn = multiprocessing.get_context("spawn")
    reports = []
    for rows in options.rows:
        for name in options.stores:
            with spawn.Pool(1) as pool:
                reports.append(pool.apply(measure, (name, rows, options.quantizer)))
    if options.json:
        print(json.dumps({"quantizer": options.quantizer, "dimension": DIMENSION, "reports": reports}, indent=1))
        return
    print("| store | chunks | chunks/s in | dense, ms | BM25, ms | 100 of both, ms | recall@10 | memory | disk |")
    print("|---|---|---|---|---|---|---|---|---|")
    for report in reports:
        print(
            "| {store} | {rows:,} | {ingest_rows_per_s:,.0f} | {dense_p50_ms:.1f} / {dense_p95_ms:.1f}"
            " | {bm25_p50_ms:.1f} / {bm25_p95_ms:.1f} | {both_p50_ms:.1f} / {both_p95_ms:.1f} | {recall_at_10:.3f}"
            " | {memory_mib:,.0f} MiB | {disk_mib:,.0f} MiB |".format(**report)
        )
    print("\ntimes: p50 / p95")


if __name__ == "__main__":
    main()

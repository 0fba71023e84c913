"""How long a search takes: warm in one process, and cold from the shell.

    python bench/search.py --home KB_HOME [--collection NAME] [--queries 200] [--cold 10] [--json]

Queries are sentences of the collection's own pages, cut to a question's length, so that both lists have work to do.
Warm: median and 95th percentile over all queries after ten that do not count, whole path (embedding, both lists,
router, page ranking, texts from the catalogue). Cold: `kb search` as a process of its own, from start to exit, the
first not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from core.files import Home
from core.reading.text.sentences import sentences
from core.settings import load
from rag.catalogue.reader import CatalogueReader
from rag.open import open_knowledge

WORDS = (5, 14)
WARM_UP = 10
KB = Path(sys.executable).with_name("kb")


def queries(catalogue: CatalogueReader, collection: str, count: int, seed: int) -> list[str]:
    """Return `count` pieces of sentences from random pages of the collection."""
    rng = random.Random(seed)
    documents = catalogue.documents(collection)
    pieces: list[str] = []
    while len(pieces) < count:
        document = rng.choice(documents)
        page = catalogue.page(collection, document.sha256, rng.randrange(document.n_pages))
        whole = [page.text[sentence.start : sentence.end].split() for sentence in sentences(page.text)]
        long = [words for words in whole if len(words) >= WORDS[0]]
        if long:
            pieces.append(" ".join(rng.choice(long)[: rng.randint(*WORDS)]))
    return pieces


def warm(home: Home, collection: str, count: int, seed: int) -> dict[str, float]:
    """Return chunks, and milliseconds per search in this process."""
    knowledge = open_knowledge(load().values, home, collection)
    search_queries = queries(knowledge.catalogue, collection, count + WARM_UP, seed)
    times_ms = []
    for query in search_queries:
        started = time.perf_counter()
        knowledge.searcher.search(query, 8)
        times_ms.append(1000 * (time.perf_counter() - started))
    p50, p95 = np.percentile(times_ms[WARM_UP:], [50, 95])
    return {"chunks": knowledge.store.count(), "warm_p50_ms": float(p50), "warm_p95_ms": float(p95)}


def cold(home: Home, collection: str, runs: int, query: str) -> dict[str, float]:
    """Return seconds of `kb search` and of `kb --help`, from start to exit."""
    search = _seconds([str(KB), "search", query, "--collection", collection, "--json"], home, runs)
    helped = _seconds([str(KB), "--help"], home, runs)
    return {
        "cold_search_s": statistics.median(search),
        "cold_search_max_s": max(search),
        "help_s": statistics.median(helped),
    }


def _seconds(command: list[str], home: Home, runs: int) -> list[float]:
    """Return the time of every run but the first."""
    times = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        subprocess.run(command, env={**os.environ, "KB_HOME": str(home.root)}, check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    return times[1:]


def measure(home: Home, collection: str, count: int, runs: int, seed: int) -> dict[str, Any]:
    """Return all figures."""
    figures: dict[str, Any] = warm(home, collection, count, seed)
    if runs:
        figures |= cold(home, collection, runs, "total net sales of the quarter")
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=load().home)
    parser.add_argument("--collection", default="default")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--cold", type=int, default=10, help="cold runs; 0 leaves them out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(Home(options.home), options.collection, options.queries, options.cold, options.seed)
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:18} {value:10.3f}" if isinstance(value, float) else f"{name:18} {value:10}")


if __name__ == "__main__":
    main()

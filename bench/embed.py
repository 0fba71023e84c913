"""Chunks per second of the embedder against sentence-transformers in fp32, interleaved, as medians.

    python bench/embed.py [--chunks 256] [--rounds 5] [--home KB_HOME]

Texts are of our own making, 900 characters like the chunks of an ingest. Shared machines vary: the processor seconds
per chunk are printed beside the rate, and only ratios carry over.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.files import Home
from core.inference import has_bf16
from core.machine.system import usable_cores
from core.settings import home_dir
from core.weights.shelf import pull
from rag.embed.open import open_embedder

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

_WORDS = (
    "net sales of the company increased by 4.5 percent during the quarter ended December 31, 2021 "
    "compared with the same period of the prior year because demand for services and products rose in all "
    "regions while operating expenses including research and development amounted to $1,204 million the "
    "board approved a dividend per share of common stock maintenance of the pump requires that the valve "
    "be closed before any work begins see section 4.2 "
).split()


def make_chunks(count: int, chars: int = 900) -> list[str]:
    """Return texts of up to `chars` characters, two thirds of them full, like the chunks of a long document."""
    rng = random.Random(0)
    sizes = [chars if rng.random() < 2 / 3 else rng.randint(150, chars) for _ in range(count)]
    return [" ".join(rng.choices(_WORDS, k=size // 5))[:size] for size in sizes]


def contenders(home: Home) -> dict[str, Encode]:
    """Return what runs here, by name."""
    encoders: dict[str, Encode] = {}
    if importlib.util.find_spec("sentence_transformers"):
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(home.models / "minilm"), device="cpu")
        # Normalised by the model itself; 32 texts a batch is its default.
        encoders["torch f32"] = lambda texts: np.asarray(model.encode(list(texts), show_progress_bar=False))
    for precision in ("f32", "bf16") if has_bf16() else ("f32",):
        encoders[f"openvino {precision}"] = open_embedder("minilm", home, precision=precision).embed_documents
    return encoders


def processor_s() -> float:
    """Return user and system seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def query_ms(home: Home, rounds: int = 50) -> float:
    """Return the median milliseconds of one warm short query."""
    embedder = open_embedder("minilm", home)
    taken = []
    for index in range(rounds):
        start = time.perf_counter()
        embedder.embed_query(f"What were net sales in {1980 + index}?")
        taken.append(1e3 * (time.perf_counter() - start))
    return statistics.median(taken)


def main() -> None:
    """Run the rounds and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--home", type=Path, default=None)
    options = parser.parse_args()
    home = Home(options.home or home_dir(os.environ))
    pull("minilm", home)
    chunks = make_chunks(options.chunks)
    tokens = open_embedder("minilm", home).count_tokens(chunks)
    runners = contenders(home)
    vectors = {name: encode(chunks) for name, encode in runners.items()}
    rates: dict[str, list[float]] = {name: [] for name in runners}
    costs: dict[str, list[float]] = {name: [] for name in runners}
    for turn in range(options.rounds):
        for name, encode in runners.items():
            wall, used = time.perf_counter(), processor_s()
            encode(chunks)
            rates[name].append(len(chunks) / (time.perf_counter() - wall))
            costs[name].append(1e3 * (processor_s() - used) / len(chunks))
        print(f"round {turn + 1} of {options.rounds}", file=sys.stderr)
    reference = vectors["torch f32"] if "torch f32" in vectors else vectors["openvino f32"]
    report = {
        "chunks": len(chunks),
        "tokens_per_chunk": round(statistics.mean(tokens), 1),
        "cores": len(usable_cores()),
        "load": [round(load, 1) for load in os.getloadavg()],
        "query_ms": round(query_ms(home), 2),
        "runtimes": {
            name: {
                "chunks_per_s": round(statistics.median(rates[name]), 1),
                "processor_ms_per_chunk": round(statistics.median(costs[name]), 2),
                "lowest_cosine": round(float(np.sum(vectors[name] * reference, axis=1).min()), 6),
            }
            for name in runners
        },
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()

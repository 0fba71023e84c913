"""How honest the statistics of `kb compare` are: false alarms without a difference, findings with one.

    python bench/false_alarms.py [--worlds 2000]

Simulated questions lie on pages of documents. Both arms find the same pages hard; each also leans its own way on a
page (and in a document, where whole documents are drawn), as often up as down: without `effect` there is no difference.
Beside the interval and test of `kb compare` stands the plain percentile bootstrap over documents.
"""

from __future__ import annotations

import argparse
from collections.abc import Hashable

import numpy as np

from finetune.compare.significance import compare
from kb.metrics import paired_bootstrap

# Documents, pages of each (from, below), whether whole documents lean and are drawn.
WORLDS = {"1 document": (1, (6, 13), False), "3 documents": (3, (2, 9), False), "30 documents": (30, (2, 7), True)}
EFFECT = 0.3


def world(
    rng: np.random.Generator, docs: int, pages: tuple[int, int], by_document: bool, effect: float
) -> tuple[list[float], list[float], list[tuple[int, int]]]:
    """Draw right and wrong answers of two arms, with the document and page of each question."""
    left: list[float] = []
    right: list[float] = []
    places: list[tuple[int, int]] = []
    for doc in range(docs):
        hard, own = rng.normal(), rng.normal(size=2) * by_document
        for page in range(rng.integers(*pages)):
            harder, lean = rng.normal(), rng.normal(size=2)
            for _ in range(rng.integers(1, 6)):
                chances = 1 / (1 + np.exp(-(hard + harder + rng.normal() + own + lean)))
                left.append(float(rng.random() < min(1.0, chances[0] + effect)))
                right.append(float(rng.random() < chances[1]))
                places.append((doc, page))
    return left, right, places


def shares(name: str, worlds: int, effect: float) -> tuple[float, float, float]:
    """Share of worlds called different by kb compare and by a plain bootstrap; mean detectable effect."""
    docs, pages, by_document = WORLDS[name]
    rng = np.random.default_rng(11)
    found = plain = 0
    detectable = []
    for _ in range(worlds):
        left, right, places = world(rng, docs, pages, by_document, effect)
        clusters: list[Hashable] = [doc for doc, _ in places] if by_document else list(places)
        ours = compare(left, right, clusters)
        found += ours.significant
        detectable.append(ours.detectable)
        if docs > 1:
            interval = paired_bootstrap(left, right, clusters=[doc for doc, _ in places], draws=1000)
            plain += not interval.low <= 0 <= interval.high
    return found / worlds, plain / worlds, float(np.mean(detectable))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=2000, help="simulated comparisons per line")
    worlds = parser.parse_args().worlds
    print(f"{worlds} simulated comparisons a line, test at 5%")
    print(f"{'':14}{'true difference':>17}{'kb compare':>12}{'plain, by document':>20}{'smallest seen':>15}")
    for effect in (0.0, EFFECT):
        for name, (docs, _, _) in WORLDS.items():
            found, plain, seen = shares(name, worlds, effect)
            told = f"{plain:.3f}" if docs > 1 else "-"
            print(f"{name:14}{effect:>17.2f}{found:>12.3f}{told:>20}{seen:>15.2f}")


if __name__ == "__main__":
    main()

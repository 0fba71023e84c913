"""How honest the statistics of `kb compare` are: false alarms without a difference, findings with one.

    python bench/false_alarms.py [--worlds 2000]

Simulated questions are phrasings of facts on pages of documents. Both arms find the same places hard; each also leans
its own way where the world says (in a document, on a page, on a fact), as often up as down: without `effect` there is
no difference. Clusters are those that `kb compare` makes of such questions. Beside its interval and test stands the
plain percentile bootstrap over documents.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.metrics import paired_bootstrap
from finetune.compare.questions import GoldQuestion, Place
from finetune.compare.statistics.clusters import cluster
from finetune.compare.statistics.significance import PairedDifference, compare_scores

EFFECT = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is simulated.

    Attributes:
        docs: Documents.
        pages: Pages of each, from and below.
        leans: Where an arm has a liking of its own that chance alone made.
        taught: Share of facts that training taught; arms lean on each of these by itself.
    """

    docs: int
    pages: tuple[int, int]
    leans: frozenset[str]
    taught: float = 0.0

    def draw(self, rng: np.random.Generator, effect: float) -> tuple[list[float], list[float], list[GoldQuestion]]:
        """Draw right and wrong answers of two arms, with the questions; `effect` is added to the first arm's chance."""
        first: list[float] = []
        second: list[float] = []
        questions: list[GoldQuestion] = []
        for doc in range(self.docs):
            of_doc = rng.normal(), self._lean(rng, "document")
            for page in range(rng.integers(*self.pages)):
                of_page = rng.normal(), self._lean(rng, "page")
                for fact in range(rng.integers(1, 4)):
                    taught = bool(rng.random() < self.taught)
                    own = rng.normal(size=2) if taught else of_doc[1] + of_page[1] + self._lean(rng, "fact")
                    for _ in range(rng.integers(1, 4)):
                        chances = 1 / (1 + np.exp(-(of_doc[0] + of_page[0] + rng.normal() + own)))
                        first.append(float(rng.random() < min(1.0, chances[0] + effect)))
                        second.append(float(rng.random() < chances[1]))
                        questions.append(_question(doc, page, fact, len(questions), taught=taught))
        return first, second, questions

    def _lean(self, rng: np.random.Generator, where: str) -> np.ndarray:
        """Draw what each arm adds of its own there, shape (2,)."""
        return rng.normal(size=2) * (where in self.leans)


def _question(doc: int, page: int, fact: int, number: int, *, taught: bool) -> GoldQuestion:
    name = f"{doc}.pdf"
    place = Place(doc=name, page=page)
    return GoldQuestion(
        id=str(number), text=str(number), answer=str(fact), places=(place,), fact=f"{doc} {page} {fact}", taught=taught
    )


# Where few documents are asked about, these documents are the world; where few pages are, these pages.
WORLDS: Mapping[str, World] = {
    "1 document": World(docs=1, pages=(6, 13), leans=frozenset({"page"})),
    "1 short document": World(docs=1, pages=(3, 6), leans=frozenset({"fact"})),
    "1, half taught": World(docs=1, pages=(6, 13), leans=frozenset({"page"}), taught=0.5),
    "3 documents": World(docs=3, pages=(2, 9), leans=frozenset({"page"})),
    "30 documents": World(docs=30, pages=(2, 7), leans=frozenset({"document", "page"})),
}


def judged(first: list[float], second: list[float], questions: list[GoldQuestion]) -> PairedDifference:
    """Compare two arms as `kb compare` does."""
    labels = cluster(questions).labels
    return compare_scores(first, second, [labels[question.id] for question in questions])


def alarmed(first: list[float], second: list[float], questions: list[GoldQuestion]) -> bool:
    """Whether a plain bootstrap over documents would call the arms different."""
    plain = paired_bootstrap(first, second, clusters=[question.places[0].doc for question in questions], draws=1000)
    return not plain.low <= 0 <= plain.high


def shares(world: World, worlds: int, effect: float) -> tuple[float, float, float]:
    """Share of worlds called different by kb compare and by a plain bootstrap; median detectable effect."""
    rng = np.random.default_rng(11)
    draws = [world.draw(rng, effect) for _ in range(worlds)]
    differences = [judged(*draw) for draw in draws]
    plain = sum(alarmed(*draw) for draw in draws) if world.docs > 1 else 0
    detectable = float(np.median([difference.detectable for difference in differences]))
    return sum(difference.significant for difference in differences) / worlds, plain / worlds, detectable


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=2000, help="simulated comparisons per line")
    worlds = parser.parse_args().worlds
    print(f"{worlds} simulated comparisons a line, test at 5%")
    print(f"{'':17}{'true difference':>17}{'kb compare':>12}{'plain, by document':>20}{'smallest seen':>15}")
    for effect in (0.0, EFFECT):
        for name, world in WORLDS.items():
            significant, plain, seen = shares(world, worlds, effect)
            plain_text = f"{plain:.3f}" if world.docs > 1 else "-"
            print(f"{name:17}{effect:>17.2f}{significant:>12.3f}{plain_text:>20}{seen:>15.2f}")


if __name__ == "__main__":
    main()

"""Whether a rebuilt run still knows a forgotten document: asked closed book beside its base and the run before.

Two probes per fact, both with the question that was trained on. Recall: the greedy answer contains the right value.
Membership: the share of false values that the model finds less likely than the right one, which shows a trace in the
weights also where it is too weak for an answer, and which a model has only by plausibility if it never saw the fact
(the rank of a secret among alternatives: Carlini et al. 2019, "The Secret Sharer", section 4).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from core.rows import DatasetFolder
from core.types import Fact
from finetune.closed_book import ClosedBook
from finetune.compare.statistics.significance import PairedDifference, compare_scores, mean_interval
from kb.knowledge.facts import ProbedFact, probed_facts
from kb.knowledge.map import ask_facts
from synth.making.falsify import falsified, swapped

# False values per fact, and how often one is drawn at most.
_FALSE_VALUES, _DRAWS = 4, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipProbe:
    """A fact with its right answer and false ones in the same words.

    Attributes:
        id: Of the fact.
        question: As it was trained.
        answers: The right one, then the false ones.
    """

    id: str
    question: str
    answers: tuple[str, ...]


def membership_probes(facts: Sequence[ProbedFact], known: Mapping[str, Fact]) -> list[MembershipProbe]:
    """Return probes of the facts whose value is a figure, a date or a name; others have no false value.

    Args:
        facts: With the questions to ask.
        known: Facts by id; values of their kind are false ones for a name.
    """
    probes = []
    for fact in facts:
        source = known.get(fact.id)
        if source is None:
            continue
        rng = random.Random(fact.id)  # noqa: S311 - the same false values each time
        others = sorted({each.value for each in known.values() if each.kind == source.kind and each.id != source.id})
        drawn = (falsified(source, rng.sample(others, min(8, len(others))), rng) for _ in range(_DRAWS))
        wrong = [swapped(fact.gold, source.value, value) for value in dict.fromkeys(drawn) if value]
        false = [text for text in wrong if text != fact.gold][:_FALSE_VALUES]
        if false:
            probes.append(MembershipProbe(id=fact.id, question=fact.question, answers=(fact.gold, *false)))
    return probes


def trained_facts(folders: Sequence[DatasetFolder], ids: set[str]) -> list[ProbedFact]:
    """Return facts with the question that was trained on where there is one: the one that shows most.

    Args:
        folders: Datasets of the run.
        ids: Of the facts.
    """
    by_id: dict[str, ProbedFact] = {}
    for folder in folders:
        for fact in probed_facts(folder, prefer_trained=True):
            if fact.id in ids and fact.taught:
                by_id.setdefault(fact.id, fact)
    return list(by_id.values())


def recall_scores(book: ClosedBook, facts: Sequence[ProbedFact]) -> list[float]:
    """Return 1 for every fact that is answered right, else 0."""
    return [float(each.right) for each in ask_facts(book, facts)]


def membership_scores(book: ClosedBook, probes: Sequence[MembershipProbe]) -> list[float]:
    """Return, for every probe, the share of false answers that are less likely than the right one."""
    answered = [(probe.question, answer) for probe in probes for answer in probe.answers]
    likelihoods = iter(book.log_probabilities(answered))
    scores = []
    for probe in probes:
        right, *wrong = [next(likelihoods) for _ in probe.answers]
        scores.append(fmean(float(right > other) for other in wrong))
    return scores


def compared(scores: Mapping[str, Sequence[float]], pair: tuple[str, str], ids: Sequence[str]) -> dict[str, Any]:
    """Return the mean of each model with its 95% interval over facts, and the difference of two of them.

    Args:
        scores: Model to its scores, one per fact.
        pair: The models whose difference is taken, first minus second.
        ids: Of the facts.
    """
    if not ids:
        return {"n": 0}
    intervals = {name: mean_interval(values, ids) for name, values in scores.items()}
    shown = {name: {"value": each.mean, "low": each.low, "high": each.high} for name, each in intervals.items()}
    change = compare_scores(np.array(scores[pair[0]]), np.array(scores[pair[1]]), ids)
    return {"n": len(ids), **shown, f"{pair[0]}_minus_{pair[1]}": _difference(change)}


def _difference(change: PairedDifference) -> dict[str, Any]:
    detectable = change.detectable if np.isfinite(change.detectable) else None
    figures = {"value": change.mean, "low": change.low, "high": change.high, "p": change.p}
    return {**figures, "detectable": detectable}


def prove(
    books: Mapping[str, ClosedBook],
    facts: Sequence[ProbedFact],
    probes: Sequence[MembershipProbe],
    others: Sequence[ProbedFact],
) -> dict[str, Any]:
    """Ask the models and return the figures.

    Args:
        books: `before`, `rebuilt` and `base`.
        facts: Of the forgotten documents.
        probes: Of them.
        others: Facts of the other documents.

    Returns:
        `recall` and `membership` of the forgotten facts for the three, `others` for the run before and the rebuilt
        one, and `at_base_level`: whether neither probe finds the rebuilt run significantly above its base; None where
        there was nothing to ask.
    """
    recall = {name: recall_scores(book, facts) for name, book in books.items()}
    members = {name: membership_scores(book, probes) for name, book in books.items()}
    kept = {name: recall_scores(books[name], others) for name in ("before", "rebuilt")}
    figures = {
        "recall": compared(recall, ("rebuilt", "base"), [fact.id for fact in facts]),
        "membership": compared(members, ("rebuilt", "base"), [probe.id for probe in probes]),
        "others": compared(kept, ("rebuilt", "before"), [fact.id for fact in others]),
    }
    differences = [figures[name].get("rebuilt_minus_base") for name in ("recall", "membership")]
    above = [each["low"] > 0 and each["p"] <= 0.05 for each in differences if each]
    return {**figures, "at_base_level": not any(above) if above else None}

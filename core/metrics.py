"""Scores for rankings and answers, and intervals for their means: pure functions with named sources."""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.language.language import alternation, language, languages

_ENGLISH = language("en")
_ARTICLES = re.compile(rf"\b(?:{alternation(_ENGLISH.articles)})\b")
# The evaluation script drops ASCII punctuation; the quotation marks and dashes of print go with it: answers quote.
_PUNCTUATION = str.maketrans("", "", string.punctuation + "“”„‘’«»…–—")
_NUMBER = re.compile(
    rf"(?P<sign>(?<!\d)[-−]\s?|\(|\b(?:{alternation(word for each in languages() for word in each.minus_words)})\s)?"
    r"[$€£¥]?\s?(?P<digits>\d[\d,]*(?:\.\d+)?|\.\d+)\s*(?P<close>\))?",
    re.IGNORECASE,
)
_POWERS = {**_ENGLISH.scales, **_ENGLISH.scale_abbreviations, "b": 9}
_SCALE = re.compile(rf"\s*({alternation(_POWERS)})\b", re.IGNORECASE)


def hit_at_k(ranked: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """1.0 if any relevant item is among the first `k`, else 0.0.

    Raises:
        ValueError: Nothing is relevant, or `k` is not positive.
    """
    _check(relevant, k)
    return float(not set(ranked[:k]).isdisjoint(relevant))


def reciprocal_rank(ranked: Sequence[Hashable], relevant: Collection[Hashable]) -> float:
    """1 / rank of the first relevant item, 0.0 if there is none; its mean is MRR (Voorhees 1999, TREC-8 QA)."""
    return next((1 / rank for rank, item in enumerate(ranked, 1) if item in relevant), 0.0)


def ndcg_at_k(ranked: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """Normalised discounted cumulative gain with binary gains (Järvelin and Kekäläinen 2002); repeats gain once.

    Raises:
        ValueError: Nothing is relevant, or `k` is not positive.
    """
    _check(relevant, k)
    remaining = set(relevant)
    gain = 0.0
    for rank, item in enumerate(ranked[:k], 1):
        if item in remaining:
            remaining.discard(item)
            gain += 1 / math.log2(rank + 1)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(set(relevant))) + 1))
    return gain / ideal


def _check(relevant: Collection[Hashable], k: int) -> None:
    if not relevant:
        raise ValueError("no item is relevant")
    if k < 1:
        raise ValueError(f"k is {k}")


def normalised(text: str) -> str:
    """Lower case, without ASCII punctuation, articles and extra blanks (SQuAD 1.1 script, Rajpurkar et al. 2016)."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(prediction: str, gold: str) -> float:
    """1.0 if both normalise to the same text (SQuAD 1.1)."""
    return float(normalised(prediction) == normalised(gold))


def token_f1(prediction: str, gold: str) -> float:
    """Harmonic mean of precision and recall over the bags of normalised tokens (SQuAD 1.1; 2.0 where one is empty)."""
    predicted, expected = normalised(prediction).split(), normalised(gold).split()
    if not predicted or not expected:
        return float(predicted == expected)
    shared = sum((Counter(predicted) & Counter(expected)).values())
    return 2 * shared / (len(predicted) + len(expected))


def contains(prediction: str, gold: str) -> float:
    """1.0 if the normalised gold answer stands in the normalised prediction as whole tokens."""
    return float(f" {normalised(gold)} " in f" {normalised(prediction)} ")


def numbers_of(text: str) -> list[Decimal]:
    """Return the numbers in a text: "(1,200)" is -1200, "minus 5" -5, "$1.2 billion" 1200000000, "5%" is 5."""
    values = []
    for match in _NUMBER.finditer(text):
        value = Decimal(match["digits"].replace(",", ""))
        scale = _SCALE.match(text, match.end())
        if scale:
            value *= Decimal(10) ** _POWERS[scale[1].lower()]
        negative = match["sign"] is not None and (match["sign"] != "(" or match["close"] is not None)
        values.append(-value if negative else value)
    return values


def numeric_match(prediction: str, gold: str, *, relative_tolerance: float = 0.01) -> float:
    """1.0 if every number of the gold answer is met by one of the prediction, within the tolerance.

    Unscaled numbers may be in thousands, millions or billions ("1,577" in a table kept in millions meets "$1.577
    billion"); the default tolerance forgives rounding, as FinanceBench's judges do (Islam et al. 2023).

    Raises:
        ValueError: The gold answer holds no number.
    """
    gold_numbers = numbers_of(gold)
    if not gold_numbers:
        raise ValueError(f"no number in {gold!r}")
    numbers = numbers_of(prediction)
    matched = (any(_agree(number, expected, relative_tolerance) for number in numbers) for expected in gold_numbers)
    return float(all(matched))


def _agree(number: Decimal, gold: Decimal, relative_tolerance: float) -> bool:
    shifts = (0, 3, 6, 9, -3, -6, -9) if max(abs(number), abs(gold)) >= 1000 else (0,)
    return any(abs(number.scaleb(shift) - gold) <= abs(gold) * Decimal(str(relative_tolerance)) for shift in shifts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean with its bootstrap percentile interval."""

    mean: float
    low: float
    high: float


def bootstrap_mean(
    values: ArrayLike,
    *,
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap of a mean (Efron 1979); whole clusters are drawn where numbers (Field and Welsh 2007).

    Args:
        values: One score per item, shape (n,).
        clusters: One label per item, such as its document: items of one cluster are not independent.
        level: Coverage of the interval.
        draws: Number of resamples.
        seed: Of the resampling.

    Raises:
        ValueError: There are no values, or `clusters` has another length.
    """
    scores = np.asarray(values, dtype=np.float64)
    if scores.ndim != 1 or not len(scores):
        raise ValueError("bootstrap needs a non-empty list of scores")
    sums, counts = _per_cluster(scores, clusters)
    picks = np.random.default_rng(seed).integers(0, len(sums), size=(draws, len(sums)))
    means = sums[picks].sum(axis=1) / counts[picks].sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(mean=float(scores.mean()), low=float(low), high=float(high))


def paired_bootstrap(
    left: ArrayLike,
    right: ArrayLike,
    *,
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> Interval:
    """Bootstrap the mean difference `left - right` of two systems on the same items (Koehn 2004).

    Raises:
        ValueError: The lists differ in length or are empty.
    """
    first, second = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if first.shape != second.shape:
        raise ValueError(f"{first.shape} scores against {second.shape}")
    return bootstrap_mean(first - second, clusters=clusters, level=level, draws=draws, seed=seed)


def _per_cluster(
    scores: NDArray[np.float64], clusters: Sequence[Hashable] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum of scores and number of items per cluster."""
    if clusters is None:
        return scores, np.ones_like(scores)
    if len(clusters) != len(scores):
        raise ValueError(f"{len(clusters)} clusters for {len(scores)} scores")
    rows_of = {label: row for row, label in enumerate(dict.fromkeys(clusters))}
    rows = np.array([rows_of[label] for label in clusters])
    return np.bincount(rows, weights=scores).astype(np.float64), np.bincount(rows).astype(np.float64)

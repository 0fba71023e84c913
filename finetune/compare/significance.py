"""Whether two arms differ: intervals, tests and the smallest difference that would have been seen.

Questions about one document (page, fact) are not independent, so whole clusters are drawn and whole clusters change
sides. With few clusters a plain cluster bootstrap finds differences that are not there: its interval is widened as
Student's t asks, and a randomisation test, exact for any number of clusters, must agree. Knows paired numbers and
labels of clusters; refuses to know what was measured and which arms there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.metrics import Interval

DRAWS = 10_000
LEVEL = 0.95
POWER = 0.8
# All ways to change signs are gone through up to this many clusters (2^13 = 8192), beyond it DRAWS at random.
_EXHAUSTIVE_CLUSTERS = 13
# Draws are made in blocks of so many numbers; the last ones are kept, since every measure draws the same clusters.
_BLOCK_CELLS = 1 << 22
_KEPT_BLOCKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Paired difference of two arms on the same questions.

    Attributes:
        mean: Mean of `left - right` over questions.
        low: Lower end of the 95% interval; -inf where there is one cluster.
        high: Upper end.
        p: Two-sided p of the randomisation test over clusters.
        adjusted_p: The same after Holm over the pairs of a table; `p` until then.
        mcnemar_p: Exact McNemar test, which takes questions for independent; None where scores are not 0 or 1.
        detectable: Smallest true difference that these clusters show in 80 of 100 such comparisons, inf where they show
            none. Counted for the strictest level of Holm's correction, which the clearest pair of a table must pass.
        questions: Questions that both arms have.
        clusters: Clusters among them.
    """

    mean: float
    low: float
    high: float
    p: float
    adjusted_p: float
    mcnemar_p: float | None
    detectable: float
    questions: int
    clusters: int

    @property
    def significant(self) -> bool:
        """Whether interval and adjusted test both say that the arms differ."""
        return self.adjusted_p <= 1 - LEVEL and not self.low <= 0.0 <= self.high


def least_clusters(pairs: int = 1) -> int:
    """Return how many clusters it takes at least for one of so many pairs of arms to be told apart.

    Changing the signs of g clusters gives a two-sided p of no less than 2 / 2^g: 6 for a pair alone, 8 among six pairs.
    """
    return math.ceil(1 + math.log2(max(1, pairs) / (1 - LEVEL)))


def compare(
    left: ArrayLike, right: ArrayLike, clusters: Sequence[Hashable], *, pairs: int = 1, seed: int = 0
) -> Difference:
    """Compare two arms on the same questions.

    Args:
        left: One score per question, shape (n,).
        right: The other arm's, in the same order.
        clusters: One label per question, length n.
        pairs: Comparisons in the table that `holm` corrects.
        seed: Of the draws.

    Raises:
        ValueError: The lists differ in length or are empty.
    """
    first, second = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if first.shape != second.shape or first.ndim != 1 or len(first) != len(clusters) or not len(first):
        raise ValueError(f"{first.shape} scores against {second.shape} in {len(clusters)} clusters")
    differences = first - second
    sums, counts = _clustered(differences, clusters)
    interval = mean_interval(differences, clusters, seed=seed)
    p = sign_flip_p(sums, seed=seed)
    binary = bool(np.isin(first, (0.0, 1.0)).all() and np.isin(second, (0.0, 1.0)).all())
    return Difference(
        mean=interval.mean, low=interval.low, high=interval.high, p=p, adjusted_p=p,
        mcnemar_p=mcnemar_p(int((differences > 0).sum()), int((differences < 0).sum())) if binary else None,
        detectable=_detectable(sums, counts, (1 - LEVEL) / pairs), questions=len(first), clusters=len(sums),
    )  # fmt: skip


def mean_interval(scores: ArrayLike, clusters: Sequence[Hashable], *, seed: int = 0) -> Interval:
    """Return a mean with the 95% interval of 10,000 draws of whole clusters.

    The percentiles are those that make the interval as wide as Student's t makes it for so few clusters: level
    2 Phi(t sqrt(G / (G - 1))) - 1 with G - 1 degrees of freedom (expanded percentiles; Hesterberg 2015, "What Teachers
    Should Know About the Bootstrap", section 5). Where all scores are the same, draws cannot show that others are
    possible; the interval is then that of Clopper and Pearson (1934) for as many clusters.

    Raises:
        ValueError: There are no scores.
    """
    values = np.asarray(scores, dtype=np.float64)
    count = len(set(clusters))
    mean = float(values.mean()) if len(values) else 0.0
    if count == 1:
        return Interval(mean=mean, low=-math.inf, high=math.inf)
    if len(values) and not np.ptp(values):
        unseen = 1 - ((1 - LEVEL) / 2) ** (1 / count)
        return Interval(mean=mean, low=mean - unseen, high=mean + unseen)
    spread = t_quantile((1 + LEVEL) / 2, count - 1) * math.sqrt(count / (count - 1))
    outside = NormalDist().cdf(-spread)
    sums, counts = (part.astype(np.float32) for part in _clustered(values, clusters))
    means = np.concatenate([(drawn @ sums) / (drawn @ counts) for drawn in _blocks(_drawn, count, seed)])
    low, high = np.quantile(means, [outside, 1 - outside])
    return Interval(mean=mean, low=float(low), high=float(high))


def sign_flip_p(sums: NDArray[np.float64], *, seed: int = 0) -> float:
    """Two-sided p of the hypothesis that every cluster's difference is as likely to have the other sign.

    Fisher's randomisation test for pairs (1935) with whole clusters in place of pairs (Canay, Romano and Shaikh 2017).

    Args:
        sums: Summed difference per cluster, shape (g,).
        seed: Of the random signs, where there are too many to go through.
    """
    moved = sums[np.abs(sums) > 1e-12]
    if not len(moved):
        return 1.0
    seen = abs(float(moved.sum())) - 1e-9
    if len(moved) <= _EXHAUSTIVE_CLUSTERS:
        bits = np.arange(1 << len(moved))[:, None] >> np.arange(len(moved))
        return float((np.abs((1 - 2 * (bits & 1)) @ moved) >= seen).mean())
    sides = moved.astype(np.float32)
    seen -= 1e-5 * float(np.abs(moved).sum())  # what sums in 32 bits may be off by
    beyond = sum(int((np.abs(signs @ sides) >= seen).sum()) for signs in _blocks(_signs, len(moved), seed))
    return (beyond + 1) / (DRAWS + 1)


def mcnemar_p(better: int, worse: int) -> float:
    """Two-sided exact p of McNemar's test (1947): a binomial test of the questions on which two arms part.

    Args:
        better: Questions that only the first arm has right.
        worse: Questions that only the second has right.
    """
    parted = better + worse
    tail = sum(math.comb(parted, k) for k in range(min(better, worse) + 1))
    return min(1.0, float(2 * tail / 2**parted))


def holm(found: Sequence[Difference]) -> list[Difference]:
    """Return the differences with p adjusted for their number (Holm 1979), in the order given."""
    order = sorted(range(len(found)), key=lambda at: found[at].p)
    adjusted = [0.0] * len(found)
    highest = 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, (len(found) - rank) * found[at].p))
        adjusted[at] = highest
    return [replace(one, adjusted_p=p) for one, p in zip(found, adjusted, strict=True)]


@lru_cache(maxsize=256)
def t_quantile(share: float, freedom: int) -> float:
    """Return the quantile of Student's t for a share above one half, by bisection to 1e-9."""
    low, high = 0.0, 1e6
    while high - low > 1e-9 * max(1.0, low):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_share(middle, freedom) < share else (low, middle)
    return low


def _t_share(t: float, freedom: int) -> float:
    """Share of Student's t below `t` for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4)."""
    theta = math.atan(t / math.sqrt(freedom))
    sine, cosine = math.sin(theta), math.cos(theta)
    odd = freedom % 2
    term, total = (cosine, cosine if freedom > 1 else 0.0) if odd else (1.0, 1.0)
    for k in range(3 if odd else 2, freedom - 1, 2):
        term *= (k - 1) / k * cosine**2
        total += term
    between = 2 / math.pi * (theta + sine * total) if odd else sine * total
    return 0.5 + between / 2


Block = NDArray[np.float32]


def _blocks(make: Callable[[int, int, tuple[int, int]], Block], clusters: int, seed: int) -> Iterator[Block]:
    """Yield DRAWS rows in blocks, each of shape (rows, clusters)."""
    rows = max(1, min(DRAWS, _BLOCK_CELLS // clusters))
    return (make(min(rows, DRAWS - start), clusters, (seed, start)) for start in range(0, DRAWS, rows))


@lru_cache(maxsize=_KEPT_BLOCKS)
def _drawn(rows: int, clusters: int, seed: tuple[int, int]) -> Block:
    """How often each cluster is drawn, of as many draws with replacement as there are clusters."""
    picks = np.random.default_rng(seed).integers(0, clusters, size=(rows, clusters))
    places = picks + clusters * np.arange(rows)[:, None]
    return np.bincount(places.ravel(), minlength=rows * clusters).reshape(rows, clusters).astype(np.float32)


@lru_cache(maxsize=_KEPT_BLOCKS)
def _signs(rows: int, clusters: int, seed: tuple[int, int]) -> Block:
    """Signs of clusters, each as likely as the other."""
    flips = np.random.default_rng(seed).integers(0, 2, size=(rows, clusters), dtype=np.int8)
    return 1 - 2 * flips.astype(np.float32)


def _clustered(
    differences: NDArray[np.float64], clusters: Sequence[Hashable]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum of differences and number of questions per cluster, shapes (g,)."""
    places = {label: at for at, label in enumerate(dict.fromkeys(clusters))}
    rows = np.array([places[label] for label in clusters])
    return np.bincount(rows, weights=differences).astype(np.float64), np.bincount(rows).astype(np.float64)


def _detectable(sums: NDArray[np.float64], counts: NDArray[np.float64], level: float) -> float:
    """Smallest detectable effect: (t_(1 - level/2) + t_POWER) standard errors of the mean over clusters.

    The standard error is the cluster-robust one of a mean (Liang and Zeger 1986). Where hardly any answers differ it
    would be near 0 by luck; it counts as no less than one cluster in all that differs by chance.
    """
    size, total = len(sums), float(counts.sum())
    if size < 2 or 2.0 ** (1 - size) > level:
        return math.inf
    residuals = sums - counts * (float(sums.sum()) / total)
    error = math.sqrt(size / (size - 1) * float((residuals**2).sum())) / total
    error = max(error, 1 / size)
    return (t_quantile(1 - level / 2, size - 1) + t_quantile(POWER, size - 1)) * error

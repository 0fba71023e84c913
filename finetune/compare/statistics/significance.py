"""Whether two arms differ: confidence intervals, tests and the smallest detectable difference.

Questions about one document (page, fact) are not independent, so whole clusters are resampled and whole clusters change
signs. With few clusters a plain cluster bootstrap reports differences that do not exist: its interval is widened to
that of Student's t, and a randomisation test, exact for any number of clusters, must agree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, ndtr, stdtrit

from core.metrics import Interval

DRAWS = 10_000
LEVEL = 0.95
POWER = 0.8
# All sign changes are enumerated up to this many clusters (2^13 = 8192); beyond it DRAWS are random.
_EXHAUSTIVE_CLUSTERS = 13
# Draws are made in blocks of this many numbers; the last blocks are kept, since all measures draw the same clusters.
_BLOCK_CELLS = 1 << 22
_KEPT_BLOCKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDifference:
    """Paired difference of two arms on the same questions.

    Attributes:
        mean: Mean of `left - right` over questions.
        low: Lower end of the 95% interval; -1 with one cluster, which says nothing about others.
        high: Upper end; 1 with one cluster.
        p: Two-sided p of the randomisation test over clusters.
        adjusted_p: `p` after Holm's correction over the pairs of a table; `p` itself before it.
        mcnemar_p: Exact McNemar test, which treats questions as independent; None where scores are not 0 or 1.
        detectable: Smallest true difference that 80 of 100 such comparisons would find significant, inf where none
            would. Computed for the strictest level of Holm's correction, which the clearest pair of a table must pass.
        questions: Questions that both arms answered.
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
        """Whether interval and adjusted test agree that the arms differ."""
        return self.adjusted_p <= 1 - LEVEL and not self.low <= 0.0 <= self.high


def least_clusters(pairs: int = 1) -> int:
    """Return the least number of clusters with which one of `pairs` pairs of arms can be significant.

    Sign changes of g clusters give a two-sided p of at least 2 / 2^g: a single pair needs 6, six pairs need 8.
    """
    return math.ceil(1 + math.log2(max(1, pairs) / (1 - LEVEL)))


def compare_scores(
    left: ArrayLike, right: ArrayLike, clusters: Sequence[Hashable], *, pairs: int = 1, seed: int = 0
) -> PairedDifference:
    """Compare two arms on the same questions.

    Args:
        left: One score in [0, 1] per question, shape (n,).
        right: Scores of the other arm in the same order.
        clusters: One label per question, length n.
        pairs: Comparisons in the table that `holm` corrects.
        seed: Seed of the draws.

    Raises:
        ValueError: The lists differ in length or are empty.
    """
    first, second = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if first.shape != second.shape or first.ndim != 1 or len(first) != len(clusters) or not len(first):
        raise ValueError(f"scores of shapes {first.shape} and {second.shape} with {len(clusters)} cluster labels")
    differences = first - second
    sums, counts = _clustered(differences, clusters)
    interval = mean_interval(differences, clusters, bounds=(-1.0, 1.0), seed=seed)
    p = sign_flip_p(sums, seed=seed)
    binary = bool(np.isin(first, (0.0, 1.0)).all() and np.isin(second, (0.0, 1.0)).all())
    return PairedDifference(
        mean=interval.mean,
        low=interval.low,
        high=interval.high,
        p=p,
        adjusted_p=p,
        mcnemar_p=mcnemar_p(int((differences > 0).sum()), int((differences < 0).sum())) if binary else None,
        detectable=_detectable(sums, counts, (1 - LEVEL) / pairs),
        questions=len(first),
        clusters=len(sums),
    )


def mean_interval(
    scores: ArrayLike, clusters: Sequence[Hashable], *, bounds: tuple[float, float] = (0.0, 1.0), seed: int = 0
) -> Interval:
    """Return a mean with the 95% interval of 10,000 draws of whole clusters.

    The percentiles are expanded to the width that Student's t gives for G clusters: level
    2 Phi(t sqrt(G / (G - 1))) - 1 with G - 1 degrees of freedom (Hesterberg 2015, "What Teachers Should Know About the
    Bootstrap", section 5). Where all scores are equal, draws cannot show that others are possible; the interval then
    has the width of Clopper and Pearson (1934) for that many clusters, cut at `bounds`. With one cluster it is all of
    `bounds`.

    Args:
        scores: Shape (n,).
        clusters: One label per score, length n.
        bounds: Smallest and largest value that the mean can have.
        seed: Seed of the draws.

    Raises:
        ValueError: There are no scores.
    """
    values = np.asarray(scores, dtype=np.float64)
    count = len(set(clusters))
    mean = float(values.mean()) if len(values) else 0.0
    if count == 1:
        return Interval(mean=mean, low=bounds[0], high=bounds[1])
    if len(values) and not np.ptp(values):
        unseen = 1 - ((1 - LEVEL) / 2) ** (1 / count)
        return Interval(mean=mean, low=max(bounds[0], mean - unseen), high=min(bounds[1], mean + unseen))
    spread = float(stdtrit(count - 1, (1 + LEVEL) / 2)) * math.sqrt(count / (count - 1))
    outside = float(ndtr(-spread))
    sums, counts = (part.astype(np.float32) for part in _clustered(values, clusters))
    means = np.concatenate([(drawn @ sums) / (drawn @ counts) for drawn in _blocks(_drawn, count, seed)])
    low, high = np.clip(np.quantile(means, [outside, 1 - outside]), values.min(), values.max())  # sums are rounded
    return Interval(mean=mean, low=float(low), high=float(high))


def sign_flip_p(sums: NDArray[np.float64], *, seed: int = 0) -> float:
    """Two-sided p of the hypothesis that the difference of every cluster is as likely to have the other sign.

    Fisher's randomisation test for pairs (1935) with whole clusters in place of pairs (Canay, Romano and Shaikh 2017).

    Args:
        sums: Summed difference per cluster, shape (g,).
        seed: Seed of the random signs, where there are too many to enumerate.
    """
    nonzero = sums[np.abs(sums) > 1e-12]
    if not len(nonzero):
        return 1.0
    observed = abs(float(nonzero.sum())) - 1e-9
    if len(nonzero) <= _EXHAUSTIVE_CLUSTERS:
        bits = np.arange(1 << len(nonzero))[:, None] >> np.arange(len(nonzero))
        return float((np.abs((1 - 2 * (bits & 1)) @ nonzero) >= observed).mean())
    sums_f32 = nonzero.astype(np.float32)
    observed -= 1e-5 * float(np.abs(nonzero).sum())  # rounding of a sum in 32 bits
    as_extreme = sum(int((np.abs(signs @ sums_f32) >= observed).sum()) for signs in _blocks(_signs, len(nonzero), seed))
    return (as_extreme + 1) / (DRAWS + 1)


def mcnemar_p(better: int, worse: int) -> float:
    """Two-sided exact p of McNemar's test (1947): a binomial test over the questions on which two arms disagree.

    Args:
        better: Questions that only the first arm answers right.
        worse: Questions that only the second arm answers right.
    """
    return min(1.0, 2 * float(bdtr(min(better, worse), better + worse, 0.5)))


def holm(differences: Sequence[PairedDifference]) -> list[PairedDifference]:
    """Return the differences with p adjusted for their number (Holm 1979), in the order given."""
    count = len(differences)
    order = sorted(range(count), key=lambda index: differences[index].p)
    adjusted = [0.0] * count
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (count - rank) * differences[index].p))
        adjusted[index] = highest
    return [replace(difference, adjusted_p=p) for difference, p in zip(differences, adjusted, strict=True)]


Block = NDArray[np.float32]


def _blocks(make: Callable[[int, int, tuple[int, int]], Block], clusters: int, seed: int) -> Iterator[Block]:
    """Yield DRAWS rows in blocks of shape (rows, clusters)."""
    rows = max(1, min(DRAWS, _BLOCK_CELLS // clusters))
    return (make(min(rows, DRAWS - start), clusters, (seed, start)) for start in range(0, DRAWS, rows))


@lru_cache(maxsize=_KEPT_BLOCKS)
def _drawn(rows: int, clusters: int, seed: tuple[int, int]) -> Block:
    """Return how often each cluster is drawn in as many draws with replacement as there are clusters."""
    picks = np.random.default_rng(seed).integers(0, clusters, size=(rows, clusters))
    places = picks + clusters * np.arange(rows)[:, None]
    return np.bincount(places.ravel(), minlength=rows * clusters).reshape(rows, clusters).astype(np.float32)


@lru_cache(maxsize=_KEPT_BLOCKS)
def _signs(rows: int, clusters: int, seed: tuple[int, int]) -> Block:
    """Return random signs of clusters."""
    flips = np.random.default_rng(seed).integers(0, 2, size=(rows, clusters), dtype=np.int8)
    return 1 - 2 * flips.astype(np.float32)


def _clustered(
    differences: NDArray[np.float64], clusters: Sequence[Hashable]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sum of differences and the number of questions per cluster, shapes (g,)."""
    numbers = {label: number for number, label in enumerate(dict.fromkeys(clusters))}
    rows = np.array([numbers[label] for label in clusters])
    return np.bincount(rows, weights=differences).astype(np.float64), np.bincount(rows).astype(np.float64)


def _detectable(sums: NDArray[np.float64], counts: NDArray[np.float64], level: float) -> float:
    """Return the smallest detectable difference: (t_(1 - level/2) + t_POWER) standard errors over clusters.

    The standard error is the cluster-robust one of a mean (Liang and Zeger 1986). Where hardly any answers differ it
    would be near 0 by luck; it is at least that of one cluster that differs by chance.
    """
    size, total = len(sums), float(counts.sum())
    if size < 2 or 2.0 ** (1 - size) > level:
        return math.inf
    residuals = sums - counts * (float(sums.sum()) / total)
    error = math.sqrt(size / (size - 1) * float((residuals**2).sum())) / total
    error = max(error, 1 / size)
    quantiles = stdtrit(size - 1, 1 - level / 2) + stdtrit(size - 1, POWER)
    return float(quantiles) * error

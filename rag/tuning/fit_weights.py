"""Fits the weights by which pages are ranked to questions with known pages."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from rag.search.tuned import QueryAdapter, SearchWeights
from rag.tuning.candidates import Candidates

# A page's probability is that of its score over this, in cosine: gaps between neighbours are a few hundredths.
TEMPERATURE = 0.05
# Pull of the logarithms of the weights to where they began, and how far they may go.
_PULL = 0.01
_MOST_FACTOR = 8.0
_ROUNDS = 4


def fit_weights(candidates: Candidates, weights: SearchWeights, adapter: QueryAdapter | None = None) -> SearchWeights:
    """Return the weights under which gold pages are most likely; that of the cosine is the scale and stays.

    Listwise cross-entropy over the candidate pages of each question (Cao et al. 2007, ListNet), minimised by L-BFGS in
    the logarithms of the weights, with the best chunk of each page chosen anew between rounds. A weight that is 0 was
    turned off and stays so.

    Args:
        candidates: Questions with their pages.
        weights: Where to begin.
        adapter: Of the queries.
    """
    names = [name for name in ("bm25", "router", "figures") if getattr(weights, name) > 0]
    if not names or weights.dense <= 0:
        return weights
    cosines = candidates.cosines(candidates.queries if adapter is None else adapter(candidates.queries))
    begun = np.log([getattr(weights, name) for name in names])
    reach = np.log(_MOST_FACTOR)
    bounds = [(value - reach, value + reach) for value in begun]
    fitted = weights
    for _ in range(_ROUNDS):
        best = candidates.best_chunks(cosines, fitted)
        parts = {"bm25": candidates.lexical[best], "router": candidates.route, "figures": candidates.figures}
        fixed = weights.dense * cosines[best].astype(np.float64)
        features = np.stack([parts[name] for name in names], axis=1).astype(np.float64)
        start = np.log([getattr(fitted, name) for name in names])
        result = minimize(_loss, start, (candidates, fixed, features, begun), "L-BFGS-B", jac=True, bounds=bounds)
        fitted = replace(fitted, **dict(zip(names, map(float, np.exp(result.x)), strict=True)))
    return fitted


def _loss(
    logs: NDArray[np.float64],
    candidates: Candidates,
    fixed: NDArray[np.float64],
    features: NDArray[np.float64],
    begun: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    """Return the mean loss in nats with its gradient by the logarithms of the weights."""
    values = np.exp(logs)
    loss, away = page_loss(candidates, fixed + features @ values), logs - begun
    return loss.value + _PULL * float(away @ away), (loss.slope @ features) * values + 2 * _PULL * away


class PageLoss(NamedTuple):
    """How unlikely gold pages are.

    Attributes:
        value: Mean over questions of -log P(a gold page), in nats.
        slope: Of `value` by the score of each page, `(p,)`.
        further: Of `value` by the score of each further chunk, `(q, m)`.
    """

    value: float
    slope: NDArray[np.float64]
    further: NDArray[np.float64]


def page_loss(
    candidates: Candidates, scores: NDArray[np.float64], further: NDArray[np.float64] | None = None
) -> PageLoss:
    """Return how unlikely gold pages are where a page's probability is the softmax of its score.

    Args:
        candidates: Whose pages compete; doubtful ones are left out.
        scores: Of the pages, `(p,)`.
        further: Scores of chunks that compete with all of a question's pages, `(q, m)`; none if None.
    """
    first, question = candidates.first_pages, candidates.question_of_page
    others = np.empty((len(first), 0)) if further is None else further / TEMPERATURE
    heat = np.where(candidates.doubtful, -np.inf, scores / TEMPERATURE)
    most = np.maximum(np.maximum.reduceat(heat, first), others.max(axis=1, initial=-np.inf))
    weight, other_weight = np.exp(heat - most[question]), np.exp(others - most[:, None])
    total = np.add.reduceat(weight, first) + other_weight.sum(axis=1)
    gold = np.where(candidates.gold, heat, -np.inf)
    most_gold = np.maximum.reduceat(gold, first)
    gold_weight = np.exp(gold - most_gold[question])
    total_gold = np.add.reduceat(gold_weight, first)
    loss = np.log(total) + most - np.log(total_gold) - most_gold
    slope = weight / total[question] - gold_weight / total_gold[question]
    scale = TEMPERATURE * len(first)
    return PageLoss(float(loss.mean()), slope / scale, other_weight / total[:, None] / scale)

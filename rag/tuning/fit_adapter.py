"""Fits a linear adapter of query vectors to questions with known pages, in numpy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rag.search.tuned import QueryAdapter, SearchWeights
from rag.tuning.candidates import Candidates
from rag.tuning.fit_weights import page_loss

RANK = 16
STEPS = 300
_RATE = 0.01
_DECAY = 0.02
# Adam's decay rates and its guard against division by zero (Kingma and Ba 2015).
_MOMENTS, _TINY = (0.9, 0.999), 1e-8
# Chunks of other questions that compete with every question, drawn anew at each step.
_RANDOM_CHUNKS = 128
# Steps between two looks at the questions that choose, and looks without a gain after which the fit ends.
_LOOK_EVERY, _PATIENCE = 10, 6
# Shares of the way that the adapter may move a query; the best for the questions that choose is kept.
_STRENGTHS = (1.0, 0.75, 0.5, 0.25)


def fit_adapter(
    train: Candidates,
    check: Candidates,
    weights: SearchWeights,
    rng: np.random.Generator,
    *,
    rank: int = RANK,
    steps: int = STEPS,
    on_step: Callable[[int, int], None] = lambda _done, _total: None,
    stop: Callable[[], bool] = lambda: False,
) -> QueryAdapter:
    """Return the adapter under which gold pages of `check` are most likely.

    Contrastive: the pages that the search finds for a question compete with its gold pages by the whole score of the
    ranking, and so do random chunks by their cosine (InfoNCE; van den Oord et al. 2018). AdamW, all questions at once,
    from the identity (`up` is zero, as in LoRA).

    Args:
        train: What it is fitted to.
        check: Other documents' questions: when to end, and how far to move.
        weights: Of the ranking.
        rng: Draws the first values and the random chunks.
        rank: Of the adapter.
        steps: Most of them.
        on_step: Called with steps done and their total.
        stop: Told before every look whether to end.
    """
    dimension = train.queries.shape[1]
    down = np.linalg.qr(rng.standard_normal((dimension, min(rank, dimension))))[0].astype(np.float32)
    up = np.zeros((down.shape[1], dimension), np.float32)
    fit = _Fit(train, weights, down, up)
    best, least, waited = QueryAdapter(down.copy(), up.copy()), _check_loss(check, weights, None), 0
    for step in range(1, steps + 1):
        if step % _LOOK_EVERY == 1:
            fit.choose_chunks()
        fit.step(step, rng)
        on_step(step, steps)
        if step % _LOOK_EVERY:
            continue
        loss = _check_loss(check, weights, fit.adapter)
        if loss < least:
            best, least, waited = QueryAdapter(fit.down.copy(), fit.up.copy()), loss, 0
        else:
            waited += 1
        if waited >= _PATIENCE or stop():
            break
    return min((best.scaled(strength) for strength in _STRENGTHS), key=lambda part: _check_loss(check, weights, part))


def _check_loss(candidates: Candidates, weights: SearchWeights, adapter: QueryAdapter | None) -> float:
    return page_loss(candidates, candidates.scores(weights, adapter)).value


class _Fit:
    """One fit under way."""

    def __init__(
        self, candidates: Candidates, weights: SearchWeights, down: NDArray[np.float32], up: NDArray[np.float32]
    ) -> None:
        self._candidates = candidates
        self._weights = weights
        self.down = down
        self.up = up
        self._first = [np.zeros_like(down), np.zeros_like(up)]
        self._second = [np.zeros_like(down), np.zeros_like(up)]
        self._pages = np.empty(0, np.float32)
        self._fixed = np.empty(0, np.float64)

    @property
    def adapter(self) -> QueryAdapter:
        """The adapter as it is now."""
        return QueryAdapter(self.down, self.up)

    def choose_chunks(self) -> None:
        """Choose the best chunk of every page under the adapter as it is now."""
        candidates, weights = self._candidates, self._weights
        cosines = candidates.cosines(self.adapter(candidates.queries))
        best = candidates.best_chunks(cosines, weights)
        self._pages = candidates.vectors[candidates.rows[best]]
        self._fixed = (
            weights.bm25 * candidates.lexical[best]
            + weights.router * candidates.route
            + weights.figures * candidates.figures
        ).astype(np.float64)

    def step(self, step: int, rng: np.random.Generator) -> None:
        """Go one step down the loss."""
        candidates, dense = self._candidates, self._weights.dense
        question = candidates.question_of_page
        moved = candidates.queries + (candidates.queries @ self.down) @ self.up
        lengths = np.linalg.norm(moved, axis=1, keepdims=True)
        queries = moved / lengths
        drawn = rng.integers(0, len(candidates.vectors), min(_RANDOM_CHUNKS, len(candidates.vectors)))
        others = candidates.vectors[drawn]
        cosines = np.vecdot(self._pages, queries[question]).astype(np.float64)
        further = dense * (queries @ others.T).astype(np.float64)
        loss = page_loss(candidates, dense * cosines + self._fixed, further)
        slope = (dense * loss.slope).astype(np.float32)
        pulled = np.add.reduceat(slope[:, None] * self._pages, candidates.first_pages)
        pulled += (dense * loss.further).astype(np.float32) @ others
        # Through the normalisation: only what is at a right angle to the query moves it.
        pulled = (pulled - np.sum(pulled * queries, axis=1, keepdims=True) * queries) / lengths
        up_slope = (candidates.queries @ self.down).T @ pulled
        down_slope = candidates.queries.T @ (pulled @ self.up.T)
        for index, (values, slopes) in enumerate(((self.down, down_slope), (self.up, up_slope))):
            self._first[index] = _MOMENTS[0] * self._first[index] + (1 - _MOMENTS[0]) * slopes
            self._second[index] = _MOMENTS[1] * self._second[index] + (1 - _MOMENTS[1]) * slopes**2
            first = self._first[index] / (1 - _MOMENTS[0] ** step)
            second = self._second[index] / (1 - _MOMENTS[1] ** step)
            values -= (_RATE * (first / (np.sqrt(second) + _TINY) + _DECAY * values)).astype(np.float32)

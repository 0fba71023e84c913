"""Weights follow what tells gold pages from others, and the loss has the slope that it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rag.search.tuned import SearchWeights
from rag.tuning.fit_weights import fit_weights, page_loss
from tests.rag.tuning.made import DIMENSION, PAGES, half_turn, turned

BASE = SearchWeights(dense=1.0, bm25=0.3, router=1.0)


def test_a_part_that_tells_gains_weight_and_one_that_misleads_loses_it() -> None:
    place = np.arange(60 * PAGES) % PAGES
    telling, misleading = (place == 0).astype(np.float32), 0.25 * (place == 1).astype(np.float32)
    for part, values in (("bm25", telling), ("router", misleading)):
        candidates = turned(0, 60, half_turn(), **{"lexical" if part == "bm25" else "route": values})
        fitted = fit_weights(candidates, BASE)
        gain = getattr(fitted, part) / getattr(BASE, part)
        assert gain > 2 if part == "bm25" else gain < 0.5
        assert (fitted.dense, fitted.figures) == pytest.approx((1.0, 1.0))
        before, after = (candidates.reciprocal_ranks(candidates.scores(each)).mean() for each in (BASE, fitted))
        assert after > before


def test_a_weight_that_is_off_stays_off() -> None:
    candidates = turned(0, 20, half_turn(), lexical=np.ones(20 * PAGES, np.float32))
    off = SearchWeights(dense=1.0, bm25=0.0, router=0.0, figures=0.0)
    assert fit_weights(candidates, off) == off
    assert fit_weights(candidates, replace(BASE, dense=0.0)) == replace(BASE, dense=0.0)


def test_the_slope_is_that_of_the_loss() -> None:
    rng = np.random.default_rng(0)
    candidates = turned(0, 5, np.eye(DIMENSION))
    candidates = replace(candidates, doubtful=np.arange(5 * PAGES) % PAGES == 3)
    scores, further = rng.normal(0, 0.1, 5 * PAGES), rng.normal(0, 0.1, (5, 3))
    loss, step = page_loss(candidates, scores, further), 1e-6
    for index in range(len(scores)):
        moved = scores.copy()
        moved[index] += step
        slope = (page_loss(candidates, moved, further).value - loss.value) / step
        assert slope == pytest.approx(loss.slope[index], abs=1e-4)
    for place in np.ndindex(further.shape):
        other = further.copy()
        other[place] += step
        slope = (page_loss(candidates, scores, other).value - loss.value) / step
        assert slope == pytest.approx(loss.further[place], abs=1e-4)
    assert loss.slope[3] == 0 and loss.value > page_loss(candidates, scores).value

"""An adapter finds how queries lie beside their pages, from other questions; noise gives it nothing."""

from __future__ import annotations

import numpy as np

from rag.search.tuned import SearchWeights
from rag.tuning.fit_adapter import fit_adapter
from rag.tuning.fit_weights import page_loss
from tests.rag.tuning.made import DIMENSION, half_turn, turned

BASE = SearchWeights(dense=1.0, bm25=0.3, router=1.0)


def test_what_is_learned_holds_for_other_questions() -> None:
    turn = half_turn()
    train, check, other = (turned(seed, count, turn) for seed, count in ((0, 150), (1, 50), (2, 50)))
    steps: list[tuple[int, int]] = []
    adapter = fit_adapter(
        train, check, BASE, np.random.default_rng(0), steps=100, on_step=lambda *step: steps.append(step)
    )
    before = other.reciprocal_ranks(other.scores(BASE)).mean()
    after = other.reciprocal_ranks(other.scores(BASE, adapter)).mean()
    assert before < 0.5 and after > before + 0.2
    assert steps[0] == (1, 100) and adapter.down.dtype == adapter.up.dtype == np.float32


def test_without_a_gain_where_the_fit_is_chosen_queries_stay_where_they_are() -> None:
    train, check = turned(0, 60, half_turn()), turned(1, 60, np.eye(DIMENSION))
    adapter = fit_adapter(train, check, BASE, np.random.default_rng(0))
    before, after = (page_loss(check, check.scores(BASE, moved)).value for moved in (None, adapter))
    assert after <= before


def test_a_fit_ends_when_it_is_told() -> None:
    steps: list[int] = []
    train = turned(0, 30, half_turn())
    fit_adapter(
        train,
        train,
        BASE,
        np.random.default_rng(0),
        on_step=lambda done, _total: steps.append(done),
        stop=lambda: True,
    )
    assert steps == list(range(1, 11))


def test_the_same_seed_gives_the_same_adapter() -> None:
    train = turned(0, 30, half_turn())
    first, again = (fit_adapter(train, train, BASE, np.random.default_rng(0), steps=20) for _ in range(2))
    np.testing.assert_array_equal(first.up, again.up)
    assert first.up.any()

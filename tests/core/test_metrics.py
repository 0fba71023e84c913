"""Metrics against hand-made cases, their bounds and each other."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import metrics

ITEMS = st.lists(st.integers(0, 20), unique=True, max_size=15)
RELEVANT = st.sets(st.integers(0, 20), min_size=1)
TEXT = st.text(alphabet="abc .,the12", max_size=40)


@given(ranked=ITEMS, relevant=RELEVANT, k=st.integers(1, 20))
def test_ranking_scores_are_bounded_and_agree(ranked: list[int], relevant: set[int], k: int) -> None:
    ndcg, hit = metrics.ndcg_at_k(ranked, relevant, k), metrics.hit_at_k(ranked, relevant, k)
    assert hit in (0, 1) and 0 <= ndcg <= 1 + 1e-12
    assert (ndcg > 0) == (hit == 1) == (metrics.reciprocal_rank(ranked, relevant) >= 1 / k)
    assert hit <= metrics.hit_at_k(ranked, relevant, k + 1)


@given(relevant=RELEVANT, k=st.integers(1, 20))
def test_a_perfect_ranking_scores_one(relevant: set[int], k: int) -> None:
    ranked = [*sorted(relevant), -1, -2]
    assert metrics.ndcg_at_k(ranked, relevant, k) == pytest.approx(1)
    assert metrics.reciprocal_rank(ranked, relevant) == 1


def test_ndcg_by_hand() -> None:
    assert metrics.ndcg_at_k(["x", "a", "y", "b"], {"a", "b"}, 4) == pytest.approx(
        (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3))
    )


@pytest.mark.parametrize("score", [metrics.ndcg_at_k, metrics.hit_at_k])
def test_nothing_relevant_is_refused(score: object) -> None:
    with pytest.raises(ValueError, match="relevant"):
        score([1], set(), 1)  # type: ignore[operator]


@given(left=TEXT, right=TEXT)
def test_token_f1_is_symmetric_and_exact_match_implies_it(left: str, right: str) -> None:
    f1 = metrics.token_f1(left, right)
    assert 0 <= f1 <= 1
    assert f1 == metrics.token_f1(right, left)
    if metrics.exact_match(left, right):
        assert f1 == 1
    if metrics.normalised(right) and metrics.contains(left, right):
        assert f1 > 0


def test_squad_normalisation() -> None:
    assert metrics.exact_match("The  Eiffel-Tower!", "eiffeltower") == 1
    assert metrics.token_f1("in the year 1912", "1912") == pytest.approx(0.5)
    assert metrics.contains("It was 1912, in May.", "1912") == 1
    assert metrics.contains("It was 19123.", "1912") == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$1.2 billion", ["1200000000"]),
        ("(1,200)", ["-1200"]),
        ("-5%", ["-5"]),
        ("minus 19.4 °C and Minus 3", ["-19.4", "-3"]),
        ("pages 3-4", ["3", "4"]),
        ("from 1,577 to .5", ["1577", "0.5"]),
    ],
)
def test_numbers_of(text: str, expected: list[str]) -> None:
    assert metrics.numbers_of(text) == [Decimal(one) for one in expected]


@given(value=st.integers(1000, 10**9))
def test_a_number_meets_itself_in_any_scale_and_not_its_double(value: int) -> None:
    assert metrics.numeric_match(f"It was {value:,}.", f"${value} million") == 1
    assert metrics.numeric_match(f"It was {value:,}.", f"{2 * value}") == 0


def test_small_numbers_do_not_scale() -> None:
    assert metrics.numeric_match("5", "0.005") == 0
    with pytest.raises(ValueError, match="no number"):
        metrics.numeric_match("5", "five")


@given(values=st.lists(st.floats(0, 1), min_size=1, max_size=30), shift=st.floats(-1, 1))
def test_bootstrap_brackets_the_mean_and_a_constant_shift_is_certain(values: list[float], shift: float) -> None:
    interval = metrics.bootstrap_mean(values, draws=200)
    assert interval.low - 1e-9 <= interval.mean <= interval.high + 1e-9 or len(values) < 5
    difference = metrics.paired_bootstrap(np.add(values, shift), values, draws=50)
    assert difference.low == pytest.approx(shift, abs=1e-9)
    assert difference.high == pytest.approx(shift, abs=1e-9)


def test_clusters_widen_the_interval() -> None:
    values = [0.0] * 50 + [1.0] * 50
    clusters = [at // 25 for at in range(100)]
    alone = metrics.bootstrap_mean(values)
    grouped = metrics.bootstrap_mean(values, clusters=clusters)
    assert grouped.high - grouped.low > 2 * (alone.high - alone.low)
    assert metrics.bootstrap_mean(values, clusters=list(range(100))) == alone


@pytest.mark.parametrize("values, clusters", [([], None), ([1.0], [1, 2])])
def test_bootstrap_refuses_what_it_cannot_draw(values: list[float], clusters: list[int] | None) -> None:
    with pytest.raises(ValueError, match=r"bootstrap|clusters"):
        metrics.bootstrap_mean(values, clusters=clusters)
    with pytest.raises(ValueError, match="against"):
        metrics.paired_bootstrap([1.0], [1.0, 2.0])

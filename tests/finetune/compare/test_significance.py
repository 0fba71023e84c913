"""Intervals and tests: right on known cases, and honest on simulated worlds without and with a difference."""

from __future__ import annotations

import math
from collections.abc import Hashable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune.compare.significance import Difference, compare, holm, mcnemar_p, mean_interval, sign_flip_p, t_quantile

WORLDS = 400
POWER_WORLDS = 100


def world(
    rng: np.random.Generator, *, docs: int, pages: tuple[int, int], by_document: bool, effect: float = 0.0
) -> tuple[list[float], list[float], list[Hashable]]:
    """Two arms' right or wrong answers with documents and pages that are harder for both, and for either.

    What favours an arm on a page (or in a document, where those are drawn) is as likely to favour the other: but for
    `effect`, there is no difference.
    """
    left: list[float] = []
    right: list[float] = []
    clusters: list[Hashable] = []
    for doc in range(docs):
        hard, own = rng.normal(), rng.normal(size=2) * by_document
        for page in range(rng.integers(*pages)):
            harder, lean = rng.normal(), rng.normal(size=2)
            for _ in range(rng.integers(1, 6)):
                chances = 1 / (1 + np.exp(-(hard + harder + rng.normal() + own + lean)))
                left.append(float(rng.random() < min(1.0, chances[0] + effect)))
                right.append(float(rng.random() < chances[1]))
                clusters.append(doc if by_document else (doc, page))
    return left, right, clusters


def share_found(worlds: int, **kind: object) -> float:
    """Share of simulated comparisons that call the arms different."""
    rng = np.random.default_rng(7)
    found = [compare(*world(rng, **kind)).significant for _ in range(worlds)]  # type: ignore[arg-type]
    return float(np.mean(found))


@pytest.mark.parametrize(
    ("docs", "pages", "by_document"),
    [(1, (6, 13), False), (3, (2, 9), False), (30, (2, 7), True)],
    ids=["1 document", "3 documents", "30 documents"],
)
def test_false_alarms_stay_below_seven_percent(docs: int, pages: tuple[int, int], by_document: bool) -> None:
    assert share_found(WORLDS, docs=docs, pages=pages, by_document=by_document) <= 0.07


@pytest.mark.parametrize(
    ("docs", "pages", "by_document", "least"),
    [(1, (25, 31), False, 0.6), (3, (10, 16), False, 0.7), (30, (2, 7), True, 0.85)],
    ids=["1 document", "3 documents", "30 documents"],
)
def test_a_planted_difference_is_found(docs: int, pages: tuple[int, int], by_document: bool, least: float) -> None:
    assert share_found(POWER_WORLDS, docs=docs, pages=pages, by_document=by_document, effect=0.3) >= least


def test_a_plain_bootstrap_over_three_documents_would_raise_false_alarms() -> None:
    """Why clusters are smaller than documents where there are few, and intervals wider than percentiles."""
    from kb.metrics import paired_bootstrap

    rng = np.random.default_rng(7)
    alarms = 0
    for at in range(200):
        left, right, clusters = world(rng, docs=3, pages=(2, 9), by_document=True)
        plain = paired_bootstrap(left, right, clusters=clusters, draws=1000, seed=at)
        alarms += not plain.low <= 0 <= plain.high
    assert alarms / 200 > 0.1


def test_t_quantiles_are_those_of_the_tables() -> None:
    for freedom, expected in ((1, 12.706), (2, 4.303), (5, 2.571), (10, 2.228), (30, 2.042), (120, 1.980)):
        assert t_quantile(0.975, freedom) == pytest.approx(expected, abs=1e-3)
    assert t_quantile(0.8, 4) == pytest.approx(0.941, abs=1e-3)


def test_mcnemar_is_the_binomial_test_of_those_that_part() -> None:
    assert mcnemar_p(5, 0) == pytest.approx(2 / 32)
    assert mcnemar_p(0, 0) == 1.0
    assert mcnemar_p(8, 2) == mcnemar_p(2, 8) == pytest.approx(2 * (1 + 10 + 45) / 1024)
    assert mcnemar_p(2000, 1500) < 1e-10


def test_signs_are_gone_through_where_clusters_are_few() -> None:
    assert sign_flip_p(np.array([1.0, 1.0, 1.0])) == pytest.approx(2 / 8)
    assert sign_flip_p(np.array([1.0, -1.0])) == 1.0
    assert sign_flip_p(np.zeros(4)) == 1.0


def test_random_signs_agree_with_all_signs() -> None:
    sums = np.array([0.9, 0.4, -0.2, 0.7, 0.1, -0.5, 0.8, 0.6, 0.3, -0.1, 0.5, 0.2, 0.4])
    more = np.append(sums, [1e-6])  # one cluster over the limit, which weighs nothing
    assert sign_flip_p(more) == pytest.approx(sign_flip_p(sums), abs=0.01)


def found(p: float) -> Difference:
    return Difference(
        mean=0.2, low=0.1, high=0.3, p=p, adjusted_p=p, mcnemar_p=None, detectable=0.1, questions=9, clusters=9
    )


def test_holm_multiplies_by_what_is_left_and_never_falls() -> None:
    adjusted = [one.adjusted_p for one in holm([found(0.04), found(0.01), found(0.03)])]
    assert adjusted == pytest.approx([0.06, 0.03, 0.06])
    assert [one.significant for one in holm([found(0.04), found(0.01), found(0.03)])] == [False, True, False]


def test_one_cluster_tells_nothing() -> None:
    only = compare([1.0, 1.0, 0.0], [0.0, 0.0, 0.0], ["a", "a", "a"])
    assert (only.low, only.high, only.detectable, only.significant) == (-math.inf, math.inf, math.inf, False)


def test_answers_that_never_differ_leave_room_for_doubt() -> None:
    few = compare([1.0] * 8, [1.0] * 8, list(range(8)))
    assert few.low < -0.2 < 0.2 < few.high
    assert few.detectable > 0.3
    many = compare([1.0] * 300, [1.0] * 300, list(range(300)))
    assert many.high < 0.02
    assert many.detectable < 0.02


def test_a_share_that_is_never_missed_is_not_certain() -> None:
    whole = mean_interval([1.0] * 10, list(range(10)))
    assert whole.low == pytest.approx(0.025 ** (1 / 10))  # Clopper and Pearson: 0.6915 for 10 of 10
    assert whole.low == pytest.approx(0.6915, abs=1e-4)


def test_lists_must_match() -> None:
    with pytest.raises(ValueError, match="scores"):
        compare([1.0], [1.0, 0.0], ["a"])
    with pytest.raises(ValueError, match="scores"):
        compare([], [], [])


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([0.0, 1.0]), st.integers(0, 5)), min_size=2))
def test_turning_a_comparison_round_turns_its_signs(rows: list[tuple[float, float, int]]) -> None:
    left, right, clusters = (list(column) for column in zip(*rows, strict=True))
    ours, theirs = compare(left, right, clusters), compare(right, left, clusters)
    assert ours.mean == -theirs.mean
    assert ours.p == pytest.approx(theirs.p)
    assert ours.mcnemar_p == theirs.mcnemar_p
    assert ours.detectable == pytest.approx(theirs.detectable)
    assert ours.low <= ours.mean + 1e-9
    assert ours.mean <= ours.high + 1e-9

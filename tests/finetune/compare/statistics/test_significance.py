"""Intervals and tests: right on known cases, and honest on simulated worlds without and with a difference."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.false_alarms import WORLDS, World, alarmed, judged
from finetune.compare.statistics.significance import (
    PairedDifference,
    compare_scores,
    holm,
    least_clusters,
    mcnemar_p,
    mean_interval,
    sign_flip_p,
)

ALARM_WORLDS, POWER_WORLDS = 400, 100


def share_found(world: World, worlds: int, effect: float) -> float:
    """Share of simulated comparisons that call the arms different."""
    rng = np.random.default_rng(7)
    return sum(judged(*world.draw(rng, effect)).significant for _ in range(worlds)) / worlds


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_false_alarms_stay_below_seven_percent(world: World) -> None:
    assert share_found(world, ALARM_WORLDS, effect=0.0) <= 0.07


@pytest.mark.parametrize(
    ("name", "pages", "least"),
    [("1 document", (25, 31), 0.6), ("3 documents", (10, 16), 0.7), ("30 documents", (2, 7), 0.85)],
)
def test_a_planted_difference_is_found(name: str, pages: tuple[int, int], least: float) -> None:
    assert share_found(replace(WORLDS[name], pages=pages), POWER_WORLDS, effect=0.3) >= least


def test_a_plain_bootstrap_over_three_documents_would_raise_false_alarms() -> None:
    """Why clusters are smaller than documents where there are few, and intervals wider than percentiles."""
    rng = np.random.default_rng(7)
    assert sum(alarmed(*WORLDS["3 documents"].draw(rng, 0.0)) for _ in range(200)) / 200 > 0.1


def test_mcnemar_is_the_binomial_test_of_those_that_part() -> None:
    assert mcnemar_p(5, 0) == pytest.approx(2 / 32)
    assert mcnemar_p(0, 0) == 1.0
    assert mcnemar_p(8, 2) == mcnemar_p(2, 8) == pytest.approx(2 * (1 + 10 + 45) / 1024)
    assert mcnemar_p(2000, 1500) < 1e-10


def test_signs_are_gone_through_where_clusters_are_few() -> None:
    assert sign_flip_p(np.array([1.0, 1.0, 1.0])) == pytest.approx(2 / 8)
    assert sign_flip_p(np.array([1.0, -1.0])) == 1.0
    assert sign_flip_p(np.zeros(4)) == 1.0


@pytest.mark.parametrize("pairs", [1, 6, 10])
def test_fewer_clusters_than_the_least_can_show_nothing(pairs: int) -> None:
    """All clusters lean one way as far as they can; Holm's correction asks the clearest pair for p <= 0.05 / pairs."""
    for clusters, shown in ((least_clusters(pairs) - 1, False), (least_clusters(pairs), True)):
        found = compare_scores([1.0] * clusters, [0.0] * clusters, list(range(clusters)), pairs=pairs)
        assert holm([found] * pairs)[0].significant is shown
        assert math.isfinite(found.detectable) is shown


def test_more_arms_ask_for_more_questions() -> None:
    rng = np.random.default_rng(5)
    left, right = (rng.random(60) < 0.5).astype(float), (rng.random(60) < 0.5).astype(float)
    alone, among_ten = (compare_scores(left, right, list(range(60)), pairs=pairs).detectable for pairs in (1, 10))
    assert among_ten / alone == pytest.approx((2.916 + 0.848) / (2.001 + 0.848), rel=1e-3)  # t of 59 degrees


def test_random_signs_agree_with_all_signs() -> None:
    sums = np.array([0.9, 0.4, -0.2, 0.7, 0.1, -0.5, 0.8, 0.6, 0.3, -0.1, 0.5, 0.2, 0.4])
    more = np.append(sums, [1e-6])  # one cluster over the limit, which weighs nothing
    assert sign_flip_p(more) == pytest.approx(sign_flip_p(sums), abs=0.01)


def found(p: float) -> PairedDifference:
    return PairedDifference(
        mean=0.2, low=0.1, high=0.3, p=p, adjusted_p=p, mcnemar_p=None, detectable=0.1, questions=9, clusters=9
    )


def test_holm_multiplies_by_what_is_left_and_never_falls() -> None:
    adjusted = [one.adjusted_p for one in holm([found(0.04), found(0.01), found(0.03)])]
    assert adjusted == pytest.approx([0.06, 0.03, 0.06])
    assert [one.significant for one in holm([found(0.04), found(0.01), found(0.03)])] == [False, True, False]


def test_one_cluster_tells_nothing() -> None:
    only = compare_scores([1.0, 1.0, 0.0], [0.0, 0.0, 0.0], ["a", "a", "a"])
    assert (only.low, only.high, only.detectable, only.significant) == (-1.0, 1.0, math.inf, False)


def test_a_share_stays_between_0_and_1() -> None:
    for scores in ([1.0], [1.0] * 5, [0.0] * 7, [1.0] * 9 + [0.0], [0.999] * 11 + [0.1]):
        for labels in (list(range(len(scores))), ["a"] * len(scores)):
            interval = mean_interval(scores, labels)
            assert 0.0 <= interval.low <= interval.mean <= interval.high <= 1.0


def test_answers_that_never_differ_leave_room_for_doubt() -> None:
    few = compare_scores([1.0] * 8, [1.0] * 8, list(range(8)))
    assert few.low < -0.2 < 0.2 < few.high
    assert few.detectable > 0.3
    many = compare_scores([1.0] * 300, [1.0] * 300, list(range(300)))
    assert many.high < 0.02
    assert many.detectable < 0.02


def test_a_share_that_is_never_missed_is_not_certain() -> None:
    whole = mean_interval([1.0] * 10, list(range(10)))
    assert whole.low == pytest.approx(0.025 ** (1 / 10))  # Clopper and Pearson: 0.6915 for 10 of 10
    assert whole.low == pytest.approx(0.6915, abs=1e-4)
    assert whole.high == 1.0


@given(
    st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=2, max_size=30),
    st.integers(2, 12),
)
def test_intervals_of_shares_stay_between_nothing_and_all(scores: list[float], clusters: int) -> None:
    share = mean_interval(scores, [index % clusters for index in range(len(scores))])
    assert 0.0 <= share.low <= share.mean + 1e-6
    assert share.mean - 1e-6 <= share.high <= 1.0


def test_intervals_of_differences_stay_between_all_worse_and_all_better() -> None:
    always = compare_scores([1.0] * 5, [0.0] * 5, list(range(5)))
    assert (always.mean, always.high) == (1.0, 1.0)
    assert 0.4 < always.low < 0.5


def test_lists_must_match() -> None:
    with pytest.raises(ValueError, match="scores"):
        compare_scores([1.0], [1.0, 0.0], ["a"])
    with pytest.raises(ValueError, match="scores"):
        compare_scores([], [], [])


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([0.0, 1.0]), st.integers(0, 5)), min_size=2))
def test_turning_a_comparison_round_turns_its_signs(rows: list[tuple[float, float, int]]) -> None:
    left, right, clusters = (list(column) for column in zip(*rows, strict=True))
    ours, theirs = compare_scores(left, right, clusters), compare_scores(right, left, clusters)
    assert ours.mean == -theirs.mean
    assert ours.p == pytest.approx(theirs.p)
    assert ours.mcnemar_p == theirs.mcnemar_p
    assert ours.detectable == pytest.approx(theirs.detectable)
    assert ours.low <= ours.mean + 1e-9
    assert ours.mean <= ours.high + 1e-9

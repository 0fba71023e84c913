"""Confidence is a logistic model per kind of answer; its figures are worked out by hand from the weights."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reading.confidence import MIN_CONFIDENCE, POSSIBLE, SURE, WEIGHTS, logit, probability


@pytest.mark.parametrize(
    ("features", "log_odds"),
    [
        ({}, -8.0),
        ({"score": 1.0, "margin": 0.5}, -0.5),
        ({"score": 1.0, "margin": 2.0, "unknown": 5.0}, 2.5),
        ({"score": -1.0}, -14.5),
    ],
)
def test_features_are_weighed_and_unknown_ones_ignored(
    monkeypatch: pytest.MonkeyPatch, features: dict[str, float], log_odds: float
) -> None:
    monkeypatch.setattr("core.reading.confidence.WEIGHTS", {"table": {"": -8.0, "score": 6.5, "margin": 2.0}})
    chance = probability("table", features)
    assert math.log(chance / (1 - chance)) == pytest.approx(log_odds, abs=1e-6)


def test_log_odds_are_bounded() -> None:
    assert logit(0.5) == 0
    assert logit(1.0) == pytest.approx(math.log(399))
    assert logit(0.0) == pytest.approx(-math.log(399))


def test_thresholds_are_in_order() -> None:
    assert 0 < MIN_CONFIDENCE < POSSIBLE < SURE < 1


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(KeyError):
        probability("guess", {})


@given(st.sampled_from(sorted(WEIGHTS)), st.floats(-1e6, 1e6))
def test_a_probability_stays_between_nought_and_one(kind: str, value: float) -> None:
    features = dict.fromkeys(WEIGHTS[kind], value)
    assert 0 < probability(kind, features) < 1


@given(st.sampled_from(sorted(WEIGHTS)), st.floats(0, 5), st.floats(0, 5))
def test_more_of_a_feature_never_lowers_the_confidence(kind: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    for name in WEIGHTS[kind]:
        if name:
            assert probability(kind, {name: low}) <= probability(kind, {name: high})


@given(st.floats(0.0025, 0.9975))
def test_log_odds_turn_back_into_the_probability(chance: float) -> None:
    assert 1 / (1 + math.exp(-logit(chance))) == pytest.approx(chance)

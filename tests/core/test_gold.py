"""Gold answers: which field holds them, in which forms, and what says that nobody can answer."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from core.gold import answer_columns, answer_texts, as_text, differing, gold_answer, is_absent, is_link


@pytest.mark.parametrize(
    ("record", "answer"),
    [
        ({"answer": "gold"}, "gold"),
        ({"answer": "said", "ground_truth": "gold"}, "gold"),
        ({"answer": "said", "ground_truths": ["gold", "other"]}, "gold"),
        ({"response": "said", "reference": "gold"}, "gold"),
        ({"actual_output": "said", "expected_output": "gold"}, "gold"),
        ({"Answer": "said", "Best Answer": "gold"}, "gold"),
        ({"output": "said", "groundTruth": "gold"}, "gold"),
        ({"answer": "said", "answers": {"text": ["gold"], "answer_start": [3]}}, "gold"),
        ({"answer": "said", "answers": [{"text": "gold", "answer_start": 3}]}, "gold"),
        ({"answer": {"value": "gold", "aliases": ["g"]}}, "gold"),
        ({"answer": ["gold", "other"]}, "gold"),
        ({"answer": 30}, "30"),
        ({"answer": "gold", "reference": "https://a.example/b"}, "gold"),
        ({"answer": "gold", "prediction": "said", "response": "said"}, "gold"),
        ({"answer": "said", "corrected_answer": "gold"}, "gold"),
        ({"response": "said", "answer": "gold", "edited_response": "said better"}, "gold"),
        ({"answer": "gold", "answer_revised": ""}, "gold"),
        ({"answer": "gold", "edited_answer": None}, "gold"),
        ({"answer": "said", "ground_truth": None}, None),
        ({"answer": None}, None),
        ({"answers": []}, None),
        ({"answers": {"text": [], "answer_start": []}}, None),
        ({"answer": "said", "is_impossible": True}, None),
    ],
)
def test_the_gold_answer_of_a_record(record, answer):
    assert gold_answer({"question": "?", **record}) == answer


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({}, "fields: question"),
        ({"prediction": "said"}, "fields: question, prediction"),
        ({"answer": ""}, '"answer" is empty'),
        ({"answer": float("nan")}, '"answer" is empty'),
        ({"answer": "said", "ground_truth": " "}, '"ground_truth" is empty'),
        ({"answer": {"x": 1}}, "must be a text"),
        ({"ground_truth": "x", "expected_answer": "y"}, "differ: ground_truth, expected_answer"),
    ],
)
def test_what_holds_no_gold_answer(record, reason):
    with pytest.raises(ValueError, match=reason):
        gold_answer({"question": "?", **record})


def test_answers_that_people_voted_for_come_first():
    assert answer_texts([{"text": "bad", "score": 1}, {"text": "good", "score": 5}]) == ["good", "bad"]
    assert answer_texts({"text": ["bad", "good"], "score": [3, 9]}) == ["good", "bad"]
    assert answer_texts([{"text": "bad"}, {"text": "good", "selected": True}]) == ["good", "bad"]
    assert answer_texts(["first", "second"]) == ["first", "second"]


def test_values_that_are_absent_and_values_that_are_text():
    assert all(map(is_absent, (None, "", [], {}, float("nan"), float("inf"))))
    assert not any(map(is_absent, (0, False, "0", " x", [0])))
    assert as_text(Decimal("3.50")) == "3.50"
    assert as_text(datetime.date(2024, 5, 1)) == as_text(datetime.datetime(2024, 5, 1)) == "2024-05-01"
    assert as_text(["x"]) is None


def test_columns_of_one_rank_that_differ():
    columns = answer_columns(["question", "answer", "response"], others=("response",))
    assert columns == ("answer", "response")
    assert differing({"answer": "It is one.", "response": "two"}, columns) == ["answer", "response"]
    assert differing({"answer": "It is one.", "response": "it  is One."}, columns) == []
    assert differing({"answer": "It is one.", "response": None}, columns) == []
    best = {"best_answer": "One.", "correct_answers": ["Two.", "one."]}
    assert differing(best, best) == []


def test_addresses_are_no_answers():
    assert is_link("https://a.example/b")
    assert is_link(["https://a.example/b"])
    assert not is_link("see https://a.example/b")
    assert not is_link([])

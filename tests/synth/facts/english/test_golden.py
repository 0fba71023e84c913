"""The golden sentences: 400 of them, each with what should be asked, and what rules and candidates find of it."""

from __future__ import annotations

from bench.golden_sentences import agrees, measure_candidates, measure_rules, read_golden


def test_every_sentence_has_questions() -> None:
    golden = read_golden()
    assert len(golden) == 400
    assert len({sentence.text for sentence in golden}) == 400
    for sentence in golden:
        for question, _ in sentence.expected:
            assert question.endswith("?")


def test_rules_are_precise_and_candidates_reach_most_answers() -> None:
    golden = read_golden()
    rules, candidates = measure_rules(golden), measure_candidates(golden)
    assert rules["precision"] >= 0.97
    assert rules["recall"] >= 0.33
    assert candidates["recall"] >= 0.82
    assert candidates["candidates per sentence"] <= 2.5


def test_answers_agree_in_other_words() -> None:
    assert agrees("about ten days", "ten days")
    assert agrees("Fatigue", "fatigue")
    assert not agrees("38%", "fatigue")

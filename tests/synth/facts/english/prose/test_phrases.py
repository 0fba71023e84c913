"""Where a phrase behind a verb ends, and whether it says what it means."""

from __future__ import annotations

import pytest

from synth.facts.english.prose.clause import parse
from synth.facts.english.prose.phrases import is_phrase, is_plain_subject, split_time, tail_of


@pytest.mark.parametrize(
    ("tail", "phrase", "time"),
    [
        ("the hull in 1988", "the hull", "in 1988"),
        ("a report every Monday", "a report", "every Monday"),
        ("the lower town from floods", "the lower town from floods", ""),
        ("gas in most homes during the 1960s", "gas in most homes", "during the 1960s"),
        ("the pumps twice a year", "the pumps", "twice a year"),
    ],
)
def test_a_time_at_the_end_is_taken_off(tail: str, phrase: str, time: str):
    assert split_time(tail) == (phrase, time)


@pytest.mark.parametrize(
    ("tail", "end"),
    [
        ("the upper deck, which is closed in winter", "the upper deck"),
        ("the upper deck, and the crew sleeps below", "the upper deck"),
        ("lamps, ropes and paint", "lamps, ropes and paint"),
        ("the upper deck; the rest is open", "the upper deck"),
        ("the upper deck, the hold", None),
        ("ropes, particularly thick ones, and plays a part in mooring", None),
    ],
)
def test_the_end_of_what_belongs_to_the_verb(tail: str, end: str | None):
    assert tail_of(tail, 0) == end


def test_phrases():
    assert is_phrase("the structure of heavy soils")
    assert is_phrase("a loss that penalises long answers")
    for text in (
        "that prices fell",
        "a pair of rules to determine",
        "their own names",
        "the gate is open",
        "up the hill",
    ):
        assert not is_phrase(text), text


def test_plain_subjects():
    for sentence in ("Mixed infections were seen in winter.", "The west gate opened in May."):
        clause = parse(sentence)
        assert clause is not None and is_plain_subject(clause)
    for sentence in (
        "Similarly searches skip the last page.",
        "COOKIES AND TRACKERS Norland collects names.",
        "DESCRIPTION tarn searches for patterns.",
        "Failure to look inside compressed files.",
        "Chemotherapy Chemotherapy uses drugs.",
    ):
        clause = parse(sentence)
        assert clause is None or not is_plain_subject(clause)

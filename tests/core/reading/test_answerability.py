"""Whether passages answer at all: what speaks for it, and that it lowers the confidence of answers that seem likely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reading.answerability import (
    ANSWERABILITY_WEIGHTS,
    answerability,
    answerability_features,
    is_answered,
    names_thing,
)
from core.reading.passages import Passage
from core.reading.proposals.candidates import Proposal, Quote
from core.reading.read import read
from core.reading.reader import rank, read_question
from core.reading.spans.windows import PlacedSpan

TEXT = "The museum opens at nine. The castle of Hain was built by Odo in 1204 and burned down twice."
PASSAGES = [Passage(key="b2b2b", source="hain.pdf, p. 1", text=TEXT)]


@dataclass(frozen=True)
class Scored:
    """A span reader that finds one string, with set scores."""

    wanted: str
    score: float
    no_answer: float

    def predict(self, question: str, texts: Sequence[str], *, top: int = 5) -> list[PlacedSpan]:
        at = texts[0].find(self.wanted)
        return [PlacedSpan(0, at, at + len(self.wanted), self.score, self.no_answer)]


def _features(question: str, quote: str, span: PlacedSpan) -> dict[str, float]:
    start = TEXT.index(quote)
    proposal = Proposal("span", "Odo", (Quote(0, start, start + len(quote)),), features={})
    return answerability_features(read_question(question), rank(question, PASSAGES), [span], [proposal], PASSAGES)


def test_words_of_the_question_that_the_sentence_lacks_count() -> None:
    sentence = "The castle of Hain was built by Odo in 1204 and burned down twice."
    span = PlacedSpan(0, 0, 3, 4.0, 1.5)
    asked = _features("Who built the castle of Hain?", sentence, span)
    other = _features("Who painted the castle of Hain?", sentence, span)
    assert (asked["missing"], other["missing"]) == (0.0, pytest.approx(1 / 3))
    assert (asked["span"], asked["no_answer"]) == (4.0, 1.5)


def test_without_spans_the_scores_speak_for_nothing() -> None:
    features = answerability_features(
        read_question("Who built the castle?"), rank("Who built the castle?", PASSAGES), [], [], PASSAGES
    )
    assert (features["span"], features["no_answer"], features["table"]) == (-2.0, 5.0, 0.0)


@given(st.sampled_from(sorted(name for name in ANSWERABILITY_WEIGHTS if name)), st.floats(-20, 20), st.floats(-20, 20))
def test_evidence_for_an_answer_never_lowers_the_probability(name: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    against = name in ("no_answer", "missing")
    rest = dict.fromkeys((key for key in ANSWERABILITY_WEIGHTS if key), 0.0)
    first, second = answerability({**rest, name: low}), answerability({**rest, name: high})
    assert second <= first if against else first <= second


def test_a_confident_span_is_doubted_where_no_answer_is_as_likely() -> None:
    question = "Who built the castle of Hain?"
    sure = read(question, PASSAGES, spans=Scored("Odo", 9.0, -4.0))
    unsure = read(question, PASSAGES, spans=Scored("Odo", -6.0, 9.0))
    assert sure.short_answer == unsure.short_answer == "Odo"
    assert sure.answerability is not None and unsure.answerability is not None
    assert sure.answerability > unsure.answerability
    assert sure.confidence > unsure.confidence
    assert sure.answers


@pytest.mark.parametrize(
    ("answerable", "confidence", "supported", "answered"),
    [
        (0.5, 0.5, 0.1, True),
        (0.9, 0.05, 0.1, True),
        (0.5, 0.05, 0.1, False),
        (0.05, 0.9, 0.1, True),
        (0.1, 0.1, 0.1, False),
        (0.5, 0.05, 0.7, True),
        (0.1, 0.1, 0.9, False),
    ],
)
def test_one_probability_may_make_up_for_the_other(
    answerable: float, confidence: float, supported: float, *, answered: bool
) -> None:
    assert is_answered(answerable, confidence, supported) is answered


def test_by_words_alone_nothing_is_said_of_it() -> None:
    assert read("Who built the castle of Hain?", PASSAGES).answerability is None


@pytest.mark.parametrize(
    ("question", "quote", "named"),
    [
        ("What is the population of Hain?", "Hain lies on the river Ode.", False),
        ("What is the population of Hain?", "Hain had a population of 900.", True),
        ("What is the height of the tower of Hain?", "The tower is 31 m tall.", True),
        ("What is the rated power of the pump?", "Pump P2, 38 kW", True),
        ("What is the price of a day ticket?", "A day costs £12.", True),
        ("What is the cost of the bridge?", "The bridge of Hain was opened in 1962.", False),
        ("Who built the bridge?", "It is 40 m long.", True),
    ],
)
def test_quotes_name_what_is_asked_for_or_give_its_unit(question: str, quote: str, *, named: bool) -> None:
    assert names_thing(question, quote) is named


def test_an_unsure_answer_that_does_not_name_what_is_asked_for_is_not_given() -> None:
    found = Scored("Hain", -8.0, 8.0)
    named, unnamed = (
        read(f"Which {noun} was built by Odo in 1204?", PASSAGES, spans=found) for noun in ("castle", "bridge")
    )
    assert named.confidence < 0.4 and unnamed.confidence < 0.4
    assert (named.answers, unnamed.answers) == (True, False)

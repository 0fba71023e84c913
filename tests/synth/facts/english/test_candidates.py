"""What a sentence can be asked for: values, names, definitions, lists and noun phrases, each with its span."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.facts.english.candidates import answer_candidates
from synth.facts.english.casing import Casing


def found(sentence: str) -> list[tuple[str, str]]:
    casing = Casing()
    casing.learn(sentence)
    return [(sentence[one.start : one.end], one.kind) for one in answer_candidates(sentence, casing)]


@pytest.mark.parametrize(
    ("sentence", "text", "kind"),
    [
        ("The scheduler writes a checkpoint every 300 seconds to disk.", "300 seconds", "quantity"),
        ("In 2015, Maria Alvarez founded the Institute for Coastal Research in Lisbon.", "2015", "date"),
        ("In 2015, Maria Alvarez founded the Institute for Coastal Research in Lisbon.", "Maria Alvarez", "name"),
        (
            "Maria Alvarez founded the Institute for Coastal Research.",
            "Institute for Coastal Research",
            "name",
        ),
        ("Use the --timeout option to limit the wait.", "--timeout", "name"),
        ("The folder is named in checkpoint_dir before the run begins.", "checkpoint_dir", "name"),
        (
            "Photosynthesis is the process by which plants convert light into chemical energy.",
            "the process by which plants convert light into chemical energy",
            "definition",
        ),
        (
            "The box contains gloves, safety goggles and a blanket.",
            "gloves, safety goggles and a blanket",
            "list",
        ),
        ("The virus spreads with blood, sweat or other fluids.", "blood, sweat or other fluids", "list"),
        ("The pool was closed in May because of water damage.", "water damage", "reason"),
        ("Employees must submit expense reports to their manager.", "expense reports", "phrase"),
    ],
)
def test_what_is_asked_for(sentence: str, text: str, kind: str) -> None:
    assert (text, kind) in found(sentence)


def test_values_come_first_and_phrases_last() -> None:
    kinds = [kind for _, kind in found("Staff keep visitor badges for 30 days in the Harbour Office.")]
    assert kinds[0] == "quantity"
    assert kinds[-1] == "phrase"


def test_the_first_word_of_a_sentence_is_no_name_without_a_sign_of_one() -> None:
    assert ("Employees", "name") not in found("Employees travel by train.")
    assert ("However", "name") not in found("However, the council met Anna Berg in May.")


def test_a_bare_single_digit_and_function_words_are_left_out() -> None:
    assert found("It is so.") == []
    assert all(text != "3" for text, _ in found("See step 3 of it."))


@given(st.text(alphabet="aA1 .,of“”-()$%", max_size=60))
def test_spans_lie_in_the_sentence_and_begin_and_end_visibly(sentence: str) -> None:
    for one in answer_candidates(sentence, Casing()):
        text = sentence[one.start : one.end]
        assert text
        assert text == text.strip()

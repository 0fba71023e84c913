"""What an answer is worth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.types import Citation
from finetune.compare.arms import ArmReply
from finetune.compare.measures import MEASURES, agreement, cohens_kappa, proper, right, rouge_l, score
from finetune.compare.questions import GoldQuestion, Place


def question(answer: str | None, **more: object) -> GoldQuestion:
    return GoldQuestion(id="q", text="How long?", answer=answer, **more)  # type: ignore[arg-type]


def reply(text: str, **more: object) -> ArmReply:
    return ArmReply(text=text, abstained=not text, **more)  # type: ignore[arg-type]


def citation(doc: str, page: int) -> Citation:
    return Citation(doc=doc, sha256="a" * 64, page=page, start=0, end=1, quote="x")


@pytest.mark.parametrize(
    ("text", "gold", "expected"),
    [
        ("The head cook is Dorrit Amblesworth.", "Dorrit Amblesworth", 1.0),
        ("It takes 6 minutes.", "six minutes", 1.0),
        ("It takes 7 minutes.", "six minutes", 0.0),
        ("About $1,577 million were spent.", "$1.577 billion", 1.0),
        ("30 March", "30 April", 0.0),
        ("35 hours", "35 minutes", 0.0),
        ("The fee is 58.2 crowns", "58 crowns", 1.0),
        ("The fee is 61 crowns", "58 crowns", 0.0),
        ("", "Dorrit Amblesworth", 0.0),
        ("Amblesworth", "Dorrit Amblesworth", 0.0),
    ],
)
def test_right_means_the_gold_answer_stands_there(text: str, gold: str, expected: float) -> None:
    assert right(text, gold, 0.01) == expected


def test_a_tolerance_is_the_questions_own() -> None:
    assert right("105 crowns", "100 crowns", 0.01) == 0.0
    assert right("105 crowns", "100 crowns", 0.1) == 1.0


def test_a_quote_that_proves_is_no_part_of_the_answer() -> None:
    assert proper("18 m: “The greatest permitted depth is 18 m.”") == "18 m"
    assert proper("The rule says: never alone") == "The rule says: never alone"
    held = score(question("18 m"), reply("18 m: “The greatest permitted depth is 18 m.”"), "found")
    assert held["exact_match"] == 1.0


def test_rouge_l_is_the_longest_common_subsequence() -> None:
    assert rouge_l("police kill the gunman", "police killed the gunman") == pytest.approx(2 / 3)  # articles drop out
    assert rouge_l("one two three", "one two three") == 1.0
    assert rouge_l("", "one") == 0.0


@given(st.text(), st.text())
def test_rouge_l_is_a_share_and_symmetric(left: str, other: str) -> None:
    assert 0.0 <= rouge_l(left, other) <= 1.0
    assert rouge_l(left, other) == rouge_l(other, left)


def test_a_refusal_of_an_answerable_question_scores_nothing() -> None:
    held = score(question("18 m"), reply(""), "nothing")
    assert held["needless_refusal"] == 1.0
    assert held["right"] == held["token_f1"] == held["rouge_l"] == held["exact_match"] == held["number_match"] == 0.0


def test_a_question_nobody_can_answer_is_scored_by_declining_alone() -> None:
    assert score(question(None), reply(""), "found") == {"abstention_recall": 1.0}
    assert score(question(None), reply("It is 5."), "nothing") == {"abstention_recall": 0.0}


def test_citations_are_held_against_the_places_of_the_answer() -> None:
    places = (Place(doc="a.pdf", page=2), Place(doc="a.pdf", page=5))
    said = reply("18 m", citations=(citation("a.pdf", 2), citation("b.pdf", 2)), statements=2, unsupported=1)
    held = score(question("18 m", places=places), said, "found")
    assert (held["citation_precision"], held["citation_recall"], held["unsupported"]) == (0.5, 0.5, 0.5)


def test_a_document_named_by_a_glob_holds_any_page() -> None:
    said = reply("18 m", citations=(citation("filing-2020.pdf", 7),))
    held = score(question("18 m", places=(Place(doc="filing-*.pdf"),)), said, "found")
    assert held["citation_precision"] == held["citation_recall"] == 1.0


def test_what_was_shown_and_quoted_is_scored_where_something_was_shown() -> None:
    said = reply("“deep”", context="It is 18 m deep.", quotes=2, quotes_found=1)
    held = score(question("18 m"), said, "found")
    assert (held["answer_in_context"], held["quote_validity"]) == (1.0, 0.5)
    assert "answer_in_context" not in score(question("18 m"), said, "nothing")


def test_every_score_has_a_title() -> None:
    places = (Place(doc="a.pdf", page=2),)
    said = reply("18 m", citations=(citation("a.pdf", 2),), statements=1, quotes=1, context="18 m")
    held = {**score(question("18 m", places=places), said, "found"), **score(question(None), said, "found")}
    assert set(held) <= set(MEASURES)
    assert {"similarity", "grounding"} == set(MEASURES) - set(held)


def test_agreement_is_between_phrasings_of_one_fact() -> None:
    asked = [
        question("18 m", fact="f"),
        question("18 m", fact="f"),
        question("18 m", fact="f"),
        question("x", fact="g"),
    ]
    said = [reply("18 m"), reply("18 m"), reply("purple"), reply("x")]
    assert agreement(zip(asked, said, strict=True)) == {"f": pytest.approx(1 / 3)}


def test_kappa_takes_chance_out() -> None:
    assert cohens_kappa(list("aabb"), list("aabb")) == 1.0
    assert cohens_kappa(list("abab"), list("aabb")) == 0.0
    assert cohens_kappa(list("aa"), list("aa")) == 1.0
    with pytest.raises(ValueError, match="ratings"):
        cohens_kappa([], [])

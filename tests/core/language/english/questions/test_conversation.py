"""Turns that lean on earlier ones, answers that say there is none, references to pages, names of subjects."""

from __future__ import annotations

import re

import pytest

from core.language.english.questions import conversation


def points_back(question: str) -> bool:
    bare = conversation.POINTS_NOWHERE.sub(" ", question)
    return conversation.POINTS_BACK.search(bare) is not None


@pytest.mark.parametrize(
    ("question", "points"),
    [
        ("How long does it last?", True),
        ("What about their fees?", True),
        ("Who pays THAT?", True),
        ("Is there a deposit?", False),
        ("Which parts that wear are free?", False),
        ("What does this manual cover?", False),
        ("How long is the quay?", False),
        ("What is the item limit?", False),  # "it" inside a word
    ],
)
def test_a_question_points_back_by_its_pronouns(question: str, points: bool) -> None:
    assert points_back(question) is points


@pytest.mark.parametrize(
    ("question", "rest"),
    [
        ("And in winter?", "in winter?"),
        ("What about children?", "children?"),
        ("  But, really?", "really?"),
        ("Order forms?", "Order forms?"),  # "or" is a whole word
        ("The band and the fee?", "The band and the fee?"),
    ],
)
def test_a_question_goes_on_by_its_first_words(question: str, rest: str) -> None:
    assert conversation.GOES_ON.sub("", question) == rest


@pytest.mark.parametrize(
    ("text", "references"),
    [
        ("See p. 3 and pages 12 to 14.", ["p. 3", "pages 12"]),
        ("(pp. 7-8)", ["pp. 7"]),
        ("page seven, step 3", []),
    ],
)
def test_references_to_pages(text: str, references: list[str]) -> None:
    assert conversation.PAGE_REFERENCE.findall(text) == references


@pytest.mark.parametrize(
    "answer",
    [
        "The documents do not state the fee.",
        "The provided context doesn’t mention it.",
        "This is not mentioned in the passages.",
        "There is no information about fees in the documents.",
        "I don't know.",
        "I cannot find that.",
    ],
)
def test_an_answer_that_there_is_none(answer: str) -> None:
    assert conversation.ABSTAINS.search(answer)


@pytest.mark.parametrize(
    "answer",
    ["The fee is 5 euros.", "The documents state the fee.", "He said: I do not know.", "No dogs are let in."],
)
def test_an_answer(answer: str) -> None:
    assert not conversation.ABSTAINS.search(answer)


def test_hollow_words_are_words_and_no_subjects() -> None:
    assert conversation.HOLLOW_WORDS.split()
    assert "document" in conversation.HOLLOW_WORDS
    assert re.fullmatch(r"[\w’' -]+", conversation.HOLLOW_WORDS)


@pytest.mark.parametrize(
    ("question", "subjects"),
    [
        ("How long is the Harbour Museum open?", ["Harbour Museum"]),
        ("What does code E5 mean?", ["E5"]),
        ("Who leads the Office of Works?", ["Office of Works"]),
        ("When is NASA’s day?", ["NASA’s"]),
        ("It rains. Why is it wet?", []),  # a first word is no name
        ("Why?", []),
    ],
)
def test_a_subject_is_named_by_capitals_or_digits(question: str, subjects: list[str]) -> None:
    assert conversation.NAMED_SUBJECT.findall(question) == subjects


@pytest.mark.parametrize(
    ("question", "among"),
    [
        ("Which of them has more hp?", True),
        ("Which is cheaper?", True),
        ("Who has the most?", True),
        ("Who is the owner?", False),
        ("Which is the other?", False),
    ],
)
def test_several_subjects_are_asked_of_at_once(question: str, among: bool) -> None:
    assert bool(conversation.AMONG.search(question)) is among


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("Back to Ada: who is her manager?", "Ada"),
        ("And as for the Polo, how big is it?", "Polo"),
        ("Who is back?", None),
    ],
)
def test_a_question_turns_back_to_a_subject(question: str, subject: str | None) -> None:
    match = conversation.BACK_TO.match(question)
    assert (match and match["subject"]) == subject
    assert not conversation.OTHER_ONE.match(question)
    assert conversation.OTHER_ONE.match("And the other one?")
    assert conversation.BARE_WORD.match("And when?")

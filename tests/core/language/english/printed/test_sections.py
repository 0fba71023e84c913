"""References to parts of a document in questions, and the numbers at the head of their lines."""

from __future__ import annotations

import pytest

from core.language.english.printed import sections


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("What does clause 2(a)(ii) say?", "2(a)(ii)"),
        ("What does part II say?", "II"),
        ("What does annex B say?", "B"),
        ("What is point V?", "V"),
        ("Which items I need are sold out?", None),
        ("What is a part in a play?", None),
        ("What did item 1,000 cost?", None),
    ],
)
def test_a_question_names_a_part(question: str, number: str | None) -> None:
    match = sections.SECTION.search(question)
    assert (match and match["number"]) == number


@pytest.mark.parametrize(("item", "rest"), [("sweep; and", "sweep"), ("a rope,", "a rope"), ("a band", "a band")])
def test_what_joins_an_item_to_the_next_is_no_part_of_it(item: str, rest: str) -> None:
    assert sections.JOINED.sub("", item) == rest

"""Names, posts and who did what, told by patterns."""

from __future__ import annotations

import re

import pytest

from core.language.english import people


@pytest.mark.parametrize("name", ["Jo Day", "Dr Ana Ruiz", "Ludwig van Beethoven", "J. Smith", "Day & Rowe LLP"])
def test_a_name_is_one(name: str) -> None:
    assert re.fullmatch(people.NAME, name)


@pytest.mark.parametrize("text", ["jo day", "the museum", "Jo"])
def test_other_words_are_none(text: str) -> None:
    assert not re.fullmatch(people.NAME, text)


def test_a_post_or_a_month_is_no_person() -> None:
    assert people.POSTS.search("Chief Engineer")
    assert people.POSTS.search("September Issue")
    assert not people.POSTS.search("Theresa May")


@pytest.mark.parametrize(
    ("question", "post"),
    [
        ("Who is the treasurer of the club?", "treasurer of the club"),
        ("Who's the current chair?", "chair"),
        ("What is the name of the director?", "director"),
        ("Where is the treasurer?", None),
    ],
)
def test_the_post_that_is_asked_for(question: str, post: str | None) -> None:
    match = people.WHO_IS.match(question)
    assert (match and match["post"]) == post


def test_who_did_something_stands_after_by() -> None:
    pattern = people.done_by("write|written")
    match = pattern.search("The guide was written for the museum by Jo Day in 2020.")
    assert match is not None
    assert match["name"] == "Jo Day"
    assert not pattern.search("The guide was printed by Jo Day.")
    for sentence, name, role in (
        ("It was written by the chart engraver Jo Day.", "Jo Day", None),
        ("It was written by his elder sister Jo Day.", "Jo Day", None),
        ("It was written by the chart engraver.", None, "the chart engraver"),
    ):
        match = pattern.search(sentence)
        assert match is not None
        assert (match["name"], match["role"]) == (name, role)


def test_another_post_is_told_by_the_word_before_it() -> None:
    assert people.QUALIFIERS.search("the Deputy ")
    assert not people.QUALIFIERS.search("Deputy of the ")


def test_names_stand_on_a_line_with_their_marks() -> None:
    assert people.NAMES.fullmatch("Jo Day1, Ana Ruiz2 and Max Rowe1,2")
    assert not people.NAMES.fullmatch("Jo Day wrote it")

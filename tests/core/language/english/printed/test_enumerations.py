"""Enumerations are told from single things by the question and by what stands between their members."""

from __future__ import annotations

import pytest

from core.language.english.printed import enumerations


@pytest.mark.parametrize(
    ("question", "general"),
    [
        ("What does the kit hold?", True),
        ("To whom was it sold?", True),
        ("Who is the chair?", False),
        ("Which is the largest boat?", False),
        ("When does it open?", False),
    ],
)
def test_what_is_asked_for_in_general(question: str, general: bool) -> None:
    for_one = enumerations.FOR_ONE.search(question)
    assert bool(enumerations.IN_GENERAL.search(question) and not for_one) is general


@pytest.mark.parametrize(
    ("rest", "members"),
    [
        (", a rope and a whistle.", ", a rope and a whistle"),
        (" or a rope", " or a rope"),
        (", a rope.", None),
        (" lasts and a rope", None),
    ],
)
def test_the_further_members_end_with_the_last(rest: str, members: str | None) -> None:
    match = enumerations.FURTHER.match(rest)
    assert (match and match["members"].rstrip(".")) == members


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("What is the last step?", "last"),
        ("Which was the second prize of the fair?", "second"),
        ("What is the last name of the chair?", None),
        ("What is the step?", None),
    ],
)
def test_an_item_is_asked_for_by_its_place(question: str, place: str | None) -> None:
    match = enumerations.BY_PLACE.match(question)
    assert (match and match["place"]) == place

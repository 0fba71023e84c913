"""Words by which two statements are compared: replaced values, bounds, periods, who speaks, who holds a post."""

from __future__ import annotations

import re

import pytest

from core.language.english import comparing


@pytest.mark.parametrize(
    ("word", "value"), [("two", 2), ("twelve", 12), ("twenty", 20), ("ninety", 90), ("one", None), ("zero", None)]
)
def test_number_words_stand_for_figures_but_one_does_not(word: str, value: int | None) -> None:
    assert comparing.NUMBER_WORDS.get(word) == value
    assert bool(comparing.NUMBER_WORD.fullmatch(word.capitalize())) is (value is not None)


def test_a_number_word_is_a_whole_word() -> None:
    assert not comparing.NUMBER_WORD.search("often the tenant weighs freights")


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (comparing.INSTEAD_OF, "15 days instead of 12", True),
        (comparing.INSTEAD_OF, "15 days, formerly 12", True),
        (comparing.INSTEAD_OF, "15 days or 12", False),
        (comparing.CHANGES, "The limit rises from 6 GB to 15 GB.", True),
        (comparing.CHANGES, "The fee was cut last May from 6 to 5.", True),
        (comparing.CHANGES, "The limit rises. It comes from 6 GB.", False),  # another sentence
        (comparing.CHANGES, "The train runs from 6 to 15.", False),
        (comparing.OLD_HEAD, "Until 30 June", True),
        (comparing.OLD_HEAD, "Formerly", True),
        (comparing.OLD_HEAD, "Price before tax", False),  # a head begins with it
        (comparing.NEW_HEAD, "From 1 July", True),
        (comparing.NEW_HEAD, "Newest", False),
        (comparing.AT_MOST, "no more than 5", True),
        (comparing.AT_MOST, "5 or fewer", True),
        (comparing.AT_MOST, "more than 5", False),
        (comparing.AT_LEAST, "not less than 5", True),
        (comparing.AT_LEAST, "exceeding 5", True),
        (comparing.AT_LEAST, "less than 5", False),
        (comparing.ABOUT, "costs roughly ", True),
        (comparing.ABOUT, "is about the rule that ", False),  # only right before the figure
        (comparing.SPEAKER, "The Company leases a barge.", True),
        (comparing.SPEAKER, "We lease a barge.", True),
        (comparing.SPEAKER, "The harbour leases a barge; power follows.", False),
        (comparing.LEANING, "It lasts 3 years.", True),
        (comparing.LEANING, "Items last 3 years.", False),
        (comparing.SUPPOSED, "for example 5 days", True),
        (comparing.SUPPOSED, "if it rains", True),
        (comparing.SUPPOSED, "5 days in May", False),
        (comparing.PERIODICAL, "Quarterly report", True),
        (comparing.PERIODICAL, "the three months ended June 25", True),
        (comparing.PERIODICAL, "Form 10-K", True),
        (comparing.PERIODICAL, "Boathouse rules", False),
    ],
)
def test_what_a_phrase_says_of_a_figure(pattern: re.Pattern[str], text: str, matches: bool) -> None:
    assert bool(pattern.search(text)) is matches


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("From 1 July 2024 the fee is 5 euros.", "the fee is 5 euros."),
        ("With effect from July 2024 the fee is 5 euros.", "the fee is 5 euros."),
        ("Since 2024 the fee is 5 euros.", "the fee is 5 euros."),
        ("From 1 July 2024 to 2 May 2025 the fee is 5 euros.", None),  # a range is part of what is said
        ("From Monday the fee is 5 euros.", None),
    ],
)
def test_the_day_since_which_a_rule_holds_is_no_part_of_it(text: str, rest: str | None) -> None:
    assert comparing.IN_FORCE.sub("", text).strip() == (rest or text)


def test_a_sentence_ends_before_its_reason() -> None:
    text = "The quay is closed, because it is being dredged"
    match = comparing.SUBORDINATE.search(text)
    assert match is not None and text[: match.start()] == "The quay is closed"
    assert not comparing.SUBORDINATE.search("The quay is closed for 3 days")


@pytest.mark.parametrize(
    ("text", "role", "name"),
    [
        ("The new Safety Officer is Matteo Brackenrig.", "Safety Officer", "Matteo Brackenrig"),
        ("Ask the Station Manager, Tobiah Renskow, for a key.", "Station Manager", "Tobiah Renskow"),
        ("The Head of Operations is now Dr Ines Okafor.", "Head of Operations", "Dr Ines Okafor"),
    ],
)
def test_the_holder_of_a_post(text: str, role: str, name: str) -> None:
    match = comparing.HOLDER.search(text)
    assert match is not None
    assert (match["role"], match["name"]) == (role, name)


@pytest.mark.parametrize("text", ["the barge is Blue", "The Station is open.", "The Manager is responsible for keys."])
def test_no_holder_of_a_post(text: str) -> None:
    assert comparing.HOLDER.search(text) is None


def test_a_cell_with_a_name() -> None:
    assert comparing.NAME_CELL.fullmatch("Ana de Vries") is None  # a particle is no part of a name here
    assert comparing.NAME_CELL.fullmatch("Prof. Ana Vries")
    assert not comparing.NAME_CELL.fullmatch("Vries")


@pytest.mark.parametrize(("text", "per"), [("45 euros a year", "year"), ("3 l per night", "night"), ("45 euros", None)])
def test_what_a_value_is_counted_by(text: str, per: str | None) -> None:
    match = comparing.PER.search(text)
    assert (match and match["per"]) == per


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("These rules are in force from 1 May 2024.", "1 May 2024."),
        ("Valid as of May 2024", "May 2024"),
        ("Valid from 2024", "2024"),
        ("These rules are in force. See page 3", None),
        ("It applies to boats of 1990 and to none of the boats that came later", None),
        ("An effective remedy is at hand.", None),
    ],
)
def test_a_document_holds_since_its_date(text: str, date: str | None) -> None:
    matches = list(comparing.VALID_FROM.finditer(text))
    assert (text[matches[-1].end() :] if matches else None) == date


def test_opposites_are_pairs_of_different_words() -> None:
    assert comparing.OPPOSITES
    assert all(len(pair) == 2 for pair in comparing.OPPOSITES)
    assert any("minimum" in pair and "maximum" in pair for pair in comparing.OPPOSITES)

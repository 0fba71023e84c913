"""Hyphens at line ends: the typesetter's go, the writer's stay."""

from __future__ import annotations

import pytest

from core.hyphens import LINE_END_HYPHEN, LineEndHyphens

PAGE = "This is the text of the page, and it is in English as all of the words in it are. "


def joined(broken: str, page: str = PAGE) -> str:
    raw = page + broken.replace("\n", LINE_END_HYPHEN)
    hyphens = LineEndHyphens(raw)
    return "".join(
        hyphens.join(place, place + 1) if sign == LINE_END_HYPHEN else sign for place, sign in enumerate(raw)
    ).removeprefix(page)


@pytest.mark.parametrize(
    "compound",
    "blue\ngreen user\nfriendly two\nthirds real\ntime cost\neffective north\neast check\nin follow\nup on\nsite".split(
        " "
    ),
)
def test_words_that_make_no_usual_word_keep_their_hyphen(compound: str) -> None:
    assert joined(f"a {compound} one") == f"a {compound} one".replace("\n", "-")


@pytest.mark.parametrize(
    "word", "infor\nmation high\nway foot\nnote bench\nmarks plan\nning run\nning tenant\nship compa\nnies".split(" ")
)
def test_halves_of_a_word_are_joined(word: str) -> None:
    assert joined(f"the {word} there") == f"the {word} there".replace("\n", "")


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        ("a T\nshirt", "a T-shirt"),
        ("an X\nray", "an X-ray"),
        ("COVID\n19", "COVID-19"),
        ("DNA\nbased", "DNA-based"),
        ("Smith\nJones", "Smith-Jones"),
        ("1914\n1918", "1914-1918"),
        ("12\nmetre", "12-metre"),
        ("THE PARLIA\nMENT", "THE PARLIAMENT"),
        ("l'é\ncole", "l'école"),
    ],
)
def test_capitals_figures_and_single_letters(broken: str, text: str) -> None:
    assert joined(broken) == text


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/infor\nmation/plan",
        "https://example.org/a/infor\nmation/north\nern",
        "www.infor\nmation.example",
        "infor\nmation@example.org",
        "(anna.infor\nmation@example.org)",
        "/srv/infor\nmation",
        r"C:\infor\nmation".replace(r"\n", "\n"),
        "AX7infor\nmation",
        "my_infor\nmation",
        "infor\nmation.txt",
    ],
)
def test_addresses_paths_and_codes_keep_their_hyphens(address: str) -> None:
    assert joined(f"see {address}, and") == f"see {address}, and".replace("\n", "-")


def test_a_slash_between_words_makes_no_path() -> None:
    assert joined("text and/or infor\nmation.") == "text and/or information."


def test_common_words_speak_for_pages_of_their_language_only() -> None:
    german = "Das ist der Text der Seite, und er ist nicht auf Englisch, wie man an den Worten sieht. "
    assert joined("der park\nplatz", german) == "der parkplatz"
    assert joined("the park\nroad") == "the park-road"


def test_the_page_itself_decides_first() -> None:
    assert joined("a blue\ngreen", PAGE + "It is bluegreen. ") == "a bluegreen"
    assert joined("an e\nmail and infor\nmation", PAGE + "The infor-mation. ") == "an e-mail and infor-mation"


def test_a_second_part_that_the_page_joins_by_hyphens_keeps_its_own() -> None:
    page = f"{PAGE}The biofurnace is new; an oil-fuelled kiln is not. "
    assert joined("biofurnace\nfuelled", page) == "biofurnace-fuelled"
    assert joined("biofurnace\ntender", page) == "biofurnacetender"

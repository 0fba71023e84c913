"""Letters of languages, and where characters stand in what people write."""

from __future__ import annotations

import pytest

from rag.load.text.letters import CENTRAL, WESTERN, WESTERN_ALONE, fit, is_turkish_disguised, mixes_scripts, n_languages


@pytest.mark.parametrize(
    "text",
    [
        "Müller",
        "STRAßE",
        "£250, €99, £bn and 5 €",
        "“ok” – it’s 40 m²",
        "¿Qué tal?",
        "où est-ce, à 2ème",
        "Acme™ costs 3 °C",
    ],
)
def test_what_people_write_is_of_one_language(text: str) -> None:
    assert n_languages(text, WESTERN, alone=WESTERN_ALONE) == 1


@pytest.mark.parametrize(
    "text",
    [
        "caf‚ au lait",
        "Na‹ve",
        "œ250 a month",
        "™sterreich",
        "€gypten",
        "25 øC",
        "a ñ b",
        "¡C",
        "ÒThe fee",
        "tenantÕs",
        "MŠrz",
    ],
)
def test_what_a_wrong_page_makes_of_it_is_implausible(text: str) -> None:
    assert n_languages(text, WESTERN, alone=WESTERN_ALONE) == 0


def test_letters_of_two_languages() -> None:
    assert n_languages("Köln und Núñez, Straße", WESTERN) == 2
    assert n_languages("Najemca może żądać kaucji.", CENTRAL) == 1


def test_letters_are_weighed_by_the_language_of_the_words() -> None:
    assert fit("Die Straße ist groß und die Miete ist hoch.") == 2
    assert fit("Die Straáe ist groá und die Miete ist hoch.") == 0
    assert fit("The tenant of the café is at the door.") == 1
    assert fit("Zoë") == 1
    assert fit("The fee’s due on the day that it is") == 2


def test_turkish_in_the_page_of_icelandic() -> None:
    assert is_turkish_disguised("Kira bedeli aylýk, Þubat ayýnda")
    assert not is_turkish_disguised("Leigan er há, og hún er ný")


@pytest.mark.parametrize(("text", "mixes"), [("aylύk kira", True), ("κόστος 5 euro", False), ("µm, Δt, 5 Ω", False)])
def test_letters_of_two_scripts_in_a_word_are_a_wrong_guess(text: str, mixes: bool) -> None:
    assert mixes_scripts(text) is mixes

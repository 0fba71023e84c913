"""The language of pages: by the library's model where function words do not tell, and unknown for figures."""

from __future__ import annotations

import sys

import pytest

from core.language.detect import detect_language, main_languages
from core.language.names import language_name


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "The club was founded in 1998 and has two hundred members, who pay their fees in May."),
        ("de", "Der Verein wurde 1998 gegründet und hat heute zweihundert Mitglieder, die im Mai zahlen."),
        ("fr", "Le club a été fondé en 1998 et compte deux cents membres, qui paient leur cotisation en mai."),
        ("es", "El club se fundó en 1998 y tiene doscientos miembros, que pagan la cuota en mayo."),
        ("it", "Il circolo è stato fondato nel 1998 e conta duecento soci, che pagano la quota in maggio."),
        ("pt", "O clube foi fundado em 1998 e tem duzentos membros, que pagam a quota em maio."),
        ("nl", "De vereniging werd in 1998 opgericht en telt tweehonderd leden, die in mei betalen."),
        ("ru", "Клуб был основан в 1998 году и насчитывает двести членов, которые платят взносы в мае."),
        ("ar", "تأسس النادي عام 1998 ويضم مئتي عضو يدفعون رسومهم في شهر مايو من كل عام."),
        ("zh", "俱乐部成立于1998年，现有两百名会员，会费在五月缴纳。"),
        ("ja", "クラブは1998年に設立され、会員は二百人で、会費は五月に支払います。"),
        ("ko", "이 클럽은 1998년에 설립되었으며 회원은 이백 명이고 회비는 오월에 냅니다."),
        ("pl", "Klub został założony w 1998 roku i liczy dwustu członków, którzy płacą składki w maju."),
        ("uk", "Клуб заснований у 1998 році і налічує двісті членів, які сплачують внески у травні."),
    ],
)
def test_a_page_of_each_language(code: str, text: str) -> None:
    assert detect_language(text) == code


@pytest.mark.parametrize(
    "text", ["", "12 3.4 5 2020", "Table 3: CO2 kg m2", "A-17 B-18 C-19 D-20 E-21 F-22", "π = 3.14"]
)
def test_figures_and_codes_have_no_language(text: str) -> None:
    assert detect_language(text) == ""


def test_english_prose_loads_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    assert (
        detect_language("The keys of the boathouse are with the warden, and they are to be returned by noon.") == "en"
    )


def test_a_document_has_the_languages_of_its_pages_the_longest_first() -> None:
    assert main_languages([("de", 100), ("", 5000), ("fr", 300), ("de", 250)]) == ("de", "fr")
    assert main_languages([("", 10)]) == ()


def test_every_code_of_the_model_that_is_used_has_a_name() -> None:
    assert [language_name(code) for code in ("ru", "uk", "pl", "xx")] == ["Russian", "Ukrainian", "Polish", "xx"]

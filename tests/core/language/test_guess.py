"""Guessing a text's language: questions of a few words, pages, and texts of languages without data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.language.guess import guess_language


def code_of(text: str) -> str:
    guessed = guess_language(text)
    return guessed.code if guessed else ""


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "How large was the approved budget in 2024?"),
        ("en", "Who wrote it?"),
        ("de", "Wie hoch war das genehmigte Budget im Jahr 2024?"),
        ("de", "Die Satzung tritt am Tage nach ihrer Bekanntmachung in Kraft."),
        ("fr", "Quel était le montant du budget approuvé en 2024 ?"),
        ("fr", "L'accès aux archives n'est pas ouvert au public pendant l'hiver."),
        ("es", "¿Cuál fue el presupuesto aprobado en 2024?"),
        ("es", "La biblioteca se cierra a las ocho de la tarde todos los días."),
        ("it", "Qual è il bilancio approvato per il 2024?"),
        ("pt", "Qual é o orçamento aprovado para 2024?"),
        ("nl", "Wat is het goedgekeurde budget voor 2024?"),
        ("zh", "2024年的预算是多少？"),
        ("ja", "2024年の予算はいくらですか。"),
        ("ko", "2024년 예산은 얼마입니까?"),
        ("ar", "ما هي ميزانية عام 2024؟"),
        ("ru", "Каков бюджет на 2024 год?"),
        ("ru", "Где находятся ключи от эллинга?"),
        ("he", "מה התקציב לשנת 2024?"),
    ],
)
def test_a_short_text_is_enough(code, text):
    assert code_of(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12,345 (1,200) 98%",
        "Net sales 2022 2021",
        "Який бюджет на 2024 рік?",
        "Какъв е бюджетът за 2024 година?",
        "Колики је буџет за 2024. годину?",
        "بودجه سال ۲۰۲۴ چقدر است؟ گزارش را ببینید",
        "Jaki jest zatwierdzony budżet na rok 2024?",
        "Mikä on vuoden 2024 hyväksytty budjetti?",
    ],
)
def test_what_cannot_be_told_is_unknown(text):
    assert guess_language(text) is None


def test_a_name_in_another_script_changes_nothing():
    assert code_of("The company was founded in Osaka (大阪) and is now based in Kyoto (京都).") == "en"
    assert code_of("会社は Acme Ltd. として設立され、現在は京都にあります。") == "ja"


@given(st.text(max_size=200))
def test_any_text_has_a_language_or_none(text):
    guessed = guess_language(text)
    assert guessed is None or guessed is guess_language(text)


def test_one_word_of_a_language_tells_it_not() -> None:
    card = "Record of Biscuit, owner Hanna Weiss: rabies, next due 11 June 2027; cat flu, next due 11 June 2025"
    assert guess_language(card) is None

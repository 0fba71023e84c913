"""Words as an index holds them: stemmed in the text's language, without its function words."""

from __future__ import annotations

import pytest

from core.reading.text.search_terms import stems_in, without_function_words


@pytest.mark.parametrize(
    ("code", "text", "query"),
    [
        ("de", "Die Mitgliedsbeiträge sind im Mai fällig.", "Wann ist der Mitgliedsbeitrag fällig?"),
        ("es", "Las cuotas se pagan en mayo.", "¿Cuándo se paga la cuota?"),
        ("fr", "Les cotisations sont payées en mai.", "Quand la cotisation est-elle payée ?"),
        ("it", "Le quote si pagano in maggio.", "Quando si paga la quota?"),
        ("pt", "As quotas são pagas em maio.", "Quando é paga a quota?"),
        ("nl", "De leden betalen hun rekeningen in mei.", "Wanneer betalen leden de rekening?"),
        ("ru", "Взносы платятся в мае.", "Когда платится взнос?"),
        ("ar", "تدفع الرسوم في شهر مايو", "متى تدفع رسوم النادي؟"),
        ("sv", "Avgifterna betalas i maj.", "När betalas avgiften?"),
    ],
)
def test_forms_of_a_word_meet(code: str, text: str, query: str) -> None:
    assert len(set(stems_in(text, code)) & set(stems_in(query, code))) >= 2


@pytest.mark.parametrize("code", ["", "en", "zh", "ja", "xx", "th"])
def test_english_and_scripts_without_blanks_are_left_to_the_index(code: str) -> None:
    assert stems_in("The fees are due in May. 会费在五月缴纳。", code) == []


def test_accents_and_short_vowels_are_no_other_words() -> None:
    assert stems_in("fällig", "de") == stems_in("fällig", "de")
    assert stems_in("الرُّسُومُ", "ar") == stems_in("الرسوم", "ar")


def test_function_words_of_the_asking_language_are_left_out() -> None:
    assert without_function_words("Wann ist der Beitrag im Mai 2024 fällig?") == "Beitrag Mai 2024 fällig?"
    assert without_function_words("When is the fee due?") == "When is the fee due?"
    assert without_function_words("wer ist das") == "wer ist das"

"""The data of every language: whole where they claim to be, read by the same lookups."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from core.language.language import all_sentence_ends, alternation, codes, data_table, language, languages, numbered

COMPLETE = ("de", "en", "es", "fr")


def test_an_unknown_code_is_an_error_that_names_the_known_ones():
    with pytest.raises(ConfigError, match="unknown language 'xx'; use one of ar, de, en"):
        language("xx")


@pytest.mark.parametrize("code", codes())
def test_every_language_has_what_reading_a_page_takes(code):
    each = language(code)
    assert each.code == code
    assert each.name
    assert each.scripts
    assert each.sentence_ends
    assert len(each.months) == 12
    assert len(each.weekdays) == 7
    assert len(each.stop_words) >= 30
    assert {"date", "number", "person", "place", "reason", "manner", "thing"} <= set(each.question_words)
    assert all(word == word.casefold() or word == "ß" for word in each.stop_words)


@pytest.mark.parametrize("code", COMPLETE)
def test_four_languages_lack_nothing(code):
    assert language(code).lacks == ()


def test_what_a_language_lacks_is_named():
    assert "stemmer" in language("ja").lacks
    assert "articles" in language("zh").lacks
    assert "stemmer" not in language("it").lacks
    assert "sentence_starters" in language("it").lacks


@pytest.mark.parametrize("code", codes())
def test_no_month_number_or_weekday_has_another_ones_spelling(code):
    each = language(code)
    for rows in (each.months, each.weekdays, each.small_numbers, each.tens, each.ordinals):
        spellings = [spelling for row in rows for spelling in row]
        assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize(
    ("code", "word", "month"),
    [
        ("en", "Sept.", 9),
        ("de", "März", 3),
        ("de", "Okt.", 10),
        ("fr", "août", 8),
        ("es", "Setiembre", 9),
        ("ja", "12月", 12),
        ("ar", "كانون الثاني", 1),
        ("en", "Smarch", 0),
    ],
)
def test_months_are_numbered(code, word, month):
    assert language(code).month(word) == month


def test_spellings_have_the_number_of_their_row():
    assert numbered(language("en").months)["sept"] == 9
    assert numbered(language("en").small_numbers, start=0)["zero"] == 0


def test_tables_of_a_language_are_read_by_one_loader():
    assert data_table("en")["code"] == "en"
    assert data_table("en/formulas")["formulas"]
    assert data_table("en/line_items")["line_items"]


def test_every_list_of_words_is_used():
    root = Path(__file__).parent.parent.parent.parent
    paths = [path for package in ("core", "rag", "synth") for path in (root / package).rglob("*.py")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    lists = language("en").word_lists
    assert lists
    assert [part for part in lists if f'"{part}"' not in source] == []
    assert all(word == word.casefold() for words in lists.values() for word in words)


def test_synonyms_and_opposites_are_groups():
    english = language("en")
    assert all(len(group) >= 2 for group in english.synonyms)
    assert all(len(set(pair)) == 2 for pair in english.opposites)


def test_weekdays_numbers_and_ordinals():
    assert language("en").weekday("Sunday") == 7
    assert language("de").weekday("Sonnabend") == 6
    assert language("en").number("Seventeen") == 17
    assert language("en").number("forty") == 40
    assert language("fr").number("quatre-vingt-dix") == 90
    assert language("de").number("zwölf") == 12
    assert language("en").number("many") is None
    assert language("es").ordinal("tercera") == 3
    assert language("en").ordinal("4th") == 4
    assert language("en").ordinal("last") == 0


@pytest.mark.parametrize(
    ("code", "forms"),
    [
        ("en", ("connected", "connection", "connecting")),
        ("de", ("aufeinander", "aufeinanders")),
        ("fr", ("continuellement", "continuelle")),
        ("es", ("chicas", "chica")),
        ("it", ("propaga", "propaghi")),
    ],
)
def test_forms_of_one_word_have_one_stem(code, forms):
    assert len({language(code).stem(form) for form in forms}) == 1


def test_a_language_without_a_stemmer_keeps_its_words():
    assert language("ja").stem("会社") == "会社"


def test_scales_are_powers_of_ten():
    assert language("en").scales["billion"] == 9
    assert language("de").scales["milliarde"] == 9
    assert language("de").scales["billion"] == 12
    assert language("ja").scales["億"] == 8


def test_sentences_end_differently():
    assert "。" in language("ja").sentence_ends
    assert "؟" in language("ar").sentence_ends
    assert set(".!?。？؟") <= set(all_sentence_ends())


def test_languages_come_by_code():
    assert [each.code for each in languages()] == sorted(codes())


@given(st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=8))
def test_an_alternation_matches_each_of_its_words_whole(words):
    pattern = re.compile(alternation(words))
    for word in words:
        match = pattern.match(word)
        assert match is not None
        assert match[0] == word

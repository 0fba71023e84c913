"""The note about languages comes where the embedder does not read them, and not otherwise."""

from __future__ import annotations

from rag.answer.language_note import crosses_languages, language_note, unread_by_reader

GERMAN = "Die Wohnung liegt im dritten Stock und hat einen Balkon. Der Mieter zahlt die Miete und die Nebenkosten."
ENGLISH = "The flat is on the third floor and has a balcony. The tenant pays the rent and what comes with it."


def test_other_languages_are_named() -> None:
    note = language_note("Where is the flat and what does it have?", [GERMAN], "minilm@1")
    assert "German" in note
    assert "kb models pull multilingual" in note
    assert "Japanese" in language_note("賃料はいくらですか", ["賃料は月額十二万円です。"], "minilm@1")


def test_there_is_no_note_where_it_would_not_help() -> None:
    assert language_note("Where is the flat and what does it have?", [ENGLISH], "minilm@1") == ""
    assert language_note("賃料はいくらですか", ["賃料は月額十二万円です。"], "ollama:bge-m3") == ""


def test_the_reader_says_which_language_it_does_not_read() -> None:
    assert unread_by_reader("賃料はいくらですか", ["ja"]).startswith("The built-in reader does not read Japanese;")
    assert "Polish" in unread_by_reader("What is the fee?", ["pl", "pl", "en"])
    assert "Polish" in unread_by_reader("Ile wynosi roczna składka członkowska?", [])
    assert unread_by_reader("Wie hoch ist der Beitrag?", ["de", "", "de"]) == ""
    assert unread_by_reader("What is the fee?", ["en", "en", "pl"]) == ""


def test_words_do_not_judge_across_languages() -> None:
    assert crosses_languages("Wie hoch ist der Beitrag im Jahr 2024?", ["en"])
    assert crosses_languages("賃料はいくらですか", ["ja"])
    assert not crosses_languages("Wie hoch ist der Beitrag im Jahr 2024?", ["de", "en"])
    assert not crosses_languages("What is the fee?", [])

"""The note about languages comes where the embedder does not read them, and not otherwise."""

from __future__ import annotations

from rag.answer.language_note import language_note

GERMAN = "Die Wohnung liegt im dritten Stock und hat einen Balkon. Der Mieter zahlt die Miete und die Nebenkosten."
ENGLISH = "The flat is on the third floor and has a balcony. The tenant pays the rent and what comes with it."


def test_other_languages_are_named() -> None:
    assert "German" in language_note("Where is the flat and what does it have?", [GERMAN], "minilm@1")
    assert "Japanese" in language_note("賃料はいくらですか", ["賃料は月額十二万円です。"], "minilm@1")


def test_there_is_no_note_where_it_would_not_help() -> None:
    assert language_note("Where is the flat and what does it have?", [ENGLISH], "minilm@1") == ""
    assert language_note("賃料はいくらですか", ["賃料は月額十二万円です。"], "ollama:bge-m3") == ""

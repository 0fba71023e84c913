"""What the index of words holds in other languages than English, and what is asked of it."""

from __future__ import annotations

from core.types import Chunk
from rag.store.base import word_query, word_text
from rag.store.weaviate.schema import searched_terms

TEXT = "Die Mitgliedsbeiträge sind im Mai fällig."


def chunk(text: str) -> Chunk:
    return Chunk(sha256="0" * 64, page=0, start=0, end=len(text), text=text)


def test_a_form_that_does_not_stand_in_the_text_is_found_by_its_stem() -> None:
    asked = word_query("Wann ist der Mitgliedsbeitrag zu zahlen?", ["de", "en"])
    held = word_text(chunk(TEXT), "de")
    assert held.startswith(TEXT)
    assert "mitgliedsbeitrag" in set(asked.split()) & set(held.split())
    assert "mitgliedsbeitrag" not in word_text(chunk(TEXT)).split()
    # Both stores: the terms of the one on a server are made of the same text.
    assert set(searched_terms(asked).split()) & set(searched_terms(held).split()) >= {"mitgliedsbeitrag"}


def test_english_is_left_as_it_is() -> None:
    text = "The fees are due in May."
    assert word_text(chunk(text), "en") == word_text(chunk(text), "") == text
    assert word_query("When are the fees due?", ["en"]) == "When are the fees due?"

"""Embedders of English alone are named, and what a person is told where documents are in other languages."""

from __future__ import annotations

import pytest

from rag.embed.languages import unread, unread_note


@pytest.mark.parametrize(
    "model",
    [
        "minilm@53aa51172d14",
        "ollama:nomic-embed-text@1",
        "ollama:all-minilm@1",
        "BAAI/bge-small-en-v1.5@1",
        "e5-small-v2@1",
    ],
)
def test_an_english_embedder_reads_no_other_language(model: str) -> None:
    assert unread(["de", "en", "", "de", "zh"], model) == ("de", "zh")


@pytest.mark.parametrize(
    "model", ["intfloat/multilingual-e5-small@1", "ollama:bge-m3@1", "ollama:nomic-embed-text-v2-moe@1", "my-own@1"]
)
def test_others_are_taken_to_read_all(model: str) -> None:
    assert unread(["de", "zh"], model) == ()
    assert unread_note(["de"], model) == ""


def test_the_note_names_the_languages_and_the_way_out() -> None:
    note = unread_note(["de", "zh", "ru", "de"], "minilm@1")
    assert note.startswith(
        "the embedder minilm reads English only; German, Chinese and Russian text is found by its words"
    )
    assert note.endswith("words alone")

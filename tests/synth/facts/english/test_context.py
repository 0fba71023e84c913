"""Sentences for the question writer: their offsets on the page, their neighbours, and lines that are no sentences."""

from __future__ import annotations

from core.types import Page
from synth.facts.english.context import DocumentProse
from tests.support.club import document

TEXT = (
    "The boathouse of the club was built in March 1974 by the members. It has racks\nfor 28 boats and a room for oars. "
    "The key hangs behind the door of the kitchen.\n\n"
    "• The lock of the gate is changed in the first week of every season.\n\n"
    "[12] The boats of the river and the sea, Proceedings of the Society, pp. 3-9 of the year."
)


def sentences(text: str):
    prose = DocumentProse(document("club.pdf"), [Page(index=0, text=text)])
    return prose.sentences(text)


def test_offsets_are_those_of_the_page() -> None:
    for sentence in sentences(TEXT):
        assert " ".join(TEXT[sentence.start : sentence.end].split()) == sentence.flat.text


def test_sentences_know_their_neighbours() -> None:
    first, second, third = sentences(TEXT)[:3]
    assert first.before == ()
    assert second.before == (first.flat.text,)
    assert second.after == third.flat.text


def test_a_window_takes_the_neighbours_that_fit() -> None:
    second = sentences(TEXT)[1]
    text, offset = second.window(1000)
    assert text[offset : offset + len(second.flat.text)] == second.flat.text
    assert text.startswith("The boathouse")
    assert text.endswith("kitchen.")
    assert second.window(len(second.flat.text) + 3) == (second.flat.text, 0)


def test_bullets_are_cut_off_and_references_left_out() -> None:
    texts = [sentence.flat.text for sentence in sentences(TEXT)]
    assert "The lock of the gate is changed in the first week of every season." in texts
    assert not any("Proceedings" in text for text in texts)


def test_the_title_and_names_come_from_the_document() -> None:
    prose = DocumentProse(document("club.pdf"), [Page(index=0, text=TEXT)])
    assert prose.title == "Club"
    assert "Club" in prose.naming.scope

"""All rules on one page: which text is read as sentences, and what the facts of a page look like together."""

from __future__ import annotations

import pytest

from core.types import Page
from synth.facts.english.page_facts import EnglishRules, prose_spans
from tests.support.club import document

QUAY = "The quay of the Rowing Club, which was built by the town, is 62 m long."
FOUNDED = "The Rowing Club was founded in 1974 by Ole Brandt."
MAST = "The mast of the Rowing Club is 9 m high."
TABLE = "Boat Year Seats\nHeron 1974 4\nEgret 1981 8\nSwan 1990 2\nTern 2001 1\nTeal 2004 4\nGoose 2010 8"


def drafts(text: str, **fields: str):
    page = Page(index=0, text=text, **fields)
    return EnglishRules(document("club.pdf"), [page]).drafts(page)


def values(text: str) -> list[str]:
    return [text[slice(*draft.value)] for draft in drafts(text)]


def spans(text: str) -> list[str]:
    return [text[start:end] for start, end in prose_spans(text)]


def test_sentences_of_running_text_are_read():
    assert spans(f"{QUAY} {FOUNDED} {MAST}") == [QUAY, FOUNDED, MAST]


@pytest.mark.parametrize("text", [TABLE, "The racks are here.", ""], ids=["table", "too few words", "empty"])
def test_text_that_does_not_run_has_no_sentences(text):
    assert spans(text) == []


def test_a_line_without_an_end_is_no_sentence():
    assert spans(f"{QUAY} {FOUNDED}\n\nThe rules of the club and of the boathouse in short") == [QUAY, FOUNDED]


def test_facts_come_in_the_order_of_the_page():
    text = f"{MAST} {QUAY} {FOUNDED}"
    assert values(text) == ["9 m", "62 m", "1974", "Ole Brandt"]
    for draft in drafts(text):
        start, end = draft.quotes[0]
        assert start <= draft.value[0] < draft.value[1] <= end


@pytest.mark.parametrize("quality", ["failed", "empty"])
def test_a_page_that_could_not_be_read_gives_nothing(quality):
    text = f"{MAST} {QUAY}"
    assert drafts(text)
    assert drafts(text, quality=quality) == []


def test_a_line_of_a_table_of_contents_is_left_out():
    assert values(f"{QUAY}\n\n{MAST}") == ["62 m", "9 m"]
    assert values(f"{QUAY[:-1]} . . . . . . . 12.\n\n{MAST}") == ["9 m"]


@pytest.mark.parametrize("bullet", ["•", "–", "(a)", "iv.", "12)"])
def test_a_bullet_is_no_part_of_the_fact(bullet):
    text = f"{QUAY}\n\n{bullet} {MAST}"
    assert values(text) == ["62 m", "9 m"]
    assert drafts(text)[1].statement == drafts(f"{QUAY}\n\n{MAST}")[1].statement


def test_how_a_document_spells_its_words_is_learned_from_further_pages():
    text = f"THE ROWING CLUB WAS FOUNDED IN 1974 BY OLE BRANDT. {QUAY}"
    page = Page(index=0, text=text)
    rules = EnglishRules(document("club.pdf"), [page])
    rules.learn(Page(index=1, text=f"{FOUNDED} {MAST}"))
    assert "62 m" in [text[slice(*draft.value)] for draft in rules.drafts(page)]

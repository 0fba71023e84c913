"""Wordings of one question: all different, each names its document or stands alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.facts.english.wording import is_named, questions, sentence

FORMS = ("how many beds does the bay have", "what number of beds does the bay have")


def test_every_wording_names_the_document_where_the_subject_does_not():
    wordings = questions(FORMS, "how many beds the bay has", "the Handbook", named=False)
    assert wordings[0] == "How many beds does the bay have, according to the Handbook?"
    assert wordings[2] == "Please tell me how many beds the bay has, as stated in the Handbook."
    assert len(wordings) == len(set(wordings)) == 7
    assert all("the Handbook" in wording for wording in wordings)
    assert all(wording.endswith(("?", ".")) for wording in wordings)


def test_a_subject_with_a_name_stands_without_the_document():
    wordings = questions(("when was Fort Alder built",), "when Fort Alder was built", "the Guide", named=True)
    assert wordings[0] == "When was Fort Alder built?"
    assert "Do you know when Fort Alder was built?" in wordings


@pytest.mark.parametrize(
    ("phrase", "whole"),
    [("how many , beds .", "How many, beds?"), ("what  is\nit?", "What is it?"), ("who is O’Neil", "Who is O’Neil?")],
)
def test_a_sentence_has_one_mark_and_single_blanks(phrase, whole):
    assert sentence(phrase) == whole


@given(st.text(alphabet="ab ,.?\n", min_size=1, max_size=30))
def test_any_phrase_becomes_one_line_with_one_mark(phrase):
    whole = sentence(phrase)
    assert "\n" not in whole
    assert "  " not in whole
    assert whole.endswith("?")
    assert not whole[:-1].endswith((",", ";", ":", ".", "?", " "))


@pytest.mark.parametrize(
    ("subject", "named"),
    [("The Rowing Club", True), ("DECnet", True), ("the club", False), ("The Club", False), ("Each Tide Table", True)],
)
def test_names(subject, named):
    assert is_named(subject) is named

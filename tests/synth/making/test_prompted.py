"""Passages in a prompt, and targets that quote only what is there."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reading.passages import parse
from synth.making.prompted import fault, in_marks, normal, show
from tests.support.club import QUAY, RACKS, candidate, filled


@pytest.fixture
def shown(tmp_path):
    work = filled(tmp_path)
    first, second = candidate(work), candidate(work, QUAY)
    return show([first.source, second.source, first.source], random.Random(1))


def test_passages_can_be_parsed_out_of_the_prompt(shown):
    passages, outside = parse(shown.context)
    assert {passage.key for passage in passages} == set(shown.keys.values())
    assert len(passages) == 2  # each once
    assert {passage.text for passage in passages} == {source.text for source in shown.keys}
    assert outside.strip() == ""


def test_a_cited_answer_quotes_the_passage_under_its_key(shown):
    answer = shown.cited("14 racks.", RACKS.evidence[0])
    key = next(key for source, key in shown.keys.items() if source.page == 0)
    assert answer == f"“{RACKS.evidence[0].quote}” [[{key}]] Answer: 14 racks"
    assert fault(answer, shown.context) == ""


def test_what_is_not_in_the_prompt_is_a_fault(shown):
    keys = {source.page: key for source, key in shown.keys.items()}
    assert "not in the prompt" in fault(f"14 racks [[{keys[0][::-1]}]]", shown.context)
    assert "quote not found" in fault(f"14: “The boathouse has 15 racks” [[{keys[0]}]]", shown.context)
    assert "quote not found" in fault(f"14: “{RACKS.evidence[0].quote}” [[{keys[1]}]]", shown.context)
    assert fault("He said “hello”.", shown.context) == "a quote without a key"
    assert fault("He said “hello”.", "") == ""
    assert fault("No quote.", shown.context) == ""


def test_white_space_and_marks_of_a_quote_may_differ(shown):
    key = next(key for source, key in shown.keys.items() if source.page == 0)
    assert fault(f"14: “The boathouse  of the\nRowing Club has 14 racks” [[{key}]]", shown.context) == ""


@given(st.text(max_size=40))
def test_marks_inside_a_text_become_plain(text):
    quoted = in_marks(text)
    assert quoted[0] == "“"
    assert quoted[-1] == "”"
    assert not {"“", "”"} & set(quoted[1:-1])
    assert "\n" not in quoted


def test_normal_text():
    assert normal("  A\nB  c ") == "a b c"


def test_the_order_of_passages_depends_on_the_seed(tmp_path):
    work = filled(tmp_path)
    sources = [source for fact in (RACKS, QUAY) for source in candidate(work, fact).sources]
    contexts = {show(sources, random.Random(seed)).context for seed in range(6)}
    assert len(contexts) > 1
    assert show(sources, random.Random(3)) == show(sources, random.Random(3))

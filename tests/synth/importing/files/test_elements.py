"""Elements of an array, cut anywhere."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from synth.importing.files.elements import elements

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('ab"\\{}[],\n:'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('"\\{,}a'), inner, max_size=4),
    max_leaves=12,
)


def blocks(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@given(st.lists(values, max_size=6), st.integers(1, 9), st.sampled_from([None, 2]))
def test_every_element_comes_out_as_it_went_in(array, size, indent):
    text = json.dumps(array, indent=indent)[1:] + "\nanything after it, ]]{\n"
    assert [json.loads(found) for _, found in elements(blocks(text, size))] == array


@given(
    st.lists(st.dictionaries(st.text("ab\n"), st.text("x\n", max_size=5), min_size=1), min_size=1), st.integers(1, 7)
)
def test_lines_are_those_the_elements_begin_on(array, size):
    text = json.dumps(array, indent=1)
    begins = [number for number, line in enumerate(text.splitlines(), start=1) if line == " {"]
    assert [line for line, _ in elements(blocks(text[1:], size))] == begins


def test_a_broken_element_does_not_hide_the_next():
    found = list(elements(['{"a": 1,},\n{"b" 2},\n{"c": 3}', "]"]))
    assert found == [(1, '{"a": 1,}'), (2, '{"b" 2}'), (3, '{"c": 3}')]


def test_an_array_that_never_closes_yields_what_there_is():
    assert list(elements(['{"a": 1}, {"b": '])) == [(1, '{"a": 1}'), (1, '{"b":')]

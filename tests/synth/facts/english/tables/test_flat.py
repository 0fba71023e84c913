"""Text on one line that knows its offsets, whatever is taken out or respelled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.facts.english.tables.flat import flatten, without_asides
from tests.support.stated_facts import flat


def test_white_space_collapses_and_offsets_stay():
    text = "x  a  b\n c "
    line = flatten(text, 1, len(text))
    assert line.text == "a b c"
    assert [text[offset] for offset in line.origin] == ["a", " ", "b", "\n", "c"]
    assert text[slice(*line.span(2, 5))] == "b\n c"


@given(st.text(alphabet="ab \n\t.", max_size=60))
def test_every_visible_character_maps_to_itself(text):
    line = flatten(text, 0, len(text))
    assert line.text == " ".join(text.split())
    for sign, offset in zip(line.text, line.origin, strict=True):
        assert text[offset] == sign or (sign == " " and text[offset].isspace())


@given(st.text(alphabet="abc ", min_size=3, max_size=30), st.data())
def test_a_replacement_leaves_the_rest_in_place(text, data):
    line = flat(text.strip() or "abc")
    start = data.draw(st.integers(0, len(line.text) - 1))
    end = data.draw(st.integers(start, len(line.text)))
    changed = line.replaced(start, end, "XY")
    assert changed.text == line.text[:start] + "XY" + line.text[end:]
    assert list(changed.origin[:start]) == list(line.origin[:start])
    assert list(changed.origin[start + 2 :]) == list(line.origin[end:])


@pytest.mark.parametrize(
    ("sentence", "plain"),
    [
        ("The ferry (built in 1931) [12] sails.", "The ferry sails."),
        ("The chairman, Ole Brandt, opened the hall.", "Ole Brandt opened the hall."),
        ("The harbour, a port of call, has 3 piers.", "The harbour has 3 piers."),
        ("The harbour, old and small, has 3 piers.", "The harbour, old and small, has 3 piers."),
        ("Boats, cars, trains stop here.", "Boats, cars, trains stop here."),
    ],
)
def test_asides_and_appositions_go(sentence, plain):
    assert without_asides(flat(sentence)).text == plain


def test_a_piece_keeps_its_offsets():
    piece = flat("one two three").piece(4, 7)
    assert piece.text == "two"
    assert piece.span(0, 3) == (4, 7)

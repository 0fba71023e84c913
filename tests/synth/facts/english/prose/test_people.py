"""Noun phrases that name people or bodies of people."""

from __future__ import annotations

import pytest

from synth.facts.english.prose.people import are_people


@pytest.mark.parametrize(
    "phrase",
    ["the Safety Office", "volunteers from Lund", "a widow's daughters", "the city council", "agencies in Oslo"],
)
def test_people(phrase: str):
    assert are_people(phrase)


@pytest.mark.parametrize(
    "phrase", ["the wind", "a layer of ice", "the server", "overhead wires", "", "the owner's manual"]
)
def test_things(phrase: str):
    assert not are_people(phrase)

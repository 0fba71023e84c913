"""Things that a document has but one of."""

from __future__ import annotations

from synth.facts.english.definite import Definites


def test_a_thing_that_is_always_the_thing():
    definites = Definites()
    definites.learn("The warranty covers the pump. The warranty ends after a year. Call us before the warranty ends.")
    assert definites.is_only("warranty")
    assert not definites.is_only("pump")  # once is too few to tell


def test_a_thing_among_others():
    definites = Definites()
    definites.learn("The patient was seen. The patient left. The patient slept. Other patients stayed. A patient died.")
    assert not definites.is_only("patient")

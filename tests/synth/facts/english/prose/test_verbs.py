"""Finite verbs and their base forms."""

from __future__ import annotations

import pytest

from synth.facts.english.prose.verbs import (
    is_base,
    is_known_verb,
    is_noun_too,
    is_participle,
    is_verb,
    past_base,
    present_base,
)


@pytest.mark.parametrize(
    ("past", "base"),
    [
        ("employed", "employ"),
        ("carried", "carry"),
        ("planned", "plan"),
        ("rose", "rise"),
        ("held", "hold"),
        ("sank", ""),
        ("based", "base"),
        ("employ", ""),
    ],
)
def test_past_tenses(past, base):
    assert past_base(past) == base


@pytest.mark.parametrize(
    ("present", "base"),
    [("employs", "employ"), ("carries", "carry"), ("reaches", "reach"), ("stays", "stay"), ("boats", "")],
)
def test_third_persons(present, base):
    assert present_base(present) == base


def test_nouns_that_are_verbs_too():
    assert is_verb("plan")
    assert is_noun_too("plan")
    assert not is_base("plan")
    assert is_base("employ")
    assert not is_verb("boat")


@pytest.mark.parametrize("word", ["kept", "designed", "located", "sold", "built"])
def test_participles(word):
    assert is_participle(word)


def test_what_is_no_participle():
    assert not is_participle("red")
    assert not is_participle("runs")


def test_auxiliaries_are_verbs():
    assert all(is_known_verb(word) for word in ("is", "has", "must", "did", "rose", "employs", "employ"))
    assert not is_known_verb("harbour")

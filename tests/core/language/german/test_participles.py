"""A German participle and the noun of its verb belong together, and those of other verbs do not."""

from __future__ import annotations

import pytest

from core.language.german.participles import is_noun_of


@pytest.mark.parametrize(
    ("participle", "noun", "expected"),
    [
        ("eingetreten", "eintritt", True),
        ("eingetreten", "eintrittsdatum", True),
        ("angemeldet", "anmeldung", True),
        ("abgegeben", "abgabe", True),
        ("eingetragen", "eintritt", False),
        ("eingetreten", "austritt", False),
        ("eintreten", "eintritt", False),
        ("open", "opening", False),
    ],
)
def test_the_noun_of_a_participle(participle: str, noun: str, expected: bool) -> None:
    assert is_noun_of(noun, participle) is expected

"""Who holds a post, who did a thing, and where a thing is."""

from __future__ import annotations

import pytest

from synth.facts.english.names import agent, holder, is_post, place, posts
from synth.facts.english.prose.clause import parse


def answer(rule, sentence):
    clause = parse(sentence)
    gap = rule(clause) if clause else None
    return (gap.wh[0], clause.sentence[gap.start : gap.end]) if clause and gap else None


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("The head cook is Dorrit Amblesworth.", ("who", "Dorrit Amblesworth")),
        ("The director of the Harbour Office is Ole Brandt, a sailor.", ("who", "Ole Brandt")),
        ("The founder was Dr. Anna Holm.", ("who", "Dr. Anna Holm")),
        ("The oldest boat is Sea Eagle.", ("what", "Sea Eagle")),
        ("The head cook is busy.", None),
        ("Anna Holm is Ole Brandt.", None),
    ],
)
def test_holders(sentence, found):
    assert answer(holder, sentence) == found


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("The bridge was designed by Ada Lindqvist in 1931.", ("by whom", "Ada Lindqvist")),
        ("The rules are made by the General Council.", ("by whom", "the General Council")),
        ("The bridge was designed by 1931.", None),
        ("The bridge was designed by Ada Lindqvist, Ole Brandt and Mara Quist.", None),
        ("The bridge was opened in May by boat.", None),
    ],
)
def test_agents(sentence, found):
    assert answer(agent, sentence) == found


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("The archive is located in the Old Mill.", ("where", "in the Old Mill")),
        ("The chest is kept behind the Great Door.", ("where", "behind the Great Door")),
        ("The tower stands on Gull Hill, and is open.", ("where", "on Gull Hill")),
        ("The tower stands on Gull Hill.", ("where", "on Gull Hill")),
        ("The office opened in January.", None),
        ("The rule is in accordance with the Charter.", None),
    ],
)
def test_places(sentence, found):
    assert answer(place, sentence) == found


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("The committee, led by the Listener, Avery Hoyt, met.", [("the Listener", "Avery Hoyt")]),
        ("The Chief Engineer, Mara Quist, signed.", [("The Chief Engineer", "Mara Quist")]),
        ("Tim Reed, Acme’s Chief Executive Officer, spoke.", [("Acme’s Chief Executive Officer", "Tim Reed")]),
        ("Tim Reed, our Chief Executive Officer, spoke.", []),
        ("The boat, Sea Eagle, sailed.", []),
    ],
)
def test_posts_named_with_their_holders(sentence, found):
    assert [(post, sentence[start:end]) for post, start, end in posts(sentence)] == found


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("the head cook", True),
        ("the Director of the Museum", True),
        ("Chief Financial Officer", True),
        ("the boat", False),
    ],
)
def test_what_is_a_post(phrase, expected):
    assert is_post(phrase) is expected

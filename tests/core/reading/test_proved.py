"""The form of an answer with its proof: written once, read in both orders."""

from __future__ import annotations

import pytest

from core.reading.proved import DIFFERS, answer_first, proper, proved

QUOTE = "“The greatest permitted depth is 18 m.”"


def test_an_answer_is_read_back() -> None:
    reply = proved("18 m", QUOTE, "b2c3d")
    assert reply == f"{QUOTE} [[b2c3d]] Answer: 18 m"
    assert answer_first(reply) == f"18 m: {QUOTE} [[b2c3d]]"
    assert proper(reply) == "18 m"


@pytest.mark.parametrize(
    "reply",
    [
        f"18 m: {QUOTE}",
        f"18 m: {QUOTE}.",
        f"18 m: {QUOTE} [[b2c3d]]",
        f"{QUOTE} Answer: 18 m",
        f"{QUOTE} [[b2c3d]] [[f4g5h]] Answer: 18 m ",
        "18 m",
        " 18 m\n",
    ],
)
def test_what_a_reply_answers(reply: str) -> None:
    assert proper(reply) == "18 m"


@pytest.mark.parametrize(
    "reply",
    [
        "The documents do not say.",
        "It is 18 m. [[b2c3d]]",
        f"{QUOTE} [[b2c3d]]",
        f"Two texts say so: {QUOTE} and “Down to 18 m.” [[b2c3d]]",
        f"{QUOTE} [[b2c3d]] Answer: ",
        "Answer: 18 m",
        "",
    ],
)
def test_any_other_reply_stays_as_it_is(reply: str) -> None:
    assert answer_first(reply) == reply
    assert proper(reply) == reply.strip()


def test_the_answer_ends_without_a_stop() -> None:
    assert answer_first(f"{QUOTE} [[b2c3d]] Answer: 18 m.") == f"18 m: {QUOTE} [[b2c3d]]"


def test_that_it_differs_from_memory_is_no_part_of_the_answer() -> None:
    reply = f"{proved('18 m', QUOTE, 'b2c3d')}\n{DIFFERS}"
    assert answer_first(reply) == f"18 m: {QUOTE} [[b2c3d]]\n{DIFFERS}"
    assert proper(reply) == proper(answer_first(reply)) == proper(f"18 m\n{DIFFERS}") == "18 m"
    assert answer_first(f"It is 18 m. [[b2c3d]]\n{DIFFERS}") == f"It is 18 m. [[b2c3d]]\n{DIFFERS}"

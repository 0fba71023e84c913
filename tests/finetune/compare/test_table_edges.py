"""Edges of score tables: questions that one arm missed, refusals, phrasings that training saw, other models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from finetune.compare.arms import Arm, ArmReply
from finetune.compare.questions import NUMERIC, SEEN, GoldQuestion
from finetune.compare.run import Output
from finetune.compare.statistics.clusters import cluster
from finetune.compare.tables import (
    beyond_memory,
    main_tables,
    scored,
    stratum_tables,
    tabulate,
)
from tests.support.comparisons import arm, knows, questions

BASE = arm("base", knows(0))[0]
INDEX = arm("index", knows(0), shown="found")[0]
ORACLE = arm("oracle", knows(0), shown="oracle")[0]


def output(name: str, question: str, text: str) -> Output:
    reply = ArmReply(text=text or "The documents do not say.", abstained=not text)
    return Output(key="k", arm=name, question=question, reply=reply)


def replies(arms: Sequence[Arm], asked: Sequence[GoldQuestion], right: dict[str, int]) -> dict[tuple[str, str], Output]:
    """Right on the first questions, `blue` on the others, as many as the arm's entry says."""
    return {
        (made.name, question.id): output(
            made.name, question.id, f"It is {question.answer}." if at < right[made.name] else "It is blue."
        )
        for made in arms
        for at, question in enumerate(asked)
    }


def test_a_pair_is_compared_on_the_questions_that_both_answered() -> None:
    asked = questions(4)
    given = replies([BASE, INDEX], asked, {"base": 2, "index": 4})
    del given["base", "q3"]
    table = tabulate("right", [BASE, INDEX], asked, scored([BASE, INDEX], asked, given), cluster(asked))
    assert {name: cell.n for name, cell in table.arms.items()} == {"base": 3, "index": 4}
    assert table.rows[0].difference.questions == 3
    assert abs(table.rows[0].difference.mean) == pytest.approx(1 / 3)


def test_a_refusal_is_scored_as_an_empty_text() -> None:
    asked = questions(1)
    seen: list[str] = []

    def similarity(texts: Sequence[tuple[GoldQuestion, str]]) -> Sequence[float]:
        seen.extend(text for _, text in texts)
        return [0.0]

    scored([BASE], asked, {("base", "q0"): output("base", "q0", "")}, {"similarity": similarity})
    assert seen == [""]


def test_questions_that_training_saw_count_in_their_own_stratum_only() -> None:
    fresh = questions(4)
    seen = [replace(one, id=f"s{at}", strata=(SEEN,)) for at, one in enumerate(questions(2))]
    asked = [replace(one, strata=(*one.strata, NUMERIC)) for one in fresh] + seen
    given = replies([BASE], asked, {"base": 1}) | {
        ("base", one.id): output("base", one.id, f"It is {one.answer}.") for one in seen
    }
    scores = scored([BASE], asked, given)
    main = main_tables([BASE], asked, scores, cluster(asked))
    assert main["right"].arms["base"].value == 0.25
    strata = stratum_tables([BASE], asked, scores)
    assert {name: (table.arms["base"].value, table.questions) for name, table in strata.items()} == {
        "new phrasing": (0.25, 4),
        NUMERIC: (0.25, 4),
        SEEN: (1.0, 2),
    }


def test_a_model_that_knows_all_or_nothing_has_no_other_share() -> None:
    asked = questions(2)
    scores = {(name, one.id): {"right": 1.0} for name in ("base", "index") for one in asked}
    (found,) = beyond_memory([INDEX, BASE], asked, scores) or beyond_memory([BASE, INDEX], asked, scores)
    assert (found.known, found.unknown, found.gained, found.lost) == (2, 0, None, 0.0)


def test_another_model_is_no_memory_of_this_one() -> None:
    other = arm("other", knows(0), model="n", shown="found")[0]
    asked = questions(1)
    scores = {(name, "q0"): {"right": 1.0} for name in ("base", "other")}
    assert beyond_memory([BASE, other], asked, scores) == []

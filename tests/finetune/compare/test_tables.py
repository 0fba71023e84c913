"""Scores as tables: what a measure applies to, which arms are paired, what declining and memory add up to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from finetune.compare.arms import Arm
from finetune.compare.questions import SEEN, UNANSWERABLE, GoldQuestion
from finetune.compare.run import Replies, ask_all
from finetune.compare.statistics.clusters import cluster
from finetune.compare.tables import (
    Scores,
    abstentions,
    agreements,
    beyond_memory,
    main_tables,
    scored,
    stratum_tables,
    tabulate,
)
from tests.support.comparisons import arm, knows, questions


def answered(arms: Sequence[Arm], asked: Sequence[GoldQuestion], folder: Path) -> tuple[Replies, Scores]:
    replies = ask_all(arms, asked, folder)
    return replies, scored(arms, asked, replies)


def two_arms(left: int, right: int) -> list[Arm]:
    return [arm("base", knows(left))[0], arm("base+rag", knows(right), shown="found")[0]]


def test_a_table_has_a_cell_per_arm_and_a_row_per_pair(tmp_path: Path) -> None:
    arms, asked = two_arms(5, 15), questions(20)
    _, scores = answered(arms, asked, tmp_path)
    table = tabulate("right", arms, asked, scores, cluster(asked))
    assert {name: (cell.value, cell.n) for name, cell in table.arms.items()} == {
        "base": (0.25, 20),
        "base+rag": (0.75, 20),
    }
    (row,) = table.rows
    assert (row.left, row.right, row.difference.mean) == ("base+rag", "base", 0.5)
    assert row.difference.significant
    assert all(0 <= cell.low <= cell.value <= cell.high <= 1 for cell in table.arms.values())


def test_measures_of_what_an_arm_chose_to_say_are_not_paired(tmp_path: Path) -> None:
    arms, asked = two_arms(5, 15), questions(20)
    _, scores = answered(arms, asked, tmp_path)
    tables = main_tables(arms, asked, scores, cluster(asked))
    assert tables["right"].rows and not tables["answer_in_context"].rows
    assert set(tables["answer_in_context"].arms) == {"base+rag"}  # nothing was shown to the other
    assert "abstention_recall" not in tables  # every question has an answer


def test_an_added_measure_skips_what_it_cannot_score(tmp_path: Path) -> None:
    arms, asked = two_arms(2, 2), questions(4, unanswerable=1)
    replies = ask_all(arms, asked, tmp_path)

    def similarity(texts: Sequence[tuple[GoldQuestion, str]]) -> list[float]:
        assert all(question.answer is not None for question, _ in texts)
        return [float("nan") if question.id == "q0" else 0.5 for question, _ in texts]

    scores = scored(arms, asked, replies, {"similarity": similarity})
    assert "similarity" not in scores["base", "q0"] and "similarity" not in scores["base", "u0"]
    assert scores["base", "q1"]["similarity"] == 0.5


def test_a_stratum_is_judged_by_itself(tmp_path: Path) -> None:
    def cautious(question: GoldQuestion) -> str:
        return "" if question.answer is None else f"It is {question.answer}."

    arms = [arm("careful", cautious)[0], arm("bold", knows(0))[0]]
    asked = questions(10, unanswerable=10)
    _, scores = answered(arms, asked, tmp_path)
    tables = stratum_tables(arms, asked, scores)
    assert tables[UNANSWERABLE].measure == "abstention_recall"
    assert tables[UNANSWERABLE].arms["careful"].value == 1.0
    assert tables["new phrasing"].measure == "right" and tables["new phrasing"].questions == 10


def test_declining_is_counted_for_candidates_on_held_out_questions(tmp_path: Path) -> None:
    arms = [arm("careful", lambda _: "")[0]]
    seen = GoldQuestion(id="s", text="?", answer="1", strata=(SEEN,))
    asked = [*questions(3, unanswerable=2), seen]
    replies, _ = answered(arms, asked, tmp_path)
    counts = abstentions(arms, asked, replies)["careful"]
    assert (counts.declined_answerable, counts.declined_unanswerable) == (3, 2)
    assert (counts.answered_answerable, counts.answered_unanswerable) == (0, 0)


@pytest.mark.parametrize(
    ("alone", "shown", "gained", "lost"), [(4, 10, 1.0, 0.0), (10, 0, None, 1.0), (0, 5, 0.5, None)]
)
def test_passages_are_credited_with_what_was_not_known(
    alone: int, shown: int, gained: float | None, lost: float | None, tmp_path: Path
) -> None:
    arms, asked = two_arms(alone, shown), questions(10)
    _, scores = answered(arms, asked, tmp_path)
    (entry,) = beyond_memory(arms, asked, scores)
    assert (entry.left, entry.right) == ("base+rag", "base")
    assert (entry.known, entry.unknown) == (alone, 10 - alone)
    assert (entry.gained, entry.lost) == (gained, lost)


def test_replies_to_one_fact_in_other_words_are_compared(tmp_path: Path) -> None:
    asked = questions(3)
    again = [
        GoldQuestion(id=f"{one.id}b", text=f"{one.text} Please.", answer=one.answer, fact=one.fact) for one in asked
    ]
    steady, moody = (
        arm("steady", lambda question: f"It is {question.answer}.")[0],
        arm("moody", lambda question: "red" if question.id.endswith("b") else "blue", model="n")[0],
    )
    replies, _ = answered([steady, moody], [*asked, *again], tmp_path)
    cells = agreements([steady, moody], [*asked, *again], replies)
    assert (cells["steady"].value, cells["steady"].n) == (1.0, 3)
    assert cells["moody"].value == 0.0

"""Advice where it is not plain: agreement of interval and test, what settles the choice, arms that are experiments."""

from __future__ import annotations

from dataclasses import replace

from finetune.compare.arms import pairs
from finetune.compare.statistics.clusters import Clusters
from finetune.compare.statistics.significance import PairedDifference
from finetune.compare.tables import MeasureTable, PairRow, ScoreCell
from finetune.compare.verdict import decide, outcome_of, reference_notes
from tests.support.comparisons import arm, knows

WIDE = Clusters(labels={}, levels=("document",), documents=12)
NARROW = Clusters(labels={}, levels=("fact",), documents=2)
BASE, INDEX, TUNED = (
    arm("base", knows(0))[0],
    arm("base+rag", knows(0), shown="found")[0],
    arm("tuned", knows(0), tuned=True)[0],
)


def difference(mean: float, *, significant: bool = False, detectable: float = 0.05) -> PairedDifference:
    low, high = (mean - 0.05, mean + 0.05) if significant else (mean - 0.5, mean + 0.5)
    p = 0.01 if significant else 0.4
    return PairedDifference(
        mean=mean,
        low=low,
        high=high,
        p=p,
        adjusted_p=p,
        mcnemar_p=None,
        detectable=detectable,
        questions=40,
        clusters=40,
    )


def table(
    values: dict[str, float], rows: dict[tuple[str, str], PairedDifference], measure: str = "right"
) -> MeasureTable:
    cells = {name: ScoreCell(value=value, low=value, high=value, n=40) for name, value in values.items()}
    pairs = [PairRow(left=left, right=right, difference=found) for (left, right), found in rows.items()]
    return MeasureTable(measure=measure, questions=40, arms=cells, rows=pairs, drawn="documents")


def test_interval_and_test_must_agree() -> None:
    clear = difference(0.2, significant=True)
    assert outcome_of(replace(clear, adjusted_p=0.06)) == "no difference found"
    assert outcome_of(replace(clear, low=-0.01)) == "no difference found"


def test_a_tuned_arm_that_loses_is_advised_against() -> None:
    found = table({"base": 0.8, "tuned": 0.5}, {("tuned", "base"): difference(-0.3, significant=True)})
    verdict = decide([BASE, TUNED], {"right": found}, {}, WIDE)
    assert (verdict.outcome, verdict.recommended) == ("better", "base")
    assert verdict.sentence.startswith(
        "Do not fine-tune: base has 80% right, more than tuned (50%) by 25 to 35 points;"
    )


def test_tuning_is_settled_where_the_chosen_arm_beats_every_other_way() -> None:
    rows = {
        ("tuned", "base"): difference(-0.4, significant=True),
        ("tuned", "base+rag"): difference(-0.42, significant=True),
        ("base", "base+rag"): difference(-0.02, detectable=0.3),
    }
    found = table({"tuned": 0.4, "base": 0.8, "base+rag": 0.82}, rows)
    verdict = decide([TUNED, BASE, INDEX], {"right": found}, {}, WIDE)
    assert (verdict.outcome, verdict.recommended) == ("better", "base")
    assert verdict.sentence.startswith(
        "Do not fine-tune: base has 80% right, more than tuned (40%) by 35 to 45 points, and the data cannot decide"
        " whether base+rag (82%) differs: less than 30 points is not detectable;"
    )


def test_experiments_are_never_recommended() -> None:
    oracle = arm("oracle", knows(0), shown="oracle")[0]
    found = table({"base": 0.5, "oracle": 0.9}, {("oracle", "base"): difference(0.4, significant=True)})
    verdict = decide([oracle, BASE], {"right": found}, {}, NARROW)
    assert (verdict.outcome, verdict.recommended) == ("too few questions to tell", "")
    assert verdict.sentence.startswith("Nothing to compare: base alone has 50% right; 40 questions in new words")


def test_questions_that_nobody_can_answer_decide_where_there_are_no_others() -> None:
    declining = table({"base": 0.2, "tuned": 0.9}, {("tuned", "base"): difference(0.7, significant=True)})
    verdict = decide([BASE, TUNED], {"abstention_recall": declining}, {}, WIDE)
    assert verdict.recommended == "tuned"
    assert verdict.notes[0] == "Declining what the documents do not answer: tuned 90% against base 20%."


def test_what_could_never_be_seen_is_called_so() -> None:
    never = table({"base": 0.78, "tuned": 0.8}, {("base", "tuned"): difference(-0.02, detectable=float("inf"))})
    verdict = decide([TUNED, BASE], {"right": never}, {}, WIDE)
    assert verdict.outcome == "too few questions to tell"
    assert "no difference is detectable" in verdict.sentence


def test_a_reference_is_compared_with_and_not_chosen() -> None:
    reference = replace(arm("reference", knows(0), model="big")[0], reference=True)
    assert pairs([BASE, INDEX, TUNED, reference])[-1] == (reference, TUNED)
    assert pairs([BASE, INDEX, reference])[-1] == (reference, BASE)  # where nothing was tuned
    values = {"base": 0.5, "tuned": 0.6, "reference": 0.9}
    rows = {
        ("tuned", "base"): difference(0.1, significant=True),
        ("reference", "tuned"): difference(0.3, significant=True),
    }
    found = table(values, rows)
    verdict = decide([BASE, TUNED, reference], {"right": found}, {}, WIDE)
    assert verdict.recommended == "tuned"
    (note,) = reference_notes([BASE, TUNED, reference], found)
    assert note == "Reference reference (90%), big: 25 to 35 points more than tuned (60%)."
    for mean, detectable, words in (
        (0.02, 0.05, "no difference from"),
        (0.02, 0.4, "too few questions to tell it from"),
    ):
        unsure = table(values, {**rows, ("reference", "tuned"): difference(mean, detectable=detectable)})
        assert reference_notes([BASE, TUNED, reference], unsure)[0].endswith(f"{words} tuned (60%).")

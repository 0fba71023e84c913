"""The sentence that a comparison ends with, from tables made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from finetune.compare.arms import Arm
from finetune.compare.statistics.clusters import Clusters
from finetune.compare.statistics.significance import PairedDifference
from finetune.compare.tables import MeasureTable, PairRow, ScoreCell
from finetune.compare.verdict import decide, outcome_of
from tests.support.comparisons import arm, knows

PAGES = Clusters(labels={}, levels=("page",), documents=2)
MANY = Clusters(labels={}, levels=("document",), documents=12)
BASE = arm("base", knows(0))[0]
RAG = arm("base+rag", knows(0), shown="found")[0]
TUNED = arm("tuned", knows(0), model="t", tuned=True)[0]


def difference(mean: float, *, significant: bool, detectable: float = 0.05) -> PairedDifference:
    half = abs(mean) / 2 if significant else abs(mean) + 0.01
    p = 0.001 if significant else 0.6
    return PairedDifference(
        mean=mean,
        low=mean - half,
        high=mean + half,
        p=p,
        adjusted_p=p,
        mcnemar_p=None,
        detectable=detectable,
        questions=40,
        clusters=20,
    )


def table(
    values: Mapping[str, float], pairs: Mapping[tuple[str, str], PairedDifference], measure: str = "right"
) -> MeasureTable:
    cells = {name: ScoreCell(value=value, low=value, high=value, n=40) for name, value in values.items()}
    rows = [PairRow(left=left, right=right, difference=found) for (left, right), found in pairs.items()]
    return MeasureTable(measure=measure, questions=40, arms=cells, rows=rows, drawn="pages")


def sentence(arms: Sequence[Arm], made: MeasureTable, clusters: Clusters = PAGES) -> str:
    return decide(arms, {made.measure: made}, {}, clusters).sentence


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (difference(0.3, significant=True), "better"),
        (difference(0.02, significant=False, detectable=0.08), "no difference found"),
        (difference(0.02, significant=False, detectable=0.2), "too few questions to tell"),
        (difference(0.02, significant=False, detectable=float("inf")), "too few questions to tell"),
    ],
)
def test_one_comparison_has_one_of_three_outcomes(found: PairedDifference, outcome: str) -> None:
    assert outcome_of(found) == outcome


def test_a_better_arm_is_named_with_the_size_of_its_lead() -> None:
    made = table({"base": 0.2, "tuned": 0.8}, {("tuned", "base"): difference(0.6, significant=True)})
    verdict = decide([BASE, TUNED], {"right": made}, {}, PAGES)
    assert (verdict.outcome, verdict.recommended) == ("better", "tuned")
    assert verdict.sentence == (
        "Fine-tune: tuned has 80% right, more than base (20%) by 30 to 90 points; "
        "40 questions, and true of these 2 documents only."
    )


def test_of_equals_the_cheaper_one_is_used() -> None:
    made = table({"base+rag": 0.7, "tuned": 0.72}, {("tuned", "base+rag"): difference(0.02, significant=False)})
    verdict = decide([RAG, TUNED], {"right": made}, {}, MANY)
    assert verdict.recommended == "base+rag"
    assert verdict.outcome == "no difference found"
    assert "no difference from tuned (72%) was found; 40 questions about 12 documents." in verdict.sentence


def test_what_the_data_cannot_decide_is_said() -> None:
    made = table(
        {"base": 0.5, "base+rag": 0.6}, {("base+rag", "base"): difference(0.1, significant=False, detectable=0.3)}
    )
    words = sentence([BASE, RAG], made)
    assert words.startswith("Too few questions to tell: base has 50% right")
    assert "the data cannot decide whether base+rag (60%) differs: less than 30 points is not detectable" in words


def test_two_candidates_without_a_tuned_one_say_which_to_use() -> None:
    made = table({"base": 0.1, "base+rag": 0.9}, {("base+rag", "base"): difference(0.8, significant=True)})
    assert sentence([BASE, RAG], made).startswith("Use base+rag: base+rag has 90% right")


def test_one_arm_is_nothing_to_compare() -> None:
    verdict = decide([BASE], {"right": table({"base": 0.4}, {})}, {}, PAGES)
    assert verdict.sentence.startswith("Nothing to compare: base alone has 40% right")
    assert verdict.recommended == ""


def test_significant_strata_stand_in_the_notes() -> None:
    main = table({"base": 0.5, "base+rag": 0.5}, {("base+rag", "base"): difference(0.0, significant=False)})
    numeric = table({"base": 0.2, "base+rag": 0.9}, {("base+rag", "base"): difference(0.7, significant=True)})
    notes = decide([BASE, RAG], {"right": main}, {"numeric": numeric}, PAGES).notes
    assert notes[0] == "Numeric: base+rag 90% against base 20%."
    assert notes[-1] == PAGES.sentence


def test_without_answers_there_is_no_verdict() -> None:
    with pytest.raises(ValueError, match="no arm answered"):
        decide([BASE], {}, {}, PAGES)

"""Which arm to use for which documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from finetune.compare.arms import Arm
from finetune.compare.questions import CHANGED, NEW, UNTAUGHT_DOCUMENT, GoldQuestion
from finetune.compare.report.page import render
from finetune.compare.report.record import Circumstances, build
from finetune.compare.run import ask_all
from finetune.compare.scopes import scope_of
from tests.support.comparisons import arm, questions

ABOUT = Circumstances(made_at="2026-11-21T00:00:00+00:00", command="kb compare demo")
KINDS = {"t": "taught", "i": "untaught but indexed", "l": "later"}


def asked(*kinds: str, count: int = 40) -> list[GoldQuestion]:
    """Return questions of each kind, their ids beginning with its letter."""
    strata = {"t": (NEW,), "i": (UNTAUGHT_DOCUMENT,), "l": (CHANGED,)}
    return [
        replace(
            question,
            id=f"{kind}{question.id}",
            text=f"{kind}: {question.text}",
            fact=f"{kind}{question.fact}",
            taught=kind == "t",
            strata=strata[kind],
        )
        for kind in kinds
        for question in questions(count)
    ]


def right_on(*kinds: str) -> Callable[[GoldQuestion], str]:
    return lambda question: str(question.answer) if question.id[0] in kinds else "It is blue."


def report_of(arms: Sequence[Arm], given: Sequence[GoldQuestion], folder: Path) -> dict[str, Any]:
    return build(arms, given, ask_all(arms, given, folder), ABOUT)


def four(base: str, search: str, tuned: str, both: str) -> list[Arm]:
    return [
        arm("base", right_on(*base))[0],
        arm("base+rag", right_on(*search), shown="found")[0],
        arm("tuned", right_on(*tuned), model="t", tuned=True)[0],
        arm("tuned+rag", right_on(*both), shown="found", model="t", tuned=True)[0],
    ]


def test_kinds_of_documents() -> None:
    for kind, scope in KINDS.items():
        assert {scope_of(question) for question in asked(kind)} == {scope}


def test_one_arm_serves_all_where_it_is_beaten_nowhere(tmp_path: Path) -> None:
    verdict = report_of(four("", "l", "t", "til"), asked("t", "i", "l"), tmp_path)["verdict"]
    assert verdict["advice"] == (
        "One arm for all: tuned+rag, right on 100% of facts that were taught, 100% of documents or facts that were "
        "indexed and not taught and 100% of documents that came after training."
    )
    assert verdict["notes"][0] == verdict["advice"]
    # Of arms that do not differ, the one that takes the least effort is used for one kind alone.
    assert [scope["recommended"] for scope in verdict["scopes"]] == ["tuned", "tuned+rag", "base+rag"]


def test_otherwise_each_kind_has_its_arm(tmp_path: Path) -> None:
    report = report_of(four("", "il", "t", ""), asked("t", "i", "l"), tmp_path)
    assert report["verdict"]["advice"] == (
        "Use tuned for facts that were taught; base+rag for documents or facts that were indexed and not taught and "
        "documents that came after training."
    )
    page = render(report)
    assert "Which arm for which documents" in page and "untaught but indexed" in page


def test_few_questions_recommend_no_arm_that_was_seen_to_be_far_worse(tmp_path: Path) -> None:
    """Four questions decide nothing; an arm that had none of them right is not taken because it is cheap."""
    report = report_of(four("", "il", "t", "i"), asked("t", "i", "l", count=4), tmp_path)
    scopes = report["verdict"]["scopes"]
    assert {scope["outcome"] for scope in scopes} == {"too few questions to tell"}
    assert [scope["recommended"] for scope in scopes] == ["tuned", "base+rag", "base+rag"]
    assert report["verdict"]["advice"].startswith("Use tuned for facts that were taught; base+rag for ")


def test_documents_that_no_question_asks_about_are_left_open(tmp_path: Path) -> None:
    verdict = report_of(four("", "t", "t", "t"), asked("t"), tmp_path)["verdict"]
    assert verdict["advice"].endswith(
        "; nothing is known of documents or facts that were indexed and not taught and documents that came after "
        "training."
    )
    assert [(scope["questions"], scope["recommended"]) for scope in verdict["scopes"]] == [
        (40, "base+rag"),
        (0, ""),
        (0, ""),
    ]


def test_without_a_tuned_arm_there_is_nothing_to_tell_apart(tmp_path: Path) -> None:
    report = report_of(four("", "t", "t", "t")[:2], asked("t"), tmp_path)
    assert report["verdict"]["scopes"] == [] and report["verdict"]["advice"] == ""
    assert "Which arm for which documents" not in render(report)


@pytest.mark.parametrize(("tuned", "reason"), [("", "answers"), ("til", "time")])
def test_timing_noise_is_no_pay_off(tmp_path: Path, tuned: str, reason: str) -> None:
    arms = four("til", "til", tuned, "til")
    report = report_of(arms, asked("t"), tmp_path)
    entry = next(row for row in report["break_even"] if (row["trained"], row["against"]) == ("tuned", "base"))
    assert (entry["questions"], entry["reason"]) == (None, reason)

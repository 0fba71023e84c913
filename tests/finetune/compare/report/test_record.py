"""From replies to a verdict and a record: reports what the answers show and nothing beyond it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import DataError
from finetune.compare.questions import CONTRADICTED, SEEN, STAND_IN, UNANSWERABLE, GoldQuestion
from finetune.compare.report import short
from finetune.compare.report.page import render
from finetune.compare.report.record import read_missed, write_json
from tests.support.comparisons import arm, knows, questions
from tests.support.reports import four, report_of


def test_search_that_does_as_well_as_tuning_is_recommended(tmp_path: Path) -> None:
    report = report_of(four(0, 190, 190, 190), questions(200), tmp_path)
    assert report["verdict"]["outcome"] == "no difference found"
    assert report["verdict"]["recommended"] == "base+rag"
    assert report["verdict"]["sentence"].startswith("Do not fine-tune: base+rag has 95% right, more than base (0%)")
    assert report["verdict"]["notes"][-1] == "It rains."


def test_tuning_that_beats_everything_is_recommended(tmp_path: Path) -> None:
    report = report_of(four(0, 60, 160, 100), questions(200), tmp_path)
    assert (report["verdict"]["outcome"], report["verdict"]["recommended"]) == ("better", "tuned")
    assert report["verdict"]["sentence"].startswith("Fine-tune: tuned has 80% right")


def test_that_search_may_add_to_tuning_leaves_the_advice_to_tune(tmp_path: Path) -> None:
    verdict = report_of(four(0, 2, 18, 17), questions(24), tmp_path)["verdict"]
    assert (verdict["outcome"], verdict["recommended"]) == ("better", "tuned")
    assert verdict["sentence"].startswith("Fine-tune: tuned has 75% right, more than base (0%)")
    assert "the data cannot decide whether tuned+rag (71%) differs" in verdict["sentence"]


def test_few_questions_cannot_tell_and_say_so(tmp_path: Path) -> None:
    report = report_of(four(3, 5, 5, 6), questions(10), tmp_path)
    verdict = report["verdict"]
    assert verdict["outcome"] == "too few questions to tell"
    assert verdict["sentence"].startswith("Too few questions to tell:")
    assert (
        "10 questions in new words about facts that were taught, and true of these 3 documents only"
        in verdict["sentence"]
    )


def test_no_difference_is_found_only_where_one_would_have_been_seen(tmp_path: Path) -> None:
    arms = [arm("a", knows(150))[0], arm("b", knows(150), shown="found")[0]]
    many = report_of(arms, questions(200), tmp_path / "many")
    assert many["verdict"]["outcome"] == "no difference found"
    assert many["verdict"]["recommended"] == "a"
    few = report_of(arms, questions(20), tmp_path / "few")
    assert few["verdict"]["outcome"] == "too few questions to tell"


def test_many_documents_speak_for_others(tmp_path: Path) -> None:
    report = report_of(four(0, 90, 90, 90), questions(100, docs=20), tmp_path)
    assert "100 questions about 20 documents" in report["verdict"]["sentence"]
    assert report["clusters"]["levels"] == ["document"]


def test_seen_phrasings_stand_in_a_table_of_their_own(tmp_path: Path) -> None:
    held = questions(20)
    seen = [
        GoldQuestion(
            id=f"{one.id[1:]}9",
            text=f"{one.text} seen",
            answer=one.answer,
            fact=one.fact,
            places=one.places,
            taught=True,
            strata=(SEEN,),
        )
        for one in held
    ]
    seen = [
        GoldQuestion(
            id=f"s{at}", text=one.text, answer=one.answer, fact=one.fact, places=one.places, taught=True, strata=(SEEN,)
        )
        for at, one in enumerate(seen)
    ]
    report = report_of(four(0, 5, 10, 10), [*held, *seen], tmp_path)
    assert report["questions"] == {"asked": 40, "held_out": 20}
    assert report["measures"]["right"]["questions"] == 20
    assert report["strata"][SEEN]["questions"] == 20
    assert report["agreement"]["tuned"]["n"] == 20


def test_declining_is_counted_two_by_two(tmp_path: Path) -> None:
    def careful(question: GoldQuestion) -> str:
        return "" if question.answer is None or question.id == "q0" else "It is blue."

    arms = [arm("careful", careful)[0], arm("bold", knows(0), shown="found")[0]]
    report = report_of(arms, questions(30, unanswerable=12), tmp_path)
    assert report["abstention"]["careful"] == {
        "answered_answerable": 29,
        "declined_answerable": 1,
        "answered_unanswerable": 0,
        "declined_unanswerable": 12,
    }
    assert report["strata"][UNANSWERABLE]["arms"]["bold"]["value"] == 0.0
    assert any(note.startswith("Unanswerable: careful 100% against bold 0%") for note in report["verdict"]["notes"])


def test_a_gain_on_what_the_model_knows_by_heart_is_none(tmp_path: Path) -> None:
    report = report_of(four(10, 30, 0, 0), questions(40), tmp_path)
    first = report["beyond_memory"][0]
    assert (first["left"], first["known"], first["unknown"], first["lost"]) == ("base+rag", 10, 30, 0.0)
    assert first["gained"] == pytest.approx(20 / 30)


def test_training_pays_for_itself_where_answers_take_less_time(tmp_path: Path) -> None:
    report = report_of(four(0, 9, 9, 9), questions(10), tmp_path)
    found = {(one["trained"], one["against"]): one["questions"] for one in report["break_even"]}
    assert found["tuned", "base+rag"] == 300  # 600 s of training, 2 s saved a question
    assert found["tuned", "base"] is None
    assert report["cost"]["base"]["training_s"] == 0
    assert report["cost"]["tuned"]["thousand_h"] == pytest.approx((600 + 1000) / 3600)


def test_what_the_tuned_arm_missed_is_listed_once_per_fact(tmp_path: Path) -> None:
    report = report_of(four(0, 9, 7, 10), questions(10), tmp_path)
    path = write_json(tmp_path, report)
    missed, asked = read_missed(path)
    assert [one["fact"] for one in missed] == ["f7", "f8", "f9"]
    assert {one["arm"] for one in missed} == {"tuned"}
    assert len(asked) == 10
    with pytest.raises(DataError, match="cannot be read as the report"):
        read_missed(Path(__file__))


def test_the_report_is_plain_json_even_with_one_question(tmp_path: Path) -> None:
    report = report_of(four(0, 1, 1, 1), questions(1), tmp_path)
    again = json.loads(write_json(tmp_path, report).read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert again == report
    assert report["measures"]["right"]["pairs"][0]["low"] == -1.0
    assert report["measures"]["right"]["pairs"][0]["detectable"] is None
    assert render(report)
    assert short.lines(report)[-1]


def test_unanswerable_questions_alone_are_decided_by_declining(tmp_path: Path) -> None:
    arms = [arm("careful", lambda _: "")[0], arm("bold", lambda _: "5", shown="found")[0]]
    report = report_of(arms, questions(0, unanswerable=30), tmp_path)
    assert report["verdict"]["recommended"] == "careful"
    assert render(report)


def test_the_short_form_has_a_row_per_arm(tmp_path: Path) -> None:
    report = report_of(four(0, 9, 9, 9), questions(10), tmp_path)
    rows = short.rows(report)
    assert [row[0] for row in rows] == ["base", "base+rag", "tuned", "tuned+rag"]
    assert {len(row) for row in rows} == {len(short.HEADS)}
    paid = "tuned against base+rag: training has paid for itself after 300 questions"
    assert f"{paid} by time alone: no more of its answers are right" in short.lines(report)


def test_the_terminal_shows_what_to_use_for_which_documents(tmp_path: Path) -> None:
    invented = [
        GoldQuestion(id=f"s{n}", text="?", answer="31 m", passages=(f"It is 31 m {n}.",), strata=(STAND_IN,))
        for n in range(12)
    ]
    altered = [replace(question, id=f"c{question.id[1:]}", strata=(CONTRADICTED,)) for question in invented]
    taught = [replace(question, taught=True) for question in questions(10)]
    report = report_of(four(0, 9, 9, 9), [*taught, *invented, *altered], tmp_path)
    (_, _), (heads, rows), *_ = short.tables(report)
    assert heads == ["questions about", "base", "base+rag", "tuned", "tuned+rag", "use", "n"]
    assert [row[0] for row in rows] == ["taught", "later (invented)", "passage differs from what was taught: followed"]
    assert rows[1][1] == rows[1][3] == "-" and rows[1][-1] == "12"  # what knows no passage is not asked
    assert any(note.startswith("Passages with another value than the one taught") for note in short.lines(report))
    assert report["measures"]["right"]["questions"] == 10 and "later (invented)" in render(report)

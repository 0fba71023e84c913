"""What arms read and what they remembered, from replies to a report."""

from __future__ import annotations

from collections.abc import Mapping

from finetune.compare.arms import ArmReply
from finetune.compare.origins import origin_shares
from finetune.compare.report import short
from finetune.compare.report.page import render
from finetune.compare.report.record import build
from finetune.compare.report.view import why_table
from finetune.compare.run import Output, Replies, ask_all, output_from_json, output_to_json
from tests.support.comparisons import questions
from tests.support.reports import ABOUT, four


def replies(labels: Mapping[str, Mapping[str, int]]) -> Replies:
    return {
        ("both (why)", identity): Output(
            key=identity, arm="both (why)", question=identity, reply=ArmReply(text="x", abstained=False, why=counts)
        )
        for identity, counts in labels.items()
    }


def test_shares_are_of_statements_with_intervals_over_questions() -> None:
    asked = questions(3)
    said = replies({"q0": {"read": 2}, "q1": {"remembered": 1, "both": 1}, "q2": {}})
    (row,) = origin_shares({"both": "both (why)"}, asked, said)
    assert (row.arm, row.questions, row.statements) == ("both", 3, 4)
    assert {label: cell.value for label, cell in row.shares.items()} == {"read": 0.5, "remembered": 0.25, "both": 0.25}
    assert row.shares["read"].low < 0.5 < row.shares["read"].high and row.shares["read"].n == 4


def test_an_arm_without_statements_has_no_shares() -> None:
    (row,) = origin_shares({"both": "both (why)"}, questions(1), replies({"q0": {}}))
    assert row.statements == 0 and row.shares == {}


def test_labels_survive_the_file_of_outputs() -> None:
    (output,) = replies({"q0": {"read": 2}}).values()
    record = output_to_json(output)
    assert output_from_json(record) == output
    del record["reply"]["why"]  # a file of an older version
    assert output_from_json(record).reply.why == {}


def test_a_report_shows_the_shares_and_none_where_none_were_asked(tmp_path) -> None:
    arms, asked = four(1, 2, 3, 4), questions(6)
    shares = origin_shares({"tuned+rag": "both (why)"}, questions(1), replies({"q0": {"read": 3, "both": 1}}))
    given = ask_all(arms, asked, tmp_path)
    report = build(arms, asked, given, ABOUT, origins=shares)
    table = why_table(report)
    assert table is not None and [cell.text for cell in table.rows[0]] == ["tuned+rag", "75%", "0%", "25%", "4"]
    assert short.why_rows(report) == [["tuned+rag", "0.75", "0.00", "0.25", "4"]]
    assert "Read or remembered" in render(report)
    without = build(arms, asked, given, ABOUT)
    assert why_table(without) is None and short.why_rows(without) == [] and "Read or remembered" not in render(without)

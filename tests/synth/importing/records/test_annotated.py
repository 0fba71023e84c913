"""Exports of annotation tools: what people said counts, and what they turned down is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synth.importing.records.annotated import TURNED_DOWN, plain_record
from tests.synth.importing.records.test_shapes import jsonl, read

_ANSWERED = {"from_name": "answer", "type": "textarea", "value": {"text": ["gold"]}}
_SPAN = {"from_name": "label", "type": "labels", "value": {"start": 0, "end": 3, "text": "abc", "labels": ["X"]}}


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        (
            {"id": 1, "data": {"question": "q"}, "annotations": [{"result": [_SPAN, _ANSWERED]}]},
            {"question": "q", "answer": "gold"},
        ),
        (
            {
                "data": {"text": "t"},
                "annotations": [
                    {"was_cancelled": True, "result": []},
                    {"result": [{"from_name": "label", "value": {"choices": ["good"]}}]},
                ],
            },
            {"text": "t", "label": "good"},
        ),
        (
            {"fields": {"instruction": "q"}, "responses": {"response": [{"value": "gold"}]}, "metadata": {}},
            {"instruction": "q", "response": "gold"},
        ),
        (
            {
                "fields": {"question": "q"},
                "responses": [
                    {"status": "discarded", "values": {"answer": {"value": "bad"}}},
                    {"status": "submitted", "values": {"answer": {"value": "gold"}}},
                ],
            },
            {"question": "q", "answer": "gold"},
        ),
        (
            {
                "question": "q",
                "answer.responses": ["bad", "gold"],
                "answer.responses.status": ["discarded", "submitted"],
                "answer.suggestion": "guess",
            },
            {"question": "q", "answer": "gold"},
        ),
        (
            {
                "text": "t",
                "options": [{"id": 1, "text": "one"}, {"id": 2, "text": "two"}],
                "accept": [2],
                "answer": "accept",
            },
            {"text": "t", "label": "two"},
        ),
        ({"text": "q", "user_input": "gold", "answer": "accept", "_task_hash": 1}, {"question": "q", "answer": "gold"}),
        (
            {"vars": {"question": "q"}, "assert": [{"type": "latency"}, {"type": "equals", "value": "gold"}]},
            {"question": "q", "expected": "gold"},
        ),
    ],
)
def test_what_people_said_stands_beside_what_was_asked(record: dict[str, Any], fields: dict[str, Any]) -> None:
    assert plain_record(record) == fields


@pytest.mark.parametrize(
    "record",
    [
        {"data": {"question": "q", "answer": "a"}, "annotations": [{"was_cancelled": True, "result": []}]},
        {"fields": {"question": "q"}, "responses": {"answer": [{"value": "a", "status": "discarded"}]}},
        {"text": "t", "label": "x", "answer": "reject"},
    ],
)
def test_what_people_turned_down_is_no_row(tmp_path: Path, record: dict[str, Any]) -> None:
    assert TURNED_DOWN in plain_record(record)
    good = {"text": "t", "label": "x", "answer": "accept"}
    _, drafts, faults = read(jsonl(tmp_path / "x.jsonl", good, good, record))
    assert len(drafts) == 2 and [line for line, _ in faults] == [3]
    assert faults[0][1].startswith("turned down by its annotator")


def test_records_of_other_kinds_stay_as_they_are() -> None:
    for record in ({"data": [1]}, {"question": "q", "answer": "accept"}, {"fields": ["a"], "responses": {}}):
        assert plain_record(record) is record

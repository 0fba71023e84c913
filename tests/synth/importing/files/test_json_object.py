"""One JSON object as records: lists under keys, and the tables of pandas and `datasets`."""

from __future__ import annotations

import json

import pytest

from synth.importing.fields import normalised
from synth.importing.files.json_object import object_records
from synth.importing.records.shapes import shape_of

ROWS = [{"question": f"Q{number}?", "answer": f"A{number}"} for number in range(3)]
COLUMNS = {name: [row[name] for row in ROWS] for name in ("question", "answer")}


def read(value: object, **options: object) -> list[object]:
    text = json.dumps(value, **options)
    known = object_records(text, lambda records: shape_of([*map(normalised, records)]) is not None)
    return [record for _, record, _ in known]


@pytest.mark.parametrize(
    "value",
    [
        {name: {str(index): text for index, text in enumerate(column)} for name, column in COLUMNS.items()},
        {f"row {index}": row for index, row in enumerate(ROWS)},
        {"columns": ["question", "answer"], "index": [0, 1, 2], "data": [list(row.values()) for row in ROWS]},
        {
            "schema": {"fields": [{"name": "index"}, {"name": "question"}], "primaryKey": ["index"]},
            "data": [{"index": index, **row} for index, row in enumerate(ROWS)],
        },
        COLUMNS,
        {"version": 1, "faqs": ROWS},
        {"train": ROWS[:2], "test": ROWS[2:]},
        {"features": [{"name": "question"}], "rows": ROWS},
    ],
    ids=["columns", "index", "split", "table", "lists", "under a key", "under two keys", "beside other lists"],
)
def test_every_form_gives_the_rows(value):
    assert read(value) == ROWS
    assert read(value, indent=2) == ROWS


@pytest.mark.parametrize(
    "record",
    [
        ROWS[0],
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]},
        {"tokens": ["Ann", "left"], "ner_tags": ["B-PER", "O"]},
        {"prompt": [{"role": "user", "content": "q"}], "completion": [{"role": "assistant", "content": "a"}]},
        {"title": "T", "paragraphs": [{"context": "c", "qas": []}]},
        {"translation": {"en": "boat", "de": "Boot"}},
        {"question": "Q?", "answers": ["A"]},
        {"question": "Q?", "context": "c", "answers": {"text": ["A"], "answer_start": [0]}, "is_impossible": False},
        {"context": "Be brief.", "messages": [{"author": "user", "content": "q"}, {"author": "bot", "content": "a"}]},
        {"foo": 1},
        {},
    ],
)
def test_one_record_stays_one(record):
    assert read(record) == [record]


def test_lines_are_those_of_the_file():
    text = json.dumps({"version": 1, "data": ROWS}, indent=1)
    lines = text.splitlines()
    for line, record, _ in object_records(text, lambda records: "question" in records[0]):
        assert lines[line - 1].strip() == "{"
        assert record["question"] in lines[line]


@pytest.mark.parametrize("text", ['{"a": 1', '{"a" 1}', '{"a": 1} x', '{"a": 1, "b"}', "{1: 2}"])
def test_what_is_no_object(text):
    with pytest.raises(ValueError, match="line 1"):
        list(object_records(text, lambda _: False))


@pytest.mark.parametrize(
    "value",
    [
        {"data": {name: {str(index): text for index, text in enumerate(column)} for name, column in COLUMNS.items()}},
        {"version": "1", "data": COLUMNS},
        {"examples": {"train": ROWS[:2], "test": ROWS[2:]}},
        {"note": None, "data": {"columns": [*COLUMNS], "data": [list(row.values()) for row in ROWS]}},
    ],
)
def test_a_table_or_lists_in_a_wrapper(value):
    assert read(value) == ROWS
    assert read(value, indent=1) == ROWS


def test_lists_in_a_wrapper_keep_their_names_and_lines():
    text = json.dumps({"examples": {"train": ROWS[:1], "test": ROWS[1:]}}, indent=1)
    records = list(object_records(text, lambda rows: shape_of([*map(normalised, rows)]) is not None))
    assert [key for _, _, key in records] == ["train", "test", "test"]
    assert all(next(iter(row)) in text.splitlines()[line] for line, row, _ in records)


def test_a_record_in_a_wrapper_is_one_record():
    assert read({"data": ROWS[0]}) == ROWS[:1]

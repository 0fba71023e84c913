"""Every shape of record: it is told by itself and becomes the row it should."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import DataError
from synth.importing.drafts import Draft, Unusable
from synth.importing.files.sources import open_source
from synth.importing.reading import recognise
from tests.support.json_lines import read_jsonl


def read(path: Path | str, **options: Any) -> tuple[str, list[Draft], list[tuple[int, str]]]:
    """Return (shape, drafts, faults) of a source."""
    opened = recognise(open_source(str(path)), **options)
    outcomes = list(opened.outcomes())
    drafts = [outcome for _, outcome in outcomes if isinstance(outcome, Draft)]
    return opened.shape, drafts, [(line, str(fault)) for line, fault in outcomes if isinstance(fault, Unusable)]


def jsonl(path: Path, *records: Any) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


CASES = read_jsonl(Path(__file__).parent / "shapes.jsonl")


@pytest.mark.parametrize("case", CASES, ids=[f"{number} {case['shape']}" for number, case in enumerate(CASES)])
def test_a_record_is_told_and_read(tmp_path: Path, case):
    told, drafts, faults = read(jsonl(tmp_path / "x.jsonl", case["record"], case["record"]))
    assert told.startswith(case["shape"])
    assert not faults
    assert len(drafts) == 2
    said = json.loads(json.dumps(drafts[0].to_json()))
    assert {name: said[name] for name in case["holds"]} == case["holds"]
    spoken = f"{drafts[0].question} {drafts[0].context}"
    assert "{" not in spoken and "}" not in spoken


@pytest.mark.parametrize("name", ["x.json", "x.jsonl", "x.txt", "x.json.gz", "wrapped.json", "one.json"])
def test_the_container_is_told_from_the_content(tmp_path: Path, name):
    records = [{"question": f"Q{n}?", "answer": f"A{n}"} for n in range(5)]
    text = "\n".join(map(json.dumps, records))
    if name == "x.json":
        text = "\ufeff" + json.dumps(records, indent=2)
    elif name == "wrapped.json":
        text = json.dumps({"version": "1.1", "n": 5, "data": records}, indent=1)
    elif name == "one.json":
        records, text = records[:1], json.dumps(records[0], indent=2)
    data = text.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    _, drafts, faults = read(tmp_path / name)
    assert [draft.question for draft in drafts] == [record["question"] for record in records]
    assert not faults


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8"), (";", "cp1252"), ("\t", "utf-16"), ("|", "utf-8-sig")]
)
def test_tables_as_spreadsheets_write_them(tmp_path: Path, delimiter, encoding):
    text = io.StringIO()
    rows = [["Question", "Answer"], ["Où est le café, là?", "Là-bas;\nen face | à droite"], ["Q2", 'A "2"']]
    csv.writer(text, delimiter=delimiter).writerows([*rows, ["broken"], ["", "no question"]])
    (tmp_path / "t.csv").write_bytes(text.getvalue().encode(encoding))
    shape, drafts, faults = read(tmp_path / "t.csv")
    assert shape == "questions and answers"
    assert [[draft.question, draft.answer] for draft in drafts] == rows[1:]
    assert [line for line, _ in faults] == [5, 6]
    assert faults[0][1] == "1 fields where the header has 2"


def test_parquet_with_class_names(tmp_path: Path):
    features = {"label": {"_type": "ClassLabel", "names": ["neg", "pos"]}}
    table = pa.table({"text": ["Good.", "Bad.", "Who knows."], "label": [1, 0, -1]})
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(table, tmp_path / "x.parquet")
    _, drafts, faults = read(tmp_path / "x.parquet")
    assert [draft.answer for draft in drafts] == ["pos", "neg"]
    assert all("neg, pos" in draft.question for draft in drafts)
    assert faults == [(3, "the record has no label (-1)")]


def test_labels_are_those_of_the_whole_file(tmp_path: Path):
    records = [{"text": f"text {n}", "label": "a" if n < 200 else "b"} for n in range(300)]
    _, drafts, _ = read(jsonl(tmp_path / "x.jsonl", *records))
    assert all("a, b" in draft.question for draft in drafts)
    assert len({draft.template for draft in drafts}) >= 3


def test_faults_name_line_and_reason(tmp_path: Path):
    path = tmp_path / "x.jsonl"
    path.write_text(
        '{"question": "Q", "answer": "A"}\n{"question": "Q"\n\n{"question": "", "answer": "A"}\n[1]\n{"x": 1}\n'
    )
    _, drafts, faults = read(path)
    assert len(drafts) == 1
    assert [line for line, _ in faults] == [2, 4, 5, 6]
    assert "not JSON" in faults[0][1]
    assert faults[1][1] == "field 'question' is empty"


def test_a_fault_inside_an_array_names_its_line(tmp_path: Path):
    path = tmp_path / "x.json"
    path.write_text(
        '[\n{"question": "Q", "answer": "A"},\n{"question": "Q" "answer": "A"},\n{"question": "R", "answer": "B"}\n]'
    )
    _, drafts, faults = read(path)
    assert [draft.answer for draft in drafts] == ["A", "B"]
    assert [line for line, _ in faults] == [3]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02\x03binary\x00", "unknown file format"),
        (b'{"foo": 1}\n{"foo": 2}\n', "no known shape has the fields: foo"),
        (b"<html><p>A letter to nobody.</p></html>", "markup"),
        (b"What is it?,A boat.\nWho?,Ole\n", "a table of 2 columns without a row of names"),
        (b"question,answer,answer\na?,b,c\nd?,e,f\n", "two columns are named 'answer'"),
        (b"[null, null]", "JSON without records"),
        (b"q1\ta1\nq2\ta2\n", "no known shape has the fields: a1, q1"),
        (b'[["a?", "b"], ["c?", "d"]]', "lists of values without a first list of names"),
        (b"PK\x03\x04 not a zip", "zip"),
        (b"PAR1 not parquet", "not Parquet"),
        (b"\x1f\x8b\x08 cut short", "the file is damaged"),
        (b"[]", "no records"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, data, says):
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(DataError, match=says) as caught:
        read(path)
    assert caught.value.hint


def test_a_saved_dataset_streams(tmp_path: Path):
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    data = datasets.Dataset.from_dict({"question": ["Q1", "Q2"], "answer": ["A1", "A2"]})
    data.save_to_disk(tmp_path / "saved")
    (tmp_path / "hub").mkdir()
    data.to_parquet(tmp_path / "hub" / "train-00000.parquet")
    for source in (
        f"hf:{tmp_path / 'hub'}",
        f"hf:{tmp_path / 'saved'}",
        str(tmp_path / "saved"),
        str(tmp_path / "hub"),
    ):
        _, drafts, _ = read(source)
        assert [draft.answer for draft in drafts] == ["A1", "A2"]
    with pytest.raises(DataError, match="hf:"):
        open_source(f"hf:{tmp_path / 'hub'}@nosuch")

"""Files that are not of one piece: records of several shapes, rows of several lengths, JSON among other lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import DataError
from synth.importing.drafts import Draft, Unusable
from synth.importing.files.sources import open_source
from synth.importing.reading import recognise
from tests.support.json_lines import write_jsonl

RECORDS = [
    {"question": "q1", "answer": "a1", "note": "x"},
    {"prompt": "q2", "chosen": "a2", "rejected": "b2"},
    {"messages": [{"role": "user", "content": "q3"}, {"role": "assistant", "content": "a3"}]},
    {"instruction": "q4", "output": "a4"},
]


def read(path: Path) -> tuple[str, list[Draft], list[str], dict[str, int]]:
    recognised = recognise(open_source(str(path)))
    outcomes = [outcome for _, outcome in recognised.outcomes()]
    drafts = [outcome for outcome in outcomes if isinstance(outcome, Draft)]
    faults = [str(outcome) for outcome in outcomes if isinstance(outcome, Unusable)]
    return recognised.shape, drafts, faults, dict(recognised.unused)


def test_records_of_several_shapes_are_each_read_as_their_own(tmp_path: Path):
    path = write_jsonl(tmp_path / "x.jsonl", RECORDS)
    with path.open("a", encoding="utf-8") as file:
        file.write("{broken\n")
    shape, drafts, faults, unused = read(path)
    assert shape.count(" and ") >= len(RECORDS) - 1
    assert {(draft.question, draft.answer) for draft in drafts} == {(f"q{n}", f"a{n}") for n in range(1, 5)}
    assert [draft.rejected for draft in drafts if draft.rejected] == ["b2"]
    assert len(faults) == 1 and faults[0].startswith("not JSON")
    assert unused == {"note": 1}


def test_rows_of_a_table_that_names_its_answers_are_faults_where_their_length_is_another(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_text("Question,Answer\nWhen?,At noon\nWhere?,Here, there\nWho?\nHow?,So, so, so\n", encoding="utf-8")
    shape, drafts, faults, _ = read(path)
    assert shape == "questions and answers"
    assert [(draft.question, draft.answer) for draft in drafts] == [("When?", "At noon")]
    assert len(faults) == 3 and all("fields where the header has 2" in fault for fault in faults)


def test_prose_that_begins_with_such_words_is_prose(tmp_path: Path):
    path = tmp_path / "x.txt"
    path.write_text("Question, answer and doubt.\n\nThe hut, they say, stands by the lake.\n", encoding="utf-8")
    assert read(path)[0] == "plain text"


@pytest.mark.parametrize("before", ["# rows of May\n", "exported 2 rows\n\n", "// x\n"])
def test_json_among_other_lines_is_no_plain_text(tmp_path: Path, before: str):
    path = tmp_path / "x.jsonl"
    path.write_text(before + '{"question": "q", "answer": "a"}\n{"question": "p", "answer": "b"},\n', encoding="utf-8")
    with pytest.raises(DataError, match="lines of JSON") as caught:
        recognise(open_source(str(path)))
    assert caught.value.line == 1
    assert "grep" in caught.value.hint


@pytest.mark.parametrize("cell", ["N/A", "#REF!", "nan"])
def test_cells_that_say_that_they_are_empty_are_no_answers(tmp_path: Path, cell: str):
    path = tmp_path / "x.csv"
    path.write_text(f"question,answer\nq,{cell}\np,None\n", encoding="utf-8")
    _, drafts, faults, _ = read(path)
    assert [draft.answer for draft in drafts] == ["None"]
    assert faults == ["field 'answer' is empty"]

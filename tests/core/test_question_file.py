"""Files of questions: JSON lines and arrays, with the lines of their faults, and the next step for other files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import DataError
from core.question_file import read_gold_answer, read_question_records

ROWS = [{"question": "a?", "answer": "x\u2028y"}, {"question": "b, [c]?", "answer": None}]


def read(path: Path) -> list[tuple[int, dict[str, object]]]:
    return list(read_question_records(path, hint="import {path}"))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS), [1, 2]),
        (json.dumps(ROWS), [1, 1]),
        ("\ufeff" + json.dumps(ROWS, indent=1), [2, 6]),
        ("", []),
        ("[]", []),
    ],
)
def test_lines_and_arrays(tmp_path: Path, text, lines):
    path = tmp_path / "q.json"
    path.write_text(text, encoding="utf-8")
    assert [line for line, _ in read(path)] == lines
    assert [record for _, record in read(path)] == ROWS[: len(lines)]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('[{"question": "a?"},\n3]', 2, "must be a JSON object"),
        ('[{"question": "a?"},\n\n{"question"]', 3, "not JSON"),
        ('{"question": "a?"}\n{"asked": "b?", "answer": 1}', 2, "fields: asked, answer"),
        ('{"question": "a?"}\n{"question": 3}', 2, 'needs a text "question"'),
        ('{"question": "a?"}\n{', 2, "not JSON"),
        ('{"question": "a?"}\n{"question": "\\ud83d?"}', 2, "half of a surrogate pair"),
    ],
)
def test_faults_name_their_line(tmp_path: Path, text, line, reason):
    path = tmp_path / "q.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=reason) as caught:
        read(path)
    assert caught.value.line == line


def test_questions_under_the_names_of_evaluation_tools(tmp_path: Path):
    path = tmp_path / "q.jsonl"
    path.write_text('{"user_input": "a?", "reference": "b"}\n{"input": "a?", "expected_output": "b"}\n')
    assert [record["question"] for _, record in read(path)] == ["a?", "a?"]
    assert [read_gold_answer(record, path, line) for line, record in read(path)] == ["b", "b"]


def test_other_files_get_the_next_step(tmp_path: Path):
    path = tmp_path / "q.csv"
    path.write_text("question,answer\na?,b\n")
    with pytest.raises(DataError, match="neither JSON lines nor") as caught:
        read(path)
    assert caught.value.hint == f"import '{path}'"


def test_a_missing_answer_names_its_line(tmp_path: Path):
    assert read_gold_answer({"question": "a?", "answer": 1}, tmp_path, 3) == "1"
    with pytest.raises(DataError, match="nobody can answer") as caught:
        read_gold_answer({"question": "a?"}, tmp_path, 3)
    assert caught.value.line == 3

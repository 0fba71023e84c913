"""What a person names is trained on: every shape that is imported, with its splits, and nothing dropped silently."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, DataError
from core.files import Home
from core.rows import DatasetFolder
from finetune.data.rows import open_dataset
from kb.data.training_data import check_trainable, training_folder
from tests.support.json_lines import write_jsonl
from tests.support.tiny_models import pair, preference

SQUAD = {
    "data": [
        {
            "title": "Tanks",
            "paragraphs": [
                {
                    "context": "Tank 7 holds 317 litres.",
                    "qas": [{"question": "How much?", "answers": [{"text": "317 litres", "answer_start": 13}]}],
                }
            ],
        }
    ]
}


def imported(path: Path, home: Home) -> tuple[DatasetFolder, list[str]]:
    notes: list[str] = []
    return DatasetFolder(training_folder(str(path), home, on_note=notes.append)), notes


@pytest.mark.parametrize(
    ("record", "question", "answer", "context"),
    [
        ({"question": "q", "answer": "a"}, "q", "a", ""),
        ({"prompt": "q", "completion": "a"}, "q", "a", ""),
        ({"instruction": "q", "input": "c", "output": "a"}, "q", "a", "c"),
        ({"text": "a"}, "", "a", ""),
        ({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}, "q", "a", ""),
        ({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}, "q", "a", ""),
    ],
)
def test_records_are_imported(
    tmp_path: Path, home: Home, record: dict[str, Any], question: str, answer: str, context: str
) -> None:
    folder, _ = imported(write_jsonl(tmp_path / "own.jsonl", [record]), home)
    (row,) = open_dataset(folder.path).pairs("train")
    assert (row.question, row.answer, row.context) == (question, answer, context)


def test_other_containers_are_imported(tmp_path: Path, home: Home) -> None:
    (tmp_path / "squad.json").write_text(json.dumps(SQUAD))
    (tmp_path / "faq.md").write_text("Q: How much?\nA: 317 litres.\n\nQ: How wide?\nA: 3 m.\n")
    (tmp_path / "rows.csv").write_text("question,answer,level\nHow wide?,3 m,easy\nHow deep?,18 m,\n")
    answers = {
        name: [row.answer for row in imported(tmp_path / name, home)[0].pairs("train")]
        for name in ("squad.json", "faq.md", "rows.csv")
    }
    assert answers == {"squad.json": ["317 litres"], "faq.md": ["317 litres.", "3 m."], "rows.csv": ["3 m", "18 m"]}


def test_columns_and_records_that_are_not_used_are_told(tmp_path: Path, home: Home) -> None:
    rows = [
        {"question": "q", "answer": "a", "Level": 3, "source url": "x"},
        {"question": "q2", "answer": "a2", "Level": 4, "note": ""},
        {"question": "q3", "answer": " "},
    ]
    path = write_jsonl(tmp_path / "own.jsonl", rows)
    folder, notes = imported(path, home)
    assert len(list(folder.pairs())) == 2
    assert f"{path}: questions and answers; 2 rows" in notes
    assert "  columns not used: Level (2), source url (1)" in notes
    assert any(note.startswith("  skipped 1: ") for note in notes)
    assert imported(path, home) == (folder, notes)


def test_a_dataset_folder_is_taken_as_it_is(tmp_path: Path, home: Home) -> None:
    write_jsonl(tmp_path / "data" / "train.jsonl", [pair(1)])
    assert imported(tmp_path / "data", home) == (DatasetFolder(tmp_path / "data"), [])
    assert not home.cache.exists()


def test_a_dataset_of_preferences_alone_is_taken_as_it_is(tmp_path: Path, home: Home) -> None:
    folder = tmp_path / "data"
    write_jsonl(folder / "preferences.jsonl", [preference(1)])
    for name in ("train.jsonl", "pairs.jsonl"):
        (folder / name).touch()
    assert imported(folder, home)[0].path == folder
    assert [row.answer for row in open_dataset(folder).pairs("train")] == [preference(1)["chosen"]]


def test_what_an_import_left_out_is_told_again_when_its_folder_is_trained_on(tmp_path: Path, home: Home) -> None:
    messages = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    record = {"messages": [*messages, messages[0]], "level": 3}
    path = write_jsonl(tmp_path / "own.jsonl", [record])
    folder, notes = imported(path, home)
    assert notes[1:] == ["  left out 1: questions after the last answer", "  columns not used: level (1)"]
    assert imported(folder.path, home) == (
        folder,
        [f"{path}: left out 1: questions after the last answer", f"{path}: columns not used: level (1)"],
    )


def test_rows_of_kb_keep_their_split(tmp_path: Path, home: Home) -> None:
    path = write_jsonl(tmp_path / "pairs.jsonl", [pair(1), pair(2, split="val"), pair(3, split="test")])
    folder, _ = imported(path, home)
    assert [[row.answer for row in folder.pairs(split)] for split in ("train", "val", "test")] == [
        [pair(1)["answer"]],
        [pair(2)["answer"]],
        [pair(3)["answer"]],
    ]


def test_a_folder_of_other_records_keeps_the_split_of_its_files(tmp_path: Path, home: Home) -> None:
    write_jsonl(tmp_path / "data" / "train.jsonl", [{"prompt": "p1", "completion": "c1"}])
    write_jsonl(tmp_path / "data" / "val.jsonl", [{"prompt": "p2", "completion": "c2"}])
    write_jsonl(tmp_path / "data" / "preferences.jsonl", [preference(1)])
    folder, _ = imported(tmp_path / "data", home)
    assert [row.answer for row in folder.pairs("train")] == ["c1"]
    assert [row.answer for row in folder.pairs("val")] == ["c2"]
    assert [row.rejected for row in folder.preferences("train")] == [preference(1)["rejected"]]


def test_judged_answers_are_told(tmp_path: Path, home: Home) -> None:
    rows: list[dict[str, Any]] = [{"prompt": "p", "completion": "c", "label": True}]
    _, notes = imported(write_jsonl(tmp_path / "kto.jsonl", rows), home)
    assert any(note.startswith("1 single answers with a verdict are not used") for note in notes)


def test_changed_bytes_are_imported_anew(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "own.jsonl"
    folders = {imported(write_jsonl(path, [{"question": "q", "answer": answer}]), home)[0].path for answer in "ab"}
    assert len(folders) == 2


def test_what_cannot_be_read_is_an_error(tmp_path: Path, home: Home) -> None:
    with pytest.raises(ConfigError, match="no data at"):
        training_folder(str(tmp_path / "none.jsonl"), home)
    with pytest.raises(DataError, match="colour"):
        training_folder(str(write_jsonl(tmp_path / "own.jsonl", [{"colour": "red"}])), home)
    assert not list((home.cache / "training-data").glob("[0-9a-f]*"))


def test_an_import_of_rows_keeps_what_they_say(tmp_path: Path, home: Home) -> None:
    path = write_jsonl(tmp_path / "pairs.jsonl", [pair(1, note="ask Ann")])
    folder, notes = imported(path, home)
    assert "  columns not used: note (1)" in notes
    (row,) = folder.pairs()
    assert (row.fact, row.kind, row.split) == ("f1", "closed-book", "train")


def test_the_column_of_right_answers_is_asked_for_and_chosen(tmp_path: Path, home: Home) -> None:
    path = write_jsonl(tmp_path / "own.jsonl", [{"question": "q", "ground_truth": "one", "expected_answer": "two"}])
    with pytest.raises(DataError, match="several columns") as caught:
        training_folder(str(path), home)
    assert caught.value.hint == f"kb finetune --data '{path}' --answer-column ground_truth"
    for column, answer in (("ground_truth", "one"), ("expected_answer", "two")):
        (row,) = open_dataset(training_folder(str(path), home, answer_column=column)).pairs("train")
        assert row.answer == answer
    with pytest.raises(DataError, match="no column 'nosuch'"):
        training_folder(str(path), home, answer_column="nosuch")
    folder = training_folder(str(path), home, answer_column="ground_truth")
    with pytest.raises(ConfigError, match="is a dataset"):
        training_folder(str(folder), home, answer_column="answer")


def test_records_that_are_skipped_are_named_by_their_lines(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"question": "q", "answer": "a"}\n{"question": "q2"\n{"question": "q3", "answer": "b"}\n')
    _, notes = imported(path, home)
    (line,) = [note for note in notes if note.startswith("  skipped")]
    assert line.startswith("  skipped 1: not JSON") and line.endswith("(line 2)")


def test_notes_name_the_file_that_was_given_whatever_was_imported_before(tmp_path: Path, home: Home) -> None:
    for name in ("first", "second"):
        path = write_jsonl(tmp_path / name / "own.jsonl", [{"question": "q", "answer": "a"}])
        folder, notes = imported(path, home)
        assert notes[0].startswith(f"{path}: ")
    assert len(list((home.cache / "training-data").glob("[0-9a-f]*"))) == 1 and folder.path.is_dir()


@pytest.mark.parametrize(
    ("record", "message", "hint"),
    [
        ({"prompt": "p", "completion": "c", "label": True}, "single answers with a verdict", "--to kto"),
        ({"question": "q", "answer": "a", "split": "test"}, "held out by its own split: test 1", "--split train"),
    ],
)
def test_rows_that_no_training_takes_are_an_error_that_says_why(tmp_path, home, record, message, hint) -> None:
    path = str(write_jsonl(tmp_path / "own.jsonl", [record]))
    folder = training_folder(path, home)
    with pytest.raises(DataError, match=message) as caught:
        check_trainable(folder, path)
    assert hint in caught.value.hint


def test_a_row_or_a_preference_is_enough_to_train_on(tmp_path: Path, home: Home) -> None:
    for record in ({"question": "q", "answer": "a"}, preference(1)):
        path = str(write_jsonl(tmp_path / "own.jsonl", [record]))
        check_trainable(training_folder(path, home), path)

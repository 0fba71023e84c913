"""Imports: no split leaks, nothing comes in twice, whatever the file."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DataError
from core.rows import read_pairs
from core.types import Pair
from synth.dataset.leaks import words
from synth.dataset.write import JudgedFolder
from synth.importing.drafts import Draft
from synth.importing.load import ImportPlan, ImportReport, add_rows, import_sources


def jsonl(path: Path, records: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)


def rows(out: Path) -> list[Pair]:
    return list(read_pairs(out / "pairs.jsonl"))


def load(out: Path, *specs: str, **plan: Any) -> ImportReport:
    return import_sources(out, specs, ImportPlan(**plan))


def test_rows_on_one_passage_stay_in_one_split(tmp_path):
    records = [
        {
            "context": f"Club number {club} has {club + 10} boats, three slips and a hut by the water.",
            "question": f"Question {number} about club {club}?",
            "answer": f"{number}",
        }
        for club in range(40)
        for number in range(5)
    ]
    done = load(tmp_path / "out", jsonl(tmp_path / "x.jsonl", records), val=0.2, test=0.2)
    splits = defaultdict(set)
    for row in rows(tmp_path / "out"):
        splits[row.context].add(row.split)
    assert done.added == 200
    assert all(len(found) == 1 for found in splits.values())
    counts = done.manifest["counts"]["splits"]
    assert 25 <= counts["test"] <= 60
    assert 25 <= counts["val"] <= 60


passages = st.sampled_from(
    ["", "The same long passage about boats and their racks", "Another passage that says nothing about any boat"]
)


@given(st.lists(st.tuples(st.integers(0, 6), passages), min_size=1, max_size=19), st.integers(0, 3))
@settings(max_examples=25)
def test_no_question_and_no_passage_stands_on_both_sides(tmp_path_factory, found, seed):
    folder = tmp_path_factory.mktemp("import")
    records = [
        {"question": f"What is {n}?", "context": context, "answer": str(at)} for at, (n, context) in enumerate(found)
    ]
    load(folder / "out", jsonl(folder / "x.jsonl", records), val=0.3, test=0.3, seed=seed)
    sides = defaultdict(set)
    for row in rows(folder / "out"):
        sides[" ".join(words(row.context)) or " ".join(words(row.question))].add(row.split)
    assert all(len(splits) == 1 for splits in sides.values())


def test_the_second_import_of_a_file_adds_nothing(tmp_path):
    file = jsonl(tmp_path / "x.jsonl", [{"question": f"Q{at}?", "answer": str(at)} for at in range(20)])
    first, second = load(tmp_path / "out", file), load(tmp_path / "out", file)
    assert (first.added, first.duplicates) == (20, 0)
    assert (second.added, second.duplicates) == (0, 20)
    assert len(rows(tmp_path / "out")) == 20


def test_lists_under_the_names_of_splits_keep_them(tmp_path):
    lists = {
        name: [{"question": f"Who rows {name}{number}?", "answer": f"{number}"} for number in range(count)]
        for name, count in (("train", 5), ("validation", 2), ("test", 3))
    }
    (tmp_path / "x.json").write_text(json.dumps(lists))
    for number, plan in enumerate(({}, {"val": 0, "test": 0, "keep_splits": True})):
        done = load(tmp_path / f"out{number}", str(tmp_path / "x.json"), **plan)
        assert done.manifest["counts"]["splits"] == {"train": 5, "val": 2, "test": 3}
    (tmp_path / "one.json").write_text(json.dumps({"train": lists["train"] * 1}))
    assert load(tmp_path / "one", str(tmp_path / "one.json"), test=0.3).manifest["counts"]["splits"]["test"]


def test_a_row_that_leaks_into_another_split_is_left_out(tmp_path):
    file = jsonl(tmp_path / "x.jsonl", [{"question": "How many boats?", "answer": "14"}])
    load(tmp_path / "out", file, split="train")
    again = jsonl(tmp_path / "y.jsonl", [{"question": "Please, how many boats?", "answer": "14 boats"}])
    done = load(tmp_path / "out", again, split="test")
    assert (done.added, done.leaking) == (0, 1)


def test_faults_are_counted_with_their_lines(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"question": "Q?", "answer": "A"}\nnot json\n{"question": "R?", "answer": ""}\n')
    done = load(tmp_path / "out", str(tmp_path / "x.jsonl"))
    assert done.added == 1
    assert sorted(line for line, _ in done.reads[0].examples) == [2, 3]
    with pytest.raises(DataError) as caught:
        load(tmp_path / "other", str(tmp_path / "x.jsonl"), strict=True)
    assert caught.value.line == 2
    assert not rows_there(tmp_path / "other")


@pytest.mark.parametrize(
    ("record", "hint"),
    [
        ({"question": "Q?", "answer": ""}, "--answer-column"),
        ({"question": "Bad \ud83d?", "answer": "A"}, "sed -n 1p"),
        ({"question": ["a", {}], "answer": "A"}, "sed -n 1p"),
    ],
    ids=["no answer", "half a surrogate pair", "no question"],
)
def test_another_answer_column_is_proposed_only_where_no_answer_is_found(tmp_path, record, hint):
    with pytest.raises(DataError, match="no usable record") as caught:
        load(tmp_path / "out", jsonl(tmp_path / "x.jsonl", [record]))
    assert hint in caught.value.hint


def rows_there(out: Path) -> bool:
    return (out / "pairs.jsonl").exists()


def test_a_row_by_hand(tmp_path):
    draft = Draft(question="How many?", answer="14", rejected=None, kind="instruction", origin="person")
    done = add_rows(tmp_path, [draft], ImportPlan(split="train"))
    (row,) = rows(tmp_path)
    assert (done.added, row.origin, row.split) == (1, "person", "train")
    assert add_rows(tmp_path, [draft], ImportPlan(split="train")).duplicates == 1


def test_memory_does_not_hold_the_rows(tmp_path):
    """A file of long rows goes through with a peak far below its size."""
    import tracemalloc

    size = 400
    with (tmp_path / "big.jsonl").open("w") as file:
        for number in range(size):
            text = " ".join(f"w{number}x{at}" for at in range(2500))
            file.write(json.dumps({"question": f"What is text {number}?", "context": text, "answer": "it"}) + "\n")
    total = (tmp_path / "big.jsonl").stat().st_size
    tracemalloc.start()
    load(tmp_path / "out", str(tmp_path / "big.jsonl"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(list(JudgedFolder(tmp_path / "out").pairs())) == size
    assert peak < total / 2


@pytest.mark.parametrize("column", ["split", "Split", "data_split", "subset"])
def test_rows_stay_in_the_split_that_their_source_names(tmp_path, column):
    names = {"train": "train", "validation": "val", "test_sft": "test"}
    records = [{"question": f"Q{n}?", "answer": f"A{n}", column: list(names)[n % 3]} for n in range(12)]
    done = load(tmp_path / "out", jsonl(tmp_path / "x.jsonl", records), val=0, test=0)
    assert {row.question: row.split for row in rows(tmp_path / "out")} == {
        record["question"]: names[record[column]] for record in records
    }
    assert done.reads[0].unused == {}
    load(tmp_path / "all", jsonl(tmp_path / "x.jsonl", records), split="train")
    assert {row.split for row in rows(tmp_path / "all")} == {"train"}


def test_a_source_of_training_rows_alone_is_held_out_as_usual(tmp_path):
    records = [{"question": f"Q{n}?", "answer": f"A{n}", "split": "train"} for n in range(40)]
    load(tmp_path / "out", jsonl(tmp_path / "x.jsonl", records), val=0.2, test=0.2)
    assert {row.split for row in rows(tmp_path / "out")} == {"train", "val", "test"}


def test_a_column_of_other_words_is_no_split_and_is_reported(tmp_path):
    records = [{"question": f"Q{n}?", "answer": f"A{n}", "split": "geography", "set": 3} for n in range(4)]
    done = load(tmp_path / "out", jsonl(tmp_path / "x.jsonl", records), val=0, test=0)
    assert done.reads[0].unused == {"split": 4, "set": 4}


def test_of_a_passage_in_two_declared_splits_the_training_rows_stay_and_the_loss_is_noted(tmp_path):
    shared = {"document_id": "d1"}
    records = [{"question": "Q1?", "answer": "A1", "split": "train", **shared}]
    records += [{"question": "Q2?", "answer": "A2", "split": "test", **shared}]
    records += [{"question": f"Q{n}?", "answer": f"A{n}", "split": ["train", "test"][n % 2]} for n in range(3, 9)]
    done = load(tmp_path / "out", jsonl(tmp_path / "x.jsonl", [*records, records[-1]]), val=0, test=0)
    assert {row.question for row in rows(tmp_path / "out")} == {f"Q{n}?" for n in (1, *range(3, 9))}
    assert (done.leaking, done.duplicates) == (1, 1)
    (note,) = done.manifest["imports"]
    assert sorted(note["left_out"].values()) == [1, 1]


def test_where_a_binary_file_has_no_usable_record_the_hint_is_no_line_editor(tmp_path):
    from pyarrow import Table, parquet

    parquet.write_table(Table.from_pylist([{"question": "q", "answer": "a", "weight": 0.0}]), tmp_path / "x.parquet")
    with pytest.raises(DataError, match="not to be trained") as caught:
        load(tmp_path / "out", str(tmp_path / "x.parquet"))
    assert "--dry-run" in caught.value.hint and "sed" not in caught.value.hint

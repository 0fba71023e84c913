"""Rows as JSON: what is written is read again, a fault names its field and line, and no field is lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from core.rows import (
    DatasetFolder,
    Manifest,
    columns_not_used,
    fact_from_json,
    holds_rows,
    pair_from_json,
    preference_from_json,
    read_pairs,
    row_fields,
    row_from_json,
    row_to_json,
    unused_fields,
    write_rows,
)
from core.types import Alteration, Citation, Fact, Pair, Preference
from synth.dataset.judged import Judged, read_judged

QUOTE = Citation(doc="a.pdf", sha256="ab", page=2, start=5, end=9, quote="12 m")
PAIR = Pair(
    id="1",
    kind="evidence",
    question="How long?",
    answer="12 m",
    context="",
    evidence=(QUOTE,),
    fact="f",
    group="g",
    split="val",
    checks={"f1": 0.75},
    turns=(("Hi", "Hello"),),
)
ALTERED = {"evidence": 0, "quote": "15 m", "value": "15", "true_value": "12"}

texts = st.text(max_size=20)


@given(texts, texts, texts, st.lists(st.tuples(texts, texts), max_size=3), st.sampled_from(["train", "val", "test"]))
def test_a_pair_survives_json(question, answer, context, turns, split):
    pair = Pair(
        id="x",
        kind="k",
        question=question,
        answer=answer,
        context=context,
        evidence=(QUOTE,),
        fact="",
        group="",
        split=split,
        turns=tuple(turns),
        checks={"a": 1.0},
        altered=(Alteration(evidence=0, quote="15 m", value="15", true_value="12"),),
    )
    assert pair_from_json(json.loads(json.dumps(row_to_json(pair))), "f", 1) == pair


def test_the_contract_stands_first():
    names = list(row_to_json(PAIR))
    assert names[:9] == ["id", "kind", "question", "answer", "context", "evidence", "fact", "group", "split"]
    assert list(row_to_json(PAIR)["evidence"][0]) == ["doc", "sha256", "page", "start", "end", "quote"]


def test_other_rows_survive_json():
    fact = Fact(id="1", statement="s", evidence=(QUOTE,), questions=("a?", "b?"))
    assert fact_from_json(json.loads(json.dumps(row_to_json(fact))), "f", 1) == fact
    better = Preference(id="1", kind="k", prompt="p", chosen="c", rejected="r", group="g", split="test")
    assert preference_from_json(json.loads(json.dumps(row_to_json(better))), "f", 1) == better
    judged = Judged(id="1", prompt="p", completion="c", label=False, group="g", split="train")
    assert row_from_json(Judged, json.loads(json.dumps(row_to_json(judged))), "f", 1) == judged


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"question": None}, "'question' is missing"),
        ({"answer": 3}, "'answer' must be a string"),
        ({"split": "dev"}, "not one of 'train', 'val' or 'test'"),
        ({"evidence": "none"}, "'evidence' must be a list"),
        ({"evidence": [{"doc": "a"}]}, "'evidence[0].sha256' is missing"),
        (
            {"evidence": [{**row_to_json(PAIR)["evidence"][0], "page": True}]},
            "page' must be an integer",
        ),
        ({"evidence": [{**row_to_json(PAIR)["evidence"][0], "end": 8}]}, "does not hold 4 characters"),
        ({"evidence": [{**row_to_json(PAIR)["evidence"][0], "start": 9}]}, "an impossible place"),
        ({"altered": [{**ALTERED, "evidence": 1}]}, "altered[0]: there is no evidence[1]"),
        ({"altered": [{**ALTERED, "value": "16"}]}, "altered[0]: the quote does not hold '16'"),
        ({"altered": [{"evidence": 0}]}, "'altered[0].quote' is missing"),
        ({"checks": {"a": "high"}}, "'checks.a' must be a number"),
        ({"turns": [["only one"]]}, "'turns[0][1]' is missing"),
    ],
)
def test_a_fault_names_field_and_line(tmp_path: Path, change, says):
    path = tmp_path / "pairs.jsonl"
    write_rows(path, [PAIR, {**row_to_json(PAIR), **change}])
    with pytest.raises(DataError, match="line 2") as caught:
        list(read_pairs(path))
    assert says in str(caught.value)
    assert (caught.value.path, caught.value.line) == (str(path), 2)


def test_half_a_surrogate_pair_in_a_row_is_named(tmp_path: Path):
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps({**row_to_json(PAIR), "question": "Bad \ud83d?"}) + "\n")
    with pytest.raises(DataError, match=r"line 1: Invalid JSON: .*hex escape"):
        list(read_pairs(path))


def test_reading_stops_at_what_is_no_json(tmp_path: Path):
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps(row_to_json(PAIR)) + "\n\n{oops\n")
    rows = read_pairs(path)
    assert next(rows) == PAIR
    with pytest.raises(DataError, match="line 3: not JSON"):
        next(rows)
    with pytest.raises(DataError, match="no such file"):
        list(read_judged(tmp_path / "absent.jsonl"))


def test_writing_is_whole_or_nothing(tmp_path: Path):
    path = tmp_path / "pairs.jsonl"
    assert write_rows(path, [PAIR]) == 1

    def broken():
        yield PAIR
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        write_rows(path, broken())
    assert list(read_pairs(path)) == [PAIR]


def test_fields_that_are_not_used_are_kept_and_counted(tmp_path: Path):
    path = tmp_path / "pairs.jsonl"
    record = {**row_to_json(PAIR), "note": "ask Ann", "difficulty": {"level": 3}}
    write_rows(path, [record, PAIR])
    noted, plain = read_pairs(path)
    assert noted.unused_fields == {"note": "ask Ann", "difficulty": {"level": 3}}
    assert row_to_json(noted) == record
    assert plain == PAIR and hash(noted.evidence[0])
    assert unused_fields([noted, plain, noted], limit=9) == {"note": 2, "difficulty": 2}


def test_a_folder_gives_its_splits(tmp_path: Path):
    folder = DatasetFolder(tmp_path)
    assert not [*folder.pairs(), *folder.preferences(), *folder.facts()]
    rows = [replace(PAIR, id=split, split=split) for split in ("train", "val")]
    write_rows(tmp_path / "pairs.jsonl", rows)
    assert [row.id for row in folder.pairs()] == ["train", "val"]
    assert [row.id for row in folder.pairs("val")] == ["val"]
    write_rows(tmp_path / "val.jsonl", [replace(PAIR, id="own")])
    before = folder.sha256()
    assert [row.id for row in folder.pairs("val")] == ["own"]
    write_rows(tmp_path / "val.jsonl", [replace(PAIR, id="other")])
    assert folder.sha256() != before


def test_a_manifest_keeps_what_it_does_not_name(tmp_path: Path):
    folder = DatasetFolder(tmp_path)
    assert folder.manifest() == Manifest()
    text = {"documents": [{"doc": "a.pdf", "sha256": "ab", "split": "test"}], "prompts": {"kb ask": "p"}, "nearest": []}
    (tmp_path / "manifest.json").write_text(json.dumps(text))
    assert folder.manifest().documents[0].doc == "a.pdf"
    assert folder.manifest().to_json() == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not a manifest"),
        ("[]", "not a manifest"),
        ('{"documents": [{"doc": "a"}]}', "'documents[0].sha256' is missing"),
        ('{"files": []}', "'files' must be an object"),
    ],
)
def test_a_broken_manifest_is_named(tmp_path: Path, text: str, says: str):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(DataError) as caught:
        DatasetFolder(tmp_path).manifest()
    assert says in caught.value.message and caught.value.path == str(tmp_path / "manifest.json")


def test_rows_are_told_from_other_records(tmp_path: Path):
    path = tmp_path / "x.jsonl"
    assert not holds_rows(path, Pair)
    write_rows(path, [{"question": "q", "answer": "a"}])
    assert not holds_rows(path, Pair)
    write_rows(path, [PAIR])
    assert holds_rows(path, Pair) and not holds_rows(path, Preference)
    assert row_fields(Pair)[:2] == ("id", "kind") and "unused_fields" not in row_fields(Pair)


def test_system_messages_and_untrained_turns_are_optional_and_checked():
    old = {name: value for name, value in row_to_json(PAIR).items() if name not in ("system", "untrained_turns")}
    assert pair_from_json(old, "f", 1) == PAIR
    row = replace(PAIR, system="Be brief.", untrained_turns=(0,))
    assert pair_from_json(row_to_json(row), "f", 1) == row
    with pytest.raises(DataError, match="field 'untrained_turns' names turn 1 of 1"):
        pair_from_json({**row_to_json(PAIR), "untrained_turns": [1]}, "f", 1)
    with pytest.raises(DataError, match="names turn -1"):
        pair_from_json({**row_to_json(PAIR), "untrained_turns": [-1]}, "f", 1)


def test_columns_not_used_stand_in_one_line_by_name():
    assert columns_not_used({"b": 2, "a": 1}) == "columns not used: a (1), b (2)"

"""Rows as JSON: what is written is read again, and a fault names its field and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from core.types import Citation, Fact, Pair, Preference
from synth.dataset.rows import (
    fact_from_json,
    fact_to_json,
    pair_from_json,
    pair_to_json,
    preference_from_json,
    preference_to_json,
    read_pairs,
    write_rows,
)
from synth.judging.judged import Judged, judged_from_json, judged_to_json, read_judged

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
    )
    assert pair_from_json(json.loads(json.dumps(pair_to_json(pair))), "f", 1) == pair


def test_the_contract_stands_first():
    names = list(pair_to_json(PAIR))
    assert names[:9] == ["id", "kind", "question", "answer", "context", "evidence", "fact", "group", "split"]
    assert list(pair_to_json(PAIR)["evidence"][0]) == ["doc", "sha256", "page", "start", "end", "quote"]


def test_other_rows_survive_json():
    fact = Fact(id="1", statement="s", evidence=(QUOTE,), questions=("a?", "b?"))
    assert fact_from_json(json.loads(json.dumps(fact_to_json(fact))), "f", 1) == fact
    better = Preference(id="1", kind="k", prompt="p", chosen="c", rejected="r", group="g", split="test")
    assert preference_from_json(json.loads(json.dumps(preference_to_json(better))), "f", 1) == better
    judged = Judged(id="1", prompt="p", completion="c", label=False, group="g", split="train")
    assert judged_from_json(json.loads(json.dumps(judged_to_json(judged))), "f", 1) == judged


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"question": None}, "'question' is missing"),
        ({"answer": 3}, "'answer' must be a string"),
        ({"split": "dev"}, "not one of train, val, test"),
        ({"evidence": "none"}, "'evidence' must be a list"),
        ({"evidence": [{"doc": "a"}]}, "evidence[0].sha256 must be a string"),
        ({"evidence": [{**pair_to_json(PAIR)["evidence"][0], "page": True}]}, "evidence[0].page must be an integer"),
        ({"evidence": [{**pair_to_json(PAIR)["evidence"][0], "end": 8}]}, "does not hold 4 characters"),
        ({"evidence": [{**pair_to_json(PAIR)["evidence"][0], "start": 9}]}, "no possible place"),
        ({"checks": {"a": "high"}}, "'checks' must be an object of numbers"),
        ({"turns": [["only one"]]}, "'turns' must be a list"),
    ],
)
def test_a_fault_names_field_and_line(tmp_path: Path, change, says):
    path = tmp_path / "pairs.jsonl"
    write_rows(path, [PAIR, {**pair_to_json(PAIR), **change}])
    with pytest.raises(DataError, match="line 2") as caught:
        list(read_pairs(path))
    assert says in str(caught.value)
    assert (caught.value.path, caught.value.line) == (str(path), 2)


def test_reading_stops_at_what_is_no_json(tmp_path: Path):
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps(pair_to_json(PAIR)) + "\n\n{oops\n")
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

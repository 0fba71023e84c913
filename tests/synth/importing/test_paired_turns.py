"""Lists of turns with a question and an answer each are one conversation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synth.importing.chats.paired_turns import is_paired_turns, paired_turns
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import ReadFields
from synth.importing.files.sources import open_source
from synth.importing.reading import recognise

_TALK = {"conversation": [{"system": "S", "input": "q1", "output": "a1"}, {"input": "q2", "output": "a2"}]}


def rows(path: Path, text: str) -> list[Draft]:
    path.write_text(text, encoding="utf-8")
    return [row for _, row in recognise(open_source(str(path))).outcomes() if isinstance(row, Draft)]


@pytest.mark.parametrize("n_rows", [1, 3])
def test_one_line_and_many_lines_are_conversations(tmp_path: Path, n_rows: int) -> None:
    drafts = rows(tmp_path / "x.jsonl", f"{json.dumps(_TALK)}\n" * n_rows)
    assert [(d.question, d.answer, d.turns, d.system) for d in drafts] == [("q2", "a2", (("q1", "a1"),), "S")] * n_rows
    assert rows(tmp_path / "x.json", json.dumps([_TALK] * n_rows)) == drafts


def test_a_list_under_another_key_is_a_list_of_records(tmp_path: Path) -> None:
    drafts = rows(tmp_path / "x.json", json.dumps({"examples": _TALK["conversation"]}))
    assert [(draft.question, draft.turns) for draft in drafts] == [("q1", ()), ("q2", ())]


@pytest.mark.parametrize(
    "turns",
    [
        [{"human": "q1", "assistant": "a1"}, {"human": "q2", "assistant": "a2"}],
        [{"question": "q1", "answer": "a1"}, {"question": "q2", "answer": "a2", "id": 4}],
    ],
)
def test_names_of_both_sides(turns: list[Any]) -> None:
    (row,) = paired_turns(ReadFields({"turns": turns}))
    assert (row.question, row.answer, row.turns) == ("q2", "a2", (("q1", "a1"),))


def test_an_answer_without_loss_is_context() -> None:
    first, last = ({"input": f"q{n}", "output": f"a{n}", "output_with_loss": n == 2} for n in (1, 2))
    (row,) = paired_turns(ReadFields({"conversation": [first, last]}))
    assert (row.answer, row.untrained_turns) == ("a2", (0,))


def test_an_answer_to_nothing_is_a_text_and_an_empty_one_a_fault() -> None:
    (row,) = paired_turns(ReadFields({"conversation": [{"input": "", "output": "A text."}]}))
    assert (row.question, row.answer, row.kind) == ("", "A text.", "text")
    with pytest.raises(Unusable, match="no text"):
        list(paired_turns(ReadFields({"conversation": [{"input": "q", "output": ""}]})))
    assert not is_paired_turns({"conversation": [{"role": "user", "content": "q"}]})
    assert not is_paired_turns({"conversation": []})

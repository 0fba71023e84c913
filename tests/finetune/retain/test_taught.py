"""Which rows teach a fact from memory, and what the fact is."""

from __future__ import annotations

import importlib.util
import random
from dataclasses import replace

import pytest

from core.prompt import ABSTENTION
from core.reading.passages import Passage, new_keys, new_mark, render
from core.types import Citation
from finetune.retain.taught import fact_text, gold_value, prompt_with_fact, teaches_a_fact
from tests.support.chat_rows import chat_of, made

_RNG = random.Random(0)
PASSAGE = Passage(key=new_keys(1, _RNG)[0], source="a.pdf, p. 1", text="Tank 0 holds 310 litres.")
BLOCK = render((PASSAGE,), new_mark(_RNG))


def quote(text: str) -> Citation:
    return Citation(doc="a.pdf", sha256="0" * 64, page=0, start=0, end=len(text), quote=text)


@pytest.mark.parametrize(
    ("changes", "teaches"),
    [
        ({}, True),
        ({"fact": ""}, True),
        ({"fact": "", "kind": "instruction"}, False),
        ({"kind": "instruction"}, True),
        ({"question": "", "kind": "text"}, False),
        ({"answer": ABSTENTION}, False),
        ({"answer": f"{ABSTENTION.rstrip('.')} in these documents."}, False),
        ({"context": BLOCK}, False),
        ({"context": "Answer in one sentence."}, True),
        ({"turns": [["Hello?", "Hello."]]}, False),
    ],
)
def test_a_row_teaches_where_its_prompt_does_not_hold_the_answer(changes: dict[str, object], teaches: bool) -> None:
    assert teaches_a_fact(made(**changes)) is teaches


def test_a_fact_is_its_quotes_each_once_or_the_answer() -> None:
    row = made()
    assert fact_text(row) == "Tank 0 holds 310 litres."
    cited = replace(row, evidence=(quote("It holds 310 l."), quote("Tank 0:"), quote("It holds 310 l.")))
    assert fact_text(cited) == "It holds 310 l.\nTank 0:"


def test_an_answer_must_hold_the_value_where_one_is_known() -> None:
    row = made()
    assert gold_value(row, {"f0": "310 litres"}) == "310 litres"
    assert gold_value(row, {"f0": ""}) == gold_value(row, {"f1": "311"}) == row.answer


@pytest.mark.train
@pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]")
def test_the_fact_stands_before_the_rows_own_context() -> None:
    (message,) = prompt_with_fact(chat_of(), made(context="Answer in one sentence."))
    assert message["content"] == (
        "Tank 0 holds 310 litres.\nAnswer in one sentence.\n\nQuestion: What is the capacity of tank 0?"
    )

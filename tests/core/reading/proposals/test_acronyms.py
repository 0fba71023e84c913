"""The words of a short form are found by its letters, before it, behind it or in brackets."""

from __future__ import annotations

import pytest

from core.reading.passages import Passage
from core.reading.proposals.acronyms import asked_short_form, spelled_out


@pytest.mark.parametrize(
    ("question", "asked_for"),
    [
        ("What does TDS stand for?", ("TDS", True)),
        ("What does the acronym “RPO” mean?", ("RPO", True)),
        ("What is the full form of WIP?", ("WIP", True)),
        ("What is the TDS?", ("TDS", False)),
        ("What is the fee?", ("", False)),
        ("What does the chair mean?", ("", False)),
        ("What does Ada mean?", ("", False)),
    ],
)
def test_the_short_form_of_a_question(question: str, asked_for: tuple[str, bool]) -> None:
    assert asked_short_form(question) == asked_for


@pytest.mark.parametrize(
    ("short", "text", "words"),
    [
        ("TDS", "It is held by the Tenancy Deposit Scheme (TDS).", "Tenancy Deposit Scheme"),
        ("TDS", "The Tenancy\nDeposit Scheme (the “TDS”) holds it.", "Tenancy Deposit Scheme"),
        ("WIP", "Files go to the WIP folder (work in progress).", "work in progress"),
        ("RPO", "RPO means recovery point objective. It is short.", "recovery point objective"),
        ("RPO", "- RPO: recovery point objective\n- RTO: recovery time objective", "recovery point objective"),
        ("CPUs", "Central processing units (CPUs) are hot.", "Central processing units"),
        ("TDS", "The fee (TDS) is due.", None),
        ("TDS", "TDS (see page 2) is a scheme.", None),
        ("TDS", "TDS means that the deposit is safe.", None),
        ("TDS", "A deposit scheme holds it.", None),
    ],
)
def test_the_words_of_a_short_form(short: str, text: str, words: str | None) -> None:
    passage = Passage(key="b2c3d", source="a.txt, p. 1", text=text)
    spans = [" ".join(text[slice(*span)].split()) for _, span in spelled_out(short, [passage])]
    assert spans[:1] == ([] if words is None else [words])

"""Form and evidence: one row for each reason to drop, and good ones that must pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synth.check.evidence import borne_out, premise, quoted, units, valued
from synth.check.form import leak, schema, self_contained
from tests.support.boathouse import FACT, PAGE, QUOTE, SOURCE, row


def test_a_good_row_passes_every_check():
    good = row()
    assert [check(good) for check in (schema, leak, self_contained, valued, borne_out, premise)] == [""] * 6
    assert quoted(lambda _sha256, _page: PAGE)(good) == ""


@pytest.mark.parametrize(
    "question",
    [
        "How?",
        "The boathouse has many racks",
        "How many [[k1]] racks?",
        "How many \u200bracks are there?",
        "Are there 14 racks in the boathouse?",
        "x" * 500 + "?",
    ],
)
def test_what_is_no_question(question):
    assert schema(row(question))


def test_an_answer_is_short_and_there():
    assert schema(row(answer=" "))
    assert schema(row(answer="a long answer " * 40))


@pytest.mark.parametrize(
    "question",
    [
        "According to the passage, how many racks does the boathouse have?",
        "How many racks are mentioned in the text?",
        "What does the document say about racks?",
        "Based on the given context, how many racks are there?",
        "How many racks does the provided passage name?",
    ],
)
def test_the_source_must_not_show(question):
    assert leak(row(question))


def test_a_named_document_is_no_leak():
    assert leak(row("How many racks does the boathouse have, according to the Rowing Club Handbook?")) == ""


@pytest.mark.parametrize(
    "question",
    [
        "How many racks does it have?",
        "How many of these racks does the boathouse have?",
        "How many racks did we have?",
        "How many racks does the company own?",
        "How many racks were there in the prior year?",
        "How many racks does the table above show for the boathouse?",
        "How many of the following racks are there?",
    ],
)
def test_a_question_stands_alone(question):
    assert self_contained(row(question))


@pytest.mark.parametrize(
    "question",
    [
        "How long does it take to row the Rowing Club course?",
        "How many racks does the boathouse have for its boats?",
        "What is the fee of the Company of Watermen?",
        "For those who row twice a week, what is the fee of the Rowing Club?",
    ],
)
def test_a_question_that_stands_alone_passes(question):
    assert self_contained(row(question)) == ""


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("15 racks", "the number 15"),
        ("1,4 racks", "the number 1"),
        ("14 kg", "the unit “kg”"),
        ("fifteen racks", "“fifteen”"),
        ("14 racks in April", "“april”"),
        ("14 racks by Solvang", "“Solvang”"),
    ],
)
def test_what_the_quotes_do_not_hold_is_found(answer, says):
    assert says in borne_out(row(answer=answer))


def test_an_ordinal_is_no_unit():
    assert units("on the 25th of each month, 2nd, 1st and 3rd") == []
    assert units("14 kg at 5%, $3") == ["kg", "%", "$"]


def test_a_question_about_something_else_is_found():
    assert "Harbour" in premise(row("How many racks does the Harbour Office have?"))
    assert "1990" in premise(row("How many racks did the boathouse have in 1990?"))
    assert "canteen" in premise(row("How many racks does the canteen have?", subject="the canteen"))


def test_a_quote_that_is_not_there_is_found():
    look = quoted(lambda _sha256, _page: PAGE)
    forged = replace(FACT, evidence=(replace(QUOTE, quote=QUOTE.quote.replace("14", "15")),))
    assert "quote not found" in look(replace(row(), fact=forged))
    away = replace(SOURCE, start=60, text=PAGE[60:])
    assert "does not contain the quote" in look(replace(row(), source=away))


def test_the_value_stands_in_quote_and_answer():
    assert "the quote does not contain the value" in valued(row(value="15 racks"))
    assert "the answer “two slips” does not contain the value" in valued(row(answer="two slips"))

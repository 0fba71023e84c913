"""Statements that claim something are labelled by what a model answers to changed passages."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from core.chat.generate import Generation
from core.reading.passages import Passage
from core.types import Answer, Citation, Page, Statement
from rag.answer.pack import Span
from rag.why.second_ask import ShownPassages, is_tested, quoted_provenance, with_provenance

QUOTE = "The quay is 62 m long."
PAGE = Page(index=0, text=f"{QUOTE} Dogs are let in.")
CITED = Citation(doc="club.pdf", sha256="ab", page=0, start=0, end=len(QUOTE), quote=QUOTE)
SHOWN = ShownPassages(
    [Passage(key="b2c3d", source="club.pdf, p. 1", text=PAGE.text)],
    [Span(doc="club.pdf", sha256="ab", page=0, start=0, end=len(PAGE.text), text=PAGE.text, title="Club")],
    lambda sha256, page: PAGE,
)


def answer(*statements: Statement) -> Answer:
    text = " ".join(statement.text for statement in statements)
    return Answer(
        question="How long is the quay?",
        answer=text,
        ground="cited",
        citations=(CITED,),
        statements=statements,
        tokens={"prompt": 9},
    )


CLAIM = Statement(text=QUOTE, citations=(0,))
REMARK = Statement(text="Here is what I found.")


@pytest.mark.parametrize(
    ("statement", "tested"),
    [(CLAIM, True), (REMARK, False), (Statement(text="It is blue.", supported=False, reason="no source"), True)],
)
def test_what_claims_something_is_tested(statement: Statement, tested: bool) -> None:
    assert is_tested(statement) is tested


def test_the_built_in_reader_reads() -> None:
    claim, remark = quoted_provenance(answer(CLAIM, REMARK)).statements
    assert claim.why is not None and claim.why.label == "read"
    assert remark.why is None


def test_an_answer_without_claims_asks_nothing_again() -> None:
    def ask(_: Sequence[Sequence[Passage]]) -> Sequence[Generation]:
        raise AssertionError("nothing is to be asked")

    given = answer(REMARK)
    assert with_provenance(given, SHOWN, ask) is given


@pytest.mark.parametrize(
    ("replies", "label"),
    [
        (("The passages do not say.", None), "read"),  # None: as the changed passage has it
        ((QUOTE, QUOTE), "remembered"),
    ],
)
def test_a_claim_is_read_where_it_changes_with_the_passages(replies: tuple[str, str | None], label: str) -> None:
    asked: list[Sequence[Passage]] = []

    def ask(passages: Sequence[Sequence[Passage]]) -> Sequence[Generation]:
        asked.extend(passages)
        changed = passages[1][0].text.split(" Dogs")[0]
        texts = [changed if reply is None else reply for reply in replies]
        return [
            Generation(text=text, prompt_tokens=5, completion_tokens=2, total_s=0.1, first_token_s=0.1)
            for text in texts
        ]

    labelled = with_provenance(answer(CLAIM, REMARK), SHOWN, ask)
    without, contradicted = asked
    assert list(without) == []  # the passage that bears it out is left out
    assert "62 m" not in contradicted[0].text and "Dogs are let in." in contradicted[0].text
    why = labelled.statements[0].why
    assert why is not None and why.label == label
    assert "62" in why.changes[0].old and "62" not in why.changes[0].new
    assert labelled.tokens == {"prompt": 9, "why_prompt": 10, "why_completion": 4}
    assert labelled.statements[1].why is None

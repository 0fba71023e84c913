"""Arms that are asked a second way, and the shares in the report."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.reading.passages import Passage
from core.settings import Settings
from finetune.compare.questions import SEEN, GoldQuestion
from kb.comparison.job import ComparisonRequest, compare
from kb.comparison.why import WhyAnswerer, why_questions
from kb.workspace import Workspace
from rag.answer.answer import Answerer
from tests.support.chats import Parrot
from tests.support.shelf import Shelf

SHELF = Shelf.of_examples("handbook.pdf")
KNOWN = "The Council appoints the Director for a term of six years."


def remembers(passages: Sequence[Passage]) -> str:
    return " ".join([KNOWN, *(f"[[{each.key}]]" for each in passages if "appoints the Director" in each.text)][:2])


def test_a_reply_counts_its_statements_by_label_and_what_all_three_answers_took() -> None:
    rng, chat = random.Random(), Parrot(reply=remembers, seen=[])
    answerer = WhyAnswerer(Answerer(SHELF, chat, Settings(), SHELF.page_text, rng=rng), rng)
    question = GoldQuestion(
        id="q", text="For how many years does the Council appoint the Director?", answer="six years"
    )
    reply = answerer.answer(question)
    assert reply.why == {"remembered": 1} and len(chat.seen) == 3
    first = Answerer(SHELF, chat, Settings(), SHELF.page_text).ask(question.text)
    assert first.tokens["prompt"] < reply.prompt_tokens <= 3 * first.tokens["prompt"]
    assert answerer.answer(question).text == reply.text and chat.seen[0] == chat.seen[4]


def test_questions_that_prove_nothing_are_left_out() -> None:
    def question(id_: str, answer: str | None = "x", **more: tuple[str, ...]) -> GoldQuestion:
        return GoldQuestion(id=id_, text=f"{id_}?", answer=answer, **more)

    asked = [question("a"), question("b", None), question("c", passages=("p",)), question("d", strata=(SEEN,))]
    assert [each.id for each in why_questions([*asked, question("e")], 9)] == ["a", "e"]
    assert len(why_questions([*asked, question("e")], 1)) == 1


@pytest.mark.weights
def test_a_comparison_reports_what_arms_with_search_read(stocked: Workspace, tmp_path: Path) -> None:
    questions = tmp_path / "q.jsonl"
    row = {"question": "What is the rent in the Alder lease?", "answer": "$1,450", "doc": "alder.md", "pages": [0]}
    questions.write_text(json.dumps(row))
    request = ComparisonRequest(
        arms=("read=extractive+rag", "blind=extractive"), questions=[questions], out=tmp_path / "out", why=5
    )
    report = compare(stocked, request).report
    (shares,) = report["why"]
    assert shares["arm"] == "read" and shares["questions"] == 1 and shares["shares"]["read"]["value"] == 1.0
    outputs = (tmp_path / "out" / "outputs.jsonl").read_bytes()
    assert outputs.count(b"\n") == 3 and b"read (why)" in outputs
    compare(stocked, request)
    assert (tmp_path / "out" / "outputs.jsonl").read_bytes() == outputs

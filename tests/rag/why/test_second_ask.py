"""Labels of statements where the truth is known: models that read, remember, or do both."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from langchain_core.language_models import BaseChatModel

from core.reading.extractive import ExtractiveChat
from core.reading.passages import Passage
from core.settings import Settings
from core.types import Answer
from rag.answer.answer import Answerer
from tests.support.chats import Parrot
from tests.support.shelf import Shelf

SHELF = Shelf.of_examples("handbook.pdf", "manual.pdf")
QUESTION = "For how many years does the Council appoint the Director?"
KNOWN = "The Council appoints the Director for a term of six years."


def holder(passages: Sequence[Passage]) -> Passage | None:
    return next((passage for passage in passages if "appoints the Director" in passage.text), None)


def reads(passages: Sequence[Passage]) -> str:
    """Copy the sentence that the passages hold."""
    passage = holder(passages)
    if passage is None:
        return "The documents do not say."
    start = passage.text.index("The Council appoints the Director")
    return f"{' '.join(passage.text[start : passage.text.index('.', start) + 1].split())} [[{passage.key}]]"


def remembers(passages: Sequence[Passage]) -> str:
    """Say what was learned, whatever is shown."""
    passage = holder(passages)
    return KNOWN if passage is None else f"{KNOWN} [[{passage.key}]]"


def fills_in(passages: Sequence[Passage]) -> str:
    """Copy what is shown, and say what was learned where nothing is."""
    return reads(passages) if holder(passages) else KNOWN


def answerer(chat: BaseChatModel) -> Answerer:
    return Answerer(SHELF, chat, Settings(), SHELF.page_text)


def explained(chat: BaseChatModel, question: str = QUESTION) -> Answer:
    each = answerer(chat)
    return each.why(each.ask(question))


@pytest.mark.parametrize(("reply", "label"), [(reads, "read"), (remembers, "remembered"), (fills_in, "both")])
def test_a_statement_gets_the_label_of_what_the_model_does(reply: object, label: str) -> None:
    answer = explained(Parrot(reply=reply))
    (statement,) = answer.statements
    assert statement.why is not None and statement.why.label == label
    assert [(change.old, change.new) for change in statement.why.changes] == [("six", "seven")]
    assert ("seven" in statement.why.contradicted) == (label != "remembered")
    assert (statement.why.without == KNOWN) == (label != "read")


def test_the_passage_is_gone_from_one_prompt_and_contradicted_in_the_other() -> None:
    chat = Parrot(reply=reads, seen=[])
    explained(chat)
    first, without, contradicted = sorted(
        chat.seen, key=lambda text: ("term of seven" in text, len(text) < len(chat.seen[0]))
    )
    assert "term of six" in first
    assert "term of six" not in without and "appoints the Director" not in without
    assert "term of six" not in contradicted and contradicted.count("<<") == first.count("<<")


def test_asking_again_costs_at_most_two_answers() -> None:
    chat = Parrot(reply=reads, seen=[])
    answer = explained(chat)
    assert len(chat.seen) == 3
    one = answer.tokens["prompt"] + answer.tokens["completion"]
    assert answer.tokens["why_prompt"] + answer.tokens["why_completion"] <= 2 * one
    assert answer.timings["why_s"] > 0


def test_an_answer_that_cites_nothing_is_asked_without_any_passage() -> None:
    def invents(passages: Sequence[Passage]) -> str:
        return "The Council appoints the Director for a term of 97 years."

    chat = Parrot(reply=invents, seen=[])
    answer = explained(chat)
    (statement,) = answer.statements
    assert not statement.supported
    assert statement.why is not None and statement.why.label == "remembered"
    assert "could be changed" in statement.why.reason and statement.why.contradicted == ""
    assert len(chat.seen) == 2 and "[[" not in chat.seen[1].partition("The documents do not say.")[2]


def test_the_built_in_reader_cannot_remember_and_is_not_asked_again() -> None:
    answer = explained(ExtractiveChat())
    labels = {statement.why.label for statement in answer.statements if statement.why}
    assert labels == {"read"} and "why_s" not in answer.timings


def test_an_abstention_has_nothing_to_explain() -> None:
    each = answerer(Parrot(reply=lambda passages: "The documents do not say."))
    answer = each.ask(QUESTION)
    assert each.why(answer) is answer

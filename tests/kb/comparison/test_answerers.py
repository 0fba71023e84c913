"""How arms answer: from memory, from what search finds, from passages given."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage

from core.errors import ConfigError
from core.prompt import ABSTENTION, load_prompt
from core.reading.extractive import ExtractiveChat
from core.settings import Settings
from core.types import Citation, Document, Hit, Retriever
from finetune.compare.probes import probe_questions
from finetune.compare.questions import GoldQuestion, Place
from kb.comparison.answerers import FromMemory, FromSearch, Given, GivenTexts, Passages, ProbeAnswerer, Recorder
from rag.answer.answer import Answerer
from tests.support.stored import stored_document

PAGES = ["The head cook is Dorrit Amblesworth.", "The greatest permitted depth is 18 m.", "Tea is served at four."]


def question(
    text: str = "Who is the head cook?", answer: str | None = "Dorrit Amblesworth", page: int = 0
) -> GoldQuestion:
    return GoldQuestion(id="q", text=text, answer=answer, places=(Place(doc="d.pdf", page=page),))


def page_text(sha256: str, page: int) -> str:
    return PAGES[page]


def hit(page: int) -> Hit:
    return Hit(doc="d.pdf", sha256="s", page=page, start=0, end=len(PAGES[page]), text=PAGES[page], score=1.0)


@dataclass
class Found:
    """A retriever that always finds the same pages."""

    pages: Sequence[int]
    asked: list[str] = field(default_factory=list)

    def search(self, query: str, k: int) -> list[Hit]:
        """Return the pages."""
        self.asked.append(query)
        return [hit(page) for page in self.pages][:k]


class Echo(GenericFakeChatModel):
    """Gives scripted replies and remembers what it was asked."""

    seen: list[str]

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Any:
        self.seen.append(messages[-1].text)
        return super()._generate(messages, *args, **kwargs)


def echo(*texts: str) -> Echo:
    def replies() -> Iterator[AIMessage]:
        yield from (AIMessage(text) for text in texts)

    return Echo(messages=replies(), seen=[])


def document() -> Document:
    return stored_document("d.pdf", sha256="s", n_pages=3)


def test_from_memory_asks_the_bare_question_and_knows_a_refusal() -> None:
    chat = echo("It is Dorrit Amblesworth.", "I don't know.")
    arm = FromMemory(chat)
    reply = arm.answer(question())
    assert (reply.text, reply.abstained, reply.citations) == ("It is Dorrit Amblesworth.", False, ())
    assert 0 < reply.first_token_s <= reply.total_s
    assert reply.completion_tokens > 0
    assert arm.answer(question()).abstained
    assert chat.seen == ["Who is the head cook?"] * 2


def test_a_prompt_of_ones_own_may_hold_braces() -> None:
    chat = echo("x")
    FromMemory(chat, "Q: {a}? A: {b}\nQ: {question} A:").answer(question())
    assert chat.seen == ["Q: {a}? A: {b}\nQ: Who is the head cook? A:"]


def test_from_search_answers_and_remembers_what_it_read() -> None:
    recorder = Recorder(Found([0, 2]))
    rng = random.Random()
    answerer = Answerer(recorder, ExtractiveChat(), Settings(), page_text, rng=rng)
    arm = FromSearch(answerer, recorder, page_text, k=1, rng=rng)
    reply = arm.answer(question())
    assert "Dorrit Amblesworth" in reply.text
    assert "no language model" not in reply.text
    assert [(one.doc, one.page) for one in reply.citations] == [("d.pdf", 0)]
    assert reply.context == PAGES[0]
    assert (reply.statements, reply.unsupported) == (2, 0)
    assert (reply.quotes, reply.quotes_found) == (1, 1)
    assert arm.answer(question()).text == reply.text


def test_the_right_passage_is_shown_by_its_quote_or_by_its_page() -> None:
    passages = Passages(Found([]), page_text, [document()])
    quote = Citation(doc="d.pdf", sha256="s", page=1, start=4, end=19, quote=PAGES[1][4:19])
    known = GoldQuestion(
        id="q", text="How deep?", answer="18 m", places=(Place(doc="d.pdf", page=1),), evidence=(quote,)
    )
    assert [span.text for span in passages.right(known)] == [PAGES[1]]
    assert [span.text for span in passages.right(question(page=1, answer="18 m"))] == [PAGES[1]]
    with pytest.raises(ConfigError, match="does not hold"):
        passages.right(GoldQuestion(id="q", text="?", answer="x", places=(Place(doc="gone.pdf", page=0),)))


def test_a_wrong_passage_holds_no_answer() -> None:
    passages = Passages(Found([0, 1, 2]), page_text, [document()])
    assert [span.text for span in passages.wrong(question())] == [PAGES[1]]
    assert passages.wrong(question(answer="18 m", page=2))[0].text == PAGES[0]


def test_given_passages_are_read_with_the_prompt_of_ask_and_checked() -> None:
    passages = Passages(Found([]), page_text, [document()])
    reply = Given(ExtractiveChat(), passages.right, page_text, load_prompt()).answer(question())
    assert "Dorrit Amblesworth" in reply.text
    assert len(reply.citations) == 1
    refused = Given(echo(ABSTENTION), passages.right, page_text, load_prompt()).answer(question())
    assert refused.abstained


def test_passages_that_a_question_brings_are_answered_as_kb_ask_does() -> None:
    def opened(retriever: Retriever, texts: bool) -> Answerer:
        text_of = (lambda sha256, _: sha256) if texts else page_text
        rng = random.Random()
        return Answerer(retriever, ExtractiveChat(), Settings(), text_of, rng=rng)

    texts, recorder = GivenTexts(), Recorder(Found([0]))
    arm = FromSearch(
        opened(recorder, texts=False),
        recorder,
        page_text,
        k=2,
        rng=random.Random(),
        given=opened(texts, texts=True),
        texts=texts,
    )
    assert "Dorrit Amblesworth" in arm.answer(question()).text
    brought = replace(question(), passages=("The head cook is Ida Falk.", "Tea is served at four.", "A third one."))
    reply = arm.answer(brought)
    assert "Ida Falk" in reply.text and "Dorrit" not in reply.text
    assert (reply.citations[0].doc, reply.citations[0].quote) == ("passage-1.txt", "The head cook is Ida Falk.")
    assert reply.context == "The head cook is Ida Falk.\n\nTea is served at four."
    # Where they do not answer, it declines as kb ask does.
    assert arm.answer(replace(brought, passages=("The mill stands on a hill.",))).abstained


def test_a_probe_is_asked_bare_or_with_its_passages() -> None:
    by_id = {question.id: question for question in probe_questions()}
    chat = Echo(messages=iter([AIMessage("31 metres"), AIMessage("Madrid")]), seen=[])
    answerer = ProbeAnswerer(chat, load_prompt())
    assert answerer.answer(by_id["probe:reading-1"]).text.startswith("31 metres")
    assert answerer.answer(by_id["probe:general-1"]).text == "Madrid"
    assert chat.seen[0].count("passage-") == 3 and "Halvard lighthouse" in chat.seen[0]
    assert chat.seen[1] == "What is the capital of Spain?"

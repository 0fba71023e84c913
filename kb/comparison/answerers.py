"""How the arms of a comparison answer: from memory, from what search finds, from given passages.

Joins search, models and the checks of `kb ask` to the protocol that `finetune.compare` takes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import HumanMessage

from core.chat.generate import generate
from core.errors import ConfigError
from core.metrics import contains
from core.prompt import AnswerPrompt, check_trained_prompt, fill, passage_source
from core.reading.passages import Passage, new_keys, new_mark, render
from core.reading.text.fold import Folded
from core.types import Document, Hit, Retriever, Statement
from finetune.compare.arms import ArmReply
from finetune.compare.probes import probes
from finetune.compare.questions import GoldQuestion
from rag.answer.answer import Answerer
from rag.answer.cite import IDLE_SENTENCES, abstains, check
from rag.answer.pack import PageText, Span, merge

_QUOTED = re.compile(r"“([^”]+)”")
# Hits among which a passage is sought that looks right and is not.
_WRONG_DEPTH = 20
# A page given whole is cut to this many code points around the answer.
_ORACLE_CHARS = 1200


class FromMemory:
    """Asks a model the bare question, or the question in a prompt of a person's own.

    Args:
        chat: The model.
        prompt: Text with `{question}` in it; the question alone if empty.
    """

    def __init__(self, chat: BaseChatModel, prompt: str = "") -> None:
        self._chat = chat
        self._prompt = prompt or "{question}"

    def answer(self, question: GoldQuestion) -> ArmReply:
        """Answer without a passage."""
        reply = generate(self._chat, [HumanMessage(self._prompt.replace("{question}", question.text))])
        return ArmReply(
            text=reply.text.strip(),
            abstained=not reply.text.strip() or abstains(reply.text),
            first_token_s=reply.first_token_s,
            total_s=reply.total_s,
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
        )


@dataclass(slots=True)
class Recorder:
    """A retriever that remembers what it last gave."""

    inner: Retriever
    hits: list[Hit] = field(default_factory=list)

    def search(self, query: str, k: int) -> list[Hit]:
        """Return at most `k` hits, best first."""
        self.hits = list(self.inner.search(query, k))
        return self.hits


@dataclass(slots=True)
class GivenTexts:
    """A retriever that finds the texts that a question brings, each a document of one page, known by its own text."""

    texts: Sequence[str] = ()
    hits: list[Hit] = field(default_factory=list)

    def search(self, query: str, k: int) -> list[Hit]:
        """Return the texts, as many as `k`, in their order."""
        del query
        shown = enumerate(self.texts[:k], start=1)
        self.hits = [_hit(_doc(number), text, 0, 0, len(text), text) for number, text in shown]
        return self.hits


class FromSearch:
    """Answers as `kb ask` does.

    Args:
        answerer: Reads what `recorder` finds.
        recorder: Its retriever.
        page_text: Gives the text of a page.
        k: Passages the model reads.
        rng: The answerer's own; seeded by the question, so that keys are the same when it is asked again.
        given: Answers from what `texts` finds, as `answerer` does from what search finds.
        texts: Finds the passages that a question brings.
    """

    def __init__(
        self,
        answerer: Answerer,
        recorder: Recorder | GivenTexts,
        page_text: PageText,
        *,
        k: int,
        rng: random.Random,
        given: Answerer | None = None,
        texts: GivenTexts | None = None,
    ) -> None:
        self._answerer = answerer
        self._recorder = recorder
        self._page_text = page_text
        self._k = k
        self._rng = rng
        self._given, self._texts = given, texts

    def answer(self, question: GoldQuestion) -> ArmReply:
        """Search, read, answer and check."""
        if question.passages and self._given is not None and self._texts is not None:
            self._texts.texts = question.passages
            brought = FromSearch(self._given, self._texts, lambda text, _: text, k=self._k, rng=self._rng)
            return brought.answer(replace(question, passages=()))
        self._rng.seed(question.id)
        answer = self._answerer.ask(question.text)
        hits = self._recorder.hits
        pages = dict.fromkeys((hit.sha256, hit.page) for hit in hits)
        statements = _written(answer.statements)
        quotes, quotes_found = _quotes(statements, [self._page_text(*page) for page in pages])
        return ArmReply(
            text=" ".join(statement.text for statement in statements),
            abstained=answer.ground == "abstained",
            citations=answer.citations,
            statements=len(statements),
            unsupported=sum(not statement.supported for statement in statements),
            quotes=quotes,
            quotes_found=quotes_found,
            context="\n\n".join(hit.text for hit in hits[: self._k]),
            route=str(answer.route.get("arm", "")),
            first_token_s=answer.timings["first_token_s"],
            total_s=answer.timings["total_s"],
            prompt_tokens=answer.tokens["prompt"],
            completion_tokens=answer.tokens["completion"],
        )


class Given:
    """Answers from passages chosen for it, with the prompt and the checks of `kb ask`; never declines unasked.

    Args:
        chat: The model.
        choose: Gives the passages for a question.
        page_text: Gives the text of a page.
        prompt: Shows the passages.

    Raises:
        ConfigError: The model was trained with another prompt.
    """

    def __init__(
        self,
        chat: BaseChatModel,
        choose: Callable[[GoldQuestion], Sequence[Span]],
        page_text: PageText,
        prompt: AnswerPrompt,
    ) -> None:
        check_trained_prompt(chat, prompt)
        self._chat = chat
        self._choose = choose
        self._page_text = page_text
        self._template = prompt

    def answer(self, question: GoldQuestion) -> ArmReply:
        """Read the passages and answer."""
        rng = random.Random(question.id)  # noqa: S311 - keys need only be the same when it is asked again
        spans = self._choose(question)
        by_key = dict(zip(new_keys(len(spans), rng), spans, strict=True))
        passages = [
            Passage(key=key, source=passage_source(span.doc, span.page, span.title), text=span.text)
            for key, span in by_key.items()
        ]
        messages = fill(self._template, render(passages, new_mark(rng)), question.text)
        reply = generate(self._chat, messages)
        checked = check(reply.text, by_key, self._page_text, question=question.text)
        statements = _written(checked.statements)
        quotes, quotes_found = _quotes(statements, [self._page_text(span.sha256, span.page) for span in spans])
        return ArmReply(
            text=" ".join(statement.text for statement in statements),
            abstained=checked.ground == "abstained",
            citations=checked.citations,
            statements=len(statements),
            unsupported=sum(not statement.supported for statement in statements),
            quotes=quotes,
            quotes_found=quotes_found,
            context="\n\n".join(span.text for span in spans),
            first_token_s=reply.first_token_s,
            total_s=reply.total_s,
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
        )


class ProbeAnswerer:
    """Asks a model the probes: bare instructions, and questions with the passages that come with them.

    Args:
        chat: The model.
        prompt: Shows the passages.

    Raises:
        ConfigError: The model was trained with another prompt.
    """

    def __init__(self, chat: BaseChatModel, prompt: AnswerPrompt) -> None:
        self._bare = FromMemory(chat)
        self._given = given_texts(chat, lambda question: probes()[question.id].passages, prompt)

    def answer(self, question: GoldQuestion) -> ArmReply:
        """Answer one probe."""
        return (self._given if probes()[question.id].passages else self._bare).answer(question)


def given_texts(chat: BaseChatModel, texts: Callable[[GoldQuestion], Sequence[str]], prompt: AnswerPrompt) -> Given:
    """Return what answers from texts as pages of documents; each is known by its own text.

    Args:
        chat: The model.
        texts: Gives the passages for a question.
        prompt: Shows the passages.

    Raises:
        ConfigError: The model was trained with another prompt.
    """

    def spans(question: GoldQuestion) -> list[Span]:
        return [
            Span(doc=_doc(number), sha256=text, page=0, start=0, end=len(text), text=text)
            for number, text in enumerate(texts(question), start=1)
        ]

    return Given(chat, spans, lambda text, _page: text, prompt)


def _doc(number: int) -> str:
    return f"passage-{number}.txt"


def _written(statements: Sequence[Statement]) -> list[Statement]:
    """Return the statements without those that claim nothing about the documents."""
    return [statement for statement in statements if statement.text.strip() not in IDLE_SENTENCES]


def _quotes(statements: Sequence[Statement], pages: Sequence[str]) -> tuple[int, int]:
    """Return how many quotes the statements hold, and how many of them stand on a page."""
    quotes = [quote for statement in statements for quote in _QUOTED.findall(statement.text)]
    folded = [Folded(page) for page in pages] if quotes else []
    return len(quotes), sum(any(page.find(quote) for page in folded) for quote in quotes)


@dataclass(frozen=True, slots=True)
class Passages:
    """Chooses the right or a wrong passage for a question.

    Attributes:
        retriever: Finds what looks right.
        page_text: Gives the text of a page.
        documents: The collection's.
    """

    retriever: Retriever
    page_text: PageText
    documents: Sequence[Document]

    def right(self, question: GoldQuestion) -> list[Span]:
        """Return the passages that hold the answer: around its quotes, or around it on the page that was named.

        Raises:
            ConfigError: The collection does not hold that document any more.
        """
        if spans := self.of_evidence(question):
            return spans
        hits = [
            hit
            for place in question.places
            if place.page is not None
            for hit in self._on_page(place.doc, place.page, question.answer or "")
        ]
        if not hits:
            named = ", ".join(sorted({place.doc for place in question.places}))
            raise ConfigError(
                f"the collection does not hold {named}, which answers {question.text!r}",
                hint="kb list",
                click="add that document again under Documents",
            )
        return merge(hits, self.page_text)

    def of_evidence(self, question: GoldQuestion) -> list[Span]:
        """Return the passages around a question's quotes, as far as the collection holds them."""
        here = {document.sha256 for document in self.documents}
        hits = [
            _hit(quoted.doc, quoted.sha256, quoted.page, quoted.start, quoted.end, quoted.quote)
            for quoted in question.evidence
            if quoted.sha256 in here
        ]
        return merge(hits, self.page_text) if hits else []

    def _on_page(self, doc: str, page: int, answer: str) -> list[Hit]:
        hits = []
        for document in self.documents:
            if document.doc == doc and page < document.n_pages:
                text = self.page_text(document.sha256, page)
                place = Folded(text).find(answer) or (0, 0)
                start = max(0, place[0] - _ORACLE_CHARS // 2)
                end = min(len(text), start + _ORACLE_CHARS)
                hits.append(_hit(doc, document.sha256, page, start, end, text[start:end]))
        return hits

    def wrong(self, question: GoldQuestion) -> list[Span]:
        """Return the best passage that search finds and that does not hold the answer."""
        hits = [
            hit
            for hit in self.retriever.search(question.text, _WRONG_DEPTH)
            if not any(place.holds(hit.doc, hit.page) for place in question.places)
            and not contains(hit.text, question.answer or "")
        ]
        return merge(hits[:1], self.page_text, widen_chars=0)


def _hit(doc: str, sha256: str, page: int, start: int, end: int, text: str) -> Hit:
    return Hit(doc=doc, sha256=sha256, page=page, start=start, end=end, text=text, score=1.0)

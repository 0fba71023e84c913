"""Questions to checked answers: search and pack, then the built-in reader, or a model and a check of its reply.

Without a language model the reader answers from the packed passages directly.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage

from core.backends import token_counter
from core.chat.generate import Generation, generate
from core.chat.together import generate_together
from core.errors import ConfigError
from core.prompt import (
    ABSTENTION,
    AnswerPrompt,
    ReadsPassages,
    check_trained_prompt,
    fill,
    load_prompt,
    prompt_for,
    trained_passages,
)
from core.reading.asked import parts_of
from core.reading.compose import abstention_for
from core.reading.extractive import ExtractiveChat
from core.reading.passages import Passage, new_mark
from core.reading.read import MAX_QUOTES, Reading, read
from core.reading.spans.protocol import Spans
from core.reading.tables.formulas import search_words
from core.reading.tables.line_items import printed_labels
from core.settings import Settings
from core.types import Answer, Hit, Page, Retriever, Statement
from rag.answer.answerable import MIN_ANSWERABLE, answerable
from rag.answer.chat import Turn, standalone
from rag.answer.cite import abstains, check
from rag.answer.language_note import crosses_languages, language_note, quoted_by_words, unread_by_reader
from rag.answer.pack import WIDEN_CHARS, PageText, Span, counts_first, pack
from rag.answer.packed import PackedQuestion
from rag.answer.parts import answer_in_parts
from rag.answer.plain import Stream
from rag.answer.quoted import PageOf, passages_of, quoted_answer
from rag.answer.remembered import borne_out
from rag.answer.second_look import GAVE_WAY, KNOWN, gives_way, second_look, silent
from rag.embed.base import Embedder
from rag.search.similar import Similarity
from rag.why.second_ask import SPARE_TOKENS, ShownPassages, quoted_provenance, with_provenance

# Hits asked for per passage wanted: neighbours merge and repeats fall away.
_OVERFETCH = 3
# The extractive reader takes in a page at no cost, and the answer often stands beside the hit; a language model pays
# for every token.
_READER_WIDEN_CHARS = 1000
_SPARE_TOKENS = 64  # chat template and rounding


class Answerer:
    """Answers questions from what a searcher finds.

    Args:
        searcher: Finds hits.
        chat: Reads the prompt and writes.
        settings: `rag.top_k`, `rag.prompt_file`, `models.num_ctx` and `models.max_tokens` are read.
        page_text: Gives the text of a page by document hash and page index.
        model: Spelling of the model, for the answer.
        embedder: Judges which sentences answer, beside their words; the collection's own is best.
        page: Gives a page with its blocks by document hash and page index, so that tables and sentences over a page
            break are read whole; of text alone if None.
        spans: The neural span reader; the one of an extractive `chat` if None.
        complete: Called with every answer before it is returned; gives it back, perhaps with more in it.
        rng: Draws keys and marks; must not be guessable by who writes the documents.
        clock: Seconds, monotonic.

    Attributes:
        prompt_note: What a person should know of the prompt; empty where there is nothing.

    Raises:
        ConfigError: The prompt file cannot be used, or the model was trained with another prompt.
    """

    def __init__(
        self,
        searcher: Retriever,
        chat: BaseChatModel,
        settings: Settings,
        page_text: PageText,
        *,
        model: str = "",
        embedder: Embedder | None = None,
        page: PageOf | None = None,
        spans: Spans | None = None,
        complete: Callable[[Answer], Answer] = lambda answer: answer,
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._searcher = searcher
        self._cosines = Similarity(embedder) if embedder else None
        self._embedder_model = embedder.identity.model if embedder else ""
        self._chat = chat
        self._spans = spans or (chat.spans if isinstance(chat, ExtractiveChat) else None)
        self._page = page or (lambda sha256, index: Page(index=index, text=page_text(sha256, index)))
        self._settings = settings
        self._page_text = page_text
        self._complete = complete
        self._model = model or chat._llm_type
        self._rng = rng or random.SystemRandom()
        self._clock = clock
        self._template = load_prompt(settings.rag.prompt_file)
        self._reader = chat.for_passages(self._template.digest) if isinstance(chat, ReadsPassages) else chat
        self.prompt_note = check_trained_prompt(chat, self._template)
        self._count = token_counter(self._reader)
        self._max_quotes = chat.max_quotes if isinstance(chat, ExtractiveChat) else MAX_QUOTES
        self._small = trained_passages(self._reader).count > 0  # it seldom sees that no passage answers

    def ask(
        self,
        question: str,
        *,
        k: int | None = None,
        on_token: Callable[[str], None] | None = None,
        history: Sequence[Turn] = (),
        instructions: str = "",
    ) -> Answer:
        """Answer a question.

        Args:
            question: As a person asks it.
            k: Most passages the model reads; `rag.top_k` by default.
            on_token: Receives the answer as it is written, sources in place of keys; unchecked, so the returned
                answer is the one to keep.
            history: Earlier questions and answers, oldest first; the question may point back to them.
            instructions: A system message before the prompt, for models that write; the built-in reader has none.

        Raises:
            ConfigError: The question is empty, or does not fit the model's context.
            BackendError: The model failed.
        """
        if not question.strip():
            raise ConfigError("the question is empty", hint='kb ask "QUESTION"', click="write a question")
        if isinstance(self._chat, ExtractiveChat) and len(parts := parts_of(question)) > 1:
            answer = answer_in_parts(
                question, parts, history, lambda part, turns: self._answer(part, k, None, turns, "")
            )
            _stream(answer.answer, on_token)
        else:
            answer = self._answer(question, k, on_token, history, instructions)
        return self._complete(answer)

    def _answer(
        self,
        question: str,
        k: int | None,
        on_token: Callable[[str], None] | None,
        history: Sequence[Turn],
        instructions: str,
    ) -> Answer:
        begun = self._clock()
        packed = self._packed(question, k, history, instructions)
        standalone_question, spans = packed.question, packed.spans
        cosine, written_in = packed.cosine, packed.written_in
        retrieved = self._clock()
        timings = {"retrieve_s": retrieved - begun}
        if isinstance(self._chat, ExtractiveChat):
            unread = unread_by_reader(question, written_in)
            if unread and not quoted_by_words(question):
                return self._abstained(question, timings, begun, on_token, text=unread)
            refusal = unread or ABSTENTION
            return self._quoted(question, packed, self._reading(packed), timings, begun, on_token, refusal)
        reading = self._reading(packed)
        judged = not crosses_languages(question, written_in)
        unanswered = silent(reading, cosine) if self._small else answerable(reading.ranked, cosine) < MIN_ANSWERABLE
        if judged and unanswered:
            known = self._known(standalone_question, reading, packed)
            if known is not None:
                return self._quoted(question, packed, known, timings, begun, on_token, ABSTENTION, notes=(KNOWN,))
            return self._abstained(question, timings, begun, on_token, text=abstention_for(question))
        shown = self._shown(packed, reading)
        by_key = {passage.key: span for passage, span in zip(shown.passages, shown.spans, strict=True)}
        messages = shown.messages(shown.passages, instructions)
        reply = self._generate(messages, {key: span.source for key, span in by_key.items()}, on_token)
        checked = check(reply.text, by_key, self._page_text, question=standalone_question)
        if self._small and judged and gives_way(checked, reading):
            return self._quoted(question, packed, reading, timings, begun, None, ABSTENTION, notes=(GAVE_WAY,))
        checked = second_look(checked, standalone_question, reading, spans)
        ended = self._clock()
        timings |= {
            "first_token_s": retrieved - begun + reply.first_token_s,
            "generate_s": ended - retrieved,
            "total_s": ended - begun,
        }
        return Answer(
            question=question,
            answer=checked.answer,
            ground=checked.ground,
            citations=checked.citations,
            statements=checked.statements,
            model=self._model,
            timings=timings,
            tokens={"prompt": reply.prompt_tokens, "completion": reply.completion_tokens},
            short_answer=checked.short_answer,
        )

    def why(
        self, answer: Answer, *, k: int | None = None, history: Sequence[Turn] = (), instructions: str = ""
    ) -> Answer:
        """Tell of each statement of an answer whether it was read in the passages or remembered.

        The question is asked again without the passages that bear the answer out, and with a contradicting copy of
        them; both together cost at most two answers. The built-in reader only quotes, so it is not asked.

        Args:
            answer: From `ask`, with the same arguments; an abstention comes back as it is.
            k: As for `ask`.
            history: As for `ask`.
            instructions: As for `ask`.

        Returns:
            The answer with `why` in its statements, `why_s` in its timings, and `why_prompt` and `why_completion`
            in its tokens.

        Raises:
            BackendError: The model failed.
        """
        if answer.ground == "abstained":
            return answer
        if isinstance(self._chat, ExtractiveChat) or {GAVE_WAY, KNOWN} & {*answer.notes}:
            return quoted_provenance(answer, known=KNOWN in answer.notes)
        begun = self._clock()
        packed = self._packed(answer.question, k, history, instructions)
        packed = self._shown(packed, self._reading(packed))
        limit = max(answer.tokens.get("completion", 0), self._count(answer.answer)) + SPARE_TOKENS

        def ask(passages: Sequence[Sequence[Passage]]) -> list[Generation]:
            prompts = [packed.messages(chosen, instructions) for chosen in passages]
            return generate_together(self._reader, prompts, max_tokens=limit, clock=self._clock)

        labelled = with_provenance(answer, ShownPassages(packed.passages, packed.spans, self._page_text), ask)
        return replace(labelled, timings={**answer.timings, "why_s": self._clock() - begun})

    def _packed(self, question: str, k: int | None, history: Sequence[Turn], instructions: str) -> PackedQuestion:
        """Search, and choose the passages that the model reads."""
        standalone_question = standalone(question, history, self._chat)
        limit = k or self._settings.rag.top_k
        # Ratios are computed from rows that are named otherwise, and so are many lines of statements.
        labels = " ".join(printed_labels(standalone_question))
        query = " ".join(f"{standalone_question} {search_words(standalone_question)} {labels}".split())
        hits = counts_first(standalone_question, self._searcher.search(query, limit * _OVERFETCH))
        page = cache(self._page)  # several hits stand on one page
        template = prompt_for(question, self._template, self._chat)
        pack_by = partial(self._pack, standalone_question, template, hits, limit, page, instructions)
        # The reader reads for a small model, which is shown little of it.
        spans = pack_by(_READER_WIDEN_CHARS if self._small or isinstance(self._chat, ExtractiveChat) else WIDEN_CHARS)
        cosine = max((hit.dense for hit in hits if hit.dense is not None), default=None)
        spans, passages = passages_of(spans, page, self._rng)
        return PackedQuestion(
            question=standalone_question,
            template=template,
            spans=spans,
            passages=passages,
            cosine=cosine,
            written_in=[page(span.sha256, span.page).language for span in spans],
            mark=new_mark(self._rng),
            close=pack_by(WIDEN_CHARS) if self._small else (),
        )

    def _reading(self, packed: PackedQuestion) -> Reading:
        return read(
            packed.question, packed.passages, cosines=self._cosines, spans=self._spans, max_quotes=self._max_quotes
        )

    def _shown(self, packed: PackedQuestion, reading: Reading) -> PackedQuestion:
        """Keep the passages that answer best where the model was trained to read fewer than were found."""
        shown = trained_passages(self._reader)
        return (packed.narrowed(reading.places, shown) if shown.count else packed).as_printed()

    def _quoted(
        self,
        question: str,
        packed: PackedQuestion,
        reading: Reading,
        timings: dict[str, float],
        begun: float,
        on_token: Callable[[str], None] | None,
        refusal: str,
        notes: tuple[str, ...] = (),
    ) -> Answer:
        """Answer with what the built-in reader found: no prompt, no model."""
        standalone_question, spans, passages, cosine = packed.question, packed.spans, packed.passages, packed.cosine
        note = language_note(standalone_question, [passage.text for passage in passages], self._embedder_model)
        notes = (*notes, note) if note else notes
        if KNOWN not in notes and silent(reading, cosine):
            return self._abstained(question, timings, begun, on_token, reading, notes, refusal)
        quoted = quoted_answer(reading, passages, spans)
        first = self._clock() - begun
        _stream(quoted.text, on_token)
        ended = self._clock() - begun
        prompt = self._count(standalone_question) + sum(self._count(passage.whole) for passage in passages)
        return Answer(
            question=question,
            answer=quoted.text,
            ground="cited",
            citations=quoted.citations,
            statements=quoted.statements,
            model="extractive" if GAVE_WAY in notes else self._model,
            timings=timings | {"first_token_s": first, "generate_s": ended - timings["retrieve_s"], "total_s": ended},
            tokens={"prompt": prompt, "completion": self._count(quoted.text)},
            short_answer=reading.short_answer,
            confidence=None if KNOWN in notes else round(reading.confidence, 3),
            computed_from=quoted.computed_from,
            notes=notes,
        )

    def _known(self, question: str, reading: Reading, packed: PackedQuestion) -> Reading | None:
        """Ask a model that was trained on documents the bare question; None unless a passage says the same."""
        if not self._small or self._reader is not self._chat:
            return None
        known = generate(self._chat, [HumanMessage(question)], clock=self._clock).text
        return None if abstains(known) else borne_out(known, question, reading, packed.passages)

    def _pack(
        self,
        question: str,
        template: AnswerPrompt,
        hits: Sequence[Hit],
        limit: int,
        page: PageOf,
        instructions: str,
        widen_chars: int,
    ) -> list[Span]:
        models = self._settings.models
        frame = sum(self._count(message.text) for message in fill(template, "", question))
        frame += self._count(instructions) if instructions else 0
        budget = models.num_ctx - models.max_tokens - frame - _SPARE_TOKENS
        if budget <= 0:
            raise ConfigError(
                f"the question and the prompt leave no room for documents in {models.num_ctx} tokens",
                hint=f"kb ask --set models.num_ctx={models.num_ctx * 2} QUESTION",
                click="ask a shorter question",
            )
        return pack(
            hits,
            lambda sha256, index: page(sha256, index).text,
            limit=limit,
            budget_tokens=budget,
            count_tokens=self._count,
            widen_chars=widen_chars,
        )

    def _abstained(
        self,
        question: str,
        timings: dict[str, float],
        begun: float,
        on_token: Callable[[str], None] | None,
        reading: Reading | None = None,
        notes: tuple[str, ...] = (),
        text: str = ABSTENTION,
    ) -> Answer:
        if on_token is not None:
            on_token(text)
        ended = self._clock() - begun
        return Answer(
            question=question,
            answer=text,
            ground="abstained",
            statements=(Statement(text=text),),
            model=self._model,
            timings=timings | {"first_token_s": ended, "generate_s": 0.0, "total_s": ended},
            tokens={"prompt": 0, "completion": 0},
            confidence=None if reading is None else round(reading.confidence, 3),
            notes=notes,
        )

    def _generate(
        self, messages: Sequence[BaseMessage], sources: dict[str, str], on_token: Callable[[str], None] | None
    ) -> Generation:
        stream = Stream(sources)

        def show(text: str) -> None:
            if text and on_token is not None:
                on_token(text)

        reply = generate(self._reader, messages, on_text=lambda text: show(stream.feed(text)), clock=self._clock)
        show(stream.end())
        return reply


def _stream(text: str, on_token: Callable[[str], None] | None) -> None:
    """Hand on a text that is there already, word by word."""
    if on_token is not None:
        for piece in re.findall(r"\S+\s*", text):
            on_token(piece)

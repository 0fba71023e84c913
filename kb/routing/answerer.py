"""`RoutedAnswerer`: what `auto:RUN` stands for; every question goes the way that its signals choose."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from core.provenance import Provenance
from core.reading.compose import abstention_for
from core.types import Answer, Hit, Retriever, Statement
from kb.routing.closed_book import ClosedBookPair, ask_twice
from kb.routing.decide import RouteChoice, RouteSignals, choose_way
from kb.staleness import LearnedDocument
from rag.answer.answer import Answerer
from rag.answer.chat import Turn, standalone

_logger = logging.getLogger("kb.routing")
# Best hits whose documents the run must have learned for its memory to be asked.
_LOOKED_AT = 3
_FROM_MEMORY = "the run answered from memory; no document was looked at"

_CITED_NOTHING = "The run cited nothing, so the reader's answer is given."

# What became of the documents that the run learned.
LearnedNow = Callable[[], Sequence[LearnedDocument]]


@dataclass(slots=True)
class SeenHits:
    """A retriever that remembers what it last gave."""

    inner: Retriever
    hits: Sequence[Hit] = field(default_factory=list)

    def search(self, query: str, k: int) -> Sequence[Hit]:
        """Return at most `k` hits, best first."""
        self.hits = self.inner.search(query, k)
        return self.hits


class RoutedAnswerer(Answerer):
    """Answers with the built-in reader, a run alone, or the run from passages, or abstains.

    Args:
        searcher: Finds hits.
        chat: The run.
        reader: Answers with the built-in reader from what `seen` finds.
        seen: The reader's own retriever.
        learned: What became of the documents that the run learned.
        options: As for `Answerer`.

    Raises:
        ConfigError: As `Answerer`.
    """

    def __init__(
        self,
        searcher: Retriever,
        chat: Any,
        *options: Any,
        reader: Answerer,
        seen: SeenHits,
        learned: LearnedNow,
        **keywords: Any,
    ) -> None:
        super().__init__(searcher, chat, *options, **keywords)
        self._built_in = reader
        self._seen = seen
        self._learned = learned

    def ask(
        self,
        question: str,
        *,
        k: int | None = None,
        on_token: Callable[[str], None] | None = None,
        history: Sequence[Turn] = (),
        instructions: str = "",
    ) -> Answer:
        """Answer a question the way that its signals choose; the arguments are those of `Answerer.ask`.

        Returns:
            The answer with `route`; tokens and seconds are those of everything that was asked for it.

        Raises:
            KbError: As `Answerer.ask`.
        """
        begun = self._clock()
        read = self._built_in.ask(question, k=k, history=history)
        pairs: list[ClosedBookPair] = []

        def ask_run() -> float:
            pairs.append(ask_twice(self._chat, self._alone(question, history, instructions), self._settings))
            return pairs[0].agreement

        choice = choose_way(self._signals(read), self._settings.routing, ask_run)
        chosen = self._clock()
        if choice.way == "both":
            answer = super().ask(question, k=k, on_token=on_token, history=history, instructions=instructions)
            if answer.ground != "cited" and read.ground == "cited":
                choice = replace(choice, way="search", reason=f"{choice.reason} {_CITED_NOTHING}")
                answer = replace(read, timings=answer.timings, tokens=answer.tokens)
        else:
            answer = read if choice.way == "search" else self._of_memory(question, pairs, choice)
            if on_token is not None:
                on_token(answer.answer)
        _log(choice)
        return self._with_route(answer, read, choice, pairs, chosen - begun)

    def why(
        self, answer: Answer, *, k: int | None = None, history: Sequence[Turn] = (), instructions: str = ""
    ) -> Answer:
        """Tell what was read and what was remembered; as `Answerer.why`.

        Only what the run wrote from passages is asked again: alone it saw none, and the built-in reader only quotes.

        Raises:
            KbError: As `Answerer.why`.
        """
        way = answer.route.get("arm", "both")
        if way == "search":
            return self._built_in.why(answer)
        if way == "tuned":
            why = Provenance(label="remembered", reason="The run was shown no passage.")
            return replace(answer, statements=tuple(replace(each, why=why) for each in answer.statements))
        return super().why(answer, k=k, history=history, instructions=instructions)

    def _alone(self, question: str, history: Sequence[Turn], instructions: str) -> list[BaseMessage]:
        """Return what the run is asked without passages."""
        message = HumanMessage(standalone(question, history, self._built_in._chat))
        return [SystemMessage(instructions), message] if instructions else [message]

    def _signals(self, read: Answer) -> RouteSignals:
        learned = self._learned()
        current = {document.sha256 for document in learned if document.state == "current"}
        best = list(self._seen.hits)[:_LOOKED_AT]
        cosines = [hit.dense for hit in self._seen.hits if hit.dense is not None]
        return RouteSignals(
            reader_cites=read.ground == "cited",
            reader_confidence=(read.confidence or 0.0) if read.ground == "cited" else 0.0,
            retrieval=max(cosines, default=None),
            untaught=tuple(dict.fromkeys(hit.doc for hit in best if hit.sha256 not in current)),
            forgotten=tuple(document.doc for document in learned if document.state == "forgotten"),
            learned=len(current),
        )

    def _of_memory(self, question: str, pairs: Sequence[ClosedBookPair], choice: RouteChoice) -> Answer:
        """Return the run's own answer, or an abstention."""
        timings = {"retrieve_s": 0.0, "first_token_s": 0.0, "generate_s": 0.0, "total_s": 0.0}
        if choice.way == "abstain":
            text = abstention_for(question)
            statements = (Statement(text=text),)
            return Answer(question=question, answer=text, ground="abstained", statements=statements, timings=timings)
        text = pairs[0].greedy.text.strip()
        statements = (Statement(text=text, supported=False, reason=_FROM_MEMORY),)
        return Answer(question=question, answer=text, ground="ungrounded", statements=statements, timings=timings)

    def _with_route(
        self, answer: Answer, read: Answer, choice: RouteChoice, pairs: Sequence[ClosedBookPair], before_s: float
    ) -> Answer:
        prompts = [pair.tokens for pair in pairs]
        tokens = {
            "prompt": sum(prompt for prompt, _ in prompts) + answer.tokens.get("prompt", 0),
            "completion": sum(completion for _, completion in prompts) + answer.tokens.get("completion", 0),
        }
        timings = dict(answer.timings)
        if answer.timings is read.timings:  # its own seconds are part of what came before the choice
            timings["total_s"] = before_s
        else:
            timings |= {name: timings[name] + before_s for name in ("first_token_s", "total_s")}
        return replace(
            answer,
            model=self._model,
            notes=(choice.note, *answer.notes),
            route=choice.to_json(),
            tokens=tokens,
            timings=timings,
        )


def _log(choice: RouteChoice) -> None:
    """Log a choice without contents: names of documents stand in the answer alone."""
    signals = choice.signals.to_json()
    counts = {name: len(signals[name]) for name in ("untaught", "forgotten")}
    _logger.info("routed", extra={"fields": {"route": choice.way, **signals, **counts}})

"""Asks again, without the passages an answer rests on and with a contradicting copy, and labels its statements.

Both questions are asked together for all statements, under the same keys and in the same order, and no reply is longer
than the answer was: together they cost at most what two answers do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.chat.generate import Generation
from core.provenance import Provenance, ProvenanceLabel, label_of
from core.reading.passages import Passage
from core.reading.proved import answer_first
from core.types import Answer, Statement
from rag.answer.cite import abstains, check
from rag.answer.pack import PageText, Span
from rag.answer.plain import transform
from rag.why.contradict import StatementTest, contradicting, statement_test
from rag.why.figures import FigureSwap, holds, keys_in

# Replies may be this many tokens longer than the answer was: another value may take more tokens.
SPARE_TOKENS = 8
_QUOTES_ONLY = "The built-in reader quotes the passages and cannot remember."
_KNOWN = "It was given without the passages, and a sentence of theirs says the same."
_REASONS: dict[ProvenanceLabel, str] = {
    "read": "It changed with the passages.",
    "remembered": "It did not change with the passages.",
    "both": "Some of it changed with the passages, and some of it did not.",
}
_UNCHANGED = "Nothing in the passages could be changed, so it was asked only without them."

# From the passages of each question to the replies.
AskAgain = Callable[[Sequence[Sequence[Passage]]], Sequence[Generation]]


@dataclass(frozen=True, slots=True)
class ShownPassages:
    """What a model was shown.

    Attributes:
        passages: In the order of the prompt.
        spans: Where each stands.
        page_text: Gives the text of a page.
    """

    passages: Sequence[Passage]
    spans: Sequence[Span]
    page_text: PageText


def is_tested(statement: Statement) -> bool:
    """Tell whether a statement claims something: one that holds without a source is a remark."""
    return bool(statement.citations) or not statement.supported


def quoted_provenance(answer: Answer, *, known: bool = False) -> Answer:
    """Return an answer that quotes with the label that all its statements have.

    Args:
        answer: Of the built-in reader, or what a model knew with the sentence that says the same.
        known: Whether a model knew it.
    """
    why = Provenance(label="both", reason=_KNOWN) if known else Provenance(label="read", reason=_QUOTES_ONLY)
    return _labelled(answer, {index: why for index, each in enumerate(answer.statements) if is_tested(each)})


def with_provenance(answer: Answer, shown: ShownPassages, ask: AskAgain) -> Answer:
    """Return an answer whose statements are labelled, with the tokens that it took.

    Args:
        answer: As a model wrote it, checked.
        shown: What the model was shown for it.
        ask: Asks the same question with other passages.

    Raises:
        KbError: The model failed.
    """
    tests = _tests(answer, shown)
    if not tests:
        return answer
    borne = _bearing(answer, shown, tests)
    rest = [passage for index, passage in enumerate(shown.passages) if index not in borne]
    packings = [rest]
    if any(test.changes for test in tests.values()):
        packings.append([_contradicted(passage, tests) for passage in shown.passages])
    replies = ask(packings)
    texts = [" ".join(transform(answer_first(reply.text), lambda _: "").split()) for reply in replies]
    labelled = _labelled(answer, {index: _provenance(test, texts) for index, test in tests.items()})
    tokens = {
        "why_prompt": sum(reply.prompt_tokens for reply in replies),
        "why_completion": sum(reply.completion_tokens for reply in replies),
    }
    return replace(labelled, tokens={**answer.tokens, **tokens})


def _tests(answer: Answer, shown: ShownPassages) -> dict[int, StatementTest]:
    """Return a test for every statement that claims something, by its index; one value changes alike in all."""
    texts = [passage.whole for passage in shown.passages]
    swaps: list[FigureSwap] = []
    tests = {}
    for index, statement in enumerate(answer.statements):
        if is_tested(statement):
            quotes = [answer.citations[citation].quote for citation in statement.citations]
            tests[index] = statement_test(statement.text, quotes, texts, answer.question, swaps)
            swaps += tests[index].figures
    return tests


def _bearing(answer: Answer, shown: ShownPassages, tests: dict[int, StatementTest]) -> set[int]:
    """Return the indices of the passages that bear a statement out: those it cites, and others that say the same."""
    if not answer.citations:
        return set(range(len(shown.passages)))
    bearing = set()
    for index, (passage, span) in enumerate(zip(shown.passages, shown.spans, strict=True)):
        cited = any(
            citation.sha256 == span.sha256
            and (
                (citation.page == span.page and citation.start < span.end and span.start < citation.end)
                or (passage.continuation is not None and citation.page == span.page + passage.continuation.pages_on)
            )
            for citation in answer.citations
        )
        if cited or any(_says(test, passage, span, shown.page_text) for test in tests.values()):
            bearing.add(index)
    return bearing


def _says(test: StatementTest, passage: Passage, span: Span, page_text: PageText) -> bool:
    if test.keys:
        keys = keys_in(passage.whole)
        return all(holds(keys, key) for key in test.keys)
    if test.names:
        return all(name in passage.whole for name in test.names)
    return bool(check(test.text, {passage.key: span}, page_text).citations)


def _contradicted(passage: Passage, tests: dict[int, StatementTest]) -> Passage:
    text = contradicting(passage.whole, tests.values())
    return passage if text == passage.whole else Passage(key=passage.key, source=passage.source, text=text)


def _provenance(test: StatementTest, texts: Sequence[str]) -> Provenance:
    effects = [test.effect(texts[0], abstains=_declines(texts[0]))]
    contradicted = texts[1] if test.changes else ""
    if test.changes:
        effects.append(test.effect(contradicted, abstains=_declines(contradicted)))
    label = label_of(effects)
    reason = _REASONS[label] if test.changes else f"{_REASONS[label]} {_UNCHANGED}"
    return Provenance(label=label, reason=reason, without=texts[0], contradicted=contradicted, changes=test.changes)


def _declines(text: str) -> bool:
    return not text or abstains(text)


def _labelled(answer: Answer, labels: dict[int, Provenance]) -> Answer:
    statements = tuple(replace(statement, why=labels.get(index)) for index, statement in enumerate(answer.statements))
    return replace(answer, statements=statements)

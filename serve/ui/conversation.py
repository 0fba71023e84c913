"""A conversation as the page keeps it: turns of JSON, from which the chat is drawn and requests are made. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from serve.answers.answering import AnswerRequest, AnswerResponse, ChatMessage
from serve.answers.models import SamplingControls
from serve.errors import without_command
from serve.service import with_documents
from serve.ui import html

DOCUMENTS, ALONE = "From the documents", "Model alone"
MODES = (DOCUMENTS, ALONE)
# From this confidence on an answer is called likely.
LIKELY = 0.6
_GROUNDS = {
    "cited": "The quotes were found on the pages named after them; look there whether they answer the question.",
    "ungrounded": "Nothing in the documents was found to support this.",
    "abstained": "No passage was found that answers this.",
    "": "Written by a model without the documents.",
}
_STOPPED = "(stopped)"


class ChatTurn(TypedDict):
    """A question and its answer.

    Attributes:
        answer: As far as it was written.
        sources: Citations of the answer as JSON.
        done: Whether the answer is complete and was checked.
        running: Whether it is being written.
        tries: How often the question was asked again.
        error: Why there is no answer, as the page shows it.
        short_answer: Empty where there is none.
        confidence: None where it is not known.
        computed_from: Citations of the cells that the short answer was computed from.
        notes: What a person should know about how the answer was found.
    """

    question: str
    answer: str
    ground: str
    model: str
    collection: str
    sources: list[dict[str, Any]]
    done: bool
    running: bool
    tries: int
    error: str
    short_answer: str
    confidence: float | None
    computed_from: list[dict[str, Any]]
    notes: list[str]


def new_turn(question: str, collection: str, tries: int = 0) -> ChatTurn:
    """Return a question without an answer yet."""
    return ChatTurn(
        question=question,
        answer="",
        ground="",
        model="",
        collection=collection,
        sources=[],
        done=False,
        running=True,
        tries=tries,
        error="",
        short_answer="",
        confidence=None,
        computed_from=[],
        notes=[],
    )


def messages(turns: Sequence[ChatTurn]) -> list[dict[str, str]]:
    """Return what the chat shows: text as it was written, whatever markup it looks like.

    Every turn that is not running has an answer, a reason why there is none, or a mark that it was stopped.
    """
    drawn: list[dict[str, str]] = []
    for turn in turns:
        drawn.append({"role": "user", "content": html.literal(turn["question"])})
        if answer := _answer_text(turn):
            drawn.append({"role": "assistant", "content": html.literal(answer)})
    return drawn


def _answer_text(turn: ChatTurn) -> str:
    if turn["error"]:
        return f"{turn['answer']}\n\nNot answered: {turn['error']}".strip()
    return turn["answer"] or ("" if turn["running"] else _STOPPED)


def turn_of_message(turns: Sequence[ChatTurn], message: int) -> int:
    """Return the index of the turn that a message of `messages` belongs to; the last turn for an unknown message."""
    count = 0
    for index, turn in enumerate(turns):
        count += 2 if _answer_text(turn) else 1
        if message < count:
            return index
    return len(turns) - 1


def answer_status(turn: ChatTurn) -> str:
    """Return what stands under an answer: the short answer, how likely it is, and what was checked."""
    if turn["error"]:
        return html.note(turn["error"], alert=True)
    if not turn["done"]:
        return html.note("Stopped. The text so far was not checked.")
    return html.answer_card(
        " ".join([_GROUNDS[turn["ground"]], *turn["notes"], f"Model: {turn['model']}."]),
        short_answer=turn["short_answer"],
        likelihood=likelihood(turn["confidence"]),
        computed_from=turn["computed_from"],
    )


def likelihood(confidence: float | None) -> str:
    """Return a confidence in words; empty where it is not known."""
    if confidence is None:
        return ""
    return "likely" if confidence >= LIKELY else "possibly"


def request(
    turns: Sequence[ChatTurn],
    *,
    model: str,
    mode: str,
    collection: str,
    passages: int,
    controls: SamplingControls,
) -> AnswerRequest:
    """Return the request for the last turn's answer; earlier turns without an answer are left out."""
    conversation: list[ChatMessage] = []
    for turn in turns[:-1]:
        if turn["answer"] and not turn["error"]:
            conversation.append(ChatMessage(role="user", text=turn["question"]))
            conversation.append(ChatMessage(role="assistant", text=turn["answer"]))
    conversation.append(ChatMessage(role="user", text=turns[-1]["question"]))
    return AnswerRequest(
        conversation=conversation,
        model=with_documents(model) if mode == DOCUMENTS else model,
        controls=controls,
        collection=collection,
        passages=passages,
    )


def with_part(turn: ChatTurn, part: str | AnswerResponse) -> ChatTurn:
    """Return a turn with the next piece of its answer, or with the checked answer."""
    if isinstance(part, str):
        return {**turn, "answer": turn["answer"] + part}
    short = part.short_form()
    return {
        **turn,
        "answer": part.text,
        "ground": part.ground,
        "model": part.model,
        "sources": part.sources(),
        "done": True,
        "running": False,
        "short_answer": part.short_answer,
        "confidence": part.confidence,
        "computed_from": short.get("computed_from", []),
        "notes": [without_command(note) for note in part.notes],
    }


def failed(turn: ChatTurn, error: str) -> ChatTurn:
    """Return a turn that will not be answered, with the reason."""
    return {**turn, "error": error, "running": False}


def stopped(turn: ChatTurn) -> ChatTurn:
    """Return a turn whose answer was stopped; one that is complete stays as it is."""
    return {**turn, "running": False}

"""A conversation as the page keeps it: turns of JSON, from which the chat is drawn and requests are made. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from serve.answers.answering import AnswerRequest, AnswerResponse, ChatMessage
from serve.answers.models import SamplingControls
from serve.service import with_documents
from serve.ui.html import shown

DOCUMENTS, ALONE = "From the documents", "Model alone"
MODES = (DOCUMENTS, ALONE)
_GROUNDS = {
    "cited": "Every statement stands on a quote that was checked against its page.",
    "ungrounded": "Nothing in the documents was found to support this.",
    "abstained": "The documents do not support an answer.",
    "": "Written by a model alone; no document was asked.",
}


class ChatTurn(TypedDict):
    """A question with what came of it; `done` once the answer was checked, `tries` how often it was asked anew."""

    question: str
    answer: str
    ground: str
    model: str
    collection: str
    sources: list[dict[str, Any]]
    done: bool
    tries: int


def new_turn(question: str, collection: str, tries: int = 0) -> ChatTurn:
    """Return a question that waits for its answer."""
    return ChatTurn(
        question=question, answer="", ground="", model="", collection=collection, sources=[], done=False, tries=tries
    )


def messages(turns: Sequence[ChatTurn]) -> list[dict[str, str]]:
    """Return what the chat shows: text as it was written, whatever markup it looks like."""
    said: list[dict[str, str]] = []
    for turn in turns:
        said.append({"role": "user", "content": shown(turn["question"])})
        if turn["answer"] or turn["done"]:
            said.append({"role": "assistant", "content": shown(turn["answer"])})
    return said


def answer_status(turn: ChatTurn) -> str:
    """Return one line about an answer."""
    if not turn["done"]:
        return "Stopped; what stands there was not checked."
    return f"{_GROUNDS[turn['ground']]} Model: {turn['model']}."


def request(
    turns: Sequence[ChatTurn], *, model: str, mode: str, collection: str, passages: int, controls: SamplingControls
) -> AnswerRequest:
    """Return the request for the last turn's answer."""
    said: list[ChatMessage] = []
    for turn in turns[:-1]:
        if turn["answer"]:
            said += [
                ChatMessage(role="user", text=turn["question"]),
                ChatMessage(role="assistant", text=turn["answer"]),
            ]
    said.append(ChatMessage(role="user", text=turns[-1]["question"]))
    return AnswerRequest(
        conversation=said,
        model=with_documents(model) if mode == DOCUMENTS else model,
        controls=controls,
        collection=collection,
        passages=passages,
    )


def with_part(turn: ChatTurn, part: str | AnswerResponse) -> ChatTurn:
    """Return a turn with the next piece of its answer, or with the checked one."""
    if isinstance(part, str):
        return {**turn, "answer": turn["answer"] + part}
    return {
        **turn,
        "answer": part.text,
        "ground": part.ground,
        "model": part.model,
        "sources": part.sources(),
        "done": True,
    }

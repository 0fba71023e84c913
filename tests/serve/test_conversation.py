"""What the page draws of a conversation and asks for, from its turns."""

from __future__ import annotations

import pytest

from core.types import Citation
from serve.answers.answering import AnswerResponse
from serve.answers.models import SamplingControls
from serve.ui import conversation as chat

CELL = Citation(doc="a.pdf", sha256="0" * 64, page=3, start=0, end=5, quote="1,204")


def _response(**fields: object) -> AnswerResponse:
    defaults = {
        "text": "It lasts 16 weeks.",
        "ground": "cited",
        "citations": (),
        "model": "extractive",
        "finish": "stop",
        "prompt_tokens": 1,
        "completion_tokens": 1,
    }
    return AnswerResponse(**{**defaults, **fields})


def _answered(question: str, **fields: object) -> chat.ChatTurn:
    return chat.with_part(chat.new_turn(question, "default"), _response(**fields))


def test_a_turn_grows_by_pieces_and_ends_with_the_checked_text() -> None:
    turn = chat.with_part(chat.with_part(chat.new_turn("q", "default"), "It "), "las")
    assert (turn["answer"], turn["done"], turn["running"]) == ("It las", False, True)
    turn = chat.with_part(turn, _response())
    assert (turn["answer"], turn["done"], turn["running"]) == ("It lasts 16 weeks.", True, False)


def test_every_turn_that_ended_has_two_messages() -> None:
    turns = [
        _answered("one"),
        chat.failed(chat.new_turn("two", "default"), "Nothing was added yet."),
        chat.stopped(chat.new_turn("three", "default")),
        chat.new_turn("four", "default"),
    ]
    drawn = [(message["role"], message["content"]) for message in chat.messages(turns)]
    assert drawn == [
        ("user", "one"),
        ("assistant", "It lasts 16 weeks."),
        ("user", "two"),
        ("assistant", "Not answered: Nothing was added yet."),
        ("user", "three"),
        ("assistant", "(stopped)"),
        ("user", "four"),
    ]
    assert [chat.turn_of_message(turns, index) for index in range(8)] == [0, 0, 1, 1, 2, 2, 3, 3]


def test_a_request_leaves_out_what_was_not_answered() -> None:
    turns = [_answered("one"), chat.failed(chat.new_turn("two", "default"), "no"), chat.new_turn("three", "default")]
    request = chat.request(
        turns, model="base", mode=chat.DOCUMENTS, collection="default", passages=4, controls=SamplingControls()
    )
    texts = [message.text for message in request.conversation]
    assert texts == ["one", "It lasts 16 weeks.", "three"]
    assert request.model == "base+rag" and request.from_documents
    alone = chat.request(
        turns, model="base", mode=chat.ALONE, collection="default", passages=4, controls=SamplingControls()
    )
    assert alone.model == "base" and not alone.from_documents


@pytest.mark.parametrize(("confidence", "word"), [(None, ""), (0.0, "possibly"), (0.59, "possibly"), (0.6, "likely")])
def test_a_confidence_is_said_in_words(confidence: float | None, word: str) -> None:
    assert chat.likelihood(confidence) == word


def test_a_short_answer_stands_first_with_its_cells() -> None:
    turn = _answered(
        "q",
        short_answer="1,204 <b>",
        confidence=0.9,
        computed_from=(CELL,),
        citations=(CELL,),
        page_labels={("0" * 64, 3): "iv"},
    )
    status = chat.answer_status(turn)
    assert "1,204 &lt;b&gt;" in status and "likely" in status
    assert "Computed from 1,204 (a.pdf, p. 4 (printed: iv))." in status
    assert status.index("1,204") < status.index("Model: extractive")


def test_no_status_calls_an_answer_checked() -> None:
    for ground in ("cited", "ungrounded", "abstained", ""):
        assert "check" not in chat.answer_status(_answered("q", ground=ground))


def test_a_failed_turn_is_an_alert() -> None:
    status = chat.answer_status(chat.failed(chat.new_turn("q", "default"), "It <failed>."))
    assert 'role="alert"' in status and "It &lt;failed&gt;." in status

"""Requests and answers as the server passes them on."""

from __future__ import annotations

from dataclasses import replace

from core.types import Citation
from serve.answers.answering import AnswerRequest, AnswerResponse
from serve.v1.asking import extensions

SHA = "0" * 64


def test_the_id_says_where_an_answer_comes_from() -> None:
    assert AnswerRequest(conversation=[]).from_documents
    assert not AnswerRequest(conversation=[], model="smollm2").from_documents


def test_an_answer_as_json_has_what_it_has() -> None:
    cell = Citation(doc="a.pdf", sha256=SHA, page=2, start=3, end=8, quote="1,204")
    plain = AnswerResponse(
        text="x",
        ground="cited",
        citations=(cell,),
        model="extractive",
        finish="stop",
        prompt_tokens=1,
        completion_tokens=1,
    )
    assert plain.short_form() == {}
    assert plain.sources() == [
        {"doc": "a.pdf", "sha256": SHA, "page": 2, "page_label": "3", "start": 3, "end": 8, "quote": "1,204"}
    ]
    short = AnswerResponse(
        text="x",
        ground="cited",
        citations=(),
        model="extractive",
        finish="stop",
        prompt_tokens=1,
        completion_tokens=1,
        short_answer="1,204",
        confidence=0.5,
        computed_from=(cell,),
        page_labels={(SHA, 2): "iii"},
    )
    form = short.short_form()
    assert (form["short_answer"], form["confidence"]) == ("1,204", 0.5)
    assert form["computed_from"][0]["page_label"] == "iii"


def test_an_answer_of_a_routed_run_says_its_way() -> None:
    reply = AnswerResponse(
        text="x",
        ground="cited",
        citations=(),
        model="auto:mine",
        finish="stop",
        prompt_tokens=1,
        completion_tokens=1,
        route={"arm": "search", "reason": "It is sure.", "signals": {}},
    )
    assert extensions(reply)["route"] == {"arm": "search", "reason": "It is sure.", "signals": {}}
    assert "route" not in extensions(replace(reply, route={}))

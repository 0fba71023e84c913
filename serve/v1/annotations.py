"""Citations as OpenAI's clients show them: `url_citation` with a link to the page's picture, the quote marked."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any
from urllib.parse import quote, urlencode

from core.types import Citation
from serve.answers.answering import AnswerResponse
from serve.v1.asking import PendingAnswer


def citations_with_links(reply: AnswerResponse, pending: PendingAnswer) -> list[dict[str, Any]]:
    """Return `start_index`, `end_index`, `url` and `title` of each citation, in their order; indices of the text."""
    return [
        {
            **_place(reply, index, citation),
            "url": page_link(citation, pending),
            "title": f"{citation.doc}, p. {citation.page + 1}",
        }
        for index, citation in enumerate(reply.citations)
    ]


def message_annotations(reply: AnswerResponse, pending: PendingAnswer) -> list[dict[str, Any]]:
    """Return the annotations of a chat message."""
    return [{"type": "url_citation", "url_citation": link} for link in citations_with_links(reply, pending)]


def page_link(citation: Citation, pending: PendingAnswer) -> str:
    """Return the address of the page with the quote marked: its picture, or its text where it has none."""
    fields = {"start": citation.start, "end": citation.end} | (
        {"collection": pending.collection} if pending.collection else {}
    )
    is_pdf = PurePath(citation.doc).suffix.lower() == ".pdf"
    page = f"v1/documents/{quote(citation.sha256)}/pages/{citation.page}{'/image' if is_pdf else ''}"
    return f"{pending.base_url}{page}?{urlencode(fields)}"


def _place(reply: AnswerResponse, index: int, citation: Citation) -> dict[str, int]:
    """Return where an answer rests on a citation: its quote, its place, or the first statement that cites it."""
    texts = [citation.quote, f"({citation.doc}, p. {citation.page + 1})"]
    texts += [statement.text for statement in reply.statements if index in statement.citations]
    for text in texts:
        start = reply.text.find(text) if text else -1
        if start >= 0:
            return {"start_index": start, "end_index": start + len(text)}
    return {"start_index": 0, "end_index": len(reply.text)}

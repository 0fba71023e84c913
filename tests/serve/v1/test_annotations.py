"""Citations as links: where they stand in the answer, and the page they lead to."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from core.types import Citation, Statement
from serve.answers.answering import AnswerResponse
from serve.v1.annotations import citations_with_links, message_annotations, page_link
from serve.v1.asking import PendingAnswer


async def _nothing() -> AsyncGenerator[str | AnswerResponse]:
    for part in ():
        yield part


def asked(base_url: str = "http://kb.example:8080/", collection: str = "") -> PendingAnswer:
    return PendingAnswer(_nothing(), {}, base_url, collection)


def citation(quote: str = "It lasts 16 weeks.", doc: str = "club.pdf", page: int = 2) -> Citation:
    return Citation(doc=doc, sha256="ab" * 32, page=page, start=10, end=10 + len(quote), quote=quote)


def reply(text: str, *citations: Citation, **over: Any) -> AnswerResponse:
    fields: dict[str, Any] = {
        "ground": "cited",
        "model": "m",
        "finish": "stop",
        "prompt_tokens": 1,
        "completion_tokens": 1,
    }
    return AnswerResponse(text=text, citations=citations, **{**fields, **over})


def marked(answer: AnswerResponse) -> list[str]:
    links = citations_with_links(answer, asked())
    return [answer.text[link["start_index"] : link["end_index"]] for link in links]


def test_a_quote_is_marked_where_it_stands() -> None:
    assert marked(reply("So: It lasts 16 weeks. Thanks.", citation())) == ["It lasts 16 weeks."]


def test_without_the_quote_its_place_is_marked_then_the_statement_then_all() -> None:
    text = "A tour takes 16 weeks (club.pdf, p. 3). It is long."
    statement = Statement(text="It is long.", citations=(0,))
    assert marked(reply(text, citation("another quote"))) == ["(club.pdf, p. 3)"]
    without_place = "A tour takes 16 weeks. It is long."
    assert marked(reply(without_place, citation("another quote"), statements=[statement])) == ["It is long."]
    assert marked(reply(without_place, citation("another quote"))) == [without_place]
    assert marked(reply("", citation(""))) == [""]


def test_links_are_in_the_order_of_the_citations_and_pages_count_from_one() -> None:
    answer = reply("One. Two.", citation("Two.", page=0), citation("One.", doc="a b.pdf", page=4))
    links = citations_with_links(answer, asked())
    assert [link["title"] for link in links] == ["club.pdf, p. 1", "a b.pdf, p. 5"]
    assert marked(answer) == ["Two.", "One."]
    assert message_annotations(answer, asked()) == [{"type": "url_citation", "url_citation": link} for link in links]
    assert citations_with_links(reply("One."), asked()) == []


@pytest.mark.parametrize(("doc", "path"), [("club.pdf", "/image"), ("CLUB.PDF", "/image"), ("club.md", "")])
@pytest.mark.parametrize("base_url", ["http://kb.example:8080/", "https://host/under/"])
def test_a_link_leads_to_the_picture_of_a_page_or_to_its_text(doc: str, path: str, base_url: str) -> None:
    url = page_link(citation(doc=doc), asked(base_url))
    assert url.startswith(f"{base_url}v1/documents/{'ab' * 32}/pages/2{path}?")
    assert parse_qs(urlsplit(url).query) == {"start": ["10"], "end": ["28"]}


def test_a_collection_other_than_the_default_is_part_of_the_link() -> None:
    query = parse_qs(urlsplit(page_link(citation(), asked(collection="club"))).query)
    assert query["collection"] == ["club"]

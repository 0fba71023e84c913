"""The operations of the server, as its API, page and tools call them."""

from __future__ import annotations

import numpy as np
import pytest

from serve.errors import NotFound
from tests.serve.conftest import QUESTION, Running


async def test_search_narrows_to_documents_and_pages(server: Running) -> None:
    hits = await server.service.search(QUESTION, 5)
    assert hits and hits[0].doc == "handbook.pdf"
    narrowed = await server.service.search(QUESTION, 5, docs=["manual.pdf"])
    assert {hit.doc for hit in narrowed} == {"manual.pdf"}
    first = await server.service.search(QUESTION, 5, docs=["handbook.pdf"], pages=[0])
    assert {hit.page for hit in first} <= {0}
    with pytest.raises(NotFound, match=r"none\.pdf"):
        await server.service.search(QUESTION, 5, docs=["none.pdf"])


async def test_hits_as_json_have_the_label_of_their_page(server: Running) -> None:
    (hit,) = await server.service.search_json(QUESTION, 1, docs=["handbook.pdf"])
    document, page = await server.service.page(hit["sha256"], hit["page"])
    assert page.text[hit["start"] : hit["end"]] == hit["text"]
    assert hit["page_label"] == (page.label or str(page.index + 1)) and document.doc == hit["doc"]


async def test_an_unknown_collection_is_not_found_and_has_no_documents(server: Running) -> None:
    assert await server.service.documents("none") == []
    with pytest.raises(NotFound) as caught:
        await server.service.search("x", 1, collection="none")
    assert caught.value.click
    assert (await server.service.collections())[0] == "default"


@pytest.mark.parametrize("page", [-1, 999])
async def test_a_page_that_does_not_exist_is_not_found(server: Running, page: int) -> None:
    with pytest.raises(NotFound):
        await server.service.page("handbook.pdf", page)


async def test_a_span_outside_the_page_is_cut(server: Running) -> None:
    view = await server.service.page_view("handbook.pdf", 0, -5, 10**9)
    assert (view.start, view.end) == (0, len(view.page.text)) and view.picture
    nothing = await server.service.page_view("handbook.pdf", 0, 10, 3)
    assert nothing.start == nothing.end


async def test_texts_become_unit_vectors_and_long_ones_are_read_in_parts(server: Running) -> None:
    texts = await server.service.embed(["a tide gauge", "a pay slip", "word " * 2000], query=False)
    assert texts.vectors.shape == (3, 384) and texts.token_count > 2000
    assert np.allclose(np.linalg.norm(texts.vectors, axis=1), 1, atol=1e-3)
    assert texts.in_parts == (2,)


async def test_models_are_unknown_by_path_and_address(server: Running) -> None:
    for id_ in ("gguf:/etc/passwd", "hf:/tmp", "openai:x@http://127.0.0.1:1", "run:../x", "", "+rag+rag"):
        with pytest.raises(NotFound, match="unknown model"):
            await server.service.controls(id_)

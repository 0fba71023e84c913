"""The contract of `Store`, for every implementation, and its step with the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core.files import Home
from core.types import Page
from rag.catalogue.reader import EmbeddedChunk
from rag.catalogue.writer import Catalogue
from rag.open import open_store
from rag.store.base import Store, lacking, sync
from rag.store.lance import ANN_FROM_ROWS, LanceStore
from tests.support.documents import DIMENSION, put, rows_of, sha_of, vector_of
from tests.support.live_weaviate import Node, one_server

# Opens the index of a test once more: a collection and a dimension that tests share.
Opener = Callable[[int], Store]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with one_server(tmp_path_factory.mktemp("weaviate")) as node:
        yield node


@pytest.fixture(params=["lancedb", pytest.param("weaviate", marks=pytest.mark.live)])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    if request.param == "lancedb":
        return lambda dimension: LanceStore(tmp_path / "index", "default", dimension)
    node: Node = request.getfixturevalue("server")
    # An empty home each, so that tests share a server and no collection.
    return lambda dimension: open_store(node.settings(), Home(tmp_path / "home"), "default", dimension)


@pytest.fixture
def store(opener: Opener) -> Store:
    return opener(DIMENSION)


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(tmp_path / "catalogue.sqlite", create=True)


def fill(store: Store) -> tuple[str, str]:
    first, second = sha_of("first"), sha_of("second")
    store.add(rows_of(first, Page(index=0, text="the heron nests in reeds\nthe tide table of spring")))
    store.add(rows_of(second, Page(index=4, text="herons and other waders")))
    store.optimize()
    return first, second


def test_an_index_that_is_not_there_finds_nothing(store: Store) -> None:
    assert store.dense(vector_of("x"), 5) == []
    assert store.bm25("x", 5) == []
    assert store.count() == 0
    store.drop({sha_of("x")})
    store.optimize()


def test_dense_finds_the_nearest_with_its_cosine(store: Store) -> None:
    first, _ = fill(store)
    (best, score), *rest = store.dense(vector_of("the heron nests in reeds"), 3)
    assert best == f"{first}:0:0:24"
    assert score == pytest.approx(1.0, abs=1e-5)
    expected = float(np.dot(vector_of("the heron nests in reeds"), vector_of("the tide table of spring")))
    assert dict(rest)[f"{first}:0:25:49"] == pytest.approx(expected, abs=1e-5)


def test_bm25_stems_and_ranks(store: Store) -> None:
    first, second = fill(store)
    found = store.bm25("herons", 5)
    assert {chunk_id.split(":")[0] for chunk_id, _ in found} == {first, second}
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert store.bm25("tide", 5)[0][0].startswith(first)


@pytest.mark.parametrize("query", ["", "?!", 'it\'s "quoted" AND (broken', "a:b^2 ~ * +x -y", "'; DROP TABLE"])
def test_no_query_is_a_fault(store: Store, query: str) -> None:
    fill(store)
    assert isinstance(store.bm25(query, 5), list)


def test_filters_by_document_and_page(store: Store) -> None:
    first, second = fill(store)
    query = vector_of("the heron nests in reeds")
    assert {i.split(":")[0] for i, _ in store.dense(query, 5, docs=[second])} == {second}
    assert {i.split(":")[1] for i, _ in store.dense(query, 5, pages=[0])} == {"0"}
    assert {i.split(":")[0] for i, _ in store.bm25("heron", 5, docs=[first])} == {first}
    assert store.bm25("heron", 5, docs=[first], pages=[4]) == []
    assert store.dense(query, 5, docs=[]) == []


def test_drop_removes_a_document_and_clear_everything(store: Store) -> None:
    first, second = fill(store)
    store.drop({first})
    assert store.count() == 1
    assert {i.split(":")[0] for i, _ in store.dense(vector_of("x"), 5)} == {second}
    store.clear()
    assert store.count() == 0
    assert store.dense(vector_of("x"), 5) == []


def test_another_handle_sees_what_was_added(store: Store, opener: Opener) -> None:
    other = opener(DIMENSION)
    assert other.count() == 0
    fill(store)
    assert other.count() == 3
    store.add(rows_of(sha_of("third"), Page(index=0, text="late arrival")))
    assert other.dense(vector_of("late arrival"), 1)[0][1] == pytest.approx(1.0, abs=1e-5)
    assert other.bm25("arrival", 1)


def test_approximate_search_keeps_its_recall(opener: Opener) -> None:
    store = opener(384)
    rng = np.random.default_rng(7)
    # Clustered, as embeddings of text are; neighbours in isotropic noise are no neighbours.
    centres = rng.standard_normal((100, 384))
    count = ANN_FROM_ROWS + 10
    vectors = (centres[rng.integers(100, size=count)] + 0.9 * rng.standard_normal((count, 384))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    page = Page(index=0, text="\n".join(f"line {i}" for i in range(len(vectors))))
    rows = [EmbeddedChunk(row.chunk, vector) for row, vector in zip(rows_of("ab" * 32, page), vectors, strict=True)]
    store.add(rows)
    store.optimize()
    hits = 0
    for query in vectors[rng.integers(len(vectors), size=20)] + 0.03 * rng.standard_normal((20, 384)):
        exact = {rows[i].chunk.id for i in np.argsort(-(vectors @ query))[:10]}
        hits += len(exact & {chunk_id for chunk_id, _ in store.dense(query.astype(np.float32), 10)})
    assert hits / 200 >= 0.95


def test_sync_brings_the_index_in_step(store: Store, catalogue: Catalogue) -> None:
    first = put(catalogue, "a.pdf", ["one\ntwo"])
    put(catalogue, "b.pdf", ["three"])
    assert sync(store, catalogue, "default") is True
    assert store.count() == 3
    assert sync(store, catalogue, "default") is False
    put(catalogue, "b.pdf", ["three", "four"])
    catalogue.forget("default", first)
    assert sync(store, catalogue, "default") is True
    assert store.count() == catalogue.counts("default")["chunks"] == 2


def test_sync_after_a_cut_doubles_nothing(store: Store, catalogue: Catalogue) -> None:
    put(catalogue, "a.pdf", ["one\ntwo"])
    document = catalogue.to_index(store.name, "default")[0]
    # The rows were added and the process died before it noted so.
    store.add(list(catalogue.embedded_chunks(document)))
    sync(store, catalogue, "default")
    assert store.count() == 2


def test_adding_twice_after_a_drop_and_under_odd_names_is_exact(store: Store) -> None:
    page = Page(index=0, text="café Zürich 1,200.50 naïve\n$1.2bn — “quoted”\n日本語の文")
    sha256 = sha_of("odd")
    store.add(rows_of(sha256, page))
    store.drop({sha256})
    store.add(rows_of(sha256, page))
    store.optimize()
    assert store.count() == 3
    assert store.bm25("cafe zurich", 3)[0][0] == f"{sha256}:0:0:26"


def test_an_index_that_was_lost_is_built_anew(store: Store, catalogue: Catalogue) -> None:
    put(catalogue, "a.pdf", ["one\ntwo"])
    sync(store, catalogue, "default")
    assert lacking(store, catalogue, "default") == 0
    store.clear()
    assert lacking(store, catalogue, "default") == 1
    assert sync(store, catalogue, "default") is True
    assert store.count() == 2
    assert lacking(store, catalogue, "default") == 0


def test_lists_are_what_both_searches_find_in_every_place(store: Store) -> None:
    first, second = fill(store)
    text, vector = "heron tide", vector_of("heron tide")
    places = [(3, None), (2, {second})]
    for _ in range(3):  # an index may keep in memory what it was asked before
        near, words = store.lists(text, lambda: vector, places)
        for (k, docs), dense, bm25 in zip(places, near, words, strict=True):
            assert dict(dense) == pytest.approx(dict(store.dense(vector, k, docs=docs)), abs=1e-5)
            assert dict(bm25) == pytest.approx(dict(store.bm25(text, k, docs=docs)), abs=1e-5)
    store.drop({first})
    near, words = store.lists(text, lambda: vector, [(3, None)])
    assert {chunk.split(":")[0] for found in (near[0], words[0]) for chunk, _ in found} == {second}


def test_a_fault_of_the_embedder_is_not_the_index_s(store: Store) -> None:
    fill(store)

    def embed() -> np.ndarray:  # type: ignore[type-arg]
        raise RuntimeError("the model broke")

    with pytest.raises(RuntimeError, match=r"^the model broke$"):
        store.lists("heron", embed, [(3, None)])
    assert store.lists("heron", lambda: vector_of("heron"), [(3, None)])[0][0]

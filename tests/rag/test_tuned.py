"""What is kept of a tuned search: its file, to whom it belongs, and what a search does with it."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import DataError
from core.files import Home
from core.settings import RagSettings, Settings
from rag.search.search import Searcher
from rag.search.tuned import QueryAdapter, SearchTuning, SearchWeights, drop_tuning, read_tuning, tuning_for
from tests.support.word_collection import DIMENSION, BagOfWords, Collection

BASE = SearchWeights.of(RagSettings())


def renaming(word: str, meant: str) -> QueryAdapter:
    """An adapter under which a query with one word is one with the other word, too."""
    down, up = np.zeros((DIMENSION, 1), np.float32), np.zeros((1, DIMENSION), np.float32)
    down[zlib.crc32(word.encode()) % DIMENSION] = 1
    up[0, zlib.crc32(meant.encode()) % DIMENSION] = 4
    return QueryAdapter(down, up)


def tuning(**fields: object) -> SearchTuning:
    report = {"chosen": "adapter", "before": {"page_hit@1": {"value": 0.25}}, "after": {"page_hit@1": {"value": 0.5}}}
    kept = SearchTuning(
        collection="default",
        embedder=BagOfWords.identity.to_json(),
        base=BASE,
        weights=replace(BASE, bm25=0.5),
        adapter=renaming("blimmet", "rent"),
        documents=["a" * 64],
        created_at="2026-11-30T00:00:00+00:00",
        report=report,
    )
    return replace(kept, **fields)  # type: ignore[arg-type]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert read_tuning(tmp_path / "none.npz") is None
    kept = tuning()
    kept.write(tmp_path / "kept.npz")
    back = read_tuning(tmp_path / "kept.npz")
    assert back is not None and back.adapter is not None and kept.adapter is not None
    np.testing.assert_array_equal(back.adapter.down, kept.adapter.down)
    np.testing.assert_array_equal(back.adapter.up, kept.adapter.up)
    assert replace(back, adapter=None) == replace(kept, adapter=None)
    assert back.line() == "search tuned by adapter (right page first 0.25 -> 0.50, held out)"
    tuning(adapter=None).write(tmp_path / "weights.npz")
    assert read_tuning(tmp_path / "weights.npz") == tuning(adapter=None)


def test_a_damaged_file_is_no_tuning(tmp_path: Path) -> None:
    path = tmp_path / "kept.npz"
    tuning().write(path)
    whole = path.read_bytes()
    for damage in (b"", b"no archive", whole[: len(whole) // 2]):
        path.write_bytes(damage)
        with pytest.raises(DataError, match=r"kept\.npz") as caught:
            read_tuning(path)
        assert caught.value.hint == "kb tune-search --reset"
    tuning(adapter=QueryAdapter(np.zeros((3, 1), np.float32), np.zeros((1, 3), np.float32))).write(path)
    with pytest.raises(DataError, match="dimensions"):
        read_tuning(path)
    down = np.full((DIMENSION, 1), np.nan, np.float32)
    tuning(adapter=QueryAdapter(down, np.zeros((1, DIMENSION), np.float32))).write(path)
    with pytest.raises(DataError, match="no numbers"):
        read_tuning(path)


def test_it_holds_for_its_collection_and_embedder_alone(home: Home) -> None:
    rag, identity = RagSettings(), BagOfWords.identity.to_json()
    assert tuning_for(home, rag, "default", identity) == (None, "")
    tuning().write(home.search_tuning("default"))
    kept, note = tuning_for(home, rag, "default", identity)
    assert kept is not None and kept.documents == ["a" * 64] and not note
    assert tuning_for(home, RagSettings(tuned=False), "default", identity) == (None, "")
    kept, note = tuning_for(home, rag, "default", {**identity, "model": "other"})
    assert kept is None and "embedder bag" in note and "kb tune-search" in note
    home.search_tuning("default").rename(home.search_tuning("mine"))
    kept, note = tuning_for(home, rag, "mine", identity)
    assert kept is None and "collection 'default'" in note and note.endswith("kb tune-search --collection mine")
    home.search_tuning("mine").write_bytes(b"damaged")
    kept, note = tuning_for(home, rag, "mine", identity)
    assert kept is None and note.endswith("kb tune-search --reset --collection mine")
    assert drop_tuning(home, "mine") and not drop_tuning(home, "mine")


def test_weights_that_a_person_changed_win() -> None:
    assert tuning().weights_under(RagSettings()).bm25 == 0.5
    assert tuning().weights_under(RagSettings(bm25_weight=0.1)) == replace(BASE, bm25=0.1)
    assert tuning().weights_under(RagSettings(router_weight=0)).bm25 == BASE.bm25


def test_adapted_vectors_have_unit_length() -> None:
    vectors = np.eye(DIMENSION, dtype=np.float32)[:5]
    adapter = renaming("blimmet", "rent")
    np.testing.assert_allclose(np.linalg.norm(adapter(vectors), axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(adapter(vectors)[2], adapter(vectors[2]), atol=1e-6)
    np.testing.assert_allclose(adapter.scaled(0.0)(vectors), vectors)


def test_a_tuned_search_finds_by_another_word_and_shows_the_own_cosine(tmp_path: Path) -> None:
    collection = Collection(tmp_path, Settings())
    collection.add("lease.md", ["The cats sleep here.", "The rent falls due.", "The boiler heats."])

    def first(kept: SearchTuning | None) -> tuple[int, float | None]:
        searcher = Searcher(
            store=collection.store,
            catalogue=collection.catalogue,
            embedder=collection.embedder,
            settings=Settings(),
            collection="default",
            tuning=kept,
        )
        hit = searcher.search("Tell me of blimmet", 3)[0]
        own = collection.embedder.embed_query("Tell me of blimmet")
        chunk = f"{hit.sha256}:{hit.page}:{hit.start}:{hit.end}"
        vector = collection.catalogue.vectors("default", [chunk, f"{hit.sha256}:9:0:1"])
        assert list(vector) == [chunk]
        assert hit.dense == pytest.approx(float(own @ vector[chunk]), abs=1e-5)
        return hit.page, hit.dense

    assert first(tuning())[0] == 1
    assert first(None)[0] != 1

"""Versions of a LanceDB table that are kept under a name."""

from __future__ import annotations

from pathlib import Path

from core.types import Page
from rag.store.lance import LanceStore
from tests.support.documents import DIMENSION, rows_of, vector_of


def store_of(root: Path, tag: str = "") -> LanceStore:
    return LanceStore(root, "default", DIMENSION, tag=tag)


def test_a_tagged_version_is_searched_while_the_table_goes_on(tmp_path: Path) -> None:
    store = store_of(tmp_path)
    assert store.tag("early") == 0
    store.add(rows_of("a" * 64, Page(index=0, text="kelp grows here")))
    store.optimize()
    assert store.tag("early") > 0
    store.add(rows_of("b" * 64, Page(index=0, text="seals sleep here")))
    store.drop(["a" * 64])
    store.optimize()
    early = store_of(tmp_path, "early")
    assert early.has_tag() and early.count() == 1
    assert [row[0][:1] for row in early.bm25("kelp", 5)] == ["a"]
    assert [row[0][:1] for row in early.dense(vector_of("kelp grows here"), 5)] == ["a"]
    assert [row[0][:1] for row in store_of(tmp_path).bm25("seals", 5)] == ["b"]
    assert store_of(tmp_path).bm25("kelp", 5) == []


def test_a_name_that_is_let_go_is_gone(tmp_path: Path) -> None:
    store = store_of(tmp_path)
    store.add(rows_of("a" * 64, Page(index=0, text="kelp")))
    store.tag("early")
    store.untag(["early", "never"])
    assert not store_of(tmp_path, "early").has_tag()
    store.optimize()
    store.clear()
    assert not store_of(tmp_path, "early").has_tag()
    store.untag(["early"])

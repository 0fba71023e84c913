"""Names that Weaviate takes and never confuses, words as the index sees them, ids that follow from the chunk."""

from __future__ import annotations

import re
import threading
import unicodedata
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from core.files import Home
from core.settings import WeaviateSettings
from core.types import Page
from rag.store.weaviate.schema import as_object, collection_name, definition, home_id, searched_terms
from tests.support.documents import rows_of, sha_of

# As kb.settings lets a collection be called.
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", fullmatch=True)
homes = st.from_regex(r"[0-9a-f]{12}", fullmatch=True)


@given(names, names, homes, homes)
def test_names_are_valid_and_differ_even_without_case(first: str, second: str, one: str, other: str) -> None:
    made = collection_name(one, first)
    assert re.fullmatch(r"[A-Z][_0-9A-Za-z]{0,254}", made)
    assert (made.lower() == collection_name(other, second).lower()) == ((one, first) == (other, second))


def test_a_home_keeps_its_id_and_two_threads_agree_on_it(tmp_path: Path) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(home_id(Home(tmp_path / "a")))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1 and re.fullmatch(r"[0-9a-f]{12}", found[0])
    assert home_id(Home(tmp_path / "b")) != found[0]


@given(st.text())
def test_terms_depend_on_no_spelling_of_accents(text: str) -> None:
    assert searched_terms(text) == " ".join(searched_terms(text).split())
    assert searched_terms(unicodedata.normalize("NFC", text)) == searched_terms(unicodedata.normalize("NFD", text))


def test_terms_are_stems_and_numbers_stay_whole() -> None:
    assert searched_terms("The herons’ nests, Zürich 1,200.50!") == "heron nest zurich 1200.5"
    assert searched_terms("?!") == ""


def test_an_object_s_id_follows_from_the_chunk_alone() -> None:
    (row,) = rows_of(sha_of("x"), Page(index=2, text="the heron"))
    made = as_object(row)
    assert made.uuid == as_object(row).uuid
    assert made.properties["chunk_id"] == row.chunk.id
    assert made.properties["text"] == "made up\nthe heron"
    (moved,) = rows_of(sha_of("x"), Page(index=3, text="the heron"))
    assert as_object(moved).uuid != made.uuid


def test_copies_and_shards_are_asked_for() -> None:
    made = definition(WeaviateSettings(replication=3, shards=4, quantizer="rq1"))
    assert made["replication_config"].factor == 3 and made["replication_config"].asyncEnabled is True
    assert made["sharding_config"].desiredCount == 4

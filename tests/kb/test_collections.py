"""Open collections: one set for each thread, reopened when what lies beneath was replaced."""

from __future__ import annotations

import shutil
import threading

import pytest

from core.errors import ConfigError
from core.files import Home
from kb.collections import Collections
from kb.maintenance import forget_documents, rebuild_index
from kb.workspace import open_workspace


def test_an_empty_home_has_no_collection(home: Home) -> None:
    collections = Collections(open_workspace())
    assert not collections.has("default")
    with pytest.raises(ConfigError, match="nothing has been ingested yet") as caught:
        collections.require("default")
    assert caught.value.hint and caught.value.click


@pytest.mark.weights
def test_a_thread_opens_a_collection_once(own_home: Home) -> None:
    collections = Collections(open_workspace(own_home.root))
    first = collections.knowledge("default")
    assert collections.knowledge("default") is first and collections.has("default") and not collections.has("other")
    others: list[bool] = []
    thread = threading.Thread(target=lambda: others.append(collections.knowledge("default") is first))
    thread.start()
    thread.join()
    assert others == [False]
    collections.close()
    assert collections.knowledge("default") is not first
    with pytest.raises(ConfigError, match="no collection 'other'"):
        collections.knowledge("other")


@pytest.mark.weights
def test_what_others_change_shows_without_reopening(own_home: Home) -> None:
    workspace = open_workspace(own_home.root)
    collections = Collections(workspace)
    assert {hit.doc for hit in collections.search("default", "rent", 5)} == {"alder.md", "update.pdf"}
    forget_documents(workspace, ["alder.md"])
    assert {hit.doc for hit in collections.search("default", "rent", 5)} == {"update.pdf"}


@pytest.mark.weights
def test_a_rebuilt_index_and_a_restored_catalogue_are_opened_again(own_home: Home) -> None:
    workspace = open_workspace(own_home.root)
    collections = Collections(workspace)
    first = collections.knowledge("default")
    shutil.rmtree(own_home.index)
    rebuild_index(workspace)
    assert collections.search("default", "rent", 1)[0].doc == "alder.md"
    copy = own_home.catalogue.with_suffix(".copy")
    shutil.copy(own_home.catalogue, copy)
    copy.replace(own_home.catalogue)
    assert collections.knowledge("default") is not first

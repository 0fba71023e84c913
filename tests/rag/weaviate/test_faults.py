"""Faults of a Weaviate server by their codes and sentences: which are retried, and what helps with the others."""

from __future__ import annotations

import importlib.util

import httpx
import pytest

from core.chat.remote.retry import Interrupted
from core.errors import BackendError

pytestmark = pytest.mark.skipif(not importlib.util.find_spec("weaviate"), reason="requires the extra 'weaviate'")
if importlib.util.find_spec("weaviate"):
    from rag.store.weaviate.faults import NoCollection, as_backend_error

URL = "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    "text",
    [
        "leader not found",
        "cannot reach enough replicas",
        "rpc error: connection refused",
        "context deadline exceeded",
        "store is not yet ready",
    ],
)
def test_what_passes_is_tried_again(text: str) -> None:
    assert type(as_backend_error(RuntimeError(text), URL)) is Interrupted


def test_a_broken_connection_further_down_is_tried_again() -> None:
    error = RuntimeError("query failed")
    error.__cause__ = httpx.ConnectError("refused")
    fault = as_backend_error(error, URL)
    assert type(fault) is Interrupted and fault.message == f"Weaviate at {URL} does not answer: refused"


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("anonymous access not enabled", "rejected the API key", "export WEAVIATE_API_KEY=KEY"),
        ("vectors with length 384 and vectors with length 768", "(384 and 768)", "kb reindex --store weaviate"),
        ("could not find class Kb in schema", "no such collection", "kb reindex --store weaviate"),
        ("not find enough weaviate nodes", "fewer nodes than weaviate.replication", "KB_WEAVIATE__REPLICATION=0"),
        ("store is read-only due to: disk usage too high", "rejects writes", "df -h"),
        ("strange", "strange", "kb doctor"),
    ],
)
def test_other_faults_name_the_step_that_helps(text: str, says: str, hint: str) -> None:
    fault = as_backend_error(RuntimeError(text), URL)
    assert isinstance(fault, BackendError) and not isinstance(fault, Interrupted)
    assert says in fault.message and fault.hint.startswith(hint)


def test_the_collection_stands_in_the_hint() -> None:
    fault = as_backend_error(RuntimeError("could not find class X"), URL, "mine")
    assert isinstance(fault, NoCollection) and fault.hint == "kb reindex --store weaviate --collection mine"


def test_a_dimension_is_never_taken_for_a_passing_fault() -> None:
    text = "new node has a vector with length 3; existing nodes have vectors with length 4: timeout"
    assert not isinstance(as_backend_error(RuntimeError(text), URL), Interrupted)


def test_details_of_grpc_are_shown_alone() -> None:
    text = 'Query call failed: <status = UNKNOWN details = "bad filter" debug = "...">'
    assert as_backend_error(RuntimeError(text), URL).message == f"Weaviate at {URL}: bad filter"

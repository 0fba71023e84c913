"""The client is imported without its change of the process's warnings filter."""

from __future__ import annotations

import subprocess
import sys

from rag.store.weaviate import client


def test_importing_the_client_leaves_the_warnings_filter_as_it_was() -> None:
    # Without -W: the client keeps its hands off where warnings are set on the command line.
    program = (
        "import warnings\n"
        "import rag.store.weaviate.connection, rag.store.weaviate.view\n"
        "shown = [entry for entry in warnings.filters if entry[0] == 'default' and entry[2] is Warning]\n"
        "assert not shown, shown\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr


def test_every_name_of_the_client_is_what_the_client_has() -> None:
    assert client.__all__ == sorted(client.__all__)
    for name in client.__all__:
        assert getattr(client, name).__module__.startswith("weaviate") or name == "client_log"
    faults = (client.UnexpectedStatusCodeError, client.WeaviateConnectionError, client.WeaviateTimeoutError)
    assert all(issubclass(fault, client.WeaviateBaseError) for fault in faults)
    assert client.client_log.name.startswith("weaviate")

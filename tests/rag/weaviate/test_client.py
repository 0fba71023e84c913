"""The client is imported without its change of the process's warnings filter."""

from __future__ import annotations

import subprocess
import sys


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

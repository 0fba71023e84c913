"""LanceDB is imported without the client for remote catalogues, which stays importable."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import sys
from rag.store.lancedb_light import lancedb
client = "lance_namespace_urllib3_client"
assert lancedb.connect
assert [name for name in sys.modules if name.startswith(client)] == []
assert all("StandIn" not in type(finder).__name__ for finder in sys.meta_path)
import lance_namespace_urllib3_client as real
assert real.__file__ and real.__spec__.origin
"""


def test_the_client_is_left_out_and_can_be_imported_later() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr

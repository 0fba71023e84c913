"""LanceDB is imported without the client for remote catalogues, which stays importable."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rag.store.lancedb_light import LOOP, lancedb

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


def test_a_local_table_is_written_and_read_without_it(tmp_path: Path) -> None:
    connection = lancedb.connect(tmp_path)
    table = connection.create_table("boats", [{"name": "Pipit", "length_m": 9}])
    table.add([{"name": "Tern", "length_m": 12}])
    assert table.count_rows() == 2
    assert table.search().where("length_m > 10").to_list() == [{"name": "Tern", "length_m": 12}]


async def _answer() -> int:
    return 7


def test_coroutines_run_on_its_loop() -> None:
    assert LOOP.run(_answer()) == 7

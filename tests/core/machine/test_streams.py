"""Closed streams are opened, and what an encoding lacks is escaped."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from core.machine.streams import mend_streams

_PROGRAM = "from core.machine.streams import mend_streams; mend_streams(); print('caf\u00e9'); open('/dev/null')"


def test_what_an_encoding_lacks_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="ascii"))
    mend_streams()
    sys.stdout.write("caf\u00e9")
    sys.stdout.flush()
    assert written.getvalue() == b"caf\\xe9"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_closed_stream_is_opened(number: int) -> None:
    again = f"os.execv(sys.executable, [sys.executable, '-c', {_PROGRAM!r}])"
    closed = f"import os, sys; os.close({number}); {again}"
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", closed], env=environment, capture_output=True, check=False)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)

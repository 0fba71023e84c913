"""Telemetry of libraries is off before they are imported, also in child processes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from core.telemetry import SWITCHES, disable


def test_switches_are_set_and_override(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SWITCHES:
        monkeypatch.setenv(name, "elsewhere")
    disable()
    assert {name: os.environ[name] for name in SWITCHES} == SWITCHES


def test_openvino_takes_its_stub() -> None:
    code = (
        "import sys; from core.telemetry import disable; disable(); import openvino;"
        "print(sys.modules['openvino_telemetry'], 'kernels' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True).stdout
    assert shown.split() == ["None", "True"]

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.inference import cpu_key, has_bf16, pick_precision

_IMPORTS = """
import sys
from core.inference import core
assert "openvino.tools.ovc" not in sys.modules
core()
import openvino_genai, openvino_tokenizers
from openvino.tools.ovc import convert_model
assert callable(convert_model)
print(sys.modules["openvino_telemetry"])
"""


def test_openvino_counts_nobody(tmp_path: Path) -> None:
    """Left alone, its import writes a client id under HOME and sends an event."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTS],
        env={**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "None"
    assert list(tmp_path.iterdir()) == []


def test_precision_follows_the_cpu() -> None:
    assert pick_precision("f32") == "f32"
    assert pick_precision("auto") == ("bf16" if has_bf16() else "f32")
    if has_bf16():
        assert pick_precision("bf16") == "bf16"
    else:
        with pytest.raises(ConfigError, match="bfloat16"):
            pick_precision("bf16")
    with pytest.raises(ConfigError, match="f16"):
        pick_precision("f16")


def test_a_cpu_keeps_its_name() -> None:
    assert cpu_key() == cpu_key()
    assert len(cpu_key()) == 8

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.inference import bf16_pays, cpu_key, has_bf16, pick_precision

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
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "None"
    assert list(tmp_path.iterdir()) == []


def test_precision_follows_the_cpu() -> None:
    assert pick_precision("f32") == "f32"
    assert pick_precision("auto") == ("bf16" if bf16_pays() else "f32")
    if has_bf16():
        assert pick_precision("bf16") == "bf16"
    else:
        with pytest.raises(ConfigError, match="bfloat16"):
            pick_precision("bf16")
    with pytest.raises(ConfigError, match="f16"):
        pick_precision("f16")


@pytest.mark.parametrize(
    ("listed", "pays"),
    [
        ("vendor_id : GenuineIntel\nflags : avx512_bf16 amx_bf16 amx_tile", True),
        ("vendor_id : GenuineIntel\nflags : avx512_bf16", False),
        ("vendor_id : AuthenticAMD\nflags : avx512_bf16", True),
        ("CPU implementer : 0x41\nFeatures : bf16", True),
    ],
)
def test_bf16_is_taken_where_it_is_faster(monkeypatch: pytest.MonkeyPatch, listed: str, pays: bool) -> None:
    monkeypatch.setattr("core.inference._cpu_info", lambda: listed)
    monkeypatch.setattr("core.inference.has_bf16", lambda: True)
    assert pick_precision("auto") == ("bf16" if pays else "f32")
    assert pick_precision("bf16") == "bf16"
    monkeypatch.setattr("core.inference.has_bf16", lambda: False)
    assert pick_precision("auto") == "f32"


def test_a_cpu_keeps_its_name() -> None:
    assert cpu_key() == cpu_key()
    assert len(cpu_key()) == 8


_THREADS = """
import locale, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np
from core.inference import compile_cached, openvino
from openvino import opset13

def graph(number: int) -> Path:
    given = opset13.parameter([-1, 8], np.float32)
    weights = opset13.constant(np.ones((8, 8 * number), np.float32))
    path = Path(sys.argv[1]) / f"{number}.xml"
    openvino.save_model(openvino.Model([opset13.matmul(given, weights, False, False)], [given], "graph"), path)
    return path

locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
paths = [graph(number) for number in range(1, 9)]
with ThreadPoolExecutor(4) as threads:
    list(threads.map(lambda path: compile_cached(path, "f32", {}), paths * 12))
print(locale.setlocale(locale.LC_CTYPE))
"""


def test_compiling_in_threads_leaves_the_locale_alone(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _THREADS, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.strip() == "C.UTF-8"

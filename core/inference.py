"""OpenVINO as this program uses it: quiet, and aware of what the CPU can do.

Importing OpenVINO counts the use and sends it off unless its statistics package is absent; here it is made absent
before the import.
"""

from __future__ import annotations

import hashlib
import platform
import re
import sys
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import ConfigError

# A module entry of None makes `import` fail as if the package were not installed; OpenVINO then takes its own stub.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
# The model converter is a third of OpenVINO's import time; whoever converts imports it by itself.
_CONVERTER = "openvino.tools.ovc"
_postponed = "openvino" not in sys.modules and _CONVERTER not in sys.modules
if _postponed:
    sys.modules[_CONVERTER] = None  # type: ignore[assignment]

import openvino  # noqa: E402

if _postponed:
    del sys.modules[_CONVERTER]

__all__ = ["bf16_pays", "compile_cached", "core", "cpu_key", "has_bf16", "openvino", "pick_precision"]

# OpenVINO 2026.4 sets the process's locale to "C" while it reads or writes cached code and puts it back afterwards. Two
# threads at once would leave it at "C", and every text that names no encoding would be read as ASCII from then on.
_compiling = threading.Lock()
# The latest compiled models by graph and settings, the oldest first.
_compiled: dict[tuple[object, ...], Any] = {}
_KEPT_MODELS = 4


@cache
def core() -> openvino.Core:
    """Return the process's one OpenVINO core."""
    return openvino.Core()


@cache
def cpu_key() -> str:
    """Return a short name for this kind of CPU, equal where compiled code may be shared."""
    listed = _cpu_info()
    features = re.search(r"^(flags|Features)\s*:.*$", listed, re.MULTILINE)
    described = f"{core().get_property('CPU', 'FULL_DEVICE_NAME')} {features[0] if features else listed}"
    return hashlib.sha256(described.encode()).hexdigest()[:8]


def compile_cached(graph: Path, precision: str, settings: Mapping[str, object]) -> Any:
    """Compile a stored graph for the CPU, keeping the compiled code beside it.

    OpenVINO 2026.4 takes code that was cached for one precision for another and then corrupts memory, so each precision
    and each kind of CPU has a cache of its own.

    Args:
        graph: The model's `.xml`.
        precision: `bf16` or `f32`.
        settings: Further OpenVINO properties.
    """
    cache_dir = graph.parent / f"{precision}-{cpu_key()}"
    fixed = {"INFERENCE_PRECISION_HINT": precision, "CACHE_DIR": str(cache_dir)}
    stat = graph.stat()
    key = (str(graph.resolve()), stat.st_mtime_ns, stat.st_size, precision, repr(sorted(settings.items())))
    with _compiling:
        # One copy of the weights, whoever reads them: every user makes requests of its own.
        model = _compiled.pop(key, None)
        if model is None:
            model = core().compile_model(str(graph), "CPU", {**settings, **fixed})
        _compiled[key] = model
        while len(_compiled) > _KEPT_MODELS:
            del _compiled[next(iter(_compiled))]
        return model


def has_bf16() -> bool:
    """Tell whether the CPU multiplies bfloat16 in hardware (AMX or AVX512_BF16), as OpenVINO sees it."""
    return "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def bf16_pays() -> bool:
    """Tell whether bfloat16 is faster than float32 on this CPU.

    Intel's cores without AMX have instructions for it that take longer: MiniLM embeds 40 chunks a second with them and
    67 in float32 (`bench/embed.py`). AMD's are faster.
    """
    info = _cpu_info()
    return has_bf16() and not ("GenuineIntel" in info and "amx_bf16" not in info)


def _cpu_info() -> str:
    listed = Path("/proc/cpuinfo")
    return listed.read_text(encoding="utf-8") if listed.is_file() else platform.processor()


def pick_precision(precision: str) -> str:
    """Return `bf16` or `f32`; `auto` takes bf16 where it is faster.

    Raises:
        ConfigError: bf16 is asked of a CPU without it, or the word is unknown.
    """
    if precision not in ("auto", "bf16", "f32"):
        raise ConfigError(f"precision {precision!r} is not auto, bf16 or f32", hint="kb config show")
    if precision == "auto":
        return "bf16" if bf16_pays() else "f32"
    if precision == "bf16" and not has_bf16():
        raise ConfigError("this CPU does not support bfloat16", hint="kb config show")
    return precision

"""Turns off the telemetry of the libraries that are used, before they are loaded.

The doors call `disable()` first thing. Values already set by the user win only where they are stricter;
nothing here needs a library to be installed.
"""

from __future__ import annotations

import logging
import os
import sys

SWITCHES: dict[str, str] = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "ANONYMIZED_TELEMETRY": "False",
    "TOKENIZERS_PARALLELISM": "true",
    "RAY_USAGE_STATS_ENABLED": "0",
}


def disable() -> None:
    """Set every switch in this process and, by inheritance, in its children."""
    os.environ.update(SWITCHES)
    # OpenVINO has no switch: with its statistics package absent it takes a stub of its own.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    # bitsandbytes 0.50 fetches code from the Hub through this package when it is imported, and complains without it.
    sys.modules.setdefault("kernels", None)  # type: ignore[arg-type]
    logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)

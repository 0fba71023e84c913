"""Model weights under `KB_HOME`: fetch, check, list, remove.

Knows files and hashes; refuses to know what a model computes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kb.errors import MissingExtra
from kb.files import Home

Progress = Callable[[str, int, int], None]


def require(name: str, home: Home) -> Path:
    """Return the folder of a model's prepared files.

    Raises:
        MissingExtra: It was never pulled; the hint pulls it.
    """
    folder = home.models / name
    if not (folder / "manifest.json").is_file():
        raise MissingExtra(f"the weights of {name!r} are not here", hint=f"kb models pull {name}")
    return folder

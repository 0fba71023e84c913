"""Finds the GGUF file that a spelling names: a path, a prepared model, or an exported run."""

from __future__ import annotations

from pathlib import Path

from core.backends import ModelSpec
from core.errors import ConfigError
from core.files import Home
from core.weights.shelf import require


def gguf_path(spec: ModelSpec, home: Home) -> Path:
    """Return the file.

    Raises:
        ConfigError: There is no such file or run, or the run has not been exported.
        MissingExtra: The prepared model has not been fetched.
    """
    if spec.kind == "smollm2":
        return require("smollm2", home) / "model.gguf"
    if spec.kind == "run":
        return _exported(spec.name, home)
    path = Path(spec.name).expanduser()
    if not path.is_file():
        raise ConfigError(f"no such file: {path}", hint="kb models list")
    return path


def _exported(name: str, home: Home) -> Path:
    """Return the GGUF file of a run: the unquantised one, else the largest that there is."""
    folder = home.runs / name
    if not folder.is_dir():
        raise ConfigError(f"no run {name!r}", hint="kb runs list")
    quantised = sorted(folder.glob("model-*.gguf"), key=lambda path: -path.stat().st_size)
    for path in (folder / "model.gguf", *quantised):
        if path.is_file():
            return path
    raise ConfigError(f"run {name!r} has not been exported", hint=f"kb export {name} --to gguf")

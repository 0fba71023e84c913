"""Finds the weights that a spelling names: a GGUF file by its path, a prepared model, or what there is of a run."""

from __future__ import annotations

import json
from pathlib import Path

from core.backends import ModelSpec
from core.chat.local.readable import is_readable
from core.errors import ConfigError
from core.files import Home
from core.weights.shelf import require

CONFIG, ADAPTER_CONFIG = "config.json", "adapter_config.json"
# Parts of a run's folder.
MERGED, ADAPTER = "merged", "adapter"
# peft's names of methods whose weights stay beside the model's own: learned tokens before the prompt or in attention.
_UNMERGED_KINDS = frozenset({"PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING", "ADAPTION_PROMPT"})


def gguf_path(spec: ModelSpec, home: Home) -> Path:
    """Return the file of a spelling that names one.

    Raises:
        ConfigError: There is no such file.
        MissingExtra: The prepared model has not been fetched.
    """
    if spec.kind == "smollm2":
        return require("smollm2", home) / "model.gguf"
    path = Path(spec.name).expanduser()
    if not path.is_file():
        raise ConfigError(f"no such file: {path}", hint="kb models list")
    return path


def run_weights(name: str, home: Home) -> Path:
    """Return what a run is asked from in this process.

    Returns:
        A GGUF file that OpenVINO GenAI reads (the unquantised one, else the largest), else a folder for transformers:
        the merged model, or the adapter of a method that cannot be merged.

    Raises:
        ConfigError: There is no such run, it is not trained to its end, or not exported.
    """
    folder = home.runs / name
    if not folder.is_dir():
        raise ConfigError(
            f"no run {name!r}", hint="kb runs list", click="choose another model under Model and controls"
        )
    weights = weights_in(folder)
    if weights is None:
        raise without_weights(folder)
    return weights


def without_weights(run: Path) -> ConfigError:
    """Return the error for the folder of a run that cannot be asked yet: the next step is training or an export."""
    if (run / ADAPTER).is_dir():
        return ConfigError(
            f"run {run.name!r} has not been exported",
            hint=f"kb export {run.name} --to hf  # or --to gguf, which answers faster",
            click="export it under Training",
        )
    return ConfigError(
        f"training of run {run.name!r} is not finished",
        hint=f"kb finetune --resume {run.name}",
        click="press Resume under Training",
    )


def weights_in(run: Path) -> Path | None:
    """Return what the folder of a run is asked from, as `run_weights` does; None where there is nothing yet."""
    files = [run / "model.gguf", *sorted(run.glob("model-*.gguf"), key=lambda path: -path.stat().st_size)]
    files = [path for path in files if path.is_file()]
    readable = next((path for path in files if is_readable(path)), None)
    if readable is not None:
        return readable
    if (run / MERGED / CONFIG).is_file():
        return run / MERGED
    if _stays_adapter(run / ADAPTER):
        return run / ADAPTER
    return next(iter(files), None)  # whoever opens it says what is wrong with it


def _stays_adapter(folder: Path) -> bool:
    """Tell whether a folder holds an adapter of a method that cannot be merged; damaged ones are met at loading."""
    try:
        kind = json.loads((folder / ADAPTER_CONFIG).read_bytes()).get("peft_type")
    except (OSError, ValueError, AttributeError):
        return False
    return kind in _UNMERGED_KINDS


def runs_with_weights(home: Home) -> list[str]:
    """Return the names of the runs that can be asked in this process, in order."""
    folders = sorted(path for path in home.runs.glob("[!.]*") if path.is_dir())
    return [folder.name for folder in folders if weights_in(folder) is not None]


def weight_files(weights: Path) -> list[Path]:
    """Return the files that hold the weights which `run_weights` or `gguf_path` found, in order of name."""
    return [weights] if weights.is_file() else sorted(weights.glob("*.safetensors"))

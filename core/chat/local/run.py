"""Opens a training run as a chat model: its GGUF file in OpenVINO GenAI, else its folders in transformers."""

from __future__ import annotations

import json
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.backends import ModelSpec
from core.chat.local.peft_adapter import Tuning, adapter_base, is_adapter
from core.chat.local.weights import CONFIG, run_weights
from core.errors import ConfigError, DataError
from core.files import Home
from core.prompt import RUN_CARD
from core.settings import Settings
from core.weights.shelf import folder_of

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

_RECIPE = "recipe.toml"


def open_spec(spec: ModelSpec, settings: Settings, home: Home) -> BaseChatModel:
    """Open what there is of a run; weights are loaded at the first question.

    Raises:
        ConfigError: There is no such run, it is not trained to its end, or not exported.
        MissingExtra: It runs in transformers, which is not installed.
        DataError: A file is damaged, or the base of an adapter is gone.
    """
    weights = run_weights(spec.name, home)
    if weights.is_file():
        from core.chat.local.genai import open_gguf

        return open_gguf(weights, settings.models, name=str(spec))
    from core.chat.local.hf import open_hf

    # What was merged has its system prompt in its chat template and its context in its configuration.
    tuning = _tuning(home.runs / spec.name, weights, home) if is_adapter(weights) else Tuning()
    return open_hf(str(weights), settings.models, spelling=str(spec), tuning=tuning)


def _tuning(run: Path, weights: Path, home: Home) -> Tuning:
    recipe = _read(run / _RECIPE)
    return Tuning(
        base=_base_of(run, weights, home),
        system=str(recipe.get("system") or ""),
        rope_scaling=str(recipe.get("rope_scaling") or "none"),
        rope_factor=float(recipe.get("rope_factor") or 1),
    )


def _base_of(run: Path, adapter: Path, home: Home) -> str:
    """Return the folder of an adapter's base: where it lay at training, else where the run's card has it.

    Raises:
        DataError: It is in neither place.
    """
    recorded = adapter_base(adapter)
    name = str(_read(run / RUN_CARD).get("base") or recorded).removeprefix("hf:")
    folders = [Path(recorded), Path(name).expanduser()]
    with suppress(ConfigError):  # no name of a stored model
        folders += [folder_of(name, home), folder_of(name, home) / "hf"]
    for folder in folders:
        if (folder / CONFIG).is_file():
            return str(folder)
    raise DataError(f"its base model {name} is gone", path=adapter, hint="kb models list")


def _read(path: Path) -> dict[str, Any]:
    hint = f"kb runs rm {path.parent.name}"
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read: {error}", path=path, hint=hint) from error
    if not isinstance(values, dict):
        raise DataError("cannot be read: not a JSON object", path=path, hint=hint)
    return values

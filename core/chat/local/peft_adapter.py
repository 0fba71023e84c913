"""An adapter of peft over its base, both read from folders; requires the extra `train`."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.chat.local.weights import ADAPTER_CONFIG
from core.errors import DataError
from core.weights.rope import stretch_context


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What training changed beside weights.

    Attributes:
        base: Folder of the base model; empty for the one that the adapter records.
        system: System prompt of a conversation that has none.
        rope_scaling: How the base's context was stretched: `linear`, `yarn` or `none`.
        rope_factor: How many times longer the context became.
    """

    base: str = ""
    system: str = ""
    rope_scaling: str = "none"
    rope_factor: float = 1.0


def is_adapter(folder: Path) -> bool:
    """Tell whether a folder holds an adapter and no whole model."""
    return (folder / ADAPTER_CONFIG).is_file()


def adapter_base(folder: Path) -> str:
    """Return the base that an adapter records: a folder or a Hub id.

    Raises:
        DataError: Its configuration is damaged or names none.
    """
    path = folder / ADAPTER_CONFIG
    try:
        base = json.loads(path.read_bytes()).get("base_model_name_or_path")
    except (OSError, ValueError, AttributeError) as error:
        raise DataError(f"cannot be read: {error}", path=path, hint="kb runs list") from error
    if not base:
        raise DataError("it does not name its base model", path=path, hint="kb runs list")
    return str(base)


def load_adapter(folder: Path, tuning: Tuning, **options: Any) -> Any:
    """Load a base and lay an adapter over it.

    Args:
        folder: peft's.
        tuning: As the adapter was trained.
        options: For `from_pretrained` of the base, `dtype` among them.

    Raises:
        DataError: The adapter's configuration is damaged.
        OSError, ValueError, RuntimeError: As peft and transformers.
    """
    import torch
    from peft import PeftModel
    from transformers import AutoConfig, AutoModelForCausalLM

    ignore_position_warning()
    base = tuning.base or adapter_base(folder)
    config = AutoConfig.from_pretrained(base, trust_remote_code=False)
    stretch_context(config, tuning.rope_scaling, tuning.rope_factor)
    with peft_warnings_ignored():
        model = AutoModelForCausalLM.from_pretrained(base, config=config, **options)
        tuned = PeftModel.from_pretrained(model, str(folder))
    for parameter in tuned.parameters():
        if parameter.dtype == torch.float32:  # as the adapter is stored; autocast did this at training
            parameter.data = parameter.data.to(options["dtype"])
    return tuned


def ignore_position_warning() -> None:
    """Ignore from now on that peft leaves positions of learned tokens to the model, which computes them itself."""
    warnings.filterwarnings("ignore", message="Position ids are not supported", category=UserWarning)


@contextmanager
def peft_warnings_ignored() -> Iterator[None]:
    """Ignore a warning about a name by which peft 0.21 asks transformers 5.23."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`", category=FutureWarning)
        yield

"""Bases whose stored weights are quantised: what they were made from, and whether another model can stand for it.

An adapter over such a base is merged into the full-precision model, since nothing is merged into quantised weights.
"""

from __future__ import annotations

import re
from pathlib import Path

from core.errors import ConfigError, MissingExtra
from core.files import Home
from finetune.training.base import Base, find_base

_SUFFIX = re.compile(
    r"[-_.](unsloth-bnb-4bit|bnb-[48]bit|(?:GPTQ|AWQ)(?:-Int\d|-\d+bit)?|Int[48]|[48]bit|w4a16|quantized\.\w+|FP8)\Z",
    re.IGNORECASE,
)
# `base_model:` at the head of a model card: a name, or a list of them.
_CARD_BASE = re.compile(r"\A---\n.*?^base_model:\s*(?:\n\s*-\s*)?[\"']?([\w.-]+/[\w.-]+)", re.MULTILINE | re.DOTALL)
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def full_precision_name(base: Base) -> str:
    """Return the Hub's name of the model that a quantised base was probably made from; empty where nothing tells.

    Its model card names it, or its own name does: `unsloth/llama-3-8b-bnb-4bit` was made from `unsloth/llama-3-8b`.
    """
    readme = base.folder / "README.md"
    card = readme.read_text(encoding="utf-8", errors="replace") if readme.is_file() else ""
    named = match[1] if (match := _CARD_BASE.match(card)) else ""
    return named if named and named != hub_name(base.spec) else name_without_suffix(hub_name(base.spec))


def hub_name(spec: str) -> str:
    """Return the Hub's name in a spelling of a model; empty where there is none.

    Folders of downloads carry it too: `models/ORG--NAME`, and `models--ORG--NAME` in the Hub's cache. No name on the
    Hub holds two dashes.
    """
    name = spec.removeprefix("hf:")
    for part in reversed(Path(name).parts):
        organisation, dashes, rest = part.removeprefix("models--").partition("--")
        if dashes and organisation and rest:
            return f"{organisation}/{rest}"
    return name if _HUB_ID.fullmatch(name) and not Path(name).is_dir() else ""


def name_without_suffix(name: str) -> str:
    """Return a model's name without what says how it is quantised; empty where nothing does."""
    shorter = _SUFFIX.sub("", name)
    return shorter if shorter != name else ""


def find_merge_base(base: Base, spec: str, home: Home, run: str = "RUN") -> Base:
    """Return the full-precision model into which an adapter over a quantised base is merged.

    Args:
        spec: As a person names it; empty takes the model that was probably quantised, where it is on this machine.
        run: For the hint.

    Raises:
        ConfigError: None is named and the likely one is not here; the hint names it. Or it does not fit the base.
        MissingExtra: The named one was never pulled.
        DataError: Its files cannot be read.
    """
    if spec:
        return _fitting(base, find_base(spec, home))
    likely = full_precision_name(base)
    try:
        return _fitting(base, find_base(f"hf:{likely}", home))
    except (ConfigError, MissingExtra) as error:
        fetch = f"kb models pull {likely} && " if likely and isinstance(error, MissingExtra) else ""
        raise ConfigError(
            f"the weights of {base.spec} are stored quantised ({base.shape.quantisation}); an adapter is merged into "
            f"the full-precision model they were made from, {likely or 'which is to be named'}",
            hint=f"{fetch}kb export {run} --merge-base {f'hf:{likely}' if likely else 'hf:ORG/NAME'}",
            click="train a run on a base model that is not quantised",
        ) from error


def _fitting(base: Base, other: Base) -> Base:
    """Return a model if it can be what a base was quantised from.

    Raises:
        ConfigError: It is quantised itself, or its sizes differ.
    """
    hint = "kb export RUN --merge-base hf:ORG/NAME"
    if other.shape.quantisation:
        raise ConfigError(f"merge base {other.spec} is stored quantised itself ({other.shape.quantisation})", hint=hint)
    names = ("model_type", "layers", "hidden", "intermediate", "heads", "kv_heads", "head_dim", "vocabulary")
    differing = [
        f"{name} {getattr(other.shape, name)} instead of {getattr(base.shape, name)}"
        for name in names
        if getattr(other.shape, name) != getattr(base.shape, name)
    ]
    if differing:
        raise ConfigError(
            f"merge base {other.spec} is not what {base.spec} was made from: {', '.join(differing)}", hint=hint
        )
    return other

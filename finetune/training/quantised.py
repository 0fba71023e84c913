"""Bases whose stored weights are quantised: what they were made from, and whether another model can stand for it.

An adapter over such a base is merged into the full-precision model, since nothing is merged into quantised weights.
"""

from __future__ import annotations

import re
from pathlib import Path

from core.errors import ConfigError, MissingExtra
from core.files import Home
from finetune.training.base import Base, find_base

# What names say of quantisation, from their end: `-GPTQ-Int4`, `-4bit-128g-actorder_True`, `.w4a16`, `-AWQ-INT4`.
_SUFFIX = re.compile(
    r"(?:[-_.](?:unsloth|dynamic|smashed|marlin|autoround|gptqmodel|quantized|quantised|bnb|gptq|awq|hqq|aqlm|exl[23]|nf4|"
    r"nvfp4|mxfp4|fp8|fp4|vptq|smoothquant|(?:\d\.)?\dbpw|b?int[348]|i?q[48]|[23468]-?bits?|w\d+a\d+|g\d+|\d+g|\dx\d+|"
    r"(?:no)?sym|asym|inc|actorder_(?:true|false)|(?:gs|gr)\d+))+\Z",
    re.IGNORECASE,
)
# Of these, a name needs one to be that of a quantised model.
_QUANTISED = re.compile(
    r"bnb|gptq|awq|hqq|aqlm|exl[23]|nf4|fp8|fp4|vptq|quanti[sz]ed|smoothquant|autoround|marlin|bpw|int[348]|q[48]|\dbit|"
    r"\d-bit|w\d+a\d+",
    re.IGNORECASE,
)
# Whose models other organisations quantise and publish under their own name, by the beginning of the model's.
_PUBLISHERS = (
    (("meta-llama-3", "llama-2", "llama-3", "llama-4", "codellama"), "meta-llama"),
    (("qwen", "qwq"), "Qwen"),
    (("mistral", "mixtral", "ministral", "codestral"), "mistralai"),
    (("gemma", "codegemma"), "google"),
    (("phi-",), "microsoft"),
    (("smollm",), "HuggingFaceTB"),
    (("deepseek",), "deepseek-ai"),
    (("olmo", "tulu"), "allenai"),
    (("granite",), "ibm-granite"),
    (("falcon",), "tiiuae"),
    (("yi-",), "01-ai"),
    (("zephyr",), "HuggingFaceH4"),
    (("tinyllama",), "TinyLlama"),
    (("starcoder",), "bigcode"),
    (("pythia",), "EleutherAI"),
)
# Organisations that publish quantised models of others, and not those models themselves.
_REQUANTISERS = frozenset(
    (
        "thebloke hugging-quants redhatai neuralmagic nm-testing mlx-community casperhansen solidrust techxgenus "
        "prunaai kaitchup ista-daslab modelcloud quanttrio cpatonn stelterlab study-hjt maziyarpanahi intel opea "
        "shuyuej ybelkada gaunernst"
    ).split()
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
    return named if named and named != hub_name(base.spec) else unquantised_name(hub_name(base.spec))


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


def unquantised_name(name: str) -> str:
    """Return the Hub's name of the model that a quantised one was probably made from; empty where nothing tells.

    It is the name without what says how it is quantised, under the organisation that publishes the model where this one
    only quantises.
    """
    match = _SUFFIX.search(name)
    if not match or not _QUANTISED.search(match[0]):
        return ""
    organisation, _, model = name[: match.start()].rpartition("/")
    if organisation.lower() not in _REQUANTISERS:
        return f"{organisation}/{model}".lstrip("/")
    publisher = next((owner for names, owner in _PUBLISHERS if model.lower().startswith(names)), "")
    return f"{publisher}/{model}" if publisher else ""


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

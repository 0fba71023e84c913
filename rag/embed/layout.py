"""Reads the folder layout of sentence-transformers: modules, pooling, prompts and the longest input.

Both spellings are read: one Boolean per pooling mode (before 5.3) and one `pooling_mode` (since).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import DataError

# Where neither the author nor the tokenizer states a limit.
_DEFAULT_MAX_TOKENS = 512
# Longer windows cost memory that grows with their square, and no chunk needs them.
_LARGEST_MAX_TOKENS = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderFolder:
    """What a folder says of itself.

    Attributes:
        config: The transformer's `config.json`.
        modules: Class names in order, such as `("Transformer", "Pooling", "Normalize")`.
        pooling: `mean`, `cls`, or what else the folder names.
        query_prefix: Empty where the folder states none.
        document_prefix: Likewise.
        max_tokens: Longest input, special tokens included.
        lower_case: Whether text is put in lower case before it is tokenised.
    """

    config: Mapping[str, Any]
    modules: tuple[str, ...]
    pooling: str
    query_prefix: str
    document_prefix: str
    max_tokens: int
    lower_case: bool

    @property
    def is_plain(self) -> bool:
        """Whether transformer, mean or CLS pooling and normalisation are all there is."""
        usual = self.modules in {("Transformer", "Pooling"), ("Transformer", "Pooling", "Normalize")}
        return usual and self.pooling in {"mean", "cls"} and not self.lower_case


def read_layout(folder: Path) -> EmbedderFolder:
    """Read a sentence-transformers folder.

    Raises:
        DataError: It is not one, or it is one of a kind whose vectors depend on more than the text.
    """
    listed = _read(folder / "modules.json", required=True)
    modules = tuple(entry["type"].rsplit(".", 1)[-1] for entry in listed)
    places = dict(zip(modules, (folder / entry["path"] for entry in listed), strict=True))
    transformer = places.get("Transformer", folder)
    pooling = _read(places["Pooling"] / "config.json") if "Pooling" in places else {}
    if pooling.get("include_prompt", True) is False:
        raise DataError("unsupported pooling: prompts are left out of it", path=folder)
    prompts = _read(folder / "config_sentence_transformers.json").get("prompts", {})
    settings = _read(transformer / "sentence_bert_config.json")
    config = _read(transformer / "config.json", required=True)
    return EmbedderFolder(
        config=config,
        modules=modules,
        pooling=_pooling_mode(pooling),
        query_prefix=prompts.get("query", ""),
        document_prefix=prompts.get("document") or prompts.get("passage") or "",
        max_tokens=_max_tokens(settings, _read(transformer / "tokenizer_config.json"), config),
        lower_case=bool(settings.get("do_lower_case", False)),
    )


def _read(path: Path, *, required: bool = False) -> Any:
    if not path.is_file():
        if required:
            raise DataError(f"not a sentence-transformers folder: {path.name} is missing", path=path.parent)
        return {}
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise DataError(f"not JSON: {error}", path=path) from error


def _pooling_mode(config: Mapping[str, Any]) -> str:
    modes = config.get("pooling_mode")
    if modes is None:
        prefix = "pooling_mode_"
        modes = [key.removeprefix(prefix) for key, on in config.items() if key.startswith(prefix) and on is True]
        modes = [mode.removesuffix("_tokens").removesuffix("_token") for mode in modes]
    return modes if isinstance(modes, str) else "+".join(modes)


def _max_tokens(settings: Mapping[str, Any], tokenizer: Mapping[str, Any], config: Mapping[str, Any]) -> int:
    stated = settings.get("max_seq_length")
    if not stated:
        limits = [tokenizer.get("model_max_length"), config.get("max_position_embeddings")]
        stated = min((int(limit) for limit in limits if limit), default=_DEFAULT_MAX_TOKENS)
    return min(int(stated), _LARGEST_MAX_TOKENS)

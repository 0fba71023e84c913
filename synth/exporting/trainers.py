"""Settings with which a trainer reads an exported file: LLaMA-Factory's `dataset_info.json`, Axolotl's YAML, Python
lines for TRL and Unsloth.

The formats are those of LLaMA-Factory 0.9.6 (`data/README.md`, `llamafactory/data/converter.py`), Axolotl 0.18
(`docs/dataset-formats`, `axolotl/prompt_strategies`), TRL 1.16 and Unsloth 2026.8 (`chat_templates.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import ConfigError, DataError
from core.files import atomic_write
from core.shell import quoted

TITLES = {"trl": "TRL", "unsloth": "Unsloth", "axolotl": "Axolotl", "llama-factory": "LLaMA-Factory"}
TRAINERS = tuple(TITLES)
_OPENAI_TAGS = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "system_tag": "system",
}
_LLAMA_FACTORY: Mapping[str, Mapping[str, Any]] = {
    "alpaca": {"columns": {"prompt": "instruction", "query": "input", "response": "output"}},
    "sharegpt": {"formatting": "sharegpt", "columns": {"messages": "conversations"}},
    "openai": {"formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": _OPENAI_TAGS},
    "dpo": {
        "ranking": True,
        "columns": {"prompt": "instruction", "query": "input", "chosen": "chosen", "rejected": "rejected"},
    },
    "kto": {"formatting": "sharegpt", "columns": {"messages": "conversations", "kto_tag": "kto_tag"}},
    "text": {"columns": {"prompt": "text"}},
}
_AXOLOTL: Mapping[str, str] = {
    "alpaca": "    type: alpaca\n",
    "sharegpt": (
        "    type: chat_template\n    field_messages: conversations\n"
        "    message_property_mappings:\n      role: from\n      content: value\n"
    ),
    "openai": "    type: chat_template\n    field_messages: messages\n    message_field_training: weight\n",
    "dpo": (
        "    type: chat_template.default\n    field_messages: prompt\n"
        "    field_chosen: chosen\n    field_rejected: rejected\n"
    ),
    "kto": (
        "    type:\n      field_prompt: prompt\n      field_completion: completion\n      field_label: label\n"
        '      prompt_format: "{prompt}"\n      completion_format: "{completion}"\n'
    ),
    "text": "    type: completion\n    field: text\n",
}
_TRAINER_CLASS = {"dpo": "DPOTrainer", "kto": "KTOTrainer"}


def settings_for(trainer: str, to: str, out: Path) -> str:
    """Return the settings with which a trainer reads a file.

    Args:
        trainer: One of `TRAINERS`.
        to: The format of the file.
        out: The file.

    Raises:
        ConfigError: The trainer does not read the format.
    """
    if trainer == "axolotl":
        return _axolotl(to, out)
    if trainer == "llama-factory":
        return json.dumps({out.stem: dataset_info(to, out)}, indent=2)
    load = f'load_dataset("json", data_files="{out}", split="train")'
    if trainer == "unsloth" and to in ("sharegpt", "openai"):
        load = f"standardize_data_formats({load})"
    if trainer == "unsloth" and to == "alpaca":
        load = f'to_sharegpt({load}, merged_prompt="{{instruction}}[[\\n\\n{{input}}]]", output_column_name="output")'
    if trainer == "trl" and to == "alpaca":
        # TRL has no reader of this format; --to trl is its own.
        return load
    return f"{_TRAINER_CLASS.get(to, 'SFTTrainer')}(..., train_dataset={load})"


def dataset_info(to: str, out: Path, columns: Sequence[str] = ()) -> dict[str, Any]:
    """Return LLaMA-Factory's description of a file.

    Args:
        to: The format.
        out: The file.
        columns: Columns for earlier turns and system messages, as of `Exported.columns`.

    Raises:
        ConfigError: It does not read the format.
    """
    if to not in _LLAMA_FACTORY:
        hint = "kb synth export DIR --to openai --for llama-factory --out FILE"
        raise ConfigError(f"LLaMA-Factory does not read {to}", hint=hint)
    entry = dict(_LLAMA_FACTORY[to])
    if columns:
        entry["columns"] = {**entry["columns"], **{name: name for name in columns}}
    return {"file_name": out.name, **entry}


def write_dataset_info(to: str, out: Path, columns: Sequence[str] = ()) -> Path:
    """Add a file's description to `dataset_info.json` beside it, which LLaMA-Factory reads from its `dataset_dir`.

    Raises:
        ConfigError: LLaMA-Factory does not read the format.
        DataError: `dataset_info.json` exists and is not a JSON object.
    """
    entry = dataset_info(to, out, columns)
    path = out.parent / "dataset_info.json"
    entries: Any = {}
    if path.is_file():
        try:
            entries = json.loads(path.read_bytes())
        except ValueError as error:
            raise DataError(f"not JSON: {error}", path=path, hint=f"rm {quoted(path)}") from error
    if not isinstance(entries, dict):
        raise DataError("not a JSON object", path=path, hint=f"rm {quoted(path)}")
    with atomic_write(path) as handle:
        handle.write((json.dumps({**entries, out.stem: entry}, indent=2, ensure_ascii=False) + "\n").encode())
    return path


def _axolotl(to: str, out: Path) -> str:
    if to not in _AXOLOTL:
        raise ConfigError(
            f"Axolotl does not read {to}", hint="kb synth export DIR --to openai --for axolotl --out FILE"
        )
    head = f"rl: {to}\n" if to in _TRAINER_CLASS else ""
    head += "remove_unused_columns: false\n" if to == "kto" else ""
    path = json.dumps(str(out))
    return f"{head}datasets:\n  - path: {path}\n    ds_type: json\n    split: train\n{_AXOLOTL[to]}".rstrip()

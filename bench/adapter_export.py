"""Writes the adapter of a run as it ships: float16 safetensors whose header says its scale."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors.numpy import load_file, save_file


def export_adapter(folder: Path, target: Path, header: Mapping[str, str]) -> None:
    """Write the adapter of a run, or of an adapter folder; the file is replaced whole.

    Args:
        folder: Of a run, or of peft's `adapter_config.json` and `adapter_model.safetensors`.
        target: File to write.
        header: Metadata beside scale, rank and alpha.

    Raises:
        SystemExit: There is no adapter in the folder.
    """
    adapter = next((path for path in (folder / "adapter", folder) if (path / "adapter_config.json").is_file()), None)
    if adapter is None:
        raise SystemExit(f"error: there is no adapter in {folder}")
    config = json.loads((adapter / "adapter_config.json").read_bytes())
    rank, alpha = config["r"], config["lora_alpha"]
    scale = alpha / (rank**0.5 if config["use_rslora"] else rank)
    tensors = {
        name: values.astype("float16") for name, values in load_file(adapter / "adapter_model.safetensors").items()
    }
    sizes = {"scale": repr(scale), "rank": str(rank), "alpha": repr(alpha)}
    partial = target.with_suffix(".part")
    save_file(tensors, partial, metadata=sizes | dict(header))
    partial.chmod(0o644)
    partial.replace(target)
    print(f"{target}: {target.stat().st_size / 1e6:.2f} MB, scale {scale}")

"""Adapters of SmolLM2 that ship: trained by `kb finetune`, written as float16 safetensors with their scale."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from safetensors.numpy import load_file, save_file

from core.files import Home
from core.settings import home_dir

ROOT = Path(__file__).resolve().parent.parent


def trained_run(name: str, rows: Path, choices: Sequence[str]) -> Path:
    """Train SmolLM2 on rows, all blocks, or go on where it was, and return the run's folder.

    Args:
        name: Of the run, under KB_HOME.
        rows: Dataset folder.
        choices: `KEY=VALUE` of the recipe.

    Raises:
        CalledProcessError: The training failed; it said why.
    """
    run = Home(home_dir(os.environ)).runs / name
    if not (run / "adapter").is_dir():
        chosen = [part for choice in choices for part in ("--set", choice)]
        anew = ["--data", str(rows), "--base", "smollm2", "--method", "rslora", "--no-dpo", *chosen]
        source = ["--resume"] if run.is_dir() else anew
        command = [sys.executable, "-m", "kb.cli", "finetune", name, *source, "--skip", "export"]
        subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    return run


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

"""What `gguf` cannot write: K-quants by llama.cpp or an Ollama server, other architectures by llama.cpp's converter.

Also the check that a quantised file matches the weights it was made from.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import gguf
import numpy as np

from core.errors import BackendError, ConfigError, GateError
from core.files import atomic_write
from core.machine.install import package_command
from finetune.export.checkpoint import SENTENCEPIECE, TOKENIZER
from finetune.export.gguf.file import ENCODINGS
from finetune.export.gguf.weights import HINT, checkpoint_config, read_weights
from finetune.export.ollama.model import ModelfileParts, OnStatus, Server, create, remove, weight_file_of

TOOL, CONVERTER = "llama-quantize", "convert_hf_to_gguf.py"
# Names of both tools; the encodings of `gguf` itself come first.
BY_TOOL = ("q4_K_M", "q4_K_S", "q5_K_M", "q5_K_S", "q6_K", "q3_K_M", "q2_K")
BY_OLLAMA = ("q4_K_M", "q4_K_S")
BY_CONVERTER = ("f16", "q8_0")
NAMES = (*ENCODINGS, *BY_TOOL)
_TIMEOUT_S = 3600
# Relative error of a matrix (Frobenius) that rounding may cause; a wrong order of rows or a lost tensor makes it 1.
_MOST_ERROR: Mapping[int, float] = {
    gguf.GGMLQuantizationType.F32: 1e-6,
    gguf.GGMLQuantizationType.F16: 1e-3,
    gguf.GGMLQuantizationType.Q8_0: 0.02,
    gguf.GGMLQuantizationType.Q6_K: 0.05,
    gguf.GGMLQuantizationType.Q5_K: 0.08,
    gguf.GGMLQuantizationType.Q5_0: 0.08,
    gguf.GGMLQuantizationType.Q5_1: 0.08,
}
_COARSE_ERROR = 0.5
_TINY = 1e-12
_ABSENT_PACKAGE = re.compile(r"ModuleNotFoundError: No module named '(\w+)'")


def check_quantisation(name: str) -> str:
    """Return a quantisation as it is spelled here, whatever the case.

    Raises:
        ConfigError: There is none of that name.
    """
    for known in NAMES:
        if known.lower() == name.lower():
            return known
    raise ConfigError(f"unknown quantisation {name!r}; use one of {', '.join(NAMES)}", hint="kb export RUN --to hf")


def by_any(source: Path, target: Path, name: str, model: ModelfileParts, server: Server, progress: OnStatus) -> None:
    """Quantise a file with llama.cpp's tool, or with an Ollama server where that is not on PATH.

    Args:
        source: F16.
        name: One of `BY_TOOL`.
        model: What a server is told beside the weights.

    Raises:
        ConfigError: Only the tool makes this quantisation.
        BackendError: It failed, no server answers, or the server's files cannot be read from here.
    """
    tool = shutil.which(TOOL)
    if tool:
        _run([tool, str(source), str(target), name.upper()], target)
    elif name in BY_OLLAMA:
        _by_ollama(source, target, name, model, server, progress)
    else:
        raise ConfigError(
            f"{name} requires llama.cpp's {TOOL} on PATH; Ollama can make {' and '.join(BY_OLLAMA)}",
            hint="kb export RUN --quantize q8_0",
        )


def _by_ollama(
    source: Path, target: Path, name: str, model: ModelfileParts, server: Server, progress: OnStatus
) -> None:
    scratch = f"kb-quantise-{source.parent.name}"
    create(server, scratch, [source], model, progress=progress, quantize=name)
    try:
        with weight_file_of(server, scratch).open("rb") as weights, atomic_write(target) as handle:
            shutil.copyfileobj(weights, handle)
    finally:
        remove(server, scratch)


def _run(command: Sequence[str], target: Path, hint: str = "kb export RUN --quantize q8_0") -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode or not target.is_file():
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["(no output)"]
        if absent := _ABSENT_PACKAGE.search(lines[-1]):
            hint = package_command(absent[1])
        name = next(Path(part).name for part in command if part != sys.executable)
        raise BackendError(f"{name} failed: {lines[-1]}", hint=hint)


def find_converter(path: Path | None) -> Path | None:
    """Return llama.cpp's converter: the one that is named, else the one on PATH; None where there is none.

    Args:
        path: The script, or the folder of llama.cpp's sources.

    Raises:
        ConfigError: It was named and is not there.
    """
    if path is None:
        on_path = shutil.which(CONVERTER)
        return Path(on_path) if on_path else None
    path = path.expanduser()
    script = path / CONVERTER if path.is_dir() else path
    if not script.is_file():
        raise ConfigError(f"no converter at {path}: no such file", hint=HINT)
    return script.absolute()


def convert(converter: Path, folder: Path, target: Path, name: str) -> None:
    """Write a checkpoint with llama.cpp's converter.

    Args:
        converter: From `find_converter`; a script runs in this Python, whose packages it needs.
        folder: As `save_checkpoint` leaves it.
        target: Overwritten.
        name: One of `BY_CONVERTER`.

    Raises:
        BackendError: It failed.
    """
    python = [sys.executable] if converter.suffix == ".py" else []
    with _as_published(folder) as given:
        _run([*python, str(converter), str(given), "--outfile", str(target), "--outtype", name], target, HINT)


@contextmanager
def _as_published(folder: Path) -> Iterator[Path]:
    """Yield a checkpoint as the converter knows it: by the class of its tokenizer it tells Phi-4 from Phi-3."""
    if checkpoint_config(folder).get("model_type") != "phi3" or (folder / SENTENCEPIECE).is_file():
        yield folder
        return
    with TemporaryDirectory(prefix="kb-") as given:
        for path in folder.iterdir():
            (Path(given) / path.name).symlink_to(path.absolute())
        settings = json.loads((folder / TOKENIZER).read_text(encoding="utf-8"))
        (Path(given) / TOKENIZER).unlink()
        (Path(given) / TOKENIZER).write_text(json.dumps({**settings, "tokenizer_class": "GPT2Tokenizer"}))
        yield Path(given)


def check_weights(path: Path, folder: Path) -> float:
    """Check that every weight of a GGUF file is that of the checkpoint, but for rounding.

    Args:
        path: The file.
        folder: The checkpoint it was made of.

    Returns:
        The largest relative error of a weight.

    Raises:
        GateError: One is another; the message names it.
    """
    kinds = {tensor.name: tensor.tensor_type for tensor in gguf.GGUFReader(path).tensors}
    worst = 0.0
    for named, _, values, own in read_weights(path, folder):
        error = float(np.linalg.norm(values - own) / max(float(np.linalg.norm(own)), _TINY))
        most = _MOST_ERROR.get(kinds[named], _COARSE_ERROR)
        if not error <= most:
            raise GateError(
                f"{path.name}: weight {named} differs by {error:.1%}; rounding explains at most {most:.0%}",
                hint="kb runs list",
            )
        worst = max(worst, error)
    return worst

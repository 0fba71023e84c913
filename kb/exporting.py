"""Writes a trained run for transformers, GGUF runtimes or Ollama; what answers differently is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.errors import ConfigError
from core.machine.disk import full_disk_reported
from finetune.runs import read_card
from kb.staleness import check_served
from kb.workspace import Workspace

if TYPE_CHECKING:
    from finetune.export.job import Export

Target = Literal["gguf", "ollama", "hf"]
TARGETS: tuple[Target, ...] = ("gguf", "ollama", "hf")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    """What an export wrote.

    Attributes:
        run: Name of the run.
        to: Kind of the result.
        quantize: Encoding of the weights; empty for `hf`.
        path: Where the files are; None in Ollama.
        model: The model's name in Ollama; empty elsewhere.
        parity: How its answers compare with those of the trained model, by kind of check.
    """

    run: str
    to: Target
    quantize: str = ""
    path: Path | None = None
    model: str = ""
    parity: Mapping[str, Any]

    @property
    def spelling(self) -> str:
        """How `kb ask --model` names it."""
        return f"ollama:{self.model}" if self.model else f"run:{self.run}"

    def to_json(self) -> dict[str, Any]:
        """Return what `kb export --json` prints."""
        values: dict[str, Any] = {"run": self.run, "to": self.to}
        values |= {"quantize": self.quantize} if self.quantize else {}
        values |= {"path": str(self.path)} if self.path else {"model": self.model}
        return values | {"parity": dict(self.parity)}


def open_run_export(
    workspace: Workspace,
    run: str,
    *,
    merge_base: str = "",
    converter: Path | None = None,
    on_note: Callable[[str], None] = lambda _: None,
) -> Export:
    """Open a run for export.

    Args:
        merge_base: Full-precision model of a base that is stored quantised; guessed if empty.
        converter: llama.cpp's `convert_hf_to_gguf.py`, for models that our writer does not know.
        on_note: Receives a line at each step.

    Raises:
        ConfigError: There is no such run or converter, the run is not trained to its end, its base is quantised and
            no full-precision model is named or here, or it may not be served (`kb.staleness.check_served`).
    """
    from finetune.export.job import Server, open_export
    from finetune.training.machine import this_machine

    settings = workspace.settings
    check_served(settings, workspace.home, f"run:{run}", on_note)
    server = Server(url=settings.rag.ollama_url, timeout_s=settings.models.timeout_s, num_ctx=settings.models.num_ctx)
    return open_export(workspace.home, run, this_machine(), server, on_note, merge_base, converter)


def export_run(
    workspace: Workspace,
    run: str,
    to: str = "gguf",
    *,
    quantize: str | None = None,
    out: Path | None = None,
    merge_base: str = "",
    converter: Path | None = None,
    on_note: Callable[[str], None] = lambda _: None,
) -> ExportResult:
    """Merge a run and write it.

    Args:
        to: `gguf` (one file), `ollama`, or `hf` (a folder).
        quantize: `f16`, `q8_0`, `q4_0`, or an encoding of llama.cpp or Ollama; `f16` if None.
        out: Copy the result there.
        merge_base: Full-precision model of a base that is stored quantised; guessed if empty.
        converter: llama.cpp's `convert_hf_to_gguf.py`, for models that our writer does not know.
        on_note: Receives a line at each step.

    Raises:
        ConfigError: There is no such run, target or encoding, or the method cannot be merged.
        MissingExtra: Our writer does not know the model, and there is no converter.
        GateError: The result answers otherwise than the trained model; nothing is put in place.
        BackendError: Ollama cannot be reached.
    """
    target = checked_target(to, quantize, run)
    export = open_run_export(workspace, run, merge_base=merge_base, converter=converter, on_note=on_note)
    return write_export(export, target, quantize, out)


def checked_target(to: str, quantize: str | None = None, run: str = "RUN") -> Target:
    """Return a target by its name.

    Args:
        run: For the next step.

    Raises:
        ConfigError: There is none of that name, or it cannot be quantised.
    """
    target = next((known for known in TARGETS if known == to), None)
    if target is None:
        raise ConfigError(f"unknown target {to!r}; use one of {', '.join(TARGETS)}", hint=f"kb export {run} --to hf")
    if quantize and target == "hf":
        raise ConfigError("--quantize is for --to gguf and --to ollama", hint=f"kb export {run} --to hf")
    return target


def write_export(export: Export, to: Target, quantize: str | None = None, out: Path | None = None) -> ExportResult:
    """Write an open export; raises as `export_run`."""
    from finetune.export.gguf.quantise import check_quantisation
    from finetune.export.job import DEFAULT

    name = check_quantisation(quantize or DEFAULT)
    path: Path | None = None
    model = ""
    with full_disk_reported(export.run.folder):
        if to == "ollama":
            model = export.put_into_ollama(name)
        else:
            path = export.merged() if to == "hf" else export.gguf(name)
    if path is not None and out is not None:
        with full_disk_reported(out):
            path = _copied(path, out.expanduser())
    return ExportResult(
        run=export.run.name,
        to=to,
        quantize="" if to == "hf" else name,
        path=path,
        model=model,
        parity=dict(read_card(export.run).parity),
    )


def _copied(made: Path, out: Path) -> Path:
    """Copy a result and return where it lies."""
    if made.is_dir():
        return Path(shutil.copytree(made, out, dirs_exist_ok=True))
    out.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(made, out / made.name if out.is_dir() else out))

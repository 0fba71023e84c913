"""Export of a trained run: merged, written, compared with the trained model, and only then put in place."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from core.errors import ConfigError, DataError
from core.files import Home
from core.ollama_server import ask_state
from core.prompt import read_block
from finetune.data.prepare import chat_of_policy
from finetune.data.rows import open_dataset
from finetune.data.template import ChatFormat
from finetune.export.checkpoint import CONFIG, as_exported, ends_of, save_checkpoint
from finetune.export.gate import PROBE_S, Gate
from finetune.export.gguf import quantise
from finetune.export.gguf.file import ENCODINGS, write_gguf, writes
from finetune.export.merge import merge
from finetune.export.ollama.model import OllamaModel, OnStatus, describe, modelfile
from finetune.export.ollama.model import Server as Server  # part of this module's interface
from finetune.export.ollama.template import find_blocks
from finetune.export.parity import MOST_TOKENS
from finetune.export.probes import Conversation, probes
from finetune.recipe import Recipe
from finetune.runs import TrainingRun, open_run, read_card, read_prompt, read_recipe, update_card
from finetune.training.base import Base, find_base
from finetune.training.machine import Machine

DEFAULT = "f16"
# Of a run's data, from which the probes take some.
_QUESTIONS, _READINGS = 200, 50


@dataclass(kw_only=True)
class Export:
    """One run on its way out.

    Attributes:
        chat: As it was trained.
        progress: Told every stage.
    """

    run: TrainingRun
    recipe: Recipe
    base: Base
    machine: Machine
    chat: ChatFormat
    server: Server
    progress: OnStatus

    @cached_property
    def exported(self) -> ChatFormat:
        """The format that the exported files carry."""
        return as_exported(self.chat)

    @cached_property
    def conversations(self) -> list[Conversation]:
        """What the model is asked before it is published."""
        context = int(self.base.shape.context_tokens * self.recipe.rope_factor)
        most_tokens = max(1, context - MOST_TOKENS) if context else 0
        return probes(self._questions(), self.exported, self._readings(), most_tokens=most_tokens)

    @cached_property
    def ollama(self) -> OllamaModel:
        """What Ollama must be told.

        Raises:
            DataError: The chat template cannot be said in its language.
        """
        blocks = find_blocks(self.exported, self.conversations)
        stops = [str(self.chat.tokenizer.convert_ids_to_tokens(token)) for token in ends_of(self.chat)]
        context = int(self.base.shape.context_tokens * self.recipe.rope_factor) or self.server.num_ctx
        return describe(blocks, stops, min(context, self.server.num_ctx))

    def _questions(self) -> list[str]:
        """Return questions of the run's data, where that still lies there."""
        where = read_card(self.run).data
        with suppress(ConfigError, DataError):
            asked = (pair.question for pair in open_dataset(Path(where)).pairs("train") if not pair.context)
            return list(islice((question for question in asked if question), _QUESTIONS))
        return []

    def _readings(self) -> list[str]:
        """Return user turns with passages of the run's data, as they were trained."""
        where = read_card(self.run).data
        with suppress(ConfigError, DataError):
            rows = (pair for pair in open_dataset(Path(where)).pairs("train") if read_block(pair.context))
            return [self.chat.prompt(pair)[-1]["content"] for pair in islice(rows, _READINGS)]
        return []

    def merged(self) -> Path:
        """Return the merged checkpoint, made anew where the adapter is newer.

        Raises:
            ConfigError: The method cannot be merged.
            GateError: The merged weights answer otherwise than base and adapter.
        """
        folder = self.run.merged
        if (folder / CONFIG).is_file() and _newest(self.run.adapter) <= (folder / CONFIG).stat().st_mtime:
            return folder
        self.progress("merging in float32")
        ids = [self.chat.encode(self.exported.render(messages, generation=True)) for messages in self.conversations]
        merged = merge(self.base, self.run.adapter, self.recipe, self.machine, ids)
        save_checkpoint(merged.model, self.exported, folder, dtype=_stored_dtype(self.base))
        update_card(self.run, parity={"merge": {"base": merged.chosen, "kl": dict(merged.kl)}})
        return folder

    @property
    def title(self) -> str:
        """What the run is called in Ollama."""
        return f"kb-{self.run.name}"

    def gguf(self, name: str = DEFAULT, *, keep: bool = False) -> Path:
        """Write, compare and put in place a GGUF file and the Modelfile beside it.

        Args:
            name: As `quantise.check_name` gives it.
            keep: Whether Ollama keeps the model that was compared there.

        Raises:
            GateError: The file answers otherwise than the trained model; nothing is put in place.
            KbError: It cannot be written, or no runtime here can run it.
        """
        target = self.run.gguf if name == DEFAULT else self.run.gguf.with_name(f"model-{name}.gguf")
        work = target.with_name(f".{target.stem}.part.gguf")  # runtimes know a GGUF file by its name
        try:
            self._write(name, work)
            self._gate().check_file(name, work, quantised=name != DEFAULT, keep=keep)
            work.replace(target)
        finally:
            work.unlink(missing_ok=True)
        with suppress(DataError):  # a template that Ollama's language cannot say has no Modelfile
            beside = target.with_name(target.stem.replace("model", "Modelfile", 1))
            beside.write_text(modelfile(self.ollama, target.name), encoding="utf-8")
        return target

    def put_into_ollama(self, name: str = DEFAULT) -> str:
        """Write and compare a model, and have the server keep it; returns its name there.

        Raises:
            GateError: The model answers otherwise than the trained one; the server keeps what it had.
            BackendError: The server cannot be reached, or refuses.
            DataError: Ollama's language cannot say the chat template.
        """
        ask_state(self.server.url, timeout_s=PROBE_S)  # before the work, not after it
        given = self.ollama
        if writes(self.merged()) or shutil.which(quantise.CONVERTER):
            self.gguf(name, keep=True)
        elif name == DEFAULT:
            self._gate().check_in_ollama("import", sorted(self.merged().iterdir()), given, keep=True)
        else:
            raise ConfigError(
                f"unsupported quantisation for this architecture: {name}", hint="kb export RUN --to ollama"
            )
        return self.title

    def _write(self, name: str, work: Path) -> None:
        folder = self.merged()
        self.progress(f"writing {name}")
        if not writes(folder) and name == DEFAULT:
            quantise.convert(folder, work)
            return
        if name in ENCODINGS:
            licence = read_card(self.run).licence
            write_gguf(folder, self.exported, work, name=self.title, licence=licence, encoding=name)
        else:
            source = self.run.gguf if self.run.gguf.is_file() else self.gguf()
            quantise.by_any(source, work, name, self.ollama, self.server, self.progress)
        quantise.check_weights(work, folder)

    def _gate(self) -> Gate:
        return Gate(
            run=self.run,
            folder=self.merged(),
            chat=self.chat,
            conversations=self.conversations,
            server=self.server,
            described=lambda: self.ollama,
            progress=self.progress,
        )


def _newest(folder: Path) -> float:
    return max(path.stat().st_mtime for path in folder.iterdir())


def _stored_dtype(base: Base) -> Any:
    """Return the dtype in which a base's own files are kept."""
    import torch

    named: Mapping[str, Any] = {"float16": torch.float16, "float32": torch.float32}
    config = json.loads((base.folder / CONFIG).read_text(encoding="utf-8"))
    return named.get(str(config.get("dtype") or config.get("torch_dtype")), torch.bfloat16)


def open_export(home: Home, name: str, machine: Machine, server: Server, progress: OnStatus) -> Export:
    """Open a run for export.

    Raises:
        ConfigError: There is no such run, it is not trained to its end, or its method cannot be merged.
        DataError: Its files are damaged.
    """
    run = open_run(home, name)
    recipe = read_recipe(run)
    if not recipe.training_method.merges:
        raise ConfigError(
            f"{recipe.training_method.title} cannot be exported: it can be served {recipe.training_method.served}",
            hint="kb finetune --method lora --data DIR",
        )
    if not run.adapter.is_dir():
        raise ConfigError(f"training of run {name!r} is not finished", hint=f"kb finetune --resume {name}")
    base = find_base(recipe.base, home)
    chat = chat_of_policy(base, recipe, run.adapter, read_prompt(run))
    return Export(run=run, recipe=recipe, base=base, machine=machine, chat=chat, server=server, progress=progress)

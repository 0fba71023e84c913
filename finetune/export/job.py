"""From a trained run to something that can be run elsewhere: merged, written, compared, and only then put in place.

Owns the order of the steps and what the run's card says of them; refuses to know how any step works.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.base import Base, find_base
from finetune.export import ollama_model, quantise
from finetune.export.checkpoint import CONFIG, as_exported, ends_of, save_checkpoint
from finetune.export.gguf_file import ENCODINGS, write_gguf, writes
from finetune.export.gguf_weights import read_weights
from finetune.export.go_template import find_blocks
from finetune.export.merge import merge
from finetune.export.ollama_model import OllamaModel, Progress, modelfile
from finetune.export.parity import MOST_TOKENS, Parity, Runtime, compare
from finetune.export.probes import Conversation, probes
from finetune.export.reference import Reference
from finetune.export.runtimes import GenAIRuntime, OllamaRuntime
from finetune.machine import Machine
from finetune.prepare import chat_of_policy
from finetune.recipe import Recipe
from finetune.rows import open_dataset
from finetune.runs import Run, open_run, read_card, read_recipe, update_card
from finetune.template import ChatFormat
from kb.chat.genai_engine import check_readable
from kb.errors import BackendError, ConfigError, DataError
from kb.files import Home
from kb.ollama_server import ask_state
from kb.weights.gguf_header import read_header

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT = "f16"
_QUESTIONS = 200
_PROBE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where Ollama listens, how long it may be silent, and the window of the models it is given."""

    url: str
    timeout_s: float
    num_ctx: int


@dataclass(kw_only=True)
class Export:
    """One run on its way out.

    Attributes:
        chat: As it was trained.
        progress: Told every stage.
    """

    run: Run
    recipe: Recipe
    base: Base
    machine: Machine
    chat: ChatFormat
    server: Server
    progress: Progress

    @cached_property
    def exported(self) -> ChatFormat:
        """The format that the exported files carry."""
        return as_exported(self.chat)

    @cached_property
    def conversations(self) -> list[Conversation]:
        """What the model is asked before it is published."""
        return probes(self._questions(), self.exported)

    @cached_property
    def ollama(self) -> OllamaModel:
        """What Ollama must be told.

        Raises:
            DataError: The chat template cannot be said in its language.
        """
        blocks = find_blocks(self.exported, self.conversations)
        stops = [str(self.chat.tokenizer.convert_ids_to_tokens(token)) for token in ends_of(self.chat)]
        context = int(self.base.shape.context_tokens * self.recipe.rope_factor) or self.server.num_ctx
        return ollama_model.describe(blocks, stops, min(context, self.server.num_ctx))

    def _questions(self) -> list[str]:
        """Return questions of the run's data, where that still lies there."""
        where = read_card(self.run).data
        with suppress(ConfigError, DataError):
            asked = (pair.question for pair in open_dataset(Path(where)).pairs("train") if not pair.context)
            return list(islice((question for question in asked if question), _QUESTIONS))
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

    def gguf(self, name: str = DEFAULT, *, keep: str = "") -> Path:
        """Write, compare and put in place a GGUF file and the Modelfile beside it.

        Args:
            name: As `quantise.check_name` gives it.
            keep: What Ollama calls the model that was compared there; empty: it is removed again.

        Raises:
            GateError: The file answers otherwise than the trained model; nothing is put in place.
            KbError: It cannot be written, or no runtime here can run it.
        """
        target = self._target(name)
        work = target.with_name(f".{target.name}.part")
        try:
            self._write(name, work)
            self._gate(name, work, keep)
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
        ask_state(self.server.url, timeout_s=_PROBE_S)  # before the work, not after it
        given, title = self.ollama, f"kb-{self.run.name}"
        if writes(self.merged()) or shutil.which(quantise.CONVERTER):
            self.gguf(name, keep=title)
        elif name == DEFAULT:
            files = sorted(self.merged().iterdir())
            self._gate_in_ollama("ollama", files, given, Reference(self.merged(), self.chat), keep=title)
        else:
            raise ConfigError(f"this architecture is not quantised to {name} here", hint="kb export RUN --to ollama")
        return title

    def _target(self, name: str) -> Path:
        return self.run.gguf if name == DEFAULT else self.run.gguf.with_name(f"model-{name}.gguf")

    def _write(self, name: str, work: Path) -> None:
        folder = self.merged()
        card = read_card(self.run)
        title = f"kb-{self.run.name}"
        self.progress(f"writing {name}")
        if not writes(folder) and name == DEFAULT:
            quantise.convert(folder, work)
        elif name in ENCODINGS:
            write_gguf(folder, self.exported, work, name=title, licence=card.licence, encoding=name)
            quantise.check_weights(work, folder)
        else:
            self._quantise(name, work)

    def _quantise(self, name: str, work: Path) -> None:
        """Have a tool make what is not written here, from F16."""
        source = self.run.gguf if self.run.gguf.is_file() else self.gguf()
        if shutil.which(quantise.TOOL):
            quantise.by_tool(source, work, name)
        else:
            server = self.server
            quantise.by_ollama(
                source, work, name, self.ollama, url=server.url, timeout_s=server.timeout_s, progress=self.progress
            )
        quantise.check_weights(work, self.merged())

    def _gate(self, name: str, work: Path, keep: str) -> None:
        """Compare a file in every runtime that is here.

        Raises:
            GateError: It answers otherwise in one.
            BackendError: None can run it.
        """
        reference = Reference(self.merged(), self.chat, self._stood_for(name, work))
        readable, given = _readable(work), self._told_to_ollama()
        if readable:
            self._require(f"openvino {name}", self._compare(reference, GenAIRuntime(work)))
        if given is not None:
            self._gate_in_ollama(f"ollama {name}", [work], given, reference, keep=keep)
        if not readable and given is None:
            raise BackendError(
                f"nothing here can run {name}, so nothing says whether it answers right",
                hint="ollama serve  # then the same command",
            )

    def _stood_for(self, name: str, work: Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Yield the weights that a quantised file stands for, by name in transformers; none of an unquantised one."""
        if name != DEFAULT:
            for _, key, values, _ in read_weights(work, self.merged()):
                yield key, values

    def _told_to_ollama(self) -> OllamaModel | None:
        """Return what Ollama is told, None where no server answers or its language cannot say the template."""
        try:
            ask_state(self.server.url, timeout_s=_PROBE_S)
            return self.ollama
        except (BackendError, DataError):
            return None

    def _gate_in_ollama(
        self, key: str, files: Sequence[Path], given: OllamaModel, reference: Reference, *, keep: str = ""
    ) -> None:
        server = self.server
        scratch = f"kb-{self.run.name}-unchecked"
        ollama_model.create(server.url, scratch, files, given, timeout_s=server.timeout_s, progress=self.progress)
        kept = False
        try:
            runtime = OllamaRuntime(server.url, scratch, server.timeout_s)
            self._require(key, self._compare(reference, runtime))
            if keep:
                ollama_model.rename(server.url, scratch, keep, timeout_s=server.timeout_s)
                kept = True
        finally:
            if not kept:
                ollama_model.remove(server.url, scratch, timeout_s=server.timeout_s)

    def _compare(self, reference: Reference, runtime: Runtime) -> Parity:
        self.progress(f"comparing with {runtime.name}")
        expected = reference.answers(self.conversations, MOST_TOKENS)
        return compare(reference, expected, self.conversations, runtime)

    def _require(self, key: str, parity: Parity) -> None:
        update_card(self.run, parity={key: parity.to_json()})
        parity.require()


def _newest(folder: Path) -> float:
    return max(path.stat().st_mtime for path in folder.iterdir())


def _readable(path: Path) -> bool:
    try:
        check_readable(read_header(path))
    except DataError:
        return False
    return True


def _stored_dtype(base: Base) -> Any:
    """Return the dtype in which a base's own files are kept."""
    import torch

    named: Mapping[str, Any] = {"float16": torch.float16, "float32": torch.float32}
    config = json.loads((base.folder / CONFIG).read_text(encoding="utf-8"))
    return named.get(str(config.get("dtype") or config.get("torch_dtype")), torch.bfloat16)


def open_export(home: Home, name: str, machine: Machine, server: Server, progress: Progress) -> Export:
    """Open a run for export.

    Raises:
        ConfigError: There is no such run, it is not trained to its end, or its method cannot be merged.
        DataError: Its files are damaged.
    """
    run = open_run(home, name)
    recipe = read_recipe(run)
    if not recipe.facts.merges:
        raise ConfigError(
            f"{recipe.facts.title} can be served {recipe.facts.served}", hint="kb finetune --method lora --data DIR"
        )
    if not run.adapter.is_dir():
        raise ConfigError(f"run {name!r} is not trained to its end", hint=f"kb finetune --resume {name}")
    base = find_base(recipe.base, home)
    chat = chat_of_policy(base, recipe, run.adapter)
    return Export(run=run, recipe=recipe, base=base, machine=machine, chat=chat, server=server, progress=progress)

"""Export of a trained run: merged, written, compared with the trained model, and only then put in place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from gguf import MODEL_ARCH_NAMES

from core.chat.local import readable
from core.chat.ollama_server import ask_state
from core.errors import BackendError, ConfigError, DataError, KbError, MissingExtra
from core.files import Home
from core.prompt import read_block
from finetune.data.prepare import chat_of_policy
from finetune.data.rows import open_dataset
from finetune.data.template import ChatFormat
from finetune.export.checkpoint import CONFIG, SENTENCEPIECE, as_exported, ends_of, save_checkpoint
from finetune.export.gate import PROBE_S, Gate
from finetune.export.gguf import quantise
from finetune.export.gguf.file import ENCODINGS, check_writable, window_tokens, write_gguf
from finetune.export.gguf.vocabulary import pre_tokenizer, tokenizer_body
from finetune.export.gguf.weights import LAYOUTS, checkpoint_config, rope_of
from finetune.export.merge import merge
from finetune.export.ollama.model import ModelfileParts, OnStatus, describe, modelfile
from finetune.export.ollama.model import Server as Server  # part of this module's interface
from finetune.export.ollama.template import find_blocks
from finetune.export.parity import MOST_TOKENS
from finetune.export.probes import Conversation, probes
from finetune.recipe import Recipe
from finetune.runs import TrainingRun, open_run, read_card, read_prompt, read_recipe, update_card, write_recipe
from finetune.training.base import Base, find_base
from finetune.training.machine import Machine
from finetune.training.quantised import find_merge_base

DEFAULT = "f16"
# Of a run's data, from which the probes take some.
_QUESTIONS, _READINGS = 200, 50


@dataclass(kw_only=True)
class Export:
    """One run on its way out.

    Attributes:
        chat: As it was trained.
        progress: Told every stage.
        merge_base: The full-precision model of a base whose stored weights are quantised.
        converter: llama.cpp's script, for models that our writer does not know; None where there is none.
    """

    run: TrainingRun
    recipe: Recipe
    base: Base
    machine: Machine
    chat: ChatFormat
    server: Server
    progress: OnStatus
    merge_base: Base | None = None
    converter: Path | None = None

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
    def ollama(self) -> ModelfileParts:
        """What Ollama must be told.

        Raises:
            DataError: The chat template cannot be said in its language.
        """
        blocks = find_blocks(self.exported, self.conversations)
        stops = [str(self.chat.tokenizer.convert_ids_to_tokens(token)) for token in ends_of(self.chat)]
        context = int(self.base.shape.context_tokens * self.recipe.rope_factor)
        # Past a window that Ollama does not know, it would read what training never showed beside the rest.
        window = window_tokens(json.loads((self.base.folder / CONFIG).read_text(encoding="utf-8")))
        return describe(blocks, stops, min(limit for limit in (context, window, self.server.num_ctx) if limit))

    def _questions(self) -> list[str]:
        """Return questions of the run's data, where that still lies there."""
        where = read_card(self.run).data
        with suppress(ConfigError, DataError):
            questions = (pair.question for pair in open_dataset(Path(where)).pairs("train") if not pair.context)
            return list(islice((question for question in questions if question), _QUESTIONS))
        return []

    def _readings(self) -> list[str]:
        """Return user turns with passages of the run's data, as they were trained."""
        where = read_card(self.run).data
        with suppress(ConfigError, DataError):
            rows = (pair for pair in open_dataset(Path(where)).pairs("train") if read_block(pair.context))
            return [self.chat.prompt(pair)[-1]["content"] for pair in islice(rows, _READINGS)]
        return []

    @cached_property
    def unwritten(self) -> str:
        """Why our writer cannot make a GGUF file of this model; empty where it can."""
        try:
            check_writable(checkpoint_config(self.base.folder), self.chat)
        except DataError as error:
            return error.message
        return ""

    @cached_property
    def runs_here(self) -> bool:
        """Whether OpenVINO GenAI reads a GGUF file of this model as it is meant."""
        config, layout = checkpoint_config(self.base.folder), LAYOUTS.get(self.base.shape.model_type)
        if layout is None or MODEL_ARCH_NAMES[layout.architecture] not in readable.ARCHITECTURES:
            return False
        try:
            plain = self.recipe.rope_scaling == "none" and rope_of(config)["rope_type"] == "default"
            return plain and pre_tokenizer(tokenizer_body(self.chat)) in readable.PRE_TOKENIZERS
        except DataError:
            return False

    def merged(self) -> Path:
        """Return the merged checkpoint, made anew where the adapter is newer.

        Raises:
            ConfigError: The method cannot be merged.
            GateError: The merged weights answer otherwise than base and adapter.
        """
        self._require_merging()
        folder = self.run.merged
        if (folder / CONFIG).is_file() and _newest(self.run.adapter) <= (folder / CONFIG).stat().st_mtime:
            return folder
        with _hints_name(self.run):
            self.progress("merging in float32")
            ids = [self.chat.encode(self.exported.render(messages, generation=True)) for messages in self.conversations]
            whole = self.merge_base
            if whole:
                self.progress(
                    f"{self.base.spec} is quantised ({self.base.shape.quantisation}): merging into {whole.spec}"
                )
            merged = merge(self.base, self.run.adapter, self.recipe, self.machine, ids, whole)
            if merged.unchecked:
                self.progress(f"not compared with the quantised base: {merged.unchecked}")
            dtype, pieces = _stored_dtype(whole or self.base), (whole or self.base).folder / SENTENCEPIECE
            save_checkpoint(merged.model, self.exported, folder, dtype=dtype, sentencepiece=pieces)
            into = {"into": whole.spec} if whole else {}
            into |= {"unchecked": merged.unchecked} if merged.unchecked else {}
            update_card(self.run, parity={"merge": {"base": merged.chosen, "kl": dict(merged.kl), **into}})
        return folder

    @property
    def title(self) -> str:
        """What the run is called in Ollama."""
        return f"kb-{self.run.name}"

    def gguf(self, name: str = DEFAULT, *, keep: bool = False) -> Path:
        """Write, compare and put in place a GGUF file and the Modelfile beside it.

        Args:
            name: As `quantise.check_quantisation` gives it.
            keep: Whether Ollama keeps the model that was compared there.

        Raises:
            ConfigError: The method cannot be merged.
            MissingExtra: Our writer does not know the model, and there is no converter.
            GateError: The file answers otherwise than the trained model; nothing is put in place.
            KbError: It cannot be written, or no runtime here can run it.
        """
        self._require_merging()
        target = self.run.gguf if name == DEFAULT else self.run.gguf.with_name(f"model-{name}.gguf")
        work = target.with_name(f".{target.stem}.part.gguf")  # runtimes know a GGUF file by its name
        with _hints_name(self.run):
            self._check_way(name)
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

    def best(self) -> Path:
        """Return what this machine can make: a GGUF file, or where nothing here writes or verifies one, the folder.

        Raises:
            GateError: It answers otherwise than the trained model.
            KbError: It cannot be written.
        """
        self._require_merging()
        try:
            self._check_way(DEFAULT)
        except (BackendError, DataError, MissingExtra) as error:
            self.progress(f"no GGUF file: {error.message}")
            return self.merged()
        return self.gguf()

    def put_into_ollama(self, name: str = DEFAULT) -> str:
        """Write and compare a model, and have the server keep it; returns its name there.

        Raises:
            ConfigError: The method cannot be merged, or the quantisation requires our writer or the converter.
            GateError: The model answers otherwise than the trained one; the server keeps what it had.
            BackendError: The server cannot be reached, or refuses.
            DataError: Ollama's language cannot say the chat template.
        """
        self._require_merging()
        ask_state(self.server.url, timeout_s=PROBE_S)  # before the work, not after it
        with _hints_name(self.run):
            given = self._described()
            if not self.unwritten or self.converter:
                self.gguf(name, keep=True)
            elif name == DEFAULT:
                self._gate().check_in_ollama("import", sorted(self.merged().iterdir()), given, keep=True)
            else:
                raise ConfigError(
                    f"{name} requires a GGUF file first: {self.unwritten}", hint="kb export RUN --to ollama"
                )
        return self.title

    def _require_merging(self) -> None:
        """Check that the run can become ordinary weights.

        Raises:
            ConfigError: Its method cannot be merged.
        """
        method = self.recipe.training_method
        if not method.merges:
            raise ConfigError(
                f"{method.title} cannot be exported: it can be served {method.served}",
                hint=f'kb ask --model run:{self.run.name} "QUESTION"',
                click="ask it as it is, or train a run with another recipe",
            )

    def _check_way(self, name: str) -> None:
        """Check that something here can write this model as GGUF and something can run the file, before any work.

        Raises:
            MissingExtra: Nothing can write it.
            ConfigError: The converter does not make this encoding, or its result could not be checked.
            BackendError: Nothing can run it.
            DataError: Only Ollama could run it, and its language cannot say the chat template.
        """
        if self.unwritten and self.converter is None:
            raise MissingExtra(
                f"{self.unwritten}; llama.cpp's {quantise.CONVERTER} may write it where its path is given. The merged "
                "folder answers without a GGUF file",
                hint="kb export RUN --to hf",
                click="choose another target under Export to",
            )
        if self.base.shape.model_type not in LAYOUTS and name != DEFAULT:
            raise ConfigError(
                f"{name}: the weights of a quantised {self.base.shape.model_type} file cannot be checked here",
                hint="kb export RUN --to hf",
            )
        if self.runs_here:
            return
        try:
            ask_state(self.server.url, timeout_s=PROBE_S)
        except BackendError as error:
            raise BackendError(
                f"no runtime is available to verify {name}: OpenVINO GenAI does not run its architecture, tokenizer or "
                f"rotary embedding rightly, and {error.message}",
                hint="kb export RUN --to hf  # or start Ollama, then the same command again",
                click="choose another target under Export to, or start Ollama on the machine of this server",
            ) from error
        self._described()

    def _described(self) -> ModelfileParts:
        """Return `ollama`; an error names what can be made of this run all the same."""
        try:
            return self.ollama
        except DataError as error:
            error.hint = f"kb export RUN --to {'gguf' if self.runs_here else 'hf'}"
            raise

    def _write(self, name: str, work: Path) -> None:
        folder = self.merged()
        self.progress(f"writing {name}")
        by_converter = bool(self.unwritten) and name in quantise.BY_CONVERTER
        if by_converter and self.converter:
            quantise.convert(self.converter, folder, work, name)
        elif not self.unwritten and name in ENCODINGS:
            licence = read_card(self.run).licence
            write_gguf(folder, self.exported, work, name=self.title, licence=licence, encoding=name)
        else:
            source = self.run.gguf if self.run.gguf.is_file() else self.gguf()
            quantise.by_any(source, work, name, self.ollama, self.server, self.progress)
        if checkpoint_config(folder).get("model_type") in LAYOUTS:
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


@contextmanager
def _hints_name(run: TrainingRun) -> Iterator[None]:
    """Put the run's name into the hints of errors, so that they can be pasted."""
    try:
        yield
    except KbError as error:
        error.hint = re.sub(r"\bRUN\b", run.name, error.hint)
        raise


def open_export(
    home: Home,
    name: str,
    machine: Machine,
    server: Server,
    progress: OnStatus,
    merge_base: str = "",
    converter: Path | None = None,
) -> Export:
    """Open a run for export.

    Args:
        merge_base: Full-precision model of a quantised base; it is kept in the run's recipe. Empty: the recipe's.
        converter: llama.cpp's `convert_hf_to_gguf.py` or the folder of its sources; the one on PATH if None.

    Raises:
        ConfigError: There is no such run, it is not trained to its end, or there is no such converter.
        DataError: Its files are damaged.
    """
    run = open_run(home, name)
    recipe = read_recipe(run)
    if not run.adapter.is_dir():
        raise ConfigError(
            f"training of run {name!r} is not finished",
            hint=f"kb finetune --resume {name}",
            click="press Resume under Training",
        )
    with _hints_name(run):
        script = quantise.find_converter(converter)
    base = find_base(recipe.base, home)
    whole = _merge_base(home, run, recipe, base, merge_base) if recipe.training_method.merges else None
    return Export(
        run=run,
        recipe=recipe,
        base=base,
        machine=machine,
        chat=chat_of_policy(base, recipe, run.adapter, read_prompt(run)),
        server=server,
        progress=progress,
        merge_base=whole,
        converter=script,
    )


def _merge_base(home: Home, run: TrainingRun, recipe: Recipe, base: Base, spec: str) -> Base | None:
    """Return the model that an adapter over a quantised base is merged into; None where the base is not quantised."""
    if not base.shape.quantisation:
        if spec:
            raise ConfigError(
                f"the base {base.spec} is not stored quantised: the adapter is merged into it, not into {spec}",
                hint=f"kb export {run.name} --to gguf",
            )
        return None
    whole = find_merge_base(base, spec or recipe.merge_base, home, run.name)
    if spec and spec != recipe.merge_base:
        named = str(whole.folder) if Path(spec).expanduser().is_dir() else spec  # found from any folder
        write_recipe(run, recipe.model_copy(update={"merge_base": named}))
    return whole

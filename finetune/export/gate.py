"""Compares an exported model with the trained one in every runtime that is available, and records the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.chat.local.readable import is_readable
from core.chat.ollama_server import ask_state
from core.errors import BackendError, DataError
from finetune.data.template import ChatFormat
from finetune.export.gguf.weights import read_weights
from finetune.export.ollama import model as ollama_model
from finetune.export.ollama.model import ModelfileParts, OnStatus, Server
from finetune.export.parity import MOST_TOKENS, NEAR_TIE, QUANTISED_TIE, Runtime, compare_answers
from finetune.export.probes import Conversation
from finetune.export.reference import Expected, Reference
from finetune.export.runtimes import GenAIRuntime, OllamaRuntime
from finetune.runs import TrainingRun, update_card

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PROBE_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What nothing passes that answers otherwise.

    Attributes:
        folder: The merged checkpoint.
        chat: As it was trained.
        described: Gives what Ollama is told; raises `DataError` where its language cannot say the template.
    """

    run: TrainingRun
    folder: Path
    chat: ChatFormat
    conversations: Sequence[Conversation]
    server: Server
    described: Callable[[], ModelfileParts]
    progress: OnStatus

    def check_file(self, name: str, file: Path, *, quantised: bool, keep: bool) -> None:
        """Compare a GGUF file in every runtime that is here.

        Args:
            name: Of its quantisation.
            quantised: Whether it is compared with its own dequantised weights.
            keep: Whether Ollama keeps the model.

        Raises:
            GateError: It answers otherwise in one.
            BackendError: None can run it.
        """
        readable, given, reason = is_readable(file), None, ""
        try:
            given = self._ollama_model()
        except (BackendError, DataError) as error:
            reason = error.message
        if not readable and given is None:
            raise BackendError(
                f"no runtime is available to verify {name}: {reason}",
                hint="ollama serve  # then run the same command again",
                click="start Ollama on the machine of this server, then export again",
            )
        reference = Reference(self.folder, self.chat, self._stood_for(file) if quantised else ())
        expected = reference.answers(self.conversations, MOST_TOKENS)
        if readable:
            self._require(f"openvino {name}", reference, expected, GenAIRuntime(file))
        if given is not None:
            tie = QUANTISED_TIE if quantised else NEAR_TIE
            self._in_ollama(f"ollama {name}", [file], given, reference, expected, keep=keep, near_tie=tie)

    def check_in_ollama(self, name: str, files: Sequence[Path], given: ModelfileParts, *, keep: bool) -> None:
        """Compare what Ollama makes of files.

        Raises:
            GateError: It answers otherwise.
            BackendError: The server cannot be reached, or refuses.
        """
        reference = Reference(self.folder, self.chat)
        expected = reference.answers(self.conversations, MOST_TOKENS)
        self._in_ollama(f"ollama {name}", files, given, reference, expected, keep=keep)

    def _stood_for(self, file: Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
        for _, key, values, _ in read_weights(file, self.folder):
            yield key, values

    def _ollama_model(self) -> ModelfileParts:
        """Return template and parameters for Ollama.

        Raises:
            BackendError: The server cannot be reached.
            DataError: Its language cannot say the template.
        """
        ask_state(self.server.url, timeout_s=PROBE_S)
        return self.described()

    def _in_ollama(
        self,
        key: str,
        files: Sequence[Path],
        given: ModelfileParts,
        reference: Reference,
        expected: Sequence[Expected],
        *,
        keep: bool,
        near_tie: float = NEAR_TIE,
    ) -> None:
        """Compare under a name of its own, so that a refusal leaves what the server had."""
        server, name = self.server, f"kb-{self.run.name}"
        scratch = f"{name}-unchecked"
        ollama_model.create(server, scratch, files, given, progress=self.progress)
        try:
            self._require(key, reference, expected, OllamaRuntime(server.url, scratch, server.timeout_s), near_tie)
            if keep:
                ollama_model.copy(server, scratch, name)
        finally:
            ollama_model.remove(server, scratch)

    def _require(
        self,
        key: str,
        reference: Reference,
        expected: Sequence[Expected],
        runtime: Runtime,
        near_tie: float = NEAR_TIE,
    ) -> None:
        self.progress(f"comparing with {runtime.name}")
        parity = compare_answers(reference, expected, self.conversations, runtime, near_tie)
        update_card(self.run, parity={key: parity.to_json()})
        parity.require()

"""OpenVINO GenAI running one GGUF file in this process: token ids in, text out, many requests at a time.

Every request joins the same continuous batch. Whoever waits for a token turns the crank for everybody under a lock,
so threads that ask at the same time share each pass over the weights and no thread runs when nobody asks. Knows
tokens, sampling and memory; refuses to know LangChain, messages of any library, and settings.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from kb.errors import BackendError, ConfigError, DataError, KbError
from kb.gguf_header import GgufHeader, read_header
from kb.inference import openvino, pick_precision  # first: it silences OpenVINO's statistics

import openvino_genai as genai  # isort: skip

Finish = Literal["stop", "length"]

# Encodings that OpenVINO GenAI 2026.4 was seen to read rightly: greedy text against transformers on the same weights.
FAITHFUL_TYPES = frozenset({"F32", "F16", "BF16", "Q8_0"})
# Tokens per block of the key-value cache on a CPU.
_BLOCK_TOKENS = 32
# The cache holds this many full contexts; further requests wait their turn.
_CACHED_CONTEXTS = 2
_PREFILL_TOKENS = 1024
_LOADED_MODELS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How tokens are chosen.

    Attributes:
        temperature: 0 is greedy; `top_p`, `top_k` and `seed` then have no effect.
        top_k: Candidates kept; 0 keeps all.
        stop: Strings that end the text and are not part of it.
        json_schema: The text is one JSON value of this schema, unless it is cut by `max_tokens`.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    seed: int = 0
    max_tokens: int = 512
    stop: tuple[str, ...] = ()
    json_schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a text as it grows; `finish` is set on the last."""

    text: str
    n_tokens: int
    finish: Finish | None = None


class StopFilter:
    """Passes text on, but never a stop string nor the beginning of one."""

    def __init__(self, stop: Sequence[str]) -> None:
        self.stop = [text for text in stop if text]
        self.pending = ""
        self.stopped = False

    def push(self, text: str) -> str:
        """Return what may be shown now of everything pushed so far."""
        self.pending += text
        found = [at for at in (self.pending.find(stop) for stop in self.stop) if at >= 0]
        if found:
            self.stopped = True
            shown, self.pending = self.pending[: min(found)], ""
            return shown
        held = max((_overlap(self.pending, stop) for stop in self.stop), default=0)
        cut = len(self.pending) - held
        shown, self.pending = self.pending[:cut], self.pending[cut:]
        return shown

    def flush(self) -> str:
        """Return what was held back, now that no more text comes."""
        shown, self.pending = self.pending, ""
        return shown


def _overlap(text: str, stop: str) -> int:
    """Return how many of the last characters of `text` begin `stop`."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:n])), 0)


class Engine:
    """One GGUF file, loaded.

    Attributes:
        header: What the file says of itself.
        context_tokens: Longest prompt and answer together.
    """

    def __init__(self, path: Path, context_tokens: int, precision: str = "auto") -> None:
        """Load a file; takes seconds.

        Args:
            path: The GGUF file.
            context_tokens: Window asked for; the model's own, where that is smaller, wins.
            precision: `auto`, `bf16` or `f32`: arithmetic of activations.

        Raises:
            DataError: The file is damaged, holds tensors that would be read wrongly, or has no chat template.
            ConfigError: The CPU has no bf16 and it was asked for.
        """
        self.header = read_header(path)
        check_types(self.header)
        trained = self.header.context_tokens
        self.context_tokens = min(context_tokens, trained) if trained else context_tokens
        self._control_tokens = sorted(self.header.control_tokens, key=len, reverse=True)
        self._crank = threading.Lock()
        self._ids = itertools.count()
        scheduler = genai.SchedulerConfig()
        # Prefix caching changes the arithmetic of the prompt and with it, at near-ties, a greedy answer asked twice.
        scheduler.enable_prefix_caching = False
        scheduler.max_num_batched_tokens = _PREFILL_TOKENS
        scheduler.num_kv_blocks = _CACHED_CONTEXTS * (self.context_tokens // _BLOCK_TOKENS + 1)
        try:
            self._tokenizer = genai.Tokenizer(str(path))
            self._pipeline = genai.ContinuousBatchingPipeline(
                str(path), self._tokenizer, scheduler, "CPU", **_arithmetic(self.header, precision)
            )
        except RuntimeError as error:
            kind = self.header.architecture or "nameless"
            message = f"OpenVINO GenAI cannot load this {kind} model: {_reason(error)}"
            raise DataError(message, path=path, hint="kb ask --model ollama:NAME") from error

    def encode(self, text: str) -> list[int]:
        """Return token ids; control tokens spelled in `text` become themselves, none are added."""
        ids = self._tokenizer.encode(text, add_special_tokens=False).input_ids.data
        return [int(token) for token in ids.reshape(-1)]

    def render(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Return the prompt that the file's chat template makes of messages (`role`, `content`).

        Control tokens inside a content are broken up, so that a document cannot speak as the system.

        Raises:
            DataError: The file has no template, or its template refuses these messages.
        """
        if not self.header.chat_template:
            raise DataError("has no chat template", path=self.header.path, hint="kb models pull smollm2")
        safe = [{"role": message["role"], "content": self._defused(message["content"])} for message in messages]
        try:
            return str(self._tokenizer.apply_chat_template(safe, add_generation_prompt=True))
        except RuntimeError as error:
            raise DataError(f"its chat template fails: {_reason(error)}", path=self.header.path) from error

    def _defused(self, text: str) -> str:
        for token in self._control_tokens:
            if token in text:
                text = text.replace(token, f"{token[0]} {token[1:]}")
        return text

    def stream(self, prompt: Sequence[int], sampling: Sampling) -> Iterator[Piece]:
        """Generate; a consumer that stops iterating stops the generation.

        Raises:
            KbError: The prompt leaves no room for an answer in the context.
            ConfigError: The JSON schema cannot be turned into a grammar.
            BackendError: The runtime gave up on the request.
        """
        yield from self._follow(self._submit(prompt, sampling), sampling)

    def generate_many(self, prompts: Sequence[Sequence[int]], sampling: Sampling) -> list[list[Piece]]:
        """Generate for many prompts in one batch; several times the throughput of one after the other.

        Raises:
            KbError: As `stream`; nothing is then generated.
        """
        handles: list[genai.GenerationHandle] = []
        try:
            for prompt in prompts:
                handles.append(self._submit(prompt, sampling))
            return [list(self._follow(handle, sampling)) for handle in handles]
        finally:
            for handle in handles:
                self._release(handle)

    def _follow(self, handle: genai.GenerationHandle, sampling: Sampling) -> Iterator[Piece]:
        parts: list[str] = []
        decoder = genai.TextStreamer(self._tokenizer, parts.append)
        gate = StopFilter(sampling.stop)
        try:
            while True:
                ids, reason = self._next(handle)
                if ids:
                    decoder.write(ids)
                if reason is not None:
                    decoder.end()
                text = gate.push("".join(parts))
                parts.clear()
                if gate.stopped:
                    reason = "stop"
                elif reason is not None:
                    text += gate.flush()
                yield Piece(text=text, n_tokens=len(ids), finish=reason)
                if reason is not None:
                    return
        finally:
            self._release(handle)

    def _submit(self, prompt: Sequence[int], sampling: Sampling) -> genai.GenerationHandle:
        room = self.context_tokens - len(prompt)
        if room < 1:
            raise KbError(
                f"the prompt has {len(prompt)} tokens and the model reads {self.context_tokens}: "
                "ask with fewer passages (rag.top_k) or raise models.num_ctx as far as the model allows",
                hint='kb ask --set rag.top_k=3 --set models.num_ctx=8192 "QUESTION"',
            )
        config = self._config(sampling, min(sampling.max_tokens, room))
        ids = openvino.Tensor(np.array([prompt], dtype=np.int64))
        try:
            with self._crank:
                return self._pipeline.add_request(next(self._ids), ids, config)
        except RuntimeError as error:
            raise ConfigError(f"the runtime refuses this request: {_reason(error)}", hint="kb config show") from error

    def _config(self, sampling: Sampling, max_tokens: int) -> genai.GenerationConfig:
        config = self._pipeline.get_config()
        config.stop_token_ids = set(config.stop_token_ids) | self.header.stop_token_ids
        config.max_new_tokens = max_tokens
        config.repetition_penalty = sampling.repetition_penalty
        config.do_sample = sampling.temperature > 0
        if config.do_sample:
            config.temperature = sampling.temperature
            config.top_p = sampling.top_p
            config.rng_seed = sampling.seed
            if sampling.top_k:
                config.top_k = sampling.top_k
        if sampling.json_schema is not None:
            schema = json.dumps(sampling.json_schema)
            config.structured_output_config = genai.StructuredOutputConfig(json_schema=schema)
        return config

    def _next(self, handle: genai.GenerationHandle) -> tuple[list[int], Finish | None]:
        """Return the next tokens of a request and how it ended, if it did; turns the crank while there are none."""
        while not handle.can_read():
            status = handle.get_status()
            if status != genai.GenerationStatus.RUNNING and not handle.can_read():
                raise BackendError("the runtime gave up on this answer: its memory for contexts is too small")
            with self._crank:
                if not handle.can_read():
                    self._pipeline.step()
        (output,) = handle.read().values()
        reasons: dict[genai.GenerationFinishReason, Finish] = {
            genai.GenerationFinishReason.STOP: "stop",
            genai.GenerationFinishReason.LENGTH: "length",
        }
        return list(output.generated_ids), reasons.get(output.finish_reason)

    def _release(self, handle: genai.GenerationHandle) -> None:
        with self._crank:
            if handle.get_status() == genai.GenerationStatus.RUNNING:
                handle.cancel()
                # The request's memory is given back by the next turn; without one it would wait for a next question.
                self._pipeline.step()


def check_types(header: GgufHeader) -> None:
    """Refuse a file whose tensors OpenVINO GenAI would read wrongly, without a word.

    Raises:
        DataError: Names the encodings found and those that are fine.
    """
    wrong = sorted(set(header.tensor_types.values()) - FAITHFUL_TYPES)
    if wrong:
        raise DataError(
            f"holds tensors in {', '.join(wrong)}, which OpenVINO GenAI does not read faithfully; "
            f"{', '.join(sorted(FAITHFUL_TYPES))} are fine. Take such a file, or run this one in Ollama",
            path=header.path,
            hint="kb models pull smollm2",
        )


def _reason(error: RuntimeError) -> str:
    """Return the last line of the runtime's report; those before it name its source files."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def _arithmetic(header: GgufHeader, precision: str) -> dict[str, str]:
    # bfloat16 reads a prompt three times as fast where the CPU has it; on Q8_0 weights it changes answers at gaps of
    # 0.2 nats, and so does rounding activations to 8 bits (dynamic quantisation) on any.
    if precision == "auto" and "Q8_0" in header.tensor_types.values():
        precision = "f32"
    chosen = pick_precision(precision)
    return {
        "INFERENCE_PRECISION_HINT": chosen,
        "KV_CACHE_PRECISION": "bf16" if chosen == "bf16" else "f16",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
    }


_loading = threading.Lock()


@lru_cache(maxsize=_LOADED_MODELS)
def _load(path: Path, stamp: tuple[int, int], context_tokens: int, precision: str) -> Engine:  # noqa: ARG001
    return Engine(path, context_tokens, precision)


def engine_for(path: Path, context_tokens: int, precision: str = "auto") -> Engine:
    """Return the process's engine for a file, loading it once per file content and window.

    Raises:
        DataError: As `Engine`, or the file is absent.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise DataError(f"cannot be read: {error}", path=path, hint="kb models list") from error
    with _loading:
        return _load(path.resolve(), (stat.st_mtime_ns, stat.st_size), context_tokens, precision)

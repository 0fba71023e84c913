"""OpenVINO GenAI running one GGUF file in this process: token ids in, text out, many requests at a time.

Every request joins the same continuous batch. Whoever waits for a token turns the crank for everybody under a lock,
so threads that ask at the same time share each pass over the weights and no thread runs when nobody asks. Knows
tokens, sampling and memory; refuses to know LangChain and settings.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from kb.decoding import Finish, Piece, Sampling, StopFilter, answer_room
from kb.errors import BackendError, DataError
from kb.gguf_header import GgufHeader, read_header
from kb.inference import openvino, pick_precision  # first: it silences OpenVINO's statistics

import openvino_genai as genai  # isort: skip

# Encodings of matrices that OpenVINO GenAI 2026.4 was seen to read rightly: greedy text against the same weights in
# F16 (themselves against transformers). Q4_1 loads and is read wrongly; F32, BF16, Q5_0 and Q5_1 do not load.
FAITHFUL_TYPES = frozenset({"F16", "Q8_0", "Q4_0"})
# Tokens per block of the key-value cache on a CPU.
_BLOCK_TOKENS = 32
# The cache holds this many full contexts; further requests wait their turn.
_CACHED_CONTEXTS = 2
_PREFILL_TOKENS = 1024
_LOADED_MODELS = 2


class GenAIEngine:
    """One GGUF file, loaded.

    Attributes:
        header: What the file says of itself.
        context_tokens: Longest prompt and answer together.
        control_tokens: Spellings that steer the model.
    """

    def __init__(self, path: Path, context_tokens: int, precision: str = "auto") -> None:
        """Load a file; takes seconds.

        Args:
            path: The GGUF file.
            context_tokens: Window asked for; the model's own, where that is smaller, wins.
            precision: `auto`, `bf16` or `f32`: arithmetic of activations.

        Raises:
            DataError: The file is damaged, holds matrices that would be read wrongly, or the runtime refuses it.
            ConfigError: The CPU has no bf16 and it was asked for.
        """
        self.header = read_header(path)
        check_readable(self.header)
        self.context_tokens = min(context_tokens, self.header.context_tokens)
        self.control_tokens = self.header.control_tokens
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
        """Return token ids; control tokens spelled in `text` become themselves, none are added.

        The tokenizer cuts at the context the model was trained for.
        """
        ids = self._tokenizer.encode(text, add_special_tokens=False).input_ids.data
        return [int(token) for token in ids.reshape(-1)]

    def render(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Return the prompt that the file's chat template makes of messages (`role`, `content`).

        Raises:
            DataError: The file has no template, or its template refuses these messages.
        """
        if not self.header.chat_template:
            raise DataError("has no chat template", path=self.header.path, hint="kb models pull smollm2")
        try:
            return str(self._tokenizer.apply_chat_template(list(messages), add_generation_prompt=True))
        except RuntimeError as error:
            raise DataError(f"its chat template fails: {_reason(error)}", path=self.header.path) from error

    def stream(self, prompt: Sequence[int], sampling: Sampling) -> Iterator[Piece]:
        """Generate; a consumer that stops iterating stops the generation.

        Raises:
            KbError: The prompt leaves no room for an answer in the context.
            BackendError: The runtime failed, for instance on a JSON schema that it cannot turn into a grammar.
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

    def _submit(self, prompt: Sequence[int], sampling: Sampling) -> genai.GenerationHandle:
        config = self._config(sampling, answer_room(len(prompt), self.context_tokens, sampling.max_tokens))
        ids = openvino.Tensor(np.array([prompt], dtype=np.int64))
        try:
            with self._crank:
                return self._pipeline.add_request(next(self._ids), ids, config)
        except RuntimeError as error:
            raise BackendError(f"the runtime refuses this request: {_reason(error)}", hint="kb doctor") from error

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

    def _follow(self, handle: genai.GenerationHandle, sampling: Sampling) -> Iterator[Piece]:
        parts: list[str] = []
        decoder = genai.TextStreamer(self._tokenizer, parts.append)
        gate = StopFilter(sampling.stop)
        finish: Finish | None = None
        try:
            while finish is None:
                ids, finish = self._next(handle)
                if ids:
                    decoder.write(ids)
                if finish is not None:
                    decoder.end()
                text = gate.push("".join(parts))
                parts.clear()
                if gate.stopped:
                    finish = "stop"
                elif finish is not None:
                    text += gate.flush()
                yield Piece(text=text, n_tokens=len(ids), finish=finish)
        finally:
            self._release(handle)

    def _next(self, handle: genai.GenerationHandle) -> tuple[list[int], Finish | None]:
        """Return the next tokens of a request and how it ended, if it did; turns the crank while there are none."""
        while not handle.can_read():
            with self._crank:
                if handle.can_read():
                    break
                # An error of one request drops those beside it without telling their handles.
                if not self._pipeline.has_non_finished_requests():
                    raise BackendError("the runtime dropped this answer: ask again", hint="kb doctor")
                try:
                    self._pipeline.step()
                except RuntimeError as error:
                    raise BackendError(f"the runtime failed: {_reason(error)}", hint="kb doctor") from error
        (output,) = handle.read().values()
        reasons: dict[genai.GenerationFinishReason, Finish] = {
            genai.GenerationFinishReason.STOP: "stop",
            genai.GenerationFinishReason.LENGTH: "length",
        }
        return list(output.generated_ids), reasons.get(output.finish_reason)

    def _release(self, handle: genai.GenerationHandle) -> None:
        with self._crank:
            if handle.get_status() == genai.GenerationStatus.RUNNING and self._pipeline.has_non_finished_requests():
                handle.cancel()
                # The request's memory is given back by the next turn; without one it would wait for a next question.
                self._pipeline.step()


def check_readable(header: GgufHeader) -> None:
    """Refuse a file whose matrices OpenVINO GenAI would read wrongly, without a word, or not at all.

    Raises:
        DataError: Names the encodings found and those that are fine; or the file does not say its context length.
    """
    wrong = sorted(set(header.matrix_types.values()) - FAITHFUL_TYPES)
    if wrong:
        raise DataError(
            f"holds matrices in {', '.join(wrong)}, which OpenVINO GenAI does not read faithfully; "
            f"{', '.join(sorted(FAITHFUL_TYPES))} are fine. Take such a file, or run this one in Ollama",
            path=header.path,
            hint="kb models pull smollm2",
        )
    if not header.context_tokens:
        raise DataError("does not say how long its context is", path=header.path, hint="kb models pull smollm2")


def _reason(error: RuntimeError) -> str:
    """Return the last line of the runtime's report, without the places in its source."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return re.sub(r"^\[[\d:]+\]\s*|\S*/\S+:\d+:\s*", "", lines[-1]) if lines else "no reason given"


def _arithmetic(header: GgufHeader, precision: str) -> dict[str, str]:
    # bfloat16 reads a prompt three times as fast where the CPU has it; on Q8_0 weights it changes answers at gaps of
    # 0.2 nats, and so does rounding activations to 8 bits (dynamic quantisation) on any.
    if precision == "auto" and set(header.matrix_types.values()) != {"F16"}:
        precision = "f32"
    chosen = pick_precision(precision)
    return {
        "INFERENCE_PRECISION_HINT": chosen,
        "KV_CACHE_PRECISION": "bf16" if chosen == "bf16" else "f16",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
    }


_loading = threading.Lock()


@lru_cache(maxsize=_LOADED_MODELS)
def _load(path: Path, stamp: tuple[int, int], context_tokens: int, precision: str) -> GenAIEngine:  # noqa: ARG001
    return GenAIEngine(path, context_tokens, precision)


def engine_for(path: Path, context_tokens: int, precision: str = "auto") -> GenAIEngine:
    """Return the process's engine for a file, loading it once per file content and window.

    Raises:
        DataError: As `GenAIEngine`, or the file is absent.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise DataError(f"cannot be read: {error}", path=path, hint="kb models list") from error
    with _loading:
        return _load(path.resolve(), (stat.st_mtime_ns, stat.st_size), context_tokens, precision)

"""OpenVINO GenAI running one GGUF file in this process: token ids in, text out.

One generation or one batch at a time holds the engine; Python runs on meanwhile.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.chat.local.decoding import Finish, Piece, Sampling, StopFilter, answer_room
from core.chat.local.graph import WEIGHTS, graph_of
from core.chat.local.readable import check_readable
from core.chat.local.token_stream import Emit, pieces
from core.errors import BackendError, DataError
from core.inference import openvino, pick_precision  # first: it silences OpenVINO's statistics
from core.machine.mappings import let_go
from core.weights.gguf_header import GgufHeader, read_header

import openvino_genai as genai  # isort: skip

# Tokens per block of the key-value cache on a CPU.
_BLOCK_TOKENS = 32
# The cache holds this many full contexts, all of it in memory; a larger batch takes turns.
_CACHED_CONTEXTS = 1
_PREFILL_TOKENS = 1024
_LOADED_MODELS = 2


class GenAIEngine:
    """One GGUF file, loaded.

    Attributes:
        header: What the file says of itself.
        context_tokens: Longest prompt and answer together.
        control_tokens: Spellings that steer the model.
    """

    def __init__(self, path: Path, context_tokens: int, precision: str = "auto", *, keep_graph: bool = False) -> None:
        """Load a file; takes seconds.

        Args:
            path: The GGUF file.
            context_tokens: Window asked for; the model's own, where that is smaller, wins.
            precision: `auto`, `bf16` or `f32`: arithmetic of activations.
            keep_graph: Load it from a graph that is kept beside the file, which takes less memory and more disk.

        Raises:
            DataError: The file is damaged, holds matrices that would be read wrongly, or the runtime refuses it.
            ConfigError: The CPU has no bf16 and it was asked for.
        """
        self.header = read_header(path)
        check_readable(self.header)
        self.context_tokens = min(context_tokens, self.header.context_tokens)
        self.control_tokens = self.header.control_tokens
        self._busy = threading.Lock()
        scheduler = genai.SchedulerConfig()
        # Prefix caching changes the arithmetic of the prompt and with it, at near-ties, a greedy answer asked twice.
        scheduler.enable_prefix_caching = False
        scheduler.max_num_batched_tokens = _PREFILL_TOKENS
        scheduler.num_kv_blocks = _CACHED_CONTEXTS * (self.context_tokens // _BLOCK_TOKENS + 1)
        graph = graph_of(path) if keep_graph else None
        try:
            self._tokenizer = genai.Tokenizer(str(path))
            self._pipeline = genai.ContinuousBatchingPipeline(
                str(graph or path), self._tokenizer, scheduler, "CPU", **_arithmetic(self.header, precision)
            )
        except RuntimeError as error:
            kind = self.header.architecture or "nameless"
            message = f"OpenVINO GenAI cannot load this {kind} model: {_reason(error)}"
            raise DataError(message, path=path, hint='kb ask --model ollama:NAME "QUESTION"') from error
        if graph is not None:
            let_go(graph.resolve().joinpath(WEIGHTS).__eq__)

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
        config = self._config(sampling, answer_room(len(prompt), self.context_tokens, sampling.max_tokens))

        def work(emit: Emit) -> Finish:
            with self._busy:
                return self._finish(self._generate([prompt], [config], _Streamer(emit))[0])

        yield from pieces(work, self._decode, sampling.stop)

    def generate_many(self, prompts: Sequence[Sequence[int]], sampling: Sampling) -> list[str]:
        """Generate for many prompts in one batch; several times the throughput of one after the other.

        Raises:
            KbError: As `stream`; nothing is then generated.
        """
        configs = [
            self._config(sampling, answer_room(len(prompt), self.context_tokens, sampling.max_tokens))
            for prompt in prompts
        ]
        if not configs:
            return []
        with self._busy:
            try:
                results = self._generate(prompts, configs, None)
            except RuntimeError as error:
                raise BackendError(f"the runtime failed: {error}", hint="kb doctor") from error
        return [self._whole(result.m_generation_ids[0], sampling) for result in results]

    def _whole(self, ids: Sequence[int], sampling: Sampling) -> str:
        gate = StopFilter(sampling.stop)
        return gate.push(self._decode(ids)) + gate.flush()

    def _generate(
        self, prompts: Sequence[Sequence[int]], configs: list[genai.GenerationConfig], streamer: _Streamer | None
    ) -> list[genai.EncodedGenerationResult]:
        ids = [openvino.Tensor(np.array([prompt], dtype=np.int64)) for prompt in prompts]
        try:
            results = self._pipeline.generate(ids, configs, streamer)
        except RuntimeError as error:
            raise RuntimeError(_reason(error)) from error
        return list(results)

    def _finish(self, result: genai.EncodedGenerationResult) -> Finish:
        return "length" if result.finish_reasons[0] == genai.GenerationFinishReason.LENGTH else "stop"

    def _decode(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(ids))) if ids else ""

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


class _Streamer(genai.StreamerBase):  # type: ignore[misc]
    """Hands tokens on and cancels when they are no longer wanted."""

    def __init__(self, emit: Emit) -> None:
        super().__init__()
        self._emit = emit

    def write(self, token: int | Sequence[int]) -> genai.StreamingStatus:
        tokens = [token] if isinstance(token, int) else token
        return genai.StreamingStatus.RUNNING if self._emit(tokens) else genai.StreamingStatus.CANCEL

    def end(self) -> None:
        """Called at the end; the result says how it ended."""


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
def _load(
    path: Path,
    stamp: tuple[int, int],  # noqa: ARG001
    context_tokens: int,
    precision: str,
    keep_graph: bool,
) -> GenAIEngine:
    return GenAIEngine(path, context_tokens, precision, keep_graph=keep_graph)


def engine_for(path: Path, context_tokens: int, precision: str = "auto", *, keep_graph: bool = False) -> GenAIEngine:
    """Return the process's engine for a file, loading it once per file content and window.

    Raises:
        DataError: As `GenAIEngine`, or the file is absent.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise DataError(f"cannot be read: {error}", path=path, hint="kb models list") from error
    with _loading:
        return _load(path.resolve(), (stat.st_mtime_ns, stat.st_size), context_tokens, precision, keep_graph)


def release_engines() -> None:
    """Forget the engines of this process; weights are freed once no generation uses them, and loaded again if asked."""
    with _loading:
        _load.cache_clear()

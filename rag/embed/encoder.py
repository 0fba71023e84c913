"""Runs a sentence encoder on the CPU: tokens in, unit vectors out, fast and never cut silently.

It knows the tokenizer, the batching and the OpenVINO runtime; it refuses to know which model it runs, where
its files lie and what the texts are for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from kb.errors import ConfigError
from rag.embed.base import EmbedderIdentity

# Texts are tokenised, sorted and run in windows: long enough to sort well, short enough to bound memory.
_WINDOW_TEXTS = 512
# A batch holds about this many tokens: its activations then stay in a core's level-2 cache.
_BATCH_TOKENS = 1024
# Lengths are padded to a multiple of this, so that few shapes occur and kernels are reused.
_PAD_MULTIPLE = 16


def cpu_has_bf16(core: openvino.Core) -> bool:
    """Tell whether the CPU multiplies bfloat16 in hardware (AMX or AVX512_BF16), as OpenVINO sees it."""
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def pick_precision(precision: str, core: openvino.Core) -> str:
    """Return `bf16` or `f32`; `auto` takes bf16 where the hardware has it.

    Raises:
        ConfigError: bf16 is asked of a CPU without it, or the word is unknown.
    """
    if precision not in ("auto", "bf16", "f32"):
        raise ConfigError(f"precision {precision!r} is not auto, bf16 or f32", hint="kb config show")
    if precision == "bf16" and not cpu_has_bf16(core):
        raise ConfigError("this CPU has no bfloat16 arithmetic", hint="kb config show  # set rag.precision to auto")
    if precision == "auto":
        return "bf16" if cpu_has_bf16(core) else "f32"
    return precision


def load_tokenizer(path: Path) -> Tokenizer:
    """Read a `tokenizer.json` and switch off the truncation and padding that are stored in it."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


class OpenVinoEmbedder:
    """An `Embedder` around an OpenVINO model that maps `input_ids, attention_mask` to unit vectors.

    Args:
        model: The graph; output `(batch, dimension)`, float32, rows of unit length.
        tokenizer: Without truncation or padding.
        identity: Stored beside the vectors.
        precision: `auto`, `bf16` or `f32`.

    Raises:
        ConfigError: The precision is not available here.
    """

    def __init__(
        self, model: openvino.Model, tokenizer: Tokenizer, identity: EmbedderIdentity, precision: str = "auto"
    ) -> None:
        self._core = openvino.Core()
        self._model = model
        self._tokenizer = tokenizer
        self._identity = identity
        self.precision = pick_precision(precision, self._core)

    @property
    def identity(self) -> EmbedderIdentity:
        """What the vectors can be compared with."""
        return self._identity

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, float32, `(len(texts), dimension)`, in the order given.

        Raises:
            ValueError: A text is longer than the model reads; its index is named and nothing is cut.
        """
        vectors = np.zeros((len(texts), self._identity.dimension), dtype=np.float32)
        queue = openvino.AsyncInferQueue(self._throughput)
        queue.set_callback(lambda request, rows: _store(vectors, rows, request))
        for start in range(0, len(texts), _WINDOW_TEXTS):
            encodings = self._encode(texts[start : start + _WINDOW_TEXTS])
            self._check_lengths(encodings, start)
            for rows in _batches([len(encoding.ids) for encoding in encodings]):
                feeds = _feeds([encodings[row].ids for row in rows], self._identity.max_tokens)
                queue.start_async(feeds, [start + row for row in rows])
        queue.wait_all()
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return one unit vector, float32, `(dimension,)`; a query past the limit loses its end."""
        prefixed = self._identity.query_prefix + text
        encoding = self._tokenizer.encode(prefixed)
        limit = self._identity.max_tokens
        ids = encoding.ids
        if len(ids) > limit:
            # The last token closes the sequence ([SEP]) and stays.
            ids = [*ids[: limit - 1], ids[-1]]
        vector = self._latency(_feeds([ids], limit))[0][0]
        return np.array(vector, dtype=np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text takes as a document, prefix and special tokens included."""
        return [len(encoding.ids) for encoding in self._encode(texts)]

    def _encode(self, texts: Sequence[str]) -> list[Encoding]:
        prefix = self._identity.document_prefix
        prefixed = [prefix + text for text in texts] if prefix else list(texts)
        encodings: list[Encoding] = self._tokenizer.encode_batch_fast(prefixed)
        return encodings

    def _check_lengths(self, encodings: Sequence[Encoding], start: int) -> None:
        for row, encoding in enumerate(encodings):
            if len(encoding.ids) > self._identity.max_tokens:
                raise ValueError(
                    f"text {start + row} has {len(encoding.ids)} tokens; the embedder reads {self._identity.max_tokens}"
                )

    @cached_property
    def _latency(self) -> openvino.CompiledModel:
        return self._compile("LATENCY")

    @cached_property
    def _throughput(self) -> openvino.CompiledModel:
        return self._compile("THROUGHPUT")

    def _compile(self, hint: str) -> openvino.CompiledModel:
        return self._core.compile_model(
            self._model, "CPU", {"PERFORMANCE_HINT": hint, "INFERENCE_PRECISION_HINT": self.precision}
        )


def _store(vectors: NDArray[np.float32], rows: list[int], request: Any) -> None:
    vectors[rows] = request.get_output_tensor(0).data


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Group row indices by length, longest first, about `_BATCH_TOKENS` padded tokens each."""
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    start = 0
    while start < len(order):
        count = max(1, _BATCH_TOKENS // _padded(lengths[order[start]]))
        yield order[start : start + count]
        start += count


def _padded(length: int) -> int:
    return -(-length // _PAD_MULTIPLE) * _PAD_MULTIPLE


def _feeds(ids: Sequence[Sequence[int]], limit: int) -> list[NDArray[np.int64]]:
    """Pad token ids to one rectangle: ids and mask, int64 `(batch, tokens)`."""
    width = min(_padded(max(len(row) for row in ids)), max(limit, 1))
    tokens = np.zeros((len(ids), width), dtype=np.int64)
    mask = np.zeros((len(ids), width), dtype=np.int64)
    for index, row in enumerate(ids):
        tokens[index, : len(row)] = row
        mask[index, : len(row)] = 1
    return [tokens, mask]

"""Runs a sentence encoder on the CPU: tokens in, unit vectors out, fast and never cut silently."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from core.inference import compile_cached, openvino, pick_precision
from rag.embed.base import EmbedderIdentity

# Texts are tokenised, sorted by length and run in windows: long enough to sort well, short enough to bound memory.
_WINDOW_TEXTS = 512
# A batch holds about this many tokens, so that its activations stay in a core's level-2 cache: 10% faster per
# core than four times as many, and as fast as half as many.
_BATCH_TOKENS = 1024
# Lengths are padded to a multiple of this: few shapes, so that kernels are found again, at 4% more tokens.
_PAD_MULTIPLE = 16
# A row shorter than this share of its batch's width begins the next one: a few texts of different lengths, as the
# sentences of an answer are, would be padded to twice their tokens.
_LEAST_FILLED = 0.7
# One short text is fastest on one core: waking a second costs more than it brings.
_QUERY = {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": 1}
# One stream per core. Threads are not pinned: parsers and other processes share the cores.
_BULK = {"PERFORMANCE_HINT": "THROUGHPUT", "ENABLE_CPU_PINNING": False}


def load_tokenizer(path: Path) -> Tokenizer:
    """Read a `tokenizer.json` and switch off the truncation and padding that are stored in it."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


class OpenVinoEmbedder:
    """An `Embedder` around a stored OpenVINO model; safe to share between threads.

    The model maps `input_ids, attention_mask`, int64 `(batch, tokens)`, to unit vectors, float32
    `(batch, dimension)`. It is compiled on first use, separately for one query and for many documents.

    Args:
        graph: The model's `.xml`; compiled code is cached beside it.
        tokenizer: Without truncation or padding.
        identity: Stored beside the vectors.
        precision: `auto`, `bf16` or `f32`.

    Attributes:
        threads: Cores for many documents; 0 for all. Counts from the first embedding on.

    Raises:
        ConfigError: The precision is not available here.
    """

    def __init__(self, graph: Path, tokenizer: Tokenizer, identity: EmbedderIdentity, precision: str = "auto") -> None:
        self._graph = graph
        self._tokenizer = tokenizer
        self._identity = identity
        self._lock = threading.Lock()
        self._last_query: tuple[str, NDArray[np.float32]] | None = None
        self.precision = pick_precision(precision)
        self.threads = 0

    @property
    def identity(self) -> EmbedderIdentity:
        """What the vectors can be compared with."""
        return self._identity

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, float32, `(len(texts), dimension)`, in the order given.

        Several hundred texts at once are fastest: they are sorted by length before they are batched.

        Raises:
            ValueError: A text is longer than the model reads; its index is named and nothing is cut.
        """
        vectors = np.zeros((len(texts), self._identity.dimension), dtype=np.float32)
        with self._lock:
            try:
                for start in range(0, len(texts), _WINDOW_TEXTS):
                    self._queue_window(texts[start : start + _WINDOW_TEXTS], start, vectors)
            finally:
                self._bulk.wait_all()
        return vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return one unit vector, float32, `(dimension,)`; a query past the limit loses its end.

        The vector of the last query is kept: a question is searched for, and then compared with what was found.
        """
        last = self._last_query
        if last is not None and last[0] == text:
            return last[1].copy()
        ids = self._tokenizer.encode(self._identity.query_prefix + text).ids
        limit = self._identity.max_tokens
        if len(ids) > limit:
            # The last token closes the sequence ([SEP]) and stays.
            ids = [*ids[: limit - 1], ids[-1]]
        with self._lock:
            vector = np.array(self._query.infer(_rectangle([ids], len(ids)))[0][0], dtype=np.float32)
        self._last_query = (text, vector)
        return vector.copy()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text takes as a document, prefix and special tokens included."""
        return [len(encoding.ids) for encoding in self._encode(texts)]

    def _encode(self, texts: Sequence[str]) -> list[Encoding]:
        prefix = self._identity.document_prefix
        prefixed = [prefix + text for text in texts] if prefix else list(texts)
        encodings: list[Encoding] = self._tokenizer.encode_batch_fast(prefixed)
        return encodings

    def _queue_window(self, texts: Sequence[str], start: int, vectors: NDArray[np.float32]) -> None:
        ids = [encoding.ids for encoding in self._encode(texts)]
        for row, tokens in enumerate(ids):
            if len(tokens) > self._identity.max_tokens:
                raise ValueError(
                    f"text {start + row} has {len(tokens)} tokens; the embedder reads {self._identity.max_tokens}"
                )
        for rows, width in _batches([len(tokens) for tokens in ids], self._identity.max_tokens):
            feeds = _rectangle([ids[row] for row in rows], width)
            self._bulk.start_async(feeds, (vectors, [start + row for row in rows]))

    @cached_property
    def _query(self) -> Any:
        return self._compile(_QUERY).create_infer_request()

    @cached_property
    def _bulk(self) -> Any:
        threads = {"INFERENCE_NUM_THREADS": self.threads} if self.threads else {}
        queue = openvino.AsyncInferQueue(self._compile(_BULK | threads))
        queue.set_callback(_keep)
        return queue

    def _compile(self, how: Mapping[str, object]) -> Any:
        return compile_cached(self._graph, self.precision, how)


def _keep(request: Any, place: tuple[NDArray[np.float32], list[int]]) -> None:
    """Copy a finished batch to its rows."""
    vectors, rows = place
    vectors[rows] = request.get_output_tensor(0).data


def _batches(lengths: Sequence[int], limit: int) -> Iterator[tuple[list[int], int]]:
    """Yield (row indices, padded length) of batches of like lengths, longest first.

    No batch is wider than `limit`, and none holds more than about `_BATCH_TOKENS` tokens, padding included.
    """
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    start = 0
    while start < len(order):
        longest = lengths[order[start]]
        width = min(-(-longest // _PAD_MULTIPLE) * _PAD_MULTIPLE, limit)
        most = max(1, _BATCH_TOKENS // width)
        rows = [row for row in order[start : start + most] if lengths[row] >= _LEAST_FILLED * longest]
        yield rows, width
        start += len(rows)


def _rectangle(ids: Sequence[Sequence[int]], width: int) -> list[NDArray[np.int64]]:
    """Pad token ids to one width: ids and mask, int64 `(batch, width)`."""
    tokens = np.zeros((len(ids), width), dtype=np.int64)
    mask = np.zeros((len(ids), width), dtype=np.int64)
    for index, row in enumerate(ids):
        tokens[index, : len(row)] = row
        mask[index, : len(row)] = 1
    return [tokens, mask]

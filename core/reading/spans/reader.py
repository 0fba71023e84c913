"""The neural span reader: where in a few texts the answer to a question stands, if it stands there.

A start/end head with a no-answer score on the embedder's encoder (Devlin et al. 2019, section 4.3), run by OpenVINO.
The word embeddings and the tokenizer are the embedder's own; everything else ships with the program.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from core.files import Home
from core.inference import compile_cached, pick_precision

CLS, SEP = 101, 102
QUESTION_TOKENS = 48  # of a longer question the first are read
WINDOW_TOKENS = 256  # question, text and marks together, as trained
_OVERLAP_TOKENS = 64  # of neighbouring windows of one text
_ANSWER_TOKENS = 60  # longest span
_STARTS = 12  # best starts and ends that are paired, per window
_BATCH_TOKENS = 1024
_OPEN_READERS = 2
_REVISION = 1  # of the graph: raise it when the code that makes it changes what it makes
_SHARED = "embeddings.word_embeddings.weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanPrediction:
    """A stretch of a text that may answer.

    Attributes:
        passage: Index of the text.
        start: First code point in it.
        end: One past the last.
        score: Sum of the start and end scores less that of "no answer" in the same window; above 0 the span is the
            likelier of the two.
        no_answer: The score of "no answer" in that window.
    """

    passage: int
    start: int
    end: int
    score: float
    no_answer: float = 0.0


@dataclass(frozen=True, slots=True)
class _Window:
    passage: int
    ids: list[int]
    offsets: list[tuple[int, int]]


class SpanReader:
    """Finds spans; safe to share between threads.

    Args:
        graph: The model's `.xml`, as `core.encoder.bert.build_span_reader` makes it.
        tokenizer: The encoder's, without truncation or padding.
        precision: `auto`, `bf16` or `f32`.

    Raises:
        ConfigError: The precision is not available here.
    """

    def __init__(self, graph: Path, tokenizer: Tokenizer, precision: str = "auto") -> None:
        self._graph, self._tokenizer = graph, tokenizer
        self._precision = pick_precision(precision)
        self._lock = threading.Lock()

    def predict(self, question: str, texts: Sequence[str], *, top: int = 5) -> list[SpanPrediction]:
        """Return at most `top` spans over all texts, best first; spans of one text do not overlap.

        The time grows with the tokens of the texts: long ones are read in overlapping windows.
        """
        question_ids = self._tokenizer.encode(question, add_special_tokens=False).ids[:QUESTION_TOKENS]
        windows = [
            window for index, text in enumerate(texts) for window in self._windows(index, text, len(question_ids))
        ]
        spans: list[SpanPrediction] = []
        for batch in _batches(windows, len(question_ids) + 3):
            with self._lock:
                logits = np.array(self._request.infer(_rectangle(question_ids, batch))[0], dtype=np.float32)
            for window, scores in zip(batch, logits, strict=True):
                spans += _spans(window, scores, len(question_ids) + 2)
        return _apart(spans, top)

    def _windows(self, passage: int, text: str, question_tokens: int) -> Iterator[_Window]:
        encoding: Encoding = self._tokenizer.encode(text, add_special_tokens=False)
        room = WINDOW_TOKENS - question_tokens - 3
        for start in range(0, len(encoding.ids), room - _OVERLAP_TOKENS):
            end = start + room
            yield _Window(passage, encoding.ids[start:end], encoding.offsets[start:end])
            if end >= len(encoding.ids):
                break

    @cached_property
    def _request(self) -> Any:
        settings = {"PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False}
        return compile_cached(self._graph, self._precision, settings).create_infer_request()


def _batches(windows: Sequence[_Window], frame: int) -> Iterator[list[_Window]]:
    """Group windows of like lengths; `frame` counts the tokens that are not text."""
    batch: list[_Window] = []
    for window in sorted(windows, key=lambda window: -len(window.ids)):
        if batch and (len(batch[0].ids) + frame) * (len(batch) + 1) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


def _rectangle(question: Sequence[int], batch: Sequence[_Window]) -> list[NDArray[np.int64]]:
    """Pad to one width: ids, types and mask, int64 `(batch, width)`."""
    width = len(question) + 3 + max(len(window.ids) for window in batch)
    ids, types, mask = (np.zeros((len(batch), width), dtype=np.int64) for _ in range(3))
    for row, window in enumerate(batch):
        tokens = [CLS, *question, SEP, *window.ids, SEP]
        ids[row, : len(tokens)] = tokens
        types[row, len(question) + 2 : len(tokens)] = 1
        mask[row, : len(tokens)] = 1
    return [ids, types, mask]


def _spans(window: _Window, scores: NDArray[np.float32], text_start: int) -> list[SpanPrediction]:
    """The best spans of one window.

    Args:
        window: Its tokens.
        scores: Float32 `(tokens, 2)`: start and end.
        text_start: Index of the first token of the text.
    """
    none = float(scores[0].sum())
    body = scores[text_start : text_start + len(window.ids)]
    starts = np.argsort(-body[:, 0])[:_STARTS]
    ends = np.argsort(-body[:, 1])[:_STARTS]
    return [
        SpanPrediction(
            passage=window.passage,
            start=window.offsets[first][0],
            end=window.offsets[last][1],
            score=float(body[first, 0] + body[last, 1]) - none,
            no_answer=none,
        )
        for first in starts
        for last in ends
        if first <= last < first + _ANSWER_TOKENS
    ]


def _apart(spans: Sequence[SpanPrediction], top: int) -> list[SpanPrediction]:
    """The best spans that do not overlap a better one."""
    chosen: list[SpanPrediction] = []
    for span in sorted(spans, key=lambda span: -span.score):
        if len(chosen) == top:
            break
        if not any(span.passage == c.passage and span.start < c.end and c.start < span.end for c in chosen):
            chosen.append(span)
    return chosen


def open_span_reader(home: Home, *, precision: str = "auto", weights: Path | None = None) -> SpanReader | None:
    """Open the reader that ships with the program; all of a process share one, with the memory that it works in.

    The first time its graph is assembled and kept in the home's cache.

    Args:
        home: Holds the embedder's weights and the cache.
        precision: `auto`, `bf16` or `f32`.
        weights: Another reader's safetensors.

    Returns:
        None where the embedder's weights (`kb models pull minilm`) or the reader's are absent.
    """
    from core.weights.shelf import MANIFEST, folder_of
    from core.weights.shipped import span_reader_weights

    base = folder_of("minilm", home)
    own = weights or span_reader_weights()
    if not own.is_file() or not (base / MANIFEST).is_file():
        return None
    from core.encoder.prepared import prepare

    graph = prepare(home.cache / "graphs" / f"span-reader-{_key(base, own)}", lambda _work: _build(base, own))
    return _opened(graph, base / "tokenizer.json", precision)


@lru_cache(maxsize=_OPEN_READERS)
def _opened(graph: Path, tokens: Path, precision: str) -> SpanReader:
    tokenizer = Tokenizer.from_file(str(tokens))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return SpanReader(graph, tokenizer, precision)


def _key(base: Path, own: Path) -> str:
    """Name what the graph is made from without reading it."""
    from core.inference import openvino

    digest = hashlib.sha256(f"{_REVISION} {openvino.__version__}".encode())
    for path in (base / "model.safetensors", own):
        status = path.stat()
        digest.update(f"{path.resolve()} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _build(base: Path, own: Path) -> Any:
    import json

    from safetensors.numpy import load_file

    from core.encoder.bert import BertShape, build_span_reader

    shape = BertShape.from_config(json.loads((base / "config.json").read_bytes()))
    table = {key.removeprefix("bert."): value for key, value in load_file(base / "model.safetensors").items()}[_SHARED]
    tensors = {key: value.astype(np.float32) for key, value in load_file(own).items()}
    return build_span_reader({**tensors, _SHARED: table}, shape)

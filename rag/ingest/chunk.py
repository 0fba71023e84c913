"""Cuts a page into chunks with exact spans, none longer than the embedder reads.

The splitters are LangChain's; what they return is located in the page and kept only as a span of it. Knows
nothing of documents' formats or of models beyond a function that counts tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from langchain_text_splitters import CharacterTextSplitter, RecursiveCharacterTextSplitter, TextSplitter

from core.types import Chunk, Page
from rag.store.base import indexed_text

CountTokens = Callable[[Sequence[str]], list[int]]
Span = tuple[int, int]


class Chunker:
    """Splits pages into chunks.

    Args:
        splitter: `recursive` looks for paragraph, line, sentence and word borders in turn; `plain` cuts at lines.
        chunk_chars: Longest chunk, in code points.
        overlap_chars: Overlap of neighbours, in code points.
        max_tokens: The embedder's limit for header and text together, special tokens included.
        count_tokens: Counts tokens of several texts at once, special tokens included.
    """

    def __init__(
        self,
        *,
        splitter: Literal["recursive", "plain"],
        chunk_chars: int,
        overlap_chars: int,
        max_tokens: int,
        count_tokens: CountTokens,
    ) -> None:
        self._chunk_chars = chunk_chars
        self._overlap_chars = min(overlap_chars, chunk_chars // 2)
        self._kind = splitter
        self._max_tokens = max_tokens
        self._count_tokens = count_tokens

    def split(self, sha256: str, page: Page, header: str) -> list[Chunk]:
        """Return the chunks of a page in reading order; `page.text[start:end] == text` for each.

        Together they cover every character of the page that is not white space.
        """
        spans = self._spans(page.text, self._chunk_chars)
        chunks = [_chunk(sha256, page, span, self._fitting_header(header)) for span in spans]
        if not chunks:
            return []
        counts = self._count_tokens([indexed_text(chunk) for chunk in chunks])
        fitting: list[Chunk] = []
        for chunk, count in zip(chunks, counts, strict=True):
            fitting += [chunk] if count <= self._max_tokens else self._halve(chunk, page)
        # Neighbours overlap, and halves of two of them may be one and the same span.
        return list({chunk.id: chunk for chunk in fitting}.values())

    def _fitting_header(self, header: str) -> str:
        # A header may take a third of the window; a longer one says less with every word.
        while header and self._count_tokens([header])[0] > self._max_tokens // 3:
            header = header[: len(header) * 3 // 4].rstrip()
        return header

    def _halve(self, chunk: Chunk, page: Page) -> list[Chunk]:
        """Split a chunk with too many tokens (tables of figures, scripts without spaces) until all parts fit."""
        if len(chunk.text) == 1:
            return []
        spans = self._spans(chunk.text, max(1, len(chunk.text) // 2 + 1), overlap_chars=0)
        if len(spans) < 2:
            middle = len(chunk.text) // 2
            spans = [(0, middle), (middle, len(chunk.text))]
        parts = [_chunk(chunk.sha256, page, (chunk.start + a, chunk.start + b), chunk.header) for a, b in spans]
        counts = self._count_tokens([indexed_text(part) for part in parts])
        fitting: list[Chunk] = []
        for part, count in zip(parts, counts, strict=True):
            fitting += [part] if count <= self._max_tokens else self._halve(part, page)
        return fitting

    def _spans(self, text: str, chunk_chars: int, *, overlap_chars: int | None = None) -> list[Span]:
        overlap = min(self._overlap_chars if overlap_chars is None else overlap_chars, chunk_chars // 2)
        return _located(text, self._splitter(chunk_chars, overlap).split_text(text))

    def _splitter(self, chunk_chars: int, overlap_chars: int) -> TextSplitter:
        if self._kind == "plain":
            return CharacterTextSplitter(
                separator="\n",
                keep_separator="end", strip_whitespace=False,
                chunk_size=chunk_chars, chunk_overlap=overlap_chars,
            )  # fmt: skip
        return RecursiveCharacterTextSplitter(
            separators=["\n\n", "\n", ". ", " ", ""],
            keep_separator="end",
            strip_whitespace=False,
            chunk_size=chunk_chars,
            chunk_overlap=overlap_chars,
        )


def _chunk(sha256: str, page: Page, span: Span, header: str) -> Chunk:
    start, end = span
    return Chunk(sha256=sha256, page=page.index, start=start, end=end, text=page.text[start:end], header=header)


def _located(text: str, pieces: Sequence[str]) -> list[Span]:
    """Find the splitter's pieces in the text, in order, and trim white space off their ends.

    Unstripped pieces leave no gap, so each begins at or before the end of the last. Of several such places the
    latest is taken: by induction it never lies before the true one, so the next piece is always found too.
    """
    spans: list[Span] = []
    last_start, last_end = -1, 0
    for piece in pieces:
        start = text.rfind(piece, last_start + 1, last_end + len(piece))
        if start < 0:
            raise AssertionError(f"a splitter returned text that is not in the page: {piece[:60]!r}")
        last_start, last_end = start, start + len(piece)
        body = piece.strip()
        if body:
            first = start + len(piece) - len(piece.lstrip())
            spans.append((first, first + len(body)))
    return spans

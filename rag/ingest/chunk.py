"""Cuts a page into chunks with exact spans, none longer than the embedder reads.

Chunks follow the page's blocks; a page without blocks, and a block that is too long, is cut by its text. The splitters
are LangChain's; what they return is located in the page and kept only as a span of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from langchain_text_splitters import CharacterTextSplitter, RecursiveCharacterTextSplitter, TextSplitter

from core.blocks import RUNNING
from core.types import Chunk, Page
from rag.ingest.units import Pack, packs_of, units_of
from rag.load.linking import open_end
from rag.store.base import indexed_text

CountTokens = Callable[[Sequence[str]], list[int]]
Span = tuple[int, int]
Borders = Mapping[int, str]


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

    def split(self, sha256: str, page: Page, header: str, before: Page | None = None) -> list[Chunk]:
        """Return the chunks of a page in reading order; `page.text[start:end] == text` for each.

        Together they cover every character of the page that is not white space, running headers and footers excepted.
        No row of a table is cut that fits; rows below their heads, and what goes on from the page before, have heads
        and the words before in the chunk's header.

        Args:
            sha256: Document id.
            page: One page.
            header: What to put before each chunk.
            before: The page before it, for what goes on from there.
        """
        header = self._fitting_header(header)
        drafts = self._drafts(sha256, page, header, before)
        if not drafts:
            return []
        counts = self._count_tokens([indexed_text(chunk) for chunk, _ in drafts])
        fitting: list[Chunk] = []
        for (chunk, borders), count in zip(drafts, counts, strict=True):
            fitting += [chunk] if count <= self._max_tokens else self._halve(chunk, page, borders)
        # Neighbours overlap, and halves of two of them may be one and the same span.
        return list({chunk.id: chunk for chunk in fitting}.values())

    def _drafts(self, sha256: str, page: Page, header: str, before: Page | None) -> list[tuple[Chunk, Borders]]:
        """Return chunks, each with the places where it is halved first and the header of what begins there."""
        if not page.blocks:
            return [(_chunk(sha256, page, span, header), {}) for span in self._spans(page.text, self._chunk_chars)]
        drafts: list[tuple[Chunk, Borders]] = []
        contexts: dict[str, str] = {}
        for stretch in units_of(page):
            for pack in packs_of(stretch, self._chunk_chars):
                borders: dict[int, str] = {}
                for unit in pack.units:
                    if unit.heads not in contexts:
                        context = " | ".join(part for part in (header, unit.heads) if part)
                        contexts[unit.heads] = self._fitting(context, header)
                    borders[unit.start] = contexts[unit.heads]
                drafts += [
                    (_chunk(sha256, page, span, contexts[pack.units[0].heads]), borders)
                    for span in self._pack_spans(page, pack)
                ]
        open_text = open_end(before, page)
        if drafts and open_text:
            start = next(block.start for block in page.blocks if block.continues and block.kind not in RUNNING)
            index = next((index for index, (chunk, _) in enumerate(drafts) if chunk.end > start), 0)
            first, places = drafts[index]
            header = self._fitting(f"{first.header} | … {open_text}", first.header)
            drafts[index] = replace(first, header=header), places
        return drafts

    def _pack_spans(self, page: Page, pack: Pack) -> list[Span]:
        last = pack.units[-1]
        length = last.end - last.start
        if length <= self._chunk_chars:
            return [(pack.start, pack.end)]
        n_parts = -(-length // self._chunk_chars)
        even = min(self._chunk_chars, length // n_parts + self._overlap_chars)  # no short rest is left over
        spans = [
            (last.start + start, last.start + end) for start, end in self._spans(page.text[last.start : last.end], even)
        ]
        return [(pack.start, spans[0][1]), *spans[1:]]

    def _fitting(self, header: str, shorter: str) -> str:
        """Return a header, or a shorter one where it takes more than half of the window."""
        return header if not header or self._count_tokens([header])[0] <= self._max_tokens // 2 else shorter

    def _fitting_header(self, header: str) -> str:
        # A header may take a third of the window; a longer one says less with every word.
        while header and self._count_tokens([header])[0] > self._max_tokens // 3:
            header = header[: len(header) * 3 // 4].rstrip()
        return header

    def _halve(self, chunk: Chunk, page: Page, borders: Borders) -> list[Chunk]:
        """Split a chunk with too many tokens (tables of figures, scripts without spaces) until all parts fit."""
        if len(chunk.text) == 1:
            return []
        inside = [border for border in borders if chunk.start < border < chunk.end]
        spans = self._halves(chunk, inside)
        headers = [chunk.header, *[borders.get(start, chunk.header) for start, _ in spans[1:]]]
        parts = [_chunk(chunk.sha256, page, span, header) for span, header in zip(spans, headers, strict=True)]
        counts = self._count_tokens([indexed_text(part) for part in parts])
        fitting: list[Chunk] = []
        for part, count in zip(parts, counts, strict=True):
            fitting += [part] if count <= self._max_tokens else self._halve(part, page, borders)
        return fitting

    def _halves(self, chunk: Chunk, borders: Sequence[int]) -> list[Span]:
        """Return the parts of a chunk: cut at the border of a block or row nearest to its middle where there is one."""
        if borders:
            middle = (chunk.start + chunk.end) / 2
            cut = min(borders, key=lambda border: abs(border - middle)) - chunk.start
            parts = [(0, len(chunk.text[:cut].rstrip())), (cut, len(chunk.text))]
        else:
            parts = self._spans(chunk.text, max(1, len(chunk.text) // 2 + 1), overlap_chars=0)
            if len(parts) < 2:
                half = len(chunk.text) // 2
                parts = [(0, half), (half, len(chunk.text))]
        return [(chunk.start + start, chunk.start + end) for start, end in parts if start < end]

    def _spans(self, text: str, chunk_chars: int, *, overlap_chars: int | None = None) -> list[Span]:
        overlap = min(self._overlap_chars if overlap_chars is None else overlap_chars, chunk_chars // 2)
        return _located(text, self._splitter(chunk_chars, overlap).split_text(text))

    def _splitter(self, chunk_chars: int, overlap_chars: int) -> TextSplitter:
        if self._kind == "plain":
            return CharacterTextSplitter(
                separator="\n",
                keep_separator="end",
                strip_whitespace=False,
                chunk_size=chunk_chars,
                chunk_overlap=overlap_chars,
            )
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

"""From tokens made in a thread to pieces of text: one generation, read as it grows, and stopped when nobody reads.

The runtimes that write in this process offer a callback per token; LangChain wants an iterator.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence

from core.chat.local.decoding import Finish, Piece, StopFilter
from core.errors import BackendError

# Takes new tokens, tells whether to go on.
Emit = Callable[[Sequence[int]], bool]
# Generates until its end or until `Emit` says no; says how it ended.
Work = Callable[[Emit], Finish]
Decode = Callable[[Sequence[int]], str]

# Stands where the bytes of a character are not complete yet.
_INCOMPLETE = "\N{REPLACEMENT CHARACTER}"


class IncrementalText:
    """Text of a growing list of tokens, given out a whole character at a time.

    Decodes a window of the last tokens only, with those before them for the blanks that some tokenizers put between.
    """

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        self._window: list[int] = []
        self._n_shown = 0

    def push(self, tokens: Sequence[int], *, last: bool = False) -> str:
        """Return the text that these tokens complete; `last` gives out half a character too."""
        self._window += tokens
        before = self._decode(self._window[: self._n_shown])
        text = self._decode(self._window)
        if not last and (len(text) <= len(before) or text.endswith(_INCOMPLETE)):
            return ""
        self._window = self._window[self._n_shown :]
        self._n_shown = len(self._window)
        return text[len(before) :]


def pieces(work: Work, decode: Decode, stop: Sequence[str]) -> Iterator[Piece]:
    """Run a generation in a thread and yield its text; a consumer that stops iterating stops it.

    Raises:
        BackendError: `work` raised a `RuntimeError`.
    """
    news: queue.SimpleQueue[Sequence[int] | Finish | RuntimeError] = queue.SimpleQueue()
    abandoned = threading.Event()

    def emit(tokens: Sequence[int]) -> bool:
        news.put(list(tokens))
        return not abandoned.is_set()

    def run() -> None:
        try:
            news.put(work(emit))
        except RuntimeError as error:
            news.put(error)

    thread = threading.Thread(target=run, name="generation")
    thread.start()
    try:
        yield from _read(news, IncrementalText(decode), StopFilter(stop))
    finally:
        abandoned.set()
        thread.join()


def _read(
    news: queue.SimpleQueue[Sequence[int] | Finish | RuntimeError], grown: IncrementalText, gate: StopFilter
) -> Iterator[Piece]:
    while True:
        new = news.get()
        if isinstance(new, RuntimeError):
            raise BackendError(f"the runtime failed: {new}", hint="kb doctor") from new
        if isinstance(new, str):
            rest = gate.push(grown.push([], last=True)) + gate.flush()
            yield Piece(text=rest, n_tokens=0, finish="stop" if gate.stopped else new)
            return
        text = gate.push(grown.push(new))
        yield Piece(text=text, n_tokens=len(new), finish="stop" if gate.stopped else None)
        if gate.stopped:
            return

"""Groups rows that must not be split: rows of one document or context, and rows that share a passage or a question.

A row is represented by a few 64-bit fingerprints (about 150 bytes), so that millions of rows fit in memory.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from array import array
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.language.english.questions.wording import ENGLISH
from synth.work.components import components

# A run of words this long, between marks, is not shared by chance.
_MIN_WORDS = 6
# Fingerprints a row keeps: its longest runs. Two rows on one passage share one unless one of them holds as many runs of
# its own, all longer than the passage's.
_MAX_RUNS = 6
# Fingerprints of a second kind, for texts whose runs are all short (talks, lists): the least of the hashes of all
# windows of so many words. Two texts that are mostly the same share one of them almost surely (Broder 1997). Of a long
# text every hash in so many is kept besides, so that a part of it is found again in another.
_WINDOW_WORDS, _LEAST_WINDOWS, _ONE_IN = 12, 4, 64
_FACTORS = np.random.default_rng(20250101).integers(1, 1 << 63, _WINDOW_WORDS, dtype=np.uint64) | np.uint64(1)
# A text that more rows share than this is an instruction or a greeting, not a passage to read, and a name that more
# rows share is no document among others. Where that leaves nothing to hold out, the share is halved until it does.
_COMMON_SHARE = 0.5
# Of so many rows some can always be held out, in groups of at most a quarter (`synth.dataset.holdout.assigned`).
_HOLDABLE_ROWS, _HOLDABLE_PARTS = 20, 4
# A name under which people or `kb` put rows together on purpose; it binds however many they are.
_GROUP = "group:"
# A group this large is held together by wording (a template's words, a boilerplate), not by a passage.
_LARGEST_SHARE, _LARGEST_ROWS = 0.2, 100
_RUN = re.compile(r"[^.!?:;\n\"“”«»|]+")
_WORD = re.compile(r"\w+")


def fingerprint(text: str) -> int:
    """Return 64 bits of SHA-256 over a text."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8])


def words(text: str) -> list[str]:
    """Return the words of a text, folded to lower case."""
    return _WORD.findall(text.casefold())


@lru_cache(maxsize=64)
def run_fingerprints(*texts: str) -> list[int]:
    """Return fingerprints of the longest runs of words of some texts, at most `_MAX_RUNS`, longest first."""
    runs = {
        tuple(run_words) for text in texts for run in _RUN.findall(text) if len(run_words := words(run)) >= _MIN_WORDS
    }
    longest = sorted(runs, key=lambda run: (-len(run), run))[:_MAX_RUNS]
    return [fingerprint("run " + " ".join(run)) for run in longest]


@lru_cache(maxsize=64)
def window_fingerprints(text: str) -> list[int]:
    """Return the least hashes of the windows of a text: `_LEAST_WINDOWS`, or one in `_ONE_IN` where that is more."""
    codes = np.array([zlib.crc32(word.encode("utf-8", "replace")) for word in words(text)], dtype=np.uint64)
    n = len(codes) - _WINDOW_WORDS + 1
    if n < 1:
        return []
    hashed = np.zeros(n, dtype=np.uint64)
    for offset, factor in enumerate(_FACTORS):
        hashed += codes[offset : offset + n] * factor
    # The high bits of the sums are good, the low ones less so; least means least after mixing.
    hashed = (hashed ^ (hashed >> np.uint64(29))) * _FACTORS[0]
    least = np.unique(hashed)
    count = max(_LEAST_WINDOWS, int(np.searchsorted(least, np.uint64((1 << 64) // _ONE_IN))))
    return [int(value) for value in least[:count]]


def question_fingerprint(question: str) -> int:
    """Return a fingerprint that does not depend on filler words, word order and punctuation."""
    question_words = words(question)
    content = sorted(set(question_words) - ENGLISH.filler_words) or sorted(set(question_words))
    return fingerprint("question " + " ".join(content))


class Linked:
    """Collects what rows share and groups them; rows are numbered in order of `add`.

    Attributes:
        is_loosened: Whether `groups` had to part rows on one passage, because nothing could be held out otherwise.
    """

    def __init__(self) -> None:
        self.n_rows = 0
        self.is_loosened = False
        self._links: dict[str, tuple[array[int], array[int]]] = {
            kind: (array("Q"), array("I")) for kind in ("group", "firm", "context", "run")
        }

    def add(
        self, *, documents: Iterable[str], question: str, answer: str, context: str, turns: Iterable[tuple[str, str]]
    ) -> None:
        """Add a row.

        Args:
            documents: Names of its sources; rows with a common name stay together, unless most rows have it.
            question: Rows without a context that have the same question stay together, unless most rows have it.
            answer: Compared where there is no context, because the same words state the same fact.
            context: Rows with the same context stay together, unless most rows have it.
            turns: Earlier turns; the first question represents the conversation, and the last where many share the
                first (a greeting).
        """
        for name in documents:
            self._add("group" if name.startswith(_GROUP) else "firm", fingerprint("document " + name))
        first = next((earlier_question for earlier_question, _ in turns), question)
        if context:
            self._add("context", fingerprint("context " + " ".join(words(context))))
        elif words(first):
            self._add("firm", question_fingerprint(first))
            if first != question and words(question):
                self._add("run", question_fingerprint(question))
        shared = (context,) if context else (first, answer)
        for key in (*run_fingerprints(*shared), *window_fingerprints(shared[0])):
            self._add("run", key)
        self.n_rows += 1

    def _add(self, kind: str, key: int) -> None:
        keys, rows = self._links[kind]
        keys.append(key)
        rows.append(self.n_rows)

    def groups(self) -> NDArray[np.uint32]:
        """Return per row, shape `(n_rows,)`, the number of the first row of its group.

        What most rows share binds nothing. Runs that very many rows share are dropped, the commonest first, until no
        group is held together by wording.
        """
        most = int(self.n_rows * _COMMON_SHARE)
        labels = self._grouped(most)
        while not _can_hold_out(labels) and most:
            self.is_loosened = True
            most //= 2
            labels = self._grouped(most)
        return labels

    def _grouped(self, most: int) -> NDArray[np.uint32]:
        """Return the groups where keys of more than `most` rows bind nothing; of few rows, contexts alone."""
        bound = most if self.n_rows >= _HOLDABLE_ROWS else self.n_rows
        group = _edges(*self._arrays("group"))
        firm = _edges(*self._arrays("firm"), most=bound)
        context = _edges(*self._arrays("context"), most=max(2, most) if most else 0)
        limit = max(_LARGEST_ROWS, int(self.n_rows * _LARGEST_SHARE))
        settled = components(self.n_rows, [group, firm, context])
        allowed = max(limit, _largest(settled))
        most = bound
        while most > 1:
            labels = components(self.n_rows, [_edges(*self._arrays("run"), most=most)], settled)
            if _largest(labels) <= allowed:
                return labels
            most //= 2
        return settled

    def _arrays(self, kind: str) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
        keys, rows = self._links[kind]
        return np.frombuffer(keys, dtype=np.uint64), np.frombuffer(rows, dtype=np.uint32)


def _can_hold_out(labels: NDArray[np.uint32]) -> bool:
    """Whether validation and test can each get a group; few rows need not be held out."""
    if len(labels) < _HOLDABLE_ROWS:
        return True
    sizes = np.unique(labels, return_counts=True)[1]
    return int((sizes * _HOLDABLE_PARTS <= len(labels)).sum()) > 1


def _largest(labels: NDArray[np.uint32]) -> int:
    return int(np.unique(labels, return_counts=True)[1].max()) if len(labels) else 0


def _edges(keys: NDArray[np.uint64], rows: NDArray[np.uint32], most: int | None = None) -> NDArray[np.uint32]:
    """Return pairs of rows, shape `(n, 2)`, that chain the rows of each key; keys of more than `most` rows are out."""
    # Rows were added in order, and a stable sort keeps them so within a key.
    order = np.argsort(keys, kind="stable")
    keys, rows = keys[order], rows[order]
    same = keys[1:] == keys[:-1]
    if most is not None and len(keys):
        starts = np.flatnonzero(np.concatenate(([True], ~same)))
        counts = np.diff(np.append(starts, len(keys)))
        same &= np.repeat(counts <= most, counts)[1:]
    return np.stack([rows[:-1][same], rows[1:][same]], axis=1)

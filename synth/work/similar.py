"""Near-duplicate texts: shingles, their Jaccard index, and MinHash buckets on disk for many texts.

Signatures are datasketch's (Broder 1997); the buckets stand in the workspace, so that memory does not grow with the
texts.
"""

from __future__ import annotations

import sqlite3

import numpy as np
from datasketch import MinHash
from numpy.typing import NDArray

from core.reading.text.words import words

_WORDS = 5
_SIGNS = 5
_HASHES = 128
# 32 bands of 4: two texts of Jaccard 0.8 share a band with probability 1 - (1 - 0.8^4)^32 > 0.9999999.
_BANDS = 32
_SEED = 1


def word_shingles(text: str) -> frozenset[str]:
    """Return the sequences of five words of a text; of a shorter one, all its words as one."""
    text_words = words(text)
    if len(text_words) < _WORDS:
        return frozenset({" ".join(text_words)}) if text_words else frozenset()
    return frozenset(" ".join(text_words[start : start + _WORDS]) for start in range(len(text_words) - _WORDS + 1))


def sign_shingles(text: str) -> frozenset[str]:
    """Return the sequences of five characters of a text in lower case, for texts as short as questions."""
    plain = " ".join(words(text))
    return frozenset(plain[start : start + _SIGNS] for start in range(max(1, len(plain) - _SIGNS + 1)))


def jaccard(first: frozenset[str], second: frozenset[str]) -> float:
    """Shared items over all items; 1.0 for two empty sets."""
    return len(first & second) / len(first | second) if first or second else 1.0


class NearDuplicates:
    """Texts by MinHash signature, looked up by those that share a band.

    Args:
        db: Holds the tables `bands` and `signatures`.
        least: Jaccard index (estimated from the signatures) from which two texts are near-duplicates.
    """

    def __init__(self, db: sqlite3.Connection, least: float) -> None:
        self._db = db
        self._least = least

    def add(self, owner: str, text: str) -> list[str]:
        """Add a text and return the owners of its near-duplicates among earlier texts, best first."""
        signature = _signature(text)
        rows = len(signature) // _BANDS
        bands = [(band, signature[band * rows : (band + 1) * rows].tobytes()) for band in range(_BANDS)]
        near: set[str] = set()
        for band, value in bands:
            rows_found = self._db.execute("SELECT owner FROM bands WHERE band=? AND value=?", (band, value))
            near |= {row[0] for row in rows_found}
        scored = sorted(((self._agreement(signature, other), other) for other in near), reverse=True)
        self._db.execute("INSERT OR REPLACE INTO signatures VALUES(?,?)", (owner, signature.tobytes()))
        self._db.executemany("INSERT OR IGNORE INTO bands VALUES(?,?,?)", [(*band, owner) for band in bands])
        return [other for share, other in scored if share >= self._least]

    def _agreement(self, signature: NDArray[np.uint32], other: str) -> float:
        (hashes,) = self._db.execute("SELECT hashes FROM signatures WHERE owner=?", (other,)).fetchone()
        return float((np.frombuffer(hashes, dtype=signature.dtype) == signature).mean())


def _signature(text: str) -> NDArray[np.uint32]:
    """Return 128 minima; values fit 32 bits."""
    minhash = MinHash(num_perm=_HASHES, seed=_SEED)
    minhash.update_batch([shingle.encode() for shingle in sorted(word_shingles(text))])
    return np.asarray(minhash.hashvalues).astype(np.uint32)

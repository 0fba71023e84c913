"""Document mode: assigns documents to splits before any row is made.

Documents that share a tenth of their chunks form one part (a filing and the next one); chunks that two parts share all
the same (boilerplate) make no rows. So no test row rests on text that a training row has seen.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.types import Split
from synth.work.candidate import digest, order_key
from synth.work.components import components
from synth.work.places import Places
from synth.work.similar import NearDuplicates

_JOINED = 0.1
_FEWEST_CHARS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentParts:
    """Counts of the parts of a collection.

    Attributes:
        parts: Number of connected components.
        shared: Chunks left out because two parts share them.
    """

    parts: int
    shared: int


def part_documents(places: Places, *, jaccard: float, val_share: float, test_share: float) -> DocumentParts:
    """Assign every document a part and a split, and mark the chunks that two parts share.

    Args:
        places: Holds documents and chunks.
        jaccard: Jaccard index of word shingles from which two chunks are near-duplicates.
        val_share: Share of the chunks for validation.
        test_share: Share of the chunks for the test.
    """
    db = places.db
    db.execute("CREATE TABLE alike_chunks(one TEXT, other TEXT)")
    sizes = _find_alike(places, jaccard)
    alike = db.execute(
        "SELECT min(a.sha256, b.sha256), max(a.sha256, b.sha256), count(DISTINCT one) FROM alike_chunks"
        " JOIN chunks a ON a.id = one JOIN chunks b ON b.id = other WHERE a.sha256 <> b.sha256 GROUP BY 1, 2"
    )
    joined = [(first, second) for first, second, count in alike if count >= _JOINED * min(sizes[first], sizes[second])]
    parts = _parts(sorted(sizes), joined)
    _assign(db, parts, sizes, places.seed, val_share, test_share)
    db.execute(
        "UPDATE chunks SET shared=1 WHERE id IN (WITH both(id, twin) AS (SELECT one, other FROM alike_chunks UNION"
        " SELECT other, one FROM alike_chunks) SELECT both.id FROM both JOIN chunks a ON a.id = both.id"
        " JOIN chunks b ON b.id = twin JOIN documents c ON c.sha256 = a.sha256"
        " JOIN documents d ON d.sha256 = b.sha256 WHERE c.part <> d.part)"
    )
    return DocumentParts(parts=len(parts), shared=places.count("chunks", "shared = 1"))


def _find_alike(places: Places, jaccard: float) -> Counter[str]:
    """Fill the table of near-duplicate chunks and return the number of chunks of each document."""
    near = NearDuplicates(places.db, jaccard)
    sizes: Counter[str] = Counter({row[0]: 0 for row in places.db.execute("SELECT sha256 FROM documents")})
    with places.bulk():
        for source in places.chunks_in_order():
            sizes[source.sha256] += 1
            if len(source.text) >= _FEWEST_CHARS:
                pairs = [(source.chunk, other) for other in near.add(source.chunk, source.text)]
                places.db.executemany("INSERT INTO alike_chunks VALUES(?,?)", pairs)
    return sizes


def _parts(documents: Sequence[str], joined: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return the connected components of documents, each in the given order."""
    number = {sha256: position for position, sha256 in enumerate(documents)}
    edges = np.array([(number[first], number[second]) for first, second in joined], dtype=np.uint32).reshape(-1, 2)
    members: dict[int, list[str]] = {}
    for sha256, label in zip(documents, components(len(documents), [edges]).tolist(), strict=True):
        members.setdefault(label, []).append(sha256)
    return list(members.values())


def _assign(
    db: sqlite3.Connection,
    parts: Sequence[Sequence[str]],
    sizes: Counter[str],
    seed: int,
    val_share: float,
    test_share: float,
) -> None:
    """Name the parts by the documents in them and assign splits: the largest trains, the rest in the seed's order."""
    weights = {digest(*documents): sum(sizes[sha256] for sha256 in documents) for documents in parts}
    splits = _split_parts(weights, seed, {"test": test_share, "val": val_share})
    for documents in parts:
        part = digest(*documents)
        db.executemany(
            "UPDATE documents SET part=?, split=? WHERE sha256=?",
            [(part, splits[part], sha256) for sha256 in documents],
        )


def _split_parts(weights: dict[str, int], seed: int, shares: dict[Split, float]) -> dict[str, Split]:
    """Return a split for each part; a split with a share gets at least one part if there are enough parts."""
    total = sum(weights.values())
    largest = max(weights, key=lambda part: (weights[part], part), default="")
    remaining = sorted((part for part in weights if part != largest), key=lambda part: order_key(seed, part))
    splits: dict[str, Split] = dict.fromkeys(weights, "train")
    for split, share in shares.items():
        room = share * total
        fitting = [part for part in remaining if weights[part] <= 1.5 * room]
        chosen: list[str] = []
        for part in fitting or sorted(remaining, key=lambda part: weights[part])[:1]:
            if share > 0 and sum(weights[part] for part in chosen) < room:
                chosen.append(part)
        splits |= dict.fromkeys(chosen, split)
        remaining = [part for part in remaining if part not in chosen]
    return splits

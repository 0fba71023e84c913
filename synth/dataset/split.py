"""Knowledge mode: which phrasings are held out; both modes: proof that no held-out row stands in training.

A phrasing is held out only where another phrasing of its fact trains, of the same kind where the answer is recalled.
Two rows overlap where they share 13 words in a row (Brown et al. 2020); a shorter text counts whole.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.reading.text.words import words
from synth.work.kinds import RECALLED, STATING
from synth.work.workspace import SynthTables

GRAM_WORDS = 13
# A run of words that questions of this many facts hold is a name (of a document, say), not a fact given away.
_COMMON_FACTS = 3
_BLOCK = 4096
_TEST_BLOCK = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitProof:
    """Properties of the split, counted after it was made.

    Attributes:
        shared_groups: Groups with rows on two sides; must be 0.
        shared_grams: Held-out rows that share 13 words with training outside the mode's allowance; must be 0.
        barred: Groups that could not be held out for it (knowledge mode).
        dropped: Held-out rows that were dropped for it (document mode).
    """

    shared_groups: int
    shared_grams: int
    barred: int
    dropped: int


def hold_out(work: SynthTables, *, val_share: float, test_share: float) -> None:
    """Hold out one cluster of phrasings of some facts, in the seed's order, until the shares are full.

    Groups that share words with others (table `barred`) are never held out.
    """
    total = work.count("rows")
    shares = {split: share for split, share in (("test", test_share), ("val", val_share)) if share}
    room = {split: share * total - work.count("rows", f"split='{split}'") for split, share in shares.items()}
    facts = work.db.execute(
        "SELECT fact FROM rows WHERE fact<>'' GROUP BY fact HAVING count(DISTINCT grp) > 1 AND max(split) = 'train'"
        " AND min(split) = 'train' ORDER BY place_of(fact)"
    ).fetchall()
    for (fact,) in facts:
        # Both fill at one pace, so that neither is empty where few facts can spare a phrasing.
        split = max(room, key=lambda name: room[name] / shares[name], default="")
        if not split or room[split] <= 0:
            return
        group, size = _spare(work, fact)
        if group:
            work.db.execute("UPDATE rows SET split=? WHERE grp=?", (split, group))
            room[split] -= size


def _spare(work: SynthTables, fact: str) -> tuple[str, int]:
    """Return a group of a fact that can be held out, with its number of rows; `""` and 0 where there is none.

    Groups that recall the fact come first, because the test asks without the documents whether it was learnt.
    """
    kinds: dict[str, list[str]] = defaultdict(list)
    rows = work.db.execute("SELECT grp, kind FROM rows WHERE fact=? ORDER BY place_of(grp), seq", (fact,))
    for group, kind in rows:
        kinds[group].append(kind)
    is_barred = "SELECT 1 FROM barred WHERE grp=?"
    barred = {group for group in kinds if work.db.execute(is_barred, (group,)).fetchone()}
    recalled_first = sorted(kinds, key=lambda group: not RECALLED.intersection(kinds[group]))
    for group in (group for group in recalled_first if group not in barred):
        rest = {kind for other, their_kinds in kinds.items() if other != group for kind in their_kinds}
        needed = RECALLED if RECALLED.intersection(kinds[group]) else STATING
        if needed & rest:
            return group, len(kinds[group])
    return "", 0


def prove(work: SynthTables, *, mode: str, val_share: float, test_share: float) -> SplitProof:
    """Hold rows out, remove rows that overlap with training, and count what overlap remains.

    Knowledge mode compares the questions, since facts and passages are meant to be on both sides, and holds out only
    groups whose questions share no run of words with another's; document mode compares all texts and drops rows.
    """
    if mode == "document":
        dropped = _drop_overlapping(work)
        overlapping = len(_overlapping(work, whole=True))
        return SplitProof(shared_groups=_shared_groups(work), shared_grams=overlapping, barred=0, dropped=dropped)
    _count_common(work)
    _bar_shared(work)
    hold_out(work, val_share=val_share, test_share=test_share)
    overlapping = len(_overlapping(work, whole=False))
    return SplitProof(
        shared_groups=_shared_groups(work), shared_grams=overlapping, barred=work.count("barred"), dropped=0
    )


def _bar_shared(work: SynthTables) -> None:
    """Fill the table of groups whose questions share a run of words with those of another group."""
    with work.bulk():
        for record in work.records("rows"):
            work.db.executemany(
                "INSERT OR IGNORE INTO group_grams VALUES(?,?)",
                ((gram, record["group"]) for gram in _grams(record, whole=False)),
            )
        work.db.execute(
            "INSERT OR IGNORE INTO barred SELECT grp FROM group_grams WHERE hash IN"
            " (SELECT hash FROM group_grams GROUP BY hash HAVING count(*) > 1 EXCEPT SELECT hash FROM common)"
        )


def follow(work: SynthTables) -> None:
    """Give preference pairs the split of the rows of their group; a group without rows trains."""
    work.db.execute(
        "UPDATE preferences SET split=coalesce((SELECT split FROM rows WHERE rows.grp=preferences.grp LIMIT 1), split)"
    )


def _shared_groups(work: SynthTables) -> int:
    query = "SELECT count(*) FROM (SELECT grp FROM rows GROUP BY grp HAVING count(DISTINCT split) > 1)"
    return int(work.db.execute(query).fetchone()[0])


def _drop_overlapping(work: SynthTables) -> int:
    dropped = 0
    while rows := [row_id for row_id, _ in _overlapping(work, whole=True)]:
        work.drop_rows(rows, "overlap", f"shares {GRAM_WORDS} words with a row of another split")
        dropped += len(rows)
    return dropped


def _overlapping(work: SynthTables, *, whole: bool) -> list[tuple[str, str]]:
    """Return (id, group) of held-out rows that share a run of words with a row of another split.

    The smaller side stands in a table on disk; test rows are also held against validation rows.
    """
    groups: dict[str, str] = {}
    for side, against in (("('val','test')", "('train')"), ("('val')", "('test')")):
        work.db.execute("DELETE FROM grams")
        with work.bulk():
            for record in work.records("rows", f"split IN {against}"):
                work.db.executemany(
                    "INSERT OR IGNORE INTO grams VALUES(?)", ((g,) for g in _grams(record, whole=whole))
                )
        for record in work.records("rows", f"split IN {side}"):
            if record["id"] not in groups and any(_known(work, gram) for gram in _grams(record, whole=whole)):
                groups[record["id"]] = record["group"]
    return list(groups.items())


def _known(work: SynthTables, gram: int) -> bool:
    if not work.db.execute("SELECT 1 FROM grams WHERE hash=?", (gram,)).fetchone():
        return False
    return not work.db.execute("SELECT 1 FROM common WHERE hash=?", (gram,)).fetchone()


def _count_common(work: SynthTables) -> None:
    """Fill the table of runs of words that questions of several facts hold."""
    with work.bulk():
        for record in work.records("rows", "fact<>''"):
            work.db.executemany(
                "INSERT OR IGNORE INTO gram_facts VALUES(?,?)",
                ((gram, record["fact"]) for gram in _grams(record, whole=False)),
            )
        work.db.execute(
            "INSERT INTO common SELECT hash FROM gram_facts GROUP BY hash HAVING count(*) >= ?", (_COMMON_FACTS,)
        )


def _grams(record: dict[str, Any], *, whole: bool) -> Iterator[int]:
    """Yield hashes (63 bits) of the runs of 13 words of a row: of its question, or of every text in it."""
    texts = [record["question"]]
    if whole:
        texts += [record["answer"], record["context"], *(citation["quote"] for citation in record["evidence"])]
    for text in texts:
        text_words = words(text)
        if whole and len(text_words) < GRAM_WORDS:
            continue  # a short answer ("2024") is no leak
        for start in range(max(1, len(text_words) - GRAM_WORDS + 1)) if text_words else ():
            gram = " ".join(text_words[start : start + GRAM_WORDS]).encode()
            yield int.from_bytes(hashlib.blake2b(gram, digest_size=8).digest()) >> 1


def nearest(work: SynthTables) -> Iterator[dict[str, Any]]:
    """Yield, for every test row with a question, the training row whose question is nearest, with its cosine."""
    query = "SELECT id, vector, json FROM rows WHERE split=? AND length(vector) > 0 ORDER BY seq"
    tests = work.db.execute(query, ("test",))
    while block := tests.fetchmany(_TEST_BLOCK):
        test_vectors = np.stack([np.frombuffer(vector, dtype=np.float32) for _, vector, _ in block])
        best: list[tuple[float, str, str]] = [(-2.0, "", "")] * len(block)
        trains = work.db.execute(query, ("train",))
        while train_block := trains.fetchmany(_BLOCK):
            cosines = (
                test_vectors @ np.stack([np.frombuffer(vector, dtype=np.float32) for _, vector, _ in train_block]).T
            )
            best = [
                _better(nearest_so_far, row, train_block) for nearest_so_far, row in zip(best, cosines, strict=True)
            ]
        for (row_id, _, text), (cosine, other, question) in zip(block, best, strict=True):
            if other:
                yield {
                    "id": row_id,
                    "question": json.loads(text)["question"],
                    "train": other,
                    "train_question": question,
                    "cosine": round(cosine, 3),
                }


def _better(
    nearest_so_far: tuple[float, str, str], cosines: NDArray[np.float32], train_block: list[tuple[str, bytes, str]]
) -> tuple[float, str, str]:
    position = int(cosines.argmax())
    if float(cosines[position]) <= nearest_so_far[0]:
        return nearest_so_far
    return float(cosines[position]), train_block[position][0], json.loads(train_block[position][2])["question"]

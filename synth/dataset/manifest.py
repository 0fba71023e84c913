"""Writes a dataset's manifest: its sources, counts of its rows, and the properties of its split.

Nothing in it depends on the clock or the machine: the same seed gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.files import atomic_write, sha256_of
from core.language.english.questions.wording import ENGLISH
from core.reading.text.words import words
from synth.dataset.split import SplitProof, nearest
from synth.work.kinds import HUMAN_ORIGINS
from synth.work.workspace import SynthTables

VERSION = 1


def question_type(question: str) -> str:
    """Return the question word of a question (`what`, `how many`, ...), `other` without one, `none` for no question."""
    if not question:
        return "none"
    match = ENGLISH.question_phrase.search(question)
    return match[1].casefold() if match else "other"


def rejected_by(work: SynthTables) -> dict[str, int]:
    """Return the number of records that each check dropped, most first."""
    return dict(work.db.execute("SELECT check_name, count(*) FROM rejected GROUP BY 1 ORDER BY 2 DESC, 1").fetchall())


def counts(work: SynthTables) -> dict[str, Any]:
    """Return the numbers of rows by kind, split, question type, kind of fact and origin."""
    kinds: Counter[str] = Counter()
    types: Counter[str] = Counter()
    origins: Counter[str] = Counter()
    splits: Counter[str] = Counter()
    documents: Counter[str] = Counter()
    for record in work.records("rows"):
        kinds[record["kind"]] += 1
        types[question_type(record["question"])] += 1
        origins[record["origin"]] += 1
        splits[record["split"]] += 1
        documents.update(sorted({citation["doc"] for citation in record["evidence"]}))
    facts = dict(work.db.execute("SELECT kind, count(*) FROM facts GROUP BY kind ORDER BY 2 DESC, 1").fetchall())
    preferences = work.db.execute("SELECT kind, count(*) FROM preferences GROUP BY kind ORDER BY 1").fetchall()
    total = sum(kinds.values())
    written = sum(origins[origin] for origin in HUMAN_ORIGINS)
    return {
        "pairs": total,
        "preferences": work.count("preferences"),
        "groups": work.db.execute("SELECT count(DISTINCT grp) FROM rows").fetchone()[0],
        "facts": work.count("facts"),
        "facts_asked": work.db.execute("SELECT count(DISTINCT fact) FROM accepted").fetchone()[0],
        "rejected": work.count("rejected"),
        "rejected_by": rejected_by(work),
        "kinds": _sorted(kinds),
        "splits": {split: splits[split] for split in ("train", "val", "test")},
        "question_types": _sorted(types),
        "fact_kinds": facts,
        "preference_kinds": dict(preferences),
        "origins": _sorted(origins),
        "documents": _sorted(documents),
        "written_by_people": round(written / total, 4) if total else 0.0,
        "distinct": distinct(work),
    }


def distinct(work: SynthTables) -> dict[str, float]:
    """Return the share of distinct words, pairs and triples of words in the questions (distinct-n, Li et al. 2016)."""
    db = work.db
    db.executescript(
        "DROP TABLE IF EXISTS ngrams; CREATE TABLE ngrams(n INTEGER, hash INTEGER, PRIMARY KEY(n, hash)) WITHOUT ROWID"
    )
    totals: Counter[int] = Counter()
    with work.bulk():
        for record in work.records("rows"):
            text_words = words(record["question"])
            for n in (1, 2, 3):
                grams = [" ".join(text_words[start : start + n]) for start in range(len(text_words) - n + 1)]
                totals[n] += len(grams)
                db.executemany("INSERT OR IGNORE INTO ngrams VALUES(?,?)", ((n, _hash(gram)) for gram in grams))
    return {f"distinct-{n}": round(work.count("ngrams", f"n={n}") / totals[n], 4) if totals[n] else 0.0 for n in totals}


def write_manifest(
    folder: Path,
    work: SynthTables,
    *,
    files: Iterable[str],
    head: Mapping[str, Any],
    proof: SplitProof,
    checks: Any,
    coverage: Mapping[str, Any],
    audit: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Write `manifest.json` last, with the hashes of the other files, and return it without the list of nearest rows.

    Args:
        folder: The dataset.
        work: The run.
        files: Names of the files written before.
        head: Documents, generator, prompts, settings and seed of the run.
        proof: Properties of the split.
        checks: Figures per stage.
        coverage: Totals and documents.
        audit: The report of the audit, if one was made.
    """
    body = {
        "version": VERSION,
        **head,
        "files": {name: sha256_of(folder / name) for name in files},
        "counts": counts(work),
        "checks": checks,
        "coverage": coverage,
        "split": asdict(proof),
        **({"audit": audit} if audit is not None else {}),
    }
    with atomic_write(folder / "manifest.json") as handle:
        text = json.dumps(body, ensure_ascii=False, indent=2)
        handle.write(text.removesuffix("\n}").encode("utf-8", "replace"))
        handle.write(b',\n  "nearest": [')
        for index, row in enumerate(nearest(work)):
            handle.write(
                (",\n    " if index else "\n    ").encode()
                + json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")
            )
        handle.write(b"\n  ]\n}\n")
    return body


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()) >> 1


def _sorted(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))

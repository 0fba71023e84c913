"""Writes the files of a dataset, each whole or not at all, the manifest last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.rows import MANIFEST, write_rows
from synth.dataset import coverage
from synth.dataset.manifest import write_manifest
from synth.dataset.split import SplitProof
from synth.dataset.write import JUDGED
from synth.making.run import SynthRun
from synth.work.parts import DocumentParts
from synth.work.workspace import SynthTables

_TABLES = {"facts": "facts", "pairs": "rows", "preferences": "preferences", "rejected": "rejected"}
_SPLITS = ("train", "val", "test")
COVERAGE = "coverage.jsonl"


def write(
    folder: Path, run: SynthRun, *, parted: DocumentParts | None, proof: SplitProof, audit: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Write the dataset and return its manifest without the list of nearest rows.

    Raises:
        OSError: The disk is full or the folder is read-only; files that stand there already stay as they are.
    """
    work = run.work
    for name, table in _TABLES.items():
        write_rows(folder / f"{name}.jsonl", work.records(table))
    for split in _SPLITS:
        write_rows(folder / f"{split}.jsonl", work.records("rows", f"split='{split}'"))
    covered = _write_coverage(folder / COVERAGE, work, run.plan.settings.enough)
    return write_manifest(
        folder,
        work,
        files=[*(f"{name}.jsonl" for name in (*_TABLES, *_SPLITS)), COVERAGE, *_others(folder)],
        head=_head(run, parted),
        proof=proof,
        checks=run.tally.to_json(),
        coverage=covered,
        audit=audit,
    )


def write_rejected(folder: Path, work: SynthTables) -> Path | None:
    """Write the rejected rows with their reasons and return the file; None where a complete dataset is there already.

    Raises:
        OSError: The disk is full or the folder is read-only.
    """
    path = folder / "rejected.jsonl"
    if (folder / MANIFEST).exists():
        return None
    write_rows(path, work.records("rejected"))
    return path


def _write_coverage(path: Path, work: SynthTables, enough: int) -> dict[str, Any]:
    """Write the coverage of every page and return that of the documents and the whole."""
    whole = _shares()
    documents: dict[str, dict[str, coverage.Share]] = {}

    def counted() -> Iterator[Mapping[str, Any]]:
        for page in coverage.pages(work, enough):
            for sums in (whole, documents.setdefault(page.doc, _shares())):
                sums["facts"].add(page.facts)
                sums["sentences"].add(page.sentences)
            yield page.to_json()

    write_rows(path, counted())
    by_document = {doc: {name: share.to_json() for name, share in sums.items()} for doc, sums in documents.items()}
    return {"enough": enough, **{name: share.to_json() for name, share in whole.items()}, "documents": by_document}


def _others(folder: Path) -> list[str]:
    """Return the files of the dataset that people's rows stand in and no run writes."""
    return [name for name in (JUDGED,) if (folder / name).is_file()]


def _shares() -> dict[str, coverage.Share]:
    return {"facts": coverage.Share(), "sentences": coverage.Share()}


def _head(run: SynthRun, parted: DocumentParts | None) -> dict[str, Any]:
    """Return what the dataset was made of."""
    plan, judge = run.plan, run.tools.judge
    rows = run.work.db.execute("SELECT doc, sha256, split FROM documents ORDER BY doc, sha256").fetchall()
    return {
        "collection": plan.collection,
        "documents": [
            {"doc": doc, "sha256": sha256, **({"split": split} if parted else {})} for doc, sha256, split in rows
        ],
        "generator": run.generator.name,
        "judge": judge.spec if judge else "",
        "mode": plan.settings.mode,
        "seed": plan.seed,
        "pairs_asked": plan.pairs,
        "settings": plan.settings.model_dump(mode="json"),
        "prompt_digest": plan.answer_prompt.digest,
        "prompts": {"kb ask": plan.answer_prompt.text, **run.generator.prompts()},
        **({"parts": parted.parts, "shared_chunks": parted.shared} if parted else {}),
    }

"""A dataset of facts about tanks in two documents, and a run over a tiny base that knows some of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from core.files import Home
from core.rows import DatasetFolder, write_rows
from core.types import Citation, Fact, Pair, Split
from finetune.data.rows import open_dataset
from finetune.runs import TrainingRun, update_card
from kb.staleness import register_dataset

NORTH, SOUTH = ("north.pdf", "a" * 64), ("south.pdf", "b" * 64)


def litres(tank: int) -> int:
    """What the base of `tests.support.trained_runs` has learnt of a tank."""
    return 310 + 7 * tank


def tank_fact(tank: int, document: tuple[str, str], value: str = "") -> Fact:
    """A fact whose first phrasing is the one that the tiny base has learnt."""
    value = value or f"{litres(tank)} litres"
    quote = f"Tank {tank} holds {value}."
    place = Citation(doc=document[0], sha256=document[1], page=tank // 4, start=0, end=len(quote), quote=quote)
    return Fact(
        id=f"t{tank}",
        kind="quantity",
        statement=quote,
        subject=f"tank {tank}",
        value=value,
        answer=value,
        questions=(f"What is the capacity of tank {tank}?", f"How much does tank {tank} hold?"),
        evidence=(place,),
    )


def tank_rows(fact: Fact) -> list[Pair]:
    """A row of the training split and one that is held out; the tiny base has learnt the held-out phrasing."""
    splits: Sequence[Split] = ("test", "train")
    return [
        Pair(
            id=f"{fact.id}-{split}",
            kind="closed-book",
            question=question,
            answer=fact.statement,
            context="",
            evidence=fact.evidence,
            fact=fact.id,
            group=fact.id,
            split=split,
        )
        for split, question in zip(splits, fact.questions, strict=True)
    ]


def tank_dataset(home: Home, folder: Path, facts: Sequence[Fact], further: Sequence[Pair] = ()) -> Path:
    """Write a dataset as `kb synth` does, and register it."""
    rows = [*(row for fact in facts for row in tank_rows(fact)), *further]
    write_rows(folder / "facts.jsonl", facts)
    write_rows(folder / "pairs.jsonl", rows)
    for split in ("train", "val", "test"):
        write_rows(folder / f"{split}.jsonl", [row for row in rows if row.split == split])
    named = sorted({(each.doc, each.sha256) for fact in facts for each in fact.evidence})
    documents = [{"doc": doc, "sha256": sha256} for doc, sha256 in named]
    manifest = {"collection": "default", "mode": "knowledge", "documents": documents}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    register_dataset(home, folder)
    return folder


def taught_on(run: TrainingRun, folder: Path) -> None:
    """Let a run's card say that it was trained on a dataset."""
    manifest = DatasetFolder(folder).manifest()
    documents = [{"doc": each.doc, "sha256": each.sha256} for each in manifest.documents]
    dataset = open_dataset(folder)
    update_card(run, data=str(folder), data_sha256=dataset.sha256(), collection="default", documents=documents)

"""A run's rows without some documents: what it is rebuilt on when they are forgotten."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from core.errors import DataError
from core.metrics import normalised
from core.rows import FACTS, MANIFEST, PAIRS, PREFERENCES, SPLITS, DatasetFolder, write_rows
from core.types import Fact, Pair, Preference
from finetune.data.rows import open_dataset
from kb.training.continuing import CONTINUED, rests_on

_Row = TypeVar("_Row", Fact, Pair, Preference)
# What the manifest goes on saying.
_KEPT = ("version", "mode", "prompts", "prompt_digest", "chat_template", "collection")


def all_datasets(folder: DatasetFolder) -> list[DatasetFolder]:
    """Return a dataset, and, where a run continued another, the datasets that both were trained on.

    Raises:
        DataError: One of them is no longer there.
    """
    parts = [Path(path) for path in dict(folder.manifest().to_json().get(CONTINUED, {})).get("data", ())]
    for path in parts:
        if not path.is_dir():
            message = "the rows that an earlier run was trained on are no longer there"
            raise DataError(message, path=path, hint="kb runs list", click="choose another run")
    return [folder, *(dataset for path in parts for dataset in all_datasets(DatasetFolder(path)))]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemainingRows:
    """Rows of a run that do not rest on some documents.

    Attributes:
        pairs: Of all splits, in the order of the dataset.
        preferences: Of all splits.
        facts: That no forgotten document states.
        forgotten: Facts that one of them states.
        dropped: Rows of the training split that were left out, by reason.
    """

    pairs: Sequence[Pair]
    preferences: Sequence[Preference]
    facts: Sequence[Fact]
    forgotten: Sequence[Fact]
    dropped: Mapping[str, int]

    @property
    def trained(self) -> int:
        """Rows of the training split."""
        return sum(row.split == "train" for row in self.pairs)


def rows_without(datasets: Sequence[DatasetFolder], documents: dict[str, str]) -> RemainingRows:
    """Return the rows of datasets that do not rest on some documents.

    Left out are rows with evidence in one of them, on a fact that one of them states, with a passage of theirs in the
    prompt, and rows whose false value is the value of such a fact alone. Rows on versions that a refreshed run replaced
    are no part of it.

    Args:
        datasets: Rows that stand in several are taken once.
        documents: Hash to name.

    Raises:
        DataError: A row is at fault.
    """
    replaced = dict.fromkeys((hash_ for folder in datasets for hash_ in _replaced(folder)), "")
    facts = [
        fact
        for fact in _unique(fact for folder in datasets for fact in folder.facts())
        if not any(each.sha256 in replaced for each in fact.evidence)
    ]
    forgotten = [fact for fact in facts if any(each.sha256 in documents for each in fact.evidence)]
    remaining = [fact for fact in facts if fact not in forgotten]
    ids = {fact.id for fact in forgotten}
    values = {normalised(fact.value) for fact in forgotten} - {normalised(fact.value) for fact in remaining} - {""}
    dropped: Counter[str] = Counter()

    def kept(row: Pair | Preference) -> bool:
        reason = _reason(row, ids, values, documents)
        if reason and row.split == "train":
            dropped[reason] += 1
        return not reason

    opened = [open_dataset(folder.path) for folder in datasets]
    pairs = _unique(
        replace(row, split=split)
        for data in opened
        for split in SPLITS
        for row in data.pairs(split)
        if not any(each.sha256 in replaced for each in row.evidence)
    )
    preferences = _unique(row for data in opened for split in SPLITS for row in data.preferences(split))
    return RemainingRows(
        pairs=[row for row in pairs if kept(row)],
        preferences=[row for row in preferences if kept(row)],
        facts=remaining,
        forgotten=forgotten,
        dropped=dropped,
    )


def _replaced(folder: DatasetFolder) -> list[str]:
    """Return the hashes of the documents that a refreshed run learned in another version."""
    return list(dict(folder.manifest().to_json().get(CONTINUED, {})).get("replaced", ()))


def _reason(row: Pair | Preference, facts: set[str], values: set[str], documents: dict[str, str]) -> str:
    """Return why a row is left out; empty where it stays."""
    if row.fact in facts or (isinstance(row, Pair) and any(each.sha256 in documents for each in row.evidence)):
        return "on a fact or a quote of it"
    if rests_on(row, documents):
        return "shows a passage of it"
    wrong = [each.value for each in row.altered] if isinstance(row, Pair) else [row.rejected]
    if any(normalised(text) in values for text in wrong):
        return "has a value of it as a false one"
    return ""


def _unique(rows: Iterable[_Row]) -> list[_Row]:
    unique: dict[str, _Row] = {}
    for row in rows:
        unique.setdefault(row.id, row)
    return list(unique.values())


def write_without(work: Path, rows: RemainingRows, source: DatasetFolder, documents: Mapping[str, str]) -> None:
    """Write the rows that remain as a dataset folder.

    Args:
        work: The folder.
        rows: What remains.
        source: The run's own dataset, whose manifest goes on.
        documents: Those that were forgotten, hash to name.
    """
    for split in SPLITS:
        write_rows(work / f"{split}.jsonl", [row for row in rows.pairs if row.split == split])
    write_rows(work / PAIRS, rows.pairs)
    write_rows(work / FACTS, rows.facts)
    if rows.preferences:
        write_rows(work / PREFERENCES, rows.preferences)
    manifest = source.manifest().to_json()
    counts: dict[str, Any] = {"pairs": len(rows.pairs)}
    counts["splits"] = {split: sum(row.split == split for row in rows.pairs) for split in SPLITS}
    body = {
        **{name: manifest[name] for name in _KEPT if name in manifest},
        "documents": [each for each in manifest.get("documents", ()) if each["sha256"] not in documents],
        "counts": counts,
        "without": sorted(documents),
    }
    (work / MANIFEST).write_text(json.dumps(body, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

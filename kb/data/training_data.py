"""Rows to train on from whatever a person names: a dataset folder, a file of any kind that `kb synth import` reads, or
a data set of the Hugging Face Hub.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from core.errors import ConfigError, DataError
from core.files import Home, sha256_of
from core.rows import (
    MANIFEST,
    PAIRS,
    PREFERENCES,
    SPLITS,
    DatasetFolder,
    Manifest,
    columns_not_used,
    holds_rows,
    records_skipped,
)
from core.shell import quoted
from core.types import Pair, Preference, Split

OnNote = Callable[[str], None]
# Changes when the same files would be imported otherwise.
_VERSION = 8
_IMPORT_HINT = re.compile(r"kb synth import ('.*') --answer-column (\S+) --out DIR")


def training_folder(
    spec: str, home: Home, *, most_rows: int = 0, answer_column: str = "", on_note: OnNote | None = None
) -> Path:
    """Return a dataset folder with the rows that a person named.

    Files that are not a dataset folder of `kb` are imported by the importer of `kb synth import` into a folder under
    `home`, once for the same bytes. Rows of `kb`, and rows whose source names their split, keep it; all others are
    trained on, unless the files themselves are `train.jsonl`, `val.jsonl` and `test.jsonl`.

    Args:
        spec: A dataset folder, a file, a folder with `train.jsonl` (and `val.jsonl`, `test.jsonl`,
            `preferences.jsonl`), or `hf:ORG/NAME[:CONFIG]`.
        home: Where imported rows are kept.
        most_rows: Most rows of each split of a data set of the Hub; 0: all.
        answer_column: The column of files that holds the right answer; chosen by its name if empty.
        on_note: Receives a line on every source: its shape, its rows, what was skipped, columns not used.

    Raises:
        ConfigError: There is no such file, folder or data set.
        DataError: The records are of no known shape, or none can be used.
        BackendError: The Hub does not answer.
        MissingExtra: `hf:` without the `train` extra.
    """
    from finetune.data.hub_data import PREFIX, fetch_dataset

    path = fetch_dataset(spec, home, most_rows=most_rows) if spec.startswith(PREFIX) else Path(spec).expanduser()
    if not path.exists():
        raise ConfigError(f"no data at {path}", hint=f"ls {quoted(path.parent)}", click="choose another dataset")
    if path.is_dir() and _is_dataset(path):
        if answer_column:
            hint = f"kb finetune --data {quoted(path)}"
            raise ConfigError(
                "the column of the right answers can be chosen in files of rows, and this is a dataset", hint=hint
            )
        for line in _losses(DatasetFolder(path).manifest()) if on_note else ():
            on_note(line)  # type: ignore[misc]
        return path
    files = _files(path)
    folder = home.cache / "training-data" / _key(files, answer_column)
    if not (folder / MANIFEST).is_file():
        try:
            _import(files, folder, answer_column)
        except DataError as error:
            error.hint = _IMPORT_HINT.sub(r"kb finetune --data \1 --answer-column \2", error.hint)
            raise
    for line in _notes(DatasetFolder(folder).manifest(), files) if on_note else ():
        on_note(line)  # type: ignore[misc]
    return folder


def _is_dataset(folder: Path) -> bool:
    """Whether the files of a folder hold rows of `kb`; a folder without any is left to the reader, which says so.

    Empty files hold no other rows: a dataset of preferences alone has them.
    """
    row_types: Mapping[str, type[Any]] = {"train.jsonl": Pair, PAIRS: Pair, PREFERENCES: Preference}
    named = {folder / name: row_type for name, row_type in row_types.items()}
    filled = {path: row_type for path, row_type in named.items() if path.is_file() and path.stat().st_size}
    return all(holds_rows(path, row_type) for path, row_type in filled.items())


def _files(path: Path) -> dict[Path, Split | None]:
    """Return the files to import, with the split that the name of a file gives its rows."""
    if path.is_file():
        return {path: None}
    named: dict[Path, Split | None] = {path / f"{split}.jsonl": split for split in SPLITS}
    named |= {path / PAIRS: None} if not (path / "train.jsonl").is_file() else {}
    named |= {path / PREFERENCES: "train"}
    return {file: split for file, split in named.items() if file.is_file()}


def _key(files: Mapping[Path, Split | None], answer_column: str) -> str:
    listing = "".join(f"{file.name} {sha256_of(file)} {split}\n" for file, split in files.items())
    return hashlib.sha256(f"{_VERSION}\n{listing}{answer_column}".encode()).hexdigest()[:16]


def _import(files: Mapping[Path, Split | None], folder: Path, answer_column: str) -> None:
    from core.weights.folders import make_folder
    from synth.importing.load import ImportPlan, import_sources

    def fill(work: Path) -> None:
        for file, split in files.items():
            plan = ImportPlan(split=split, keep_splits=True, val=0, test=0, answer_column=answer_column)
            import_sources(work, [str(file)], plan)

    make_folder(folder, fill, ready=MANIFEST)


def _notes(manifest: Manifest, files: Iterable[Path]) -> Iterator[str]:
    # The same bytes may have been imported from other paths; the order of the files is the same.
    for record, file in zip(manifest.imports, files, strict=False):
        yield from _described({**record, "source": str(file)})
    if judged := manifest.counts.get("judged"):
        yield f"{judged} single answers with a verdict are not used: training takes answers and preferences"


def _described(record: Mapping[str, Any]) -> Iterator[str]:
    """Say what became of a source that was imported."""
    yield f"{record['source']}: {record['shape']}; {record['rows']} rows"
    for reason, count in record.get("skipped", {}).items():
        lines = [fault["line"] for fault in record.get("faults", ()) if fault["reason"] == reason]
        yield f"  {records_skipped(reason, count, lines)}"
    for line in _left_out(record):
        yield f"  {line}"


def _losses(manifest: Manifest) -> Iterator[str]:
    """Say what the rows of an imported folder do not hold of their sources."""
    for record in manifest.imports:
        yield from (f"{record['source']}: {line}" for line in _left_out(record))


def _left_out(record: Mapping[str, Any]) -> Iterator[str]:
    for name, count in record.get("left_out", {}).items():
        yield f"left out {count}: {name}"
    if unused := record.get("unused_columns"):
        yield columns_not_used(unused)


def check_trainable(folder: Path, spec: str) -> None:
    """Check that a dataset has a row or a preference to train on.

    Args:
        folder: As `training_folder` returns it.
        spec: What a person named, for the hint.

    Raises:
        DataError: All its rows are held out, or are single answers with a verdict.
    """
    dataset = DatasetFolder(folder)
    counts = dataset.manifest().counts
    splits = counts.get("splits", {})
    if splits.get("train") or not (sum(splits.values()) or counts.get("judged")):
        return
    if next(dataset.preferences("train"), None) is not None or next(dataset.pairs("train"), None) is not None:
        return
    if sum(splits.values()):
        held_out = ", ".join(f"{name} {count}" for name, count in splits.items() if count)
        raise DataError(
            f"every row is held out by its own split: {held_out}",
            path=spec,
            hint=f"kb synth import {quoted(spec)} --split train --out DIR && kb finetune --data DIR",
        )
    raise DataError(
        "single answers with a verdict (KTO) cannot be trained on",
        path=spec,
        hint=f"kb synth import {quoted(spec)} --out DIR && kb synth export DIR --to kto --for trl --out FILE",
    )

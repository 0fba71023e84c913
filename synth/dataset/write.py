"""Changes a dataset folder: rows in and out, a lock between writers, and a manifest that stays current.

pairs.jsonl  preferences.jsonl  judged.jsonl     all rows; `judged` are single answers with a verdict
train.jsonl  val.jsonl  test.jsonl               the pairs again, by split
manifest.json                                    hashes and counts
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from filelock import FileLock

from core.errors import DataError
from core.files import atomic_write, sha256_of
from core.rows import MANIFEST, PAIRS, PREFERENCES, SPLITS, DatasetFolder, row_line, row_to_json
from core.types import Pair, Preference
from synth.dataset.judged import Judged, read_judged

JUDGED = "judged.jsonl"
_SPLIT_FILES = tuple(f"{split}.jsonl" for split in SPLITS)
_PEOPLE = ("person", "import")
Row = Pair | Preference | Judged


class JudgedFolder(DatasetFolder):
    """A dataset folder with single answers that people judged."""

    def require(self) -> JudgedFolder:
        """Return itself.

        Raises:
            DataError: There is no dataset here.
        """
        if not any((self.path / name).is_file() for name in (PAIRS, PREFERENCES, JUDGED)):
            raise DataError(
                "no dataset here", path=self.path, hint="kb synth import FILE --out DIR", click="choose another dataset"
            )
        return self

    def judged(self) -> Iterator[Judged]:
        """Yield the single answers with a verdict; none where there is no such file."""
        return read_judged(self.path / JUDGED) if (self.path / JUDGED).is_file() else iter(())

    def rows(self) -> Iterator[Row]:
        """Yield every row: pairs, preferences, judged answers."""
        yield from self.pairs()
        yield from self.preferences()
        yield from self.judged()


@contextmanager
def locked(path: Path) -> Iterator[JudgedFolder]:
    """Hold a dataset folder against other writers; readers need no lock, since files are replaced whole."""
    path.mkdir(parents=True, exist_ok=True)
    with FileLock(path / ".lock"):
        yield JudgedFolder(path)


def replace(dataset: JudgedFolder, rows: Iterable[Row], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Write all rows of a dataset and its manifest; call it under the lock.

    The rows may be read from the very files that are replaced: those stay until everything is written. A crash leaves
    old files or new ones, each whole; the manifest comes last and names the hashes of what belongs together.

    Args:
        dataset: The folder.
        rows: Every row, in any order of kinds.
        extra: What else the manifest says; what it says of other things stays.

    Returns:
        The manifest.

    Raises:
        OSError: The disk is full or the folder is read-only.
    """
    counted = {name: Counter[str]() for name in ("files", "kinds", "splits", "origins", "groups")}
    with ExitStack() as stack:
        names = (PAIRS, PREFERENCES, JUDGED, *_SPLIT_FILES)
        handles = {name: stack.enter_context(atomic_write(dataset.path / name)) for name in names}
        for row in rows:
            _write(row, handles, counted)
    for name in (PREFERENCES, JUDGED):
        # Most datasets have neither; an empty file would promise them.
        if not counted["files"][name]:
            (dataset.path / name).unlink(missing_ok=True)
    before = dataset.manifest().to_json()
    earlier = {*before.get("files", {}), *handles}
    manifest = {
        **before,
        **extra,
        "files": {n: sha256_of(dataset.path / n) for n in sorted(earlier) if (dataset.path / n).is_file()},
        "counts": {**before.get("counts", {}), **_counts(counted)},
    }
    with atomic_write(dataset.path / MANIFEST) as handle:
        handle.write((json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode())
    return manifest


def _write(row: Row, handles: Mapping[str, IO[bytes]], counted: Mapping[str, Counter[str]]) -> None:
    record, name = _record(row)
    line = row_line(record)
    for target in (PAIRS, f"{row.split}.jsonl") if name == PAIRS else (name,):
        handles[target].write(line)
        counted["files"][target] += 1
    counted["groups"][row.group] += 1
    if name == PAIRS:
        counted["kinds"][record["kind"]] += 1
        counted["origins"][row.origin] += 1


def _counts(counted: Mapping[str, Counter[str]]) -> dict[str, Any]:
    files, origins = counted["files"], counted["origins"]
    total = files[PAIRS]
    return {
        "pairs": total,
        "preferences": files[PREFERENCES],
        "judged": files[JUDGED],
        "groups": len(counted["groups"]),
        "kinds": dict(sorted(counted["kinds"].items())),
        "splits": {split: files[f"{split}.jsonl"] for split in SPLITS},
        "origins": dict(sorted(origins.items())),
        "written_by_people": round(sum(origins[name] for name in _PEOPLE) / total, 4) if total else 0.0,
    }


def _record(row: Row) -> tuple[dict[str, Any], str]:
    names = {Pair: PAIRS, Preference: PREFERENCES, Judged: JUDGED}
    return row_to_json(row), names[type(row)]

"""Which datasets and runs hold what a document says: they stay when it is forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from core.errors import DataError
from core.files import Home
from finetune.runs import list_runs, read_card
from kb.staleness import learners

_ROWS = ("pairs.jsonl", "train.jsonl", "facts.jsonl")


def learned_by(home: Home, hashes: Sequence[str]) -> list[str]:
    """Return `dataset NAME` and `run NAME` for all that were made from one of the documents.

    Datasets of other folders are named where they were made in this home, and runs by their cards, so a run is named
    although its dataset is gone.

    Args:
        hashes: SHA-256 of documents, in hex.
    """
    folders = {str(folder.resolve()) for folder in _datasets(home) if _mentions(folder, hashes)}
    runs = set()
    for learner in learners(home):
        if any(document.sha256 in hashes for document in learner.documents):
            if learner.kind == "run":
                runs.add(learner.name)
            else:
                folders.add(str(Path(learner.name).resolve()))
    for run in list_runs(home):
        try:
            data = read_card(run).data
        except DataError:
            continue
        if data and str(Path(data).expanduser().resolve()) in folders:
            runs.add(run.name)
    datasets = sorted(Path(folder).name for folder in folders)
    return [*(f"dataset {name}" for name in datasets), *(f"run {name}" for name in sorted(runs))]


def _datasets(home: Home) -> Iterator[Path]:
    root = home.root / "datasets"
    yield from sorted(folder for folder in root.iterdir() if folder.is_dir()) if root.is_dir() else ()


def _mentions(folder: Path, hashes: Sequence[str]) -> bool:
    document_hashes = [sha256.encode() for sha256 in hashes]
    for name in _ROWS:
        path = folder / name
        if not path.is_file():
            continue
        with path.open("rb") as lines:
            if any(sha256 in line for line in lines for sha256 in document_hashes):
                return True
    return False

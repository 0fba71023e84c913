"""Which datasets and runs learned documents that have changed or were forgotten since.

Nothing is stored when a document goes: what a dataset or a run learned is compared with the catalogue whenever it is
shown, so the marks are right also where another process changed the collection.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from core.errors import ConfigError, DataError
from core.files import Home, atomic_write
from core.learned import Taught, taught_by, taught_counts
from core.rows import MANIFEST, DatasetFolder
from core.settings import Settings
from core.types import RunCard
from finetune.runs import list_runs, open_run, read_card, run_records
from rag.catalogue.database import catalogue_exists
from rag.catalogue.reader import CatalogueReader

State = Literal["current", "changed", "forgotten", "unknown"]
OnFault = Callable[[str], None]

# Folders outside `KB_HOME/datasets` that were made from collections of this home.
_REGISTRY = "datasets.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedDocument:
    """A document as a dataset or a run learned it.

    Attributes:
        doc: File name it had.
        sha256: Hash of its bytes.
        state: `current`: in its collection as it was learned; `changed`: another version has its name there now;
            `forgotten`: it is no longer there; `unknown`: the collection is not in this home.
        version: Hash of the version that is there now, of a changed one; else empty.
    """

    doc: str
    sha256: str
    state: State
    version: str = ""

    @property
    def is_stale(self) -> bool:
        """Whether what was learned of it may be no longer true."""
        return self.state in ("changed", "forgotten")

    def to_json(self) -> dict[str, str]:
        """Return the document as `kb runs show --json` prints it."""
        values = {"doc": self.doc, "sha256": self.sha256, "state": self.state}
        return values | ({"version": self.version} if self.version else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """A dataset or a run with what it learned.

    Attributes:
        kind: Which of the two.
        name: Folder of the dataset, or name of the run.
        collection: Where its documents were.
        documents: By name.
    """

    kind: Literal["dataset", "run"]
    name: str
    collection: str
    documents: tuple[LearnedDocument, ...]

    @property
    def stale(self) -> tuple[LearnedDocument, ...]:
        """The documents that have changed or were forgotten."""
        return tuple(document for document in self.documents if document.is_stale)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleDocument:
    """A document that has changed or was forgotten, with what learned it.

    Attributes:
        document: What became of it.
        datasets: Folder to the ids of the facts read in the document and the number of rows that rest on it.
        runs: Names of runs.
    """

    document: LearnedDocument
    datasets: Mapping[str, tuple[tuple[str, ...], int]]
    runs: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the document as `kb list --json` prints it."""
        datasets = [
            {"folder": folder, "facts": list(facts), "rows": rows} for folder, (facts, rows) in self.datasets.items()
        ]
        return {**self.document.to_json(), "datasets": datasets, "runs": list(self.runs)}

    def line(self) -> str:
        """Return the same for a person."""
        parts = [
            f"dataset {folder} ({len(facts)} facts, {rows} rows)" for folder, (facts, rows) in self.datasets.items()
        ]
        parts += [f"run {name}" for name in self.runs]
        return f"{self.document.doc} ({self.document.state}, was {self.document.sha256[:12]}): {', '.join(parts)}"


def register_dataset(home: Home, folder: Path) -> None:
    """Note that a dataset was made in this home, wherever its folder lies."""
    path = home.root / _REGISTRY
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        there = {name for name in _registered(home) if (Path(name) / MANIFEST).is_file()}
        folders = sorted({*there, str(folder.absolute())})
        if folders != _registered(home):
            with atomic_write(path) as handle:
                handle.write((json.dumps({"datasets": folders}, indent=1, ensure_ascii=False) + "\n").encode())


def _registered(home: Home) -> list[str]:
    try:
        return list(json.loads((home.root / _REGISTRY).read_text(encoding="utf-8"))["datasets"])
    except (OSError, ValueError, KeyError, TypeError):  # absent, or damaged: it is made anew with the next dataset
        return []


def known_datasets(home: Home) -> list[Path]:
    """Return the dataset folders that were made in this home and are still there."""
    own = [path.parent for path in (home.root / "datasets").glob(f"*/{MANIFEST}")]
    folders = {*own, *map(Path, _registered(home))}
    return sorted(folder for folder in folders if (folder / MANIFEST).is_file())


def learned_documents(catalogue: CatalogueReader | None, taught: Taught, *, made_here: bool) -> list[LearnedDocument]:
    """Return what became of the documents of a dataset.

    Args:
        catalogue: Of this home; None where nothing was ingested.
        taught: What the dataset was made of.
        made_here: Whether it is known to be made in this home. Of another dataset, documents count as forgotten only
            where some of the others are here.
    """
    collections = catalogue.collections() if catalogue else {}
    places = [taught.collection] if taught.collection in collections else ([] if taught.collection else [*collections])
    here = {document.sha256: document for name in places for document in _documents(catalogue, name)}
    by_name = {document.doc: document for document in here.values()}
    comparable = bool(places) and (made_here or any(document["sha256"] in here for document in taught.documents))
    learned = []
    for document in taught.documents:
        doc, sha256 = document["doc"], document["sha256"]
        version = by_name.get(doc)
        state: State = "current" if sha256 in here else "changed" if version else "forgotten"
        if state == "forgotten" and not comparable:
            state = "unknown"
        now = version.sha256 if version and state == "changed" else ""
        learned.append(LearnedDocument(doc=doc, sha256=sha256, state=state, version=now))
    return learned


def _documents(catalogue: CatalogueReader | None, collection: str) -> Sequence[Any]:
    return catalogue.documents(collection) if catalogue else ()


def taught_to(card: RunCard) -> Taught:
    """Return the documents that a run learned: as its card has them, else as its dataset does now.

    Raises:
        DataError: The dataset cannot be read.
    """
    if card.documents:
        return Taught(collection=card.collection, documents=tuple(dict(document) for document in card.documents))
    folder = Path(card.data) if card.data else None
    return taught_by(DatasetFolder(folder)) if folder and folder.is_dir() else Taught(collection="", documents=())


def learner_of_run(home: Home, card: RunCard) -> Learner:
    """Return a run with what became of the documents it learned; without any where its dataset cannot be read."""
    try:
        taught = taught_to(card)
    except DataError:
        taught = Taught(collection="", documents=())
    made_here = card.data in {str(folder) for folder in known_datasets(home)}
    documents = learned_documents(_catalogue(home), taught, made_here=made_here)
    return Learner(kind="run", name=card.name, collection=taught.collection, documents=tuple(documents))


def learned_by_run(home: Home, name: str) -> tuple[LearnedDocument, ...]:
    """Return what became of the documents that a run learned; none where its card cannot be read or names none."""
    try:
        return learner_of_run(home, read_card(open_run(home, name))).documents
    except DataError:
        return ()


def learners(home: Home, on_fault: OnFault = lambda _: None) -> Iterator[Learner]:
    """Yield every dataset and every run of a home with what became of the documents it learned.

    Args:
        on_fault: Receives what is wrong with one that cannot be read.
    """
    catalogue = _catalogue(home)
    for folder in known_datasets(home):
        try:
            taught = taught_by(DatasetFolder(folder))
        except DataError as error:
            on_fault(str(error))
            continue
        documents = learned_documents(catalogue, taught, made_here=True)
        yield Learner(kind="dataset", name=str(folder), collection=taught.collection, documents=tuple(documents))
    for run in list_runs(home):
        try:
            yield learner_of_run(home, read_card(run))
        except DataError as error:
            on_fault(str(error))


def stale_documents(home: Home, collection: str = "", on_fault: OnFault = lambda _: None) -> list[StaleDocument]:
    """Return the documents that were learned and have changed or were forgotten since, by name.

    Args:
        collection: Only documents of this one; of all if empty.
        on_fault: As for `learners`.
    """
    known = [each for each in learners(home, on_fault) if collection in ("", each.collection) or not each.collection]
    stale = {document.sha256: document for each in known for document in each.stale}
    counts = {}
    for each in known:
        if each.kind == "dataset" and each.stale:
            hashes = frozenset(document.sha256 for document in each.stale)
            counts[each.name] = taught_counts(DatasetFolder(Path(each.name)), hashes)
    return [
        StaleDocument(
            document=document,
            datasets={folder: by_hash[sha256] for folder, by_hash in counts.items() if sha256 in by_hash},
            runs=tuple(each.name for each in known if each.kind == "run" and document in each.stale),
        )
        for sha256, document in sorted(stale.items(), key=lambda item: (item[1].doc, item[0]))
    ]


def check_served(settings: Settings, home: Home, spec: str, on_note: Callable[[str], None] = lambda _: None) -> None:
    """Say that a run still holds a forgotten document, or refuse it where `serve.forgotten` is `refuse`.

    Args:
        spec: Spelling of the model; one that is no run of this home passes.
        on_note: Receives the warning.

    Raises:
        ConfigError: The run learned a document that was forgotten since.
    """
    from core.backends import parse_spec
    from core.models import run_of_spec

    try:
        name = run_of_spec(parse_spec(spec))
    except ConfigError:
        return  # met again, with its hint, where the model is opened
    if not name or not (home.runs / name / "run.json").is_file():
        return
    try:
        learner = learner_of_run(home, read_card(open_run(home, name)))
    except DataError:
        return  # met again, with its hint, where the run is opened
    forgotten = [document.doc for document in learner.documents if document.state == "forgotten"]
    if not forgotten:
        return
    message = f"run {name!r} learned from documents that were forgotten since: {', '.join(forgotten)}"
    if settings.serve.forgotten == "refuse":
        raise ConfigError(message, hint=f"kb runs show {name}", click="choose another model")
    on_note(f"{message}; to refuse such a run: --set serve.forgotten=refuse")


def _catalogue(home: Home) -> CatalogueReader | None:
    return CatalogueReader(home.catalogue) if catalogue_exists(home.catalogue) else None


def learned_json(home: Home, card: RunCard) -> dict[str, Any]:
    """Return what a run learned, as `kb runs show --json` prints it."""
    learner = learner_of_run(home, card)
    return {
        "collection": learner.collection,
        "documents": [document.to_json() for document in learner.documents],
        "stale": bool(learner.stale),
    }


def run_rows(home: Home, on_fault: Callable[[DataError], None]) -> Iterator[dict[str, Any]]:
    """Yield what `kb runs list` shows of each run, with the documents it learned; arguments as `run_records`."""
    for row in run_records(home, on_fault):
        yield {**row, **learned_json(home, read_card(open_run(home, row["run"])))}


def stale_line(row: Mapping[str, Any]) -> str:
    """Return a line on a row of `run_rows` that learned documents which changed or were forgotten; empty for none."""
    parts = [
        f"{each['doc']} ({each['state']})" for each in row["documents"] if each["state"] in ("changed", "forgotten")
    ]
    return f"stale: {row['run']} learned {', '.join(parts)}" if parts else ""

"""Rows out of a collection's documents, for a run of that name: made as by `kb synth`, once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ConfigError
from core.files import Home
from core.rows import MANIFEST
from core.weights.shipped import passages_at_once
from finetune.recipe import Recipe
from finetune.runs import TrainingRun, list_runs, read_card
from kb.data.datasets import DatasetRequest, synthesize
from kb.training.request import TrainingRequest
from kb.workspace import Workspace
from rag.catalogue.reader import CatalogueReader

if TYPE_CHECKING:
    from synth.making.run import SynthProgress


def rows_from_docs(
    workspace: Workspace,
    request: TrainingRequest,
    recipe: Recipe,
    *,
    on_note: Callable[[str], None] = lambda _: None,
    on_rows: Callable[[SynthProgress], None] = lambda _: None,
) -> Path:
    """Return the dataset of the collection for a run; an interrupted one is resumed.

    Rows that are there are taken if a run stands on them, or if they were made of the documents of today.

    Raises:
        ConfigError: There are no documents; or no rows, and making them is left out.
        DataError: No row came of the documents.
    """
    home = workspace.home
    unfinished = (run.name for run in unfinished_from_docs(workspace))
    name = request.name or next(unfinished, free_name(home, workspace.collection))
    folder = home.root / "datasets" / name
    if (folder / MANIFEST).is_file():
        if (home.runs / name).is_dir() or _is_of_today(folder, workspace):
            on_note(f"rows: using {folder}")
            return folder
        on_note(f"rows: the documents are others than those of {folder}")
    if "synth" in request.skip:
        raise ConfigError(f"--skip synth: {folder} has no rows", hint="kb finetune --from-docs")
    # A base that reads is taught with rows like those it learned from; they are short, too.
    showing = workspace.showing(passages_at_once(recipe.base))
    manifest = synthesize(showing, folder, DatasetRequest(seed=recipe.seed), on_progress=on_rows)
    on_note(f"rows: {manifest['counts']['pairs']} in {folder}")
    return folder


def unfinished_runs(home: Home) -> list[TrainingRun]:
    """Return the runs that have no result yet, the newest first."""
    runs = [run for run in list_runs(home) if not run.adapter.is_dir()]
    return sorted(runs, key=lambda run: read_card(run).created_at, reverse=True)


def unfinished_from_docs(workspace: Workspace) -> list[TrainingRun]:
    """Return the runs on rows of the collection that have no result yet and no name of their own."""
    stem = slug(workspace.collection)
    return [run for run in unfinished_runs(workspace.home) if re.fullmatch(rf"{stem}-[0-9]+", run.name)]


def free_name(home: Home, stem: str) -> str:
    """Return a name that no run has: the stem and a number."""
    taken = {run.name for run in list_runs(home)}
    return next(name for number in range(1, len(taken) + 2) if (name := f"{slug(stem)}-{number}") not in taken)


def slug(text: str) -> str:
    """Return a text as a part of a run's name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "run"


def _is_of_today(folder: Path, workspace: Workspace) -> bool:
    """Tell whether rows were made of the documents that the collection has now."""
    documents = json.loads((folder / MANIFEST).read_bytes()).get("documents", [])
    catalogue = CatalogueReader(workspace.home.catalogue)
    catalogue.require_collection(workspace.collection)
    now = {document.sha256 for document in catalogue.documents(workspace.collection)}
    return {document["sha256"] for document in documents} == now

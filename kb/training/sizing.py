"""Cuts a run to the minutes of its recipe: fewer passes, then a dataset folder with fewer rows.

What was chosen is kept for the same data, recipe and machine, so that the same command resumes the same run.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from core.files import Home, atomic_write
from core.rows import FACTS, MANIFEST, PAIRS, PREFERENCES, DatasetFolder, write_rows
from core.types import Pair
from core.weights.folders import make_folder
from finetune.budget import Fit, fit_minutes, fits_minutes, kept_preferences
from finetune.data.prepare import Prepared
from finetune.data.rows import open_dataset
from finetune.recipe import recipe_dtype
from finetune.training.pace import measured_pace

_FIT = "fit.json"
# Fields of a recipe that choose nothing: its name, and what the machine decides.
_IDLE_FIELDS = {"name", "micro_batch"}


def sized(prepared: Prepared, home: Home, on_note: Callable[[str], None]) -> Prepared:
    """Return a run that fits the minutes of its recipe; the same one where that sets none.

    Args:
        home: Where the choice and a smaller dataset are kept.
        on_note: Receives what fits and what is left out.

    Raises:
        DataError: The rows cannot be used.
    """
    if not fits_minutes(prepared.recipe):
        return prepared
    folder = home.cache / "training-data" / _key(prepared)
    path = folder / _FIT
    if path.is_file():
        fit = _read_fit(path)
    else:
        recipe, machine = prepared.recipe, prepared.machine
        pace = measured_pace(prepared.base.shape, recipe, machine, recipe_dtype(recipe, machine))
        fit = fit_minutes(prepared, pace)
        _write(folder, prepared, fit)
    on_note(described(fit, prepared))
    recipe = prepared.recipe
    if fit.passes != recipe.epochs:
        recipe = recipe.model_copy(update={"epochs": fit.passes, "all_epochs": recipe.epochs})
    dataset = prepared.dataset if fit.row_ids is None else open_dataset(folder / prepared.dataset.path.name)
    return replace(prepared, recipe=recipe, dataset=dataset)


def was_cut(folder: Path) -> bool:
    """Tell whether a dataset folder holds the rows that fit some minutes, chosen from another one."""
    return (folder.parent / _FIT).is_file()


def described(fit: Fit, prepared: Prepared) -> str:
    """Say what fits the minutes of a recipe, and what is left out."""
    recipe = prepared.recipe
    takes = f"about {_minutes(fit.minutes)}" + ("" if fit.measured else ", not measured")
    if fit.row_ids is None and fit.passes == recipe.epochs:
        return f"all {fit.rows:,} rows in {fit.passes:g} passes take {takes}, at most {recipe.minutes:g} are allowed"
    everything = f"all of it in {recipe.epochs:g} passes takes about {_minutes(fit.all_minutes)} (minutes=0)"
    if fit.row_ids is None:
        return f"{recipe.minutes:g} minutes: all {fit.rows:,} rows in {fit.passes:g} passes, {takes}; {everything}"
    left_out = f"{fit.all_rows - fit.rows:,} rows"
    if fit.all_facts:
        left_out += f" and {fit.all_facts - fit.facts:,} of {fit.all_facts:,} facts"
    chosen = f"{fit.rows:,} rows in {fit.passes:g} passes, {takes}"
    return f"{recipe.minutes:g} minutes: {chosen}; left out: {left_out}; {everything}"


def _minutes(minutes: float) -> str:
    whole = max(1, round(minutes))
    return f"{minutes / 60:.1f} hours" if whole >= 120 else f"{whole} minute{'s' if whole > 1 else ''}"


def _key(prepared: Prepared) -> str:
    """Return a digest of what decides the choice."""
    recipe = prepared.recipe.model_dump(mode="json", exclude=_IDLE_FIELDS)
    # The smaller dataset has the name of the whole one.
    data = [prepared.dataset.path.name, prepared.dataset.sha256()]
    decides = [data, prepared.machine.name, prepared.chat.answer_prompt.digest, recipe]
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:16]


def _read_fit(path: Path) -> Fit:
    values = json.loads(path.read_bytes())
    ids = values["row_ids"]
    return Fit(**{**values, "row_ids": None if ids is None else frozenset(ids)})


def _write(folder: Path, prepared: Prepared, fit: Fit) -> None:
    """Write the smaller dataset, if rows are left out, and then the choice."""
    if fit.row_ids is not None:
        source = prepared.dataset.path
        make_folder(folder / source.name, lambda work: _write_rows(work, prepared, fit), ready=MANIFEST)
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(folder / _FIT) as handle:
        ids = None if fit.row_ids is None else sorted(fit.row_ids)
        values = {name: getattr(fit, name) for name in Fit.__slots__}
        handle.write(json.dumps({**values, "row_ids": ids}).encode())


def _write_rows(work: Path, prepared: Prepared, fit: Fit) -> None:
    """Write the chosen rows; what is held out, the facts and the manifest are those of the source."""
    dataset, source = prepared.dataset, DatasetFolder(prepared.dataset.path)
    chosen = [pair for pair in dataset.pairs("train") if pair.id in (fit.row_ids or ())]
    held_out: dict[str, Iterable[Pair]] = {split: list(dataset.pairs(split)) for split in ("val", "test")}
    for split, rows in (("train", chosen), *held_out.items()):
        write_rows(work / f"{split}.jsonl", rows)
    write_rows(work / PAIRS, [*chosen, *held_out["val"], *held_out["test"]])
    preferences = [
        *kept_preferences(dataset.preferences("train"), chosen),
        *dataset.preferences("val"),
        *dataset.preferences("test"),
    ]
    if preferences:
        write_rows(work / PREFERENCES, preferences)
    if (source.path / FACTS).is_file():
        shutil.copyfile(source.path / FACTS, work / FACTS)
    manifest = {**source.manifest().to_json(), "sized": {"source": str(source.path), "rows": fit.rows}}
    (work / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

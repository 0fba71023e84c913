"""Puts a run in the place of another, once it is done: a killed replacement is finished by the next call."""

from __future__ import annotations

from core.files import Home
from core.weights.folders import delete_folder
from finetune.runs import TrainingRun, check_name, open_run, training, update_card


def replacement_of(home: Home, name: str, suffix: str) -> TrainingRun:
    """Return where the run that will replace another is trained.

    Args:
        name: Of the run that is replaced.
        suffix: What its name is followed by.

    Raises:
        ConfigError: The name would be too long.
    """
    return TrainingRun(name=check_name(f"{name}.{suffix}"), folder=home.runs / f"{name}.{suffix}")


def replace_run(home: Home, name: str, new: TrainingRun, *, kept: str = "") -> TrainingRun:
    """Give a trained run the name of another.

    Args:
        name: Of the run that is replaced.
        new: Trained to its end.
        kept: Name under which the replaced run stays; it is deleted if empty.

    Raises:
        ConfigError: One of them is being trained.
    """
    old = open_run(home, name)
    aside = home.runs / (kept or _hidden(name))
    with training(old), training(new):
        update_card(new, name=name)
        if aside.exists():
            delete_folder(aside)
        old.folder.rename(aside)
        new.folder.rename(old.folder)
    return finish_replacement(home, name, new, kept=kept) or open_run(home, name)


def finish_replacement(home: Home, name: str, new: TrainingRun, *, kept: str = "") -> TrainingRun | None:
    """Finish what a killed `replace_run` began, and return the run; None where nothing was begun.

    Args:
        name: Of the run that is replaced.
        new: The one that takes its place.
        kept: As for `replace_run`.
    """
    place, aside = home.runs / name, home.runs / (kept or _hidden(name))
    if not aside.is_dir() or (not place.exists() and not new.adapter.is_dir()):
        return None
    if not place.exists():
        new.folder.rename(place)
    run = open_run(home, name)
    if kept:
        update_card(TrainingRun(name=kept, folder=aside), name=kept)
    else:
        delete_folder(aside)
    return run


def interrupted_replacements(home: Home, suffix: str) -> list[str]:
    """Return the names of runs whose deleted predecessor is still there, or that are not yet in its place."""
    names = [path.name.removeprefix(".").removesuffix(_MARK) for path in home.runs.glob(f".*{_MARK}")]
    return [name for name in sorted(names) if (home.runs / name).exists() or (home.runs / f"{name}.{suffix}").exists()]


_MARK = ".replaced"


def _hidden(name: str) -> str:
    """Return the name of a folder that no list of runs shows."""
    return f".{name}{_MARK}"

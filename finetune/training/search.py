"""Searches settings of a recipe for recall on validation phrasings; finished trials are kept and not repeated.

Optuna proposes learning rate, rank and epochs around the recipe's own values; every trial is a short run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import DataError
from core.files import Home
from core.machine.install import missing_extra
from finetune.recipe import Recipe

if TYPE_CHECKING:
    import optuna

# Around the recipe's own values.
_RATES = (0.3, 3.0)
_EPOCHS = (0.5, 1.5)
_RANKS = (8, 16, 32, 64)
# Attribute of a study: numbers of the trials that a person interrupted since the last call.
_INTERRUPTED = "interrupted"
# Trains a recipe under a name; returns recall and seconds.
Attempt = Callable[[Recipe, str], tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Settings that were tried, with their result."""

    number: int
    choices: dict[str, float]
    recall: float
    seconds: float

    def record(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"trial": self.number, **self.choices, "recall": self.recall, "seconds": self.seconds}

    def cells(self) -> list[str]:
        """Return its number, choices, recall and seconds as a row of a table."""
        choices = (f"{value:.4g}" for value in self.choices.values())
        return [str(self.number), *choices, f"{self.recall:.3f}", f"{self.seconds:.0f}"]


def search(home: Home, name: str, recipe: Recipe, trials: int, attempt: Attempt) -> list[Trial]:
    """Run trials until `trials` of them are finished, those of earlier calls included.

    Args:
        name: Name of the search; a search of the same name is continued.
        trials: Finished trials in all when this returns.
        attempt: Trains a recipe under a name and returns its recall.

    Returns:
        All finished trials, the best first.

    Raises:
        MissingExtra: Optuna is not installed.
        DataError: No trial finished.
    """
    try:
        import optuna
    except ImportError as error:
        raise missing_extra("--search", "train") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder = home.runs / ".search"
    folder.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=name,
        storage=f"sqlite:///{folder / name}.sqlite",
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=recipe.seed),
        load_if_exists=True,
    )
    if not study.trials:
        study.enqueue_trial(_own(recipe))  # the recipe itself is the baseline
    _requeue(study)

    def objective(trial: optuna.Trial) -> float:
        chosen = recipe.model_copy(update=_proposed(trial, recipe))
        try:
            recall, seconds = attempt(chosen, f"{name}-{trial.number}")
        except KeyboardInterrupt:
            study.set_user_attr(_INTERRUPTED, [trial.number])
            raise
        trial.set_user_attr("seconds", seconds)
        return recall

    done = len(_complete(study))
    if trials > done:
        study.optimize(objective, n_trials=trials - done)
    finished_trials = [
        Trial(
            number=trial.number,
            choices=dict(trial.params),
            recall=float(trial.values[0]),
            seconds=float(trial.user_attrs.get("seconds", 0.0)),
        )
        for trial in _complete(study)
    ]
    if not finished_trials:
        raise DataError("no trial finished", hint=f"rm '{folder / name}.sqlite'")
    return sorted(finished_trials, key=lambda trial: (-trial.recall, trial.seconds))


def _complete(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def _requeue(study: optuna.Study) -> None:
    """Queue the settings of trials that were killed or interrupted once more."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING, TrialState.FAIL)):
        if trial.state == TrialState.RUNNING:
            study.tell(trial.number, state=TrialState.FAIL)
        elif trial.number not in study.user_attrs.get(_INTERRUPTED, []):
            continue
        study.enqueue_trial(trial.params, skip_if_exists=False)
    study.set_user_attr(_INTERRUPTED, [])


def _own(recipe: Recipe) -> dict[str, float]:
    own: dict[str, float] = {"learning_rate": recipe.learning_rate, "epochs": recipe.epochs}
    if recipe.training_method.lora and recipe.rank in _RANKS:
        own["rank"] = recipe.rank
    return own


def _proposed(trial: optuna.Trial, recipe: Recipe) -> dict[str, float]:
    low, high = (recipe.learning_rate * factor for factor in _RATES)
    shortest, longest = (recipe.epochs * factor for factor in _EPOCHS)
    proposed: dict[str, float] = {
        "learning_rate": trial.suggest_float("learning_rate", low, min(high, 0.5), log=True),
        "epochs": trial.suggest_float("epochs", shortest, longest),
    }
    if recipe.training_method.lora:
        proposed["rank"] = trial.suggest_categorical("rank", _RANKS)
    return proposed

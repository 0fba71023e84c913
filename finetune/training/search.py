"""Searches settings of a recipe for recall on validation phrasings; finished trials are kept and not repeated.

Optuna proposes learning rate, rank and epochs around the recipe's own values; every trial is a short run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import DataError
from core.files import Home
from core.install import missing_extra
from finetune.recipe import Recipe

if TYPE_CHECKING:
    import optuna

# Around the recipe's own values.
_RATES = (0.3, 3.0)
_EPOCHS = (0.5, 1.5)
_RANKS = (8, 16, 32, 64)
# Trains a recipe under a name; returns recall and seconds.
Attempt = Callable[[Recipe, str], tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What was tried and what came of it."""

    number: int
    choices: dict[str, float]
    recall: float
    seconds: float

    def record(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"trial": self.number, **self.choices, "recall": self.recall, "seconds": self.seconds}


def search(home: Home, name: str, recipe: Recipe, trials: int, attempt: Attempt) -> list[Trial]:
    """Run trials until so many are done, those of earlier calls included.

    Args:
        name: The search's; the same name goes on.
        trials: Done in all when this returns.
        attempt: Trains one.

    Returns:
        All of them, the best first.

    Raises:
        MissingExtra: Optuna is not installed.
        DataError: Nothing came to an end.
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
        study.enqueue_trial(_own(recipe))  # the recipe itself is the one to beat
    _again(study)

    def objective(trial: optuna.Trial) -> float:
        chosen = recipe.model_copy(update=_proposed(trial, recipe))
        recall, seconds = attempt(chosen, f"{name}-{trial.number}")
        trial.set_user_attr("seconds", seconds)
        return recall

    done = len(_complete(study))
    if trials > done:
        study.optimize(objective, n_trials=trials - done)
    found = [
        Trial(
            number=trial.number,
            choices=dict(trial.params),
            recall=float(trial.values[0]),
            seconds=float(trial.user_attrs.get("seconds", 0.0)),
        )
        for trial in _complete(study)
    ]
    if not found:
        raise DataError("no trial finished", hint=f"rm '{folder / name}.sqlite'")
    return sorted(found, key=lambda trial: (-trial.recall, trial.seconds))


def _complete(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def _again(study: optuna.Study) -> None:
    """Put trials that a kill left unfinished in the queue once more."""
    from optuna.trial import TrialState

    for left in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(left.number, state=TrialState.FAIL)
        study.enqueue_trial(left.params, skip_if_exists=False)


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

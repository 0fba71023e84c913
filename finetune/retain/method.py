"""What a way of retaining skills is: what it makes before training, which rows are trained, what joins the loss.

A way is an instance of a subclass in `finetune/retain/kinds/`; `finetune.retain.registry` finds it there.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from core.types import Pair

if TYPE_CHECKING:
    import torch

    from finetune.data.collate import StepCollator
    from finetune.data.prepare import Prepared
    from finetune.methods.method import Method
    from finetune.retain.base_model import BaseModel


# Longest row that the base writes, its prompt included; longest answer, one that does not end by then is left out.
REPLAY_TOKENS, ANSWER_TOKENS = 640, 96


class RetainSettings(Protocol):
    """The fields of a recipe that a way of retaining may read; `finetune.recipe.Recipe` has them."""

    @property
    def retain(self) -> str: ...
    @property
    def retain_share(self) -> float: ...
    @property
    def retain_weight(self) -> float: ...
    @property
    def mix_share(self) -> float: ...
    @property
    def streaming(self) -> bool: ...
    @property
    def training_method(self) -> Method: ...


class TermTrainer(Protocol):
    """What a term of the loss needs of the trainer."""

    def compute(self) -> Any:
        """Return the context in which a forward pass runs: arithmetic and attention."""

    def add_gradient(self, loss: torch.Tensor) -> None:
        """Run a backward pass."""

    def note(self, **figures: torch.Tensor) -> None:
        """Keep figures for the next log line."""

    @property
    def step(self) -> int:
        """Steps that are done."""

    @property
    def inner_model(self) -> Any:
        """The model without what trains it on several devices."""


class StepTerm(Protocol):
    """A part of every step's loss beside that of the labelled tokens."""

    def run(self, trainer: TermTrainer, model: Any, inputs: Mapping[str, Any]) -> torch.Tensor:
        """Run forward and backward for one step and return the term's loss, detached, a scalar."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RetainMethod(ABC):
    """A way of teaching that keeps what the base could do before.

    Attributes:
        name: As recipes spell it.
        title: What it does, for a reader.
        prepares: Whether the base writes rows before training, in a stage of its own.
    """

    name: str
    title: str
    prepares: bool = False

    def faults(self, recipe: RetainSettings) -> Iterator[str]:
        """Yield why it cannot be used with a recipe, one sentence each."""
        if recipe.streaming:
            yield f"retain {self.name} with streaming: all rows must be known before training"

    def planned_rows(self, prepared: Prepared, rows: int | None = None) -> list[Pair]:
        """Return what the base is asked for beside the rows of the data, without answers.

        Args:
            prepared: Recipe and data.
            rows: Of the data that are trained; all of them if None.
        """
        return []

    def written_rows(self, base: BaseModel, prepared: Prepared) -> list[Pair]:
        """Return what the base writes before training.

        Args:
            base: The model as it is before training.
            prepared: Recipe and data.
        """
        return []

    def training_rows(self, pairs: Sequence[Pair], written: Sequence[Pair]) -> list[Pair]:
        """Return the rows that are trained on.

        Args:
            pairs: Of the data.
            written: By the base.
        """
        return list(pairs)

    def longest_row_tokens(self, prepared: Prepared) -> int:
        """Return the length of the longest row that it adds to those of the data; 0 where it adds none."""
        return 0

    def added_tokens(self, prepared: Prepared, rows: int, mean_tokens: float) -> float:
        """Return how many tokens a pass over the data computes beside its rows.

        Args:
            prepared: Recipe and data.
            rows: Of the data that are trained.
            mean_tokens: Of a row.
        """
        return 0.0

    def read_and_written_tokens(self, prepared: Prepared, rows: int) -> tuple[float, float]:
        """Return how many tokens the base reads and writes before training, once.

        Args:
            prepared: Recipe and data.
            rows: Of the data that are trained.
        """
        return 0.0, 0.0

    def term(
        self, prepared: Prepared, written: Sequence[Pair], collate: StepCollator, *, rank: int, processes: int
    ) -> StepTerm | None:
        """Return what joins the loss of every step; None where nothing does.

        Args:
            collate: Gives the parts of a step.
            rank: Number of this process among `processes`.
            processes: That train together.
        """
        return None

    def teacher_prompts(self, prepared: Prepared, pairs: Sequence[Pair]) -> Mapping[str, Sequence[int]]:
        """Return, by id, the prompts of rows whose answers are not given but taught by the base shown the fact."""
        return {}

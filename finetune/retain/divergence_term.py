"""The term that keeps a model near its base on rows that the base answered: some of them with every step.

Which rows come with a step follows from its number, so a resumed run takes the same ones.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from accelerate.utils import send_to_device

from core.types import Pair
from finetune.data.collate import Part, StepCollator
from finetune.data.dataset import tokenise
from finetune.retain.divergence import divergences
from finetune.retain.method import REPLAY_TOKENS, TermTrainer

if TYPE_CHECKING:
    from finetune.data.prepare import Prepared

# Name of the figure in the log: mean divergence per answer token, in nats.
FIGURE = "retain_kl"


@dataclass(slots=True, kw_only=True)
class DivergenceTerm:
    """Mean KL(base || model) over the answer tokens of a step's replay rows.

    Attributes:
        groups: Rows of one step each, as tokens.
        collate: Gives the parts of a step.
        weight: Of the mean.
        reference: What the base has at the answer tokens of the groups that came already.
    """

    groups: Sequence[Sequence[Mapping[str, Sequence[int]]]]
    collate: StepCollator
    weight: float
    reference: dict[int, list[torch.Tensor]] = field(default_factory=dict)

    def run(self, trainer: TermTrainer, model: Any, inputs: Mapping[str, Any]) -> torch.Tensor:
        """Run the step's replay rows and return their weighted mean divergence."""
        group = trainer.step % len(self.groups)
        parts = self.collate(self.groups[group])["parts"]
        if group not in self.reference:
            self.reference[group] = self._base_states(trainer, model, parts)
        total = sum(len(states) for states in self.reference[group])
        losses = []
        for part, reference in zip(parts, self.reference[group], strict=True):
            with trainer.compute():
                scores = label_states(model, part)
                kept = reference.to(scores.states.device)
                each = divergences(scores.states, kept, scores.weight, scores.bias)
                loss = self.weight * each.sum() / max(1, total)
            trainer.add_gradient(loss)
            losses.append(loss.detach())
        loss = torch.stack(losses).sum()
        trainer.note(**{FIGURE: loss / self.weight})
        return loss

    def _base_states(self, trainer: TermTrainer, model: Any, parts: Sequence[Part]) -> list[torch.Tensor]:
        with torch.no_grad(), trainer.compute(), base_of(trainer.inner_model):
            return [label_states(model, part).states.cpu() for part in parts]


def label_states(model: Any, part: Part) -> Any:
    """Return the `LabelStates` of a part."""
    device = next(model.parameters()).device
    return model(**send_to_device(part, device), use_cache=False, label_states=True)


class base_of:  # noqa: N801  # a context manager, read as a function
    """A context in which a peft model is its base, without dropout.

    Args:
        model: The peft model.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._off = model.disable_adapter()

    def __enter__(self) -> None:
        self._was_training = self._model.training
        self._model.eval()
        self._off.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._off.__exit__(*error)
        self._model.train(self._was_training)


def divergence_term(
    prepared: Prepared, written: Sequence[Pair], collate: StepCollator, *, rank: int, processes: int
) -> DivergenceTerm:
    """Return the term of a recipe.

    Args:
        written: Rows that the base answered.
        collate: Gives the parts of a step.
        rank: Number of this process.
        processes: That train together; each has its part of a step's rows.
    """
    recipe = prepared.recipe
    rows = tokenise(written, prepared.chat, recipe, prepared.context_tokens, max_length=REPLAY_TOKENS)
    records = [{"input_ids": row.input_ids, "labels": row.labels} for row in rows.rows]
    random.Random(recipe.seed).shuffle(records)  # noqa: S311 - not for secrets
    size = max(1, round(recipe.retain_share * recipe.batch_size / processes))
    # Every process runs equally many rows: each waits for the others' gradients.
    own = records[rank : len(records) // processes * processes : processes] or records
    return DivergenceTerm(
        groups=[own[start : start + size] for start in range(0, len(own), size)],
        collate=collate,
        weight=recipe.retain_weight,
    )

"""The term by which a model learns facts from its own answers, graded token by token by the base shown the fact (SDFT).

The answers are drawn from the model as it stands in the step. Generation uses torch's own randomness, which checkpoints
keep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from finetune.data.collate import StepCollator, TokenRecord
from finetune.data.encoding import IGNORED
from finetune.data.heldout import answer_tokens
from finetune.retain.divergence import divergences
from finetune.retain.divergence_term import base_of, label_states
from finetune.retain.method import TermTrainer
from finetune.retain.taught import teaches_a_fact

if TYPE_CHECKING:
    from finetune.data.prepare import Prepared

# Name of the figure in the log: mean divergence per token of the model's own answers, in nats.
FIGURE = "sdft_kl"
# Column of the rows, and key of a step, by which a fact's row is told from others.
TEACHER_IDS, DEMONSTRATIONS = "teacher_ids", "demonstrations"
_MOST_TOKENS = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstration:
    """A question as the model is asked it, and as the base is asked it with the fact in view, as tokens."""

    student: tuple[int, ...]
    teacher: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DemonstrationCollator:
    """Sets the rows that a teacher grades apart from those that are trained as they are.

    Attributes:
        inner: Gives the parts of the latter.
    """

    inner: StepCollator

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return `{"parts": [...], "demonstrations": [...]}`."""
        plain: list[TokenRecord] = [row for row in rows if not row[TEACHER_IDS]]
        demonstrations = [
            Demonstration(student=_prompt(row), teacher=tuple(row[TEACHER_IDS])) for row in rows if row[TEACHER_IDS]
        ]
        return {"parts": self.inner(plain)["parts"] if plain else [], DEMONSTRATIONS: demonstrations}


def _prompt(row: TokenRecord) -> tuple[int, ...]:
    """Return what stands before the labelled answer."""
    labels = row["labels"]
    first = next((i for i, label in enumerate(labels) if label != IGNORED), len(labels))
    return tuple(row["input_ids"][:first])


@dataclass(slots=True, kw_only=True)
class SelfDistillation:
    """Mean KL(model || base shown the fact) over the tokens of the model's own answers.

    Attributes:
        weight: Of the mean.
        rows: Of a forward pass.
        max_tokens: Of an answer.
        pad_id: Fills batches.
        eos_ids: End an answer.
    """

    weight: float
    rows: int
    max_tokens: int
    pad_id: int
    eos_ids: frozenset[int]

    @staticmethod
    def of(prepared: Prepared) -> SelfDistillation:
        """Return the term of a recipe."""
        facts = [row for row in prepared.dataset.pairs("train") if teaches_a_fact(row)]
        return SelfDistillation(
            weight=prepared.recipe.retain_weight,
            rows=max(1, prepared.recipe.micro_batch),
            max_tokens=min(_MOST_TOKENS, answer_tokens(prepared.chat, facts)),
            pad_id=prepared.chat.pad_id,
            eos_ids=prepared.chat.eos_ids,
        )

    def run(self, trainer: TermTrainer, model: Any, inputs: Mapping[str, Any]) -> torch.Tensor:
        """Let the model answer the step's questions, and return the weighted mean divergence of its answers."""
        demonstrations: Sequence[Demonstration] = inputs[DEMONSTRATIONS]
        device = next(model.parameters()).device
        if not demonstrations:
            return torch.zeros((), device=device)
        answers = self._answers(trainer, [demonstration.student for demonstration in demonstrations], device)
        total = sum(map(len, answers))
        losses = []
        for start in range(0, len(answers), self.rows):
            part = slice(start, start + self.rows)
            student, teacher = (
                self._batch([getattr(demonstration, side) for demonstration in demonstrations[part]], answers[part])
                for side in ("student", "teacher")
            )
            with torch.no_grad(), trainer.compute(), base_of(trainer.inner_model):
                reference = label_states(model, teacher).states
            with trainer.compute():
                scores = label_states(model, student)
                each = divergences(scores.states, reference, scores.weight, scores.bias, reverse=True)
                loss = self.weight * each.sum() / total
            trainer.add_gradient(loss)
            losses.append(loss.detach())
        loss = torch.stack(losses).sum()
        trainer.note(**{FIGURE: loss / self.weight})
        return loss

    def _answers(self, trainer: TermTrainer, prompts: Sequence[Sequence[int]], device: Any) -> list[list[int]]:
        """Return what the model answers, drawn from its own distribution, up to the token that ends it."""
        longest = max(map(len, prompts))
        ids = torch.tensor([[self.pad_id] * (longest - len(p)) + list(p) for p in prompts], device=device)
        mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=device)
        model = trainer.inner_model
        model.eval()
        with torch.no_grad(), trainer.compute():
            written = model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=self.max_tokens,
                do_sample=True,
                top_k=0,
                top_p=1.0,
                temperature=1.0,
                repetition_penalty=1.0,
                use_cache=True,
                eos_token_id=sorted(self.eos_ids),
                pad_token_id=self.pad_id,
            )
        model.train()
        return [self._ended(line) for line in written[:, longest:].tolist()]

    def _ended(self, tokens: list[int]) -> list[int]:
        end = next((i + 1 for i, token in enumerate(tokens) if token in self.eos_ids), len(tokens))
        return tokens[:end]

    def _batch(self, prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]]) -> dict[str, torch.Tensor]:
        """Return prompts with answers, padded on the right; labels stand on the answers."""
        rows = [[*prompt, *answer] for prompt, answer in zip(prompts, answers, strict=True)]
        width = max(map(len, rows))
        labels = [[IGNORED] * len(prompt) + list(answer) for prompt, answer in zip(prompts, answers, strict=True)]
        return {
            "input_ids": torch.tensor([row + [self.pad_id] * (width - len(row)) for row in rows]),
            "attention_mask": torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows]),
            "labels": torch.tensor([row + [IGNORED] * (width - len(row)) for row in labels]),
        }

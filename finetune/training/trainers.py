"""The trainers of both stages, on the documented extension points of `transformers.Trainer`.

Rows are tokenised before; the loss is computed here, from log-probabilities of labels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from accelerate.utils import broadcast_object_list, send_to_device
from datasets import Dataset
from torch.utils.data import DataLoader
from transformers import PrinterCallback, Trainer, TrainingArguments

from core.errors import KbError
from finetune.data.collate import REFERENCE_COLUMNS, Part, StepCollator, trained_tokens
from finetune.data.loss_checks import check_first_dpo_loss
from finetune.data.order import PromptOrder
from finetune.recipe import Recipe
from finetune.retain.method import StepTerm
from finetune.training.finite import Row, check_weights, faulty_rows, not_a_number, rows_of
from finetune.training.head import add_label_head
from finetune.training.preference_losses import PREFERENCE_LOSSES, PreferenceScores

AttentionKernel = Callable[[], AbstractContextManager[None]]
# Half precision rounds the log-probability of an answer by some tenths of a nat.
_HALF_PRECISION_NATS = 0.2
# Rows that are put together for an evaluation; more take long to sort.
_COLLATED_ROWS = 512
# While one process computes the reference, the others wait.
_WAIT_S = 6 * 3600


class _StageTrainer(Trainer):  # type: ignore[misc]  # transformers has no types
    """What both stages share: scores of labels in place of logits, figures averaged over the steps between log lines.

    Args:
        kernel: Context in which attention is computed.
        arguments: As transformers takes them.
    """

    train_dataset: Any

    def __init__(self, *, kernel: AttentionKernel, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._kernel = kernel
        self._figures: defaultdict[str, list[float]] = defaultdict(list)
        self.seen_tokens = 0
        self.remove_callback(PrinterCallback)  # standard output is for events
        add_label_head(self.accelerator.unwrap_model(self.model))

    def note(self, **figures: torch.Tensor) -> None:
        """Keep figures of a step for the next log line."""
        for name, value in figures.items():
            self._figures[name].append(float(value))

    def train(self, *arguments: Any, **options: Any) -> Any:
        """Train to the end.

        Raises:
            KbError: A loss or a trained weight is not a number.
        """
        output = super().train(*arguments, **options)
        if self.args.world_size == 1:
            check_weights(self.model, self.state.global_step, self.args.learning_rate)
        return output

    def failed(self, faulty: Sequence[Row], count: int) -> KbError:
        """Return the error for a step whose loss is not a number; see `finetune.training.finite`."""
        step = self.state.global_step + 1
        return not_a_number(step, faulty, count, self.processing_class, self.args.learning_rate)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log what the trainer says, with the mean of the figures since the last such line."""
        if "loss" in logs:
            logs = logs | {name: sum(values) / len(values) for name, values in self._figures.items()}
            self._figures.clear()
        super().log(logs, start_time)

    def floating_point_ops(self, inputs: Any) -> int:  # noqa: ARG002  # transformers' signature
        """Return zero: operations are estimated before training."""
        return 0


class AnswerTrainer(_StageTrainer):
    """Supervised training whose batch is a whole step, cut into forward passes by tokens.

    Args:
        collate: Gives the parts of a step.
        kernel: Context in which attention is computed.
        term: Joins the loss of every step.
        as_given: Keep the order of the rows.
        arguments: As transformers takes them.
    """

    def __init__(
        self,
        *,
        collate: Callable[[Any], Mapping[str, Any]],
        kernel: AttentionKernel,
        term: StepTerm | None = None,
        as_given: bool = False,
        **arguments: Any,
    ) -> None:
        super().__init__(kernel=kernel, data_collator=collate, **arguments)
        self._term = term
        self._as_given = as_given

    @contextmanager
    def compute(self) -> Iterator[None]:
        """Give a forward pass its arithmetic and its attention."""
        with self.compute_loss_context_manager(), self._kernel():
            yield

    def add_gradient(self, loss: torch.Tensor) -> None:
        """Run a backward pass."""
        self.accelerator.backward(loss)

    @property
    def step(self) -> int:
        """Steps that are done."""
        return int(self.state.global_step)

    @property
    def inner_model(self) -> Any:
        """The model without what trains it on several devices."""
        return self.accelerator.unwrap_model(self.model)

    def get_train_dataloader(self) -> Any:
        """Return the loader of training rows; those with the same passages follow each other, where there are such."""
        rows = self.train_dataset
        if not isinstance(rows, Dataset):
            return super().get_train_dataloader()
        order = PromptOrder(rows["input_ids"], seed=self.args.seed, as_given=self._as_given)
        if not (order.shares_prompts or order.as_given):
            return super().get_train_dataloader()
        loader = DataLoader(rows, batch_size=self.args.train_batch_size, sampler=order, collate_fn=self.data_collator)
        return self.accelerator.prepare(loader)

    def get_batch_samples(self, epoch_iterator: Iterator[Any], num_batches: int, device: torch.device) -> Any:
        """Return the next steps and the number of their trained tokens over all processes."""
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        count = torch.tensor(sum(trained_tokens(batch["parts"]) for batch in batches), device=device)
        return batches, self.accelerator.gather(count).sum() if self.args.world_size > 1 else count

    def training_step(
        self, model: Any, inputs: Mapping[str, Any], num_items_in_batch: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Run forward and backward over every part; the loss is the mean over the trained tokens, plus the term."""
        model.train()
        losses = [self._term.run(self, model, inputs)] if self._term else []
        if losses and not torch.isfinite(losses[0]):
            rows = [row for part in inputs["parts"] for row in rows_of(part)]
            raise self.failed(rows, len(rows))
        for part in inputs["parts"]:
            with self.compute():
                loss = self.compute_loss(model, part, num_items_in_batch=num_items_in_batch)
            if not torch.isfinite(loss):
                raise self.failed(self._faulty(model, part), len(list(rows_of(part))))
            self.add_gradient(loss)
            losses.append(loss.detach())
            self.seen_tokens += part["input_ids"].numel()
        return torch.stack(losses).sum()

    def _faulty(self, model: Any, part: Part) -> list[Row]:
        """Return the rows of a part that give no number; all of them where several processes hold the model."""
        if self.args.world_size > 1:
            return list(rows_of(part))

        def log_probs(row: Row) -> torch.Tensor:
            ids, labels = (values[None] for values in row)
            with torch.no_grad(), self.compute():
                scores = model(input_ids=ids, labels=labels, use_cache=False, label_scores=True)
            return scores.log_probs

        return faulty_rows(part, log_probs) or list(rows_of(part))

    def compute_loss(
        self,
        model: Any,
        inputs: Part,
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> Any:
        """Return the summed loss of a part's trained tokens divided by the trained tokens of the step."""
        scores = model(**inputs, use_cache=False, label_scores=True)
        labels = scores.label_mask.sum()
        loss = -scores.log_probs.sum() / (labels if num_items_in_batch is None else num_items_in_batch).clamp(min=1)
        if num_items_in_batch is not None:
            loss = loss * self.accelerator.num_processes  # gradients are averaged over processes
        self.note(mean_token_accuracy=scores.is_top1.sum() / labels.clamp(min=1))
        return (loss, scores) if return_outputs else loss

    def held_out_loss(self, records: Sequence[Mapping[str, Sequence[int]]], collate: StepCollator) -> float:
        """Return the mean loss per trained token of rows that are not trained on."""
        model = self.model_wrapped
        was_training = model.training
        model.eval()
        total, tokens = 0.0, 0
        with torch.no_grad(), self.compute_loss_context_manager():
            # Many rows at once: those that show the same passages are read together.
            for start in range(0, len(records), _COLLATED_ROWS):
                parts = collate(records[start : start + _COLLATED_ROWS])["parts"]
                for part in parts:
                    scores = model(**send_to_device(part, self.args.device), use_cache=False, label_scores=True)
                    total -= float(scores.log_probs.sum())
                tokens += trained_tokens(parts)
        model.train(was_training)
        return total / max(1, tokens)


class PreferenceTrainer(_StageTrainer):
    """Preference training against log-probabilities of a reference that stand beside the rows.

    Args:
        losses: Names in `PREFERENCE_LOSSES`; their sum is minimised.
        beta: How near training stays to the reference.
        kernel: Context in which attention is computed.
        arguments: As transformers takes them.
    """

    def __init__(self, *, losses: Sequence[str], beta: float, kernel: AttentionKernel, **arguments: Any) -> None:
        super().__init__(kernel=kernel, **arguments)
        self._losses, self._beta = tuple(losses), beta
        self._is_first = True

    def add_reference(self) -> None:
        """Add to the rows what the model says of them now; before the first step it is the reference.

        One process computes it for all: a model is whole in each until training shards it.
        """
        values = [self._reference() if self.is_world_process_zero() else []]
        broadcast_object_list(values, from_process=0)
        for name, column in zip(REFERENCE_COLUMNS, zip(*values[0], strict=True), strict=True):
            self.train_dataset = self.train_dataset.add_column(name, list(column))

    def _reference(self) -> list[tuple[float, float]]:
        """Return the log-probabilities of both answers of every row."""
        pairs: list[tuple[float, float]] = []
        rows = [dict(row) for row in self.train_dataset]
        size = self.args.per_device_train_batch_size
        self.model.eval()
        for start in range(0, len(rows), size):
            batch = send_to_device(self.data_collator(rows[start : start + size]), self.args.device)
            with torch.no_grad(), self._kernel(), self.accelerator.autocast():
                chosen, rejected = answer_scores(self.model, batch).log_probs.sum(dim=1).chunk(2)
            pairs += zip(chosen.tolist(), rejected.tolist(), strict=True)
        self.model.train()
        return pairs

    def compute_loss(
        self,
        model: Any,
        inputs: Part,
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,  # noqa: ARG002  # transformers' signature
    ) -> Any:
        """Return the mean loss of the preferences of a pass.

        Raises:
            GateError: The first loss of a run shows that the reference is not the model that training starts from.
        """
        with self._kernel():
            outputs = answer_scores(model, inputs)
        chosen, rejected = outputs.log_probs.sum(dim=1).chunk(2)
        chosen_tokens, rejected_tokens = outputs.label_mask.sum(dim=1).chunk(2)
        scores = PreferenceScores(
            chosen=chosen,
            rejected=rejected,
            reference_chosen=inputs["reference_chosen"],
            reference_rejected=inputs["reference_rejected"],
            chosen_tokens=chosen_tokens,
            rejected_tokens=rejected_tokens,
        )
        loss = torch.stack([PREFERENCE_LOSSES[name](scores, self._beta).mean() for name in self._losses]).sum()
        if not torch.isfinite(loss):
            sides = [torch.isfinite(values) for values in (chosen, rejected)]
            rows = list(zip(inputs["input_ids"], inputs["answer_labels"], strict=True))
            raise self.failed([row for row, good in zip(rows, torch.cat(sides), strict=True) if not good], len(rows))
        self._check_first(loss)
        self.seen_tokens += int(inputs["attention_mask"].sum())
        self._note_rewards(scores, outputs)
        return (loss, outputs) if return_outputs else loss

    def _check_first(self, loss: torch.Tensor) -> None:
        if self._is_first and self.state.global_step == 0:
            rounding = _HALF_PRECISION_NATS * self._beta if self.args.bf16 or self.args.fp16 else 0.0
            check_first_dpo_loss(float(loss.detach()), self._losses, rounding=rounding)
        self._is_first = False

    def _note_rewards(self, scores: PreferenceScores, outputs: Any) -> None:
        """Note rewards as DPO defines them: beta times the gain of an answer over the reference."""
        rewards = self._beta * torch.stack([scores.chosen_gain.detach(), scores.rejected_gain.detach()], dim=1)
        chosen, rejected = self.accelerator.gather(rewards).unbind(dim=1)
        self._figures["rewards/chosen"].append(float(chosen.mean()))
        self._figures["rewards/rejected"].append(float(rejected.mean()))
        self._figures["rewards/margins"].append(float((chosen - rejected).mean()))
        self._figures["rewards/accuracies"].append(float((chosen > rejected).float().mean()))
        hits, _ = outputs.is_top1.sum(dim=1).chunk(2)
        self.note(mean_token_accuracy=hits.sum() / scores.chosen_tokens.sum().clamp(min=1))


def answer_scores(model: Any, inputs: Part) -> Any:
    """Return the `LabelScores` of a batch of the preference collator, preferred answers in the first half."""
    return model(
        input_ids=inputs["input_ids"],
        attention_mask=inputs["attention_mask"],
        labels=inputs["answer_labels"],
        use_cache=False,
        label_scores=True,
    )


def _arguments(
    recipe: Recipe, dtype: str, device: str, output: str, *, report_to: Sequence[str] = (), **more: Any
) -> TrainingArguments:
    """Return transformers' arguments; every default that matters is set."""
    return TrainingArguments(
        output_dir=output,
        report_to=list(report_to) or "none",
        lr_scheduler_type=recipe.scheduler,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        warmup_steps=recipe.warmup_ratio,  # below 1 it is a share of the steps
        seed=recipe.seed,
        data_seed=recipe.seed,
        logging_steps=recipe.logging_steps,
        logging_first_step=True,
        disable_tqdm=True,
        save_strategy="steps",
        save_steps=recipe.save_steps,
        save_total_limit=recipe.keep_checkpoints,
        eval_strategy="no",
        bf16=dtype == "bf16",
        fp16=dtype == "fp16",
        use_cpu=device == "cpu",
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        ddp_timeout=_WAIT_S,
        **more,
    )


def answer_arguments(
    recipe: Recipe, dtype: str, device: str, output: str, processes: int, *, report_to: Sequence[str] = ()
) -> TrainingArguments:
    """Return transformers' arguments of the SFT stage."""
    return _arguments(
        recipe,
        dtype,
        device,
        output,
        learning_rate=recipe.learning_rate,
        num_train_epochs=recipe.epochs,
        max_steps=recipe.max_steps or -1,
        per_device_train_batch_size=max(1, recipe.batch_size // processes),
        report_to=report_to,
    )


def preference_arguments(
    recipe: Recipe, dtype: str, device: str, output: str, processes: int, *, report_to: Sequence[str] = ()
) -> TrainingArguments:
    """Return transformers' arguments of the DPO stage; a preference is two rows."""
    pairs = max(1, recipe.batch_size // 2 // processes)
    micro = min(pairs, max(1, recipe.micro_batch // 2))
    return _arguments(
        recipe,
        dtype,
        device,
        output,
        learning_rate=recipe.dpo_learning_rate,
        num_train_epochs=recipe.dpo_epochs,
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=max(1, pairs // micro),
        report_to=report_to,
    )

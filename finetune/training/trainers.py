"""TRL's trainers as a run uses them: rows already tokenised, a step cut into parts by tokens, no hidden defaults.

Knows TRL; refuses to know files of a run, reports and stages.
"""

# ruff: noqa: ARG002  (methods keep the signatures of TRL)
from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import torch
from transformers import PrinterCallback
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from finetune.data.audit import check_first_dpo_loss
from finetune.data.collate import Part, StepCollator, trained_tokens
from finetune.recipe import Recipe
from finetune.training.head import add_label_head

Kernel = Callable[[], AbstractContextManager[None]]
_HALF_NATS = 0.2


class AnswerTrainer(SFTTrainer):
    """SFT whose batch is a whole step: forward passes are cut by tokens, so that steps stay and padding does not.

    Args:
        collate: Gives the parts of a step.
        kernel: Context in which attention is computed.
        rest: As TRL takes them.
    """

    def __init__(self, *, collate: StepCollator, kernel: Kernel, **rest: Any) -> None:
        super().__init__(data_collator=collate, **rest)
        self._kernel = kernel
        self.seen_tokens = 0
        _settle(self)

    def training_step(self, model: Any, inputs: Mapping[str, list[Part]], num_items_in_batch: Any = None) -> Any:
        """Run forward and backward over every part; the loss is the mean over the step's trained tokens."""
        model.train()
        losses = []
        for part in inputs["parts"]:
            part = self._prepare_inputs(part)
            with self.compute_loss_context_manager(), self._kernel():
                loss = self.compute_loss(model, part, num_items_in_batch=num_items_in_batch)
            self.accelerator.backward(loss)
            losses.append(loss.detach())
            self.seen_tokens += part["input_ids"].numel()
        return torch.stack(losses).sum()

    def compute_loss(
        self, model: Any, inputs: Part, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Return the sum over a part's trained tokens divided by those of the step, over all processes."""
        outputs = model(**inputs, use_cache=False, fused_lm_head=True)
        count = outputs.label_mask.sum() if num_items_in_batch is None else num_items_in_batch
        loss = -outputs.log_probs.sum() / torch.as_tensor(count).clamp(min=1)
        if num_items_in_batch is not None and self.args.average_tokens_across_devices:
            loss = loss * self.accelerator.num_processes  # gradients are averaged over processes
        self._metrics["train"]["mean_token_accuracy"].append(
            float(outputs.is_top1.sum()) / max(1, int(outputs.label_mask.sum()))
        )
        return (loss, outputs) if return_outputs else loss

    def _get_num_items_in_batch(self, batch_samples: list[Mapping[str, list[Part]]], device: torch.device) -> Any:
        count = torch.tensor(sum(trained_tokens(batch["parts"]) for batch in batch_samples), device=device)
        return self.accelerator.gather(count).sum() if self.args.world_size > 1 else count

    def floating_point_ops(self, inputs: Any) -> int:
        """Return nothing: the estimate counts operations, and this would look for keys that a step has not."""
        return 0

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Write none: a run has its own card."""


class PreferenceTrainer(DPOTrainer):
    """DPO on rows already tokenised; the reference's log-probabilities are worked out once, before the first step."""

    def __init__(self, *, kernel: Kernel, **rest: Any) -> None:
        self._kernel = kernel
        self._first_loss_checked = False
        super().__init__(**rest)
        if not self.precompute_ref_logps:
            _settle(self)
        elif "ref" in getattr(self.model, "peft_config", {}):
            self.model.delete_adapter("ref")  # TRL's copy of what was just asked

    def _prepare_dataset(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
        return dataset

    def _precompute_ref_logps(self, dataset: Any, name: str, batch_size: int) -> Any:
        """Return the data with the policy's own log-probabilities: before the first step it is the reference."""
        _settle(self)
        self.ref_model = self.model  # asked as it stands, without another adapter
        self.model.eval()
        found: dict[str, list[float]] = {"ref_chosen_logps": [], "ref_rejected_logps": []}
        for start in range(0, len(dataset), batch_size):
            rows = [dataset[i] for i in range(start, min(start + batch_size, len(dataset)))]
            batch = self._prepare_inputs(self.data_collator(rows))
            with self._kernel():
                chosen, rejected = self.compute_ref_log_probs(self.model, batch)  # type: ignore[no-untyped-call]
            found["ref_chosen_logps"] += chosen.float().tolist()
            found["ref_rejected_logps"] += rejected.float().tolist()
        self.model.train()
        self.ref_model = None
        for column_name, column in found.items():
            dataset = dataset.add_column(column_name, column)
        return dataset

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Return TRL's loss; the first of a run must be ln 2.

        Raises:
            GateError: It is not.
        """
        with self._kernel():
            loss = super().compute_loss(model, inputs, *args, **kwargs)  # type: ignore[no-untyped-call]
        if not self._first_loss_checked and self.state.global_step == 0:
            first = loss if torch.is_tensor(loss) else loss[0]
            # Half precision rounds the log-probabilities of an answer by some tenths of a nat; beta weighs them.
            rounding = _HALF_NATS * self.beta if self.args.bf16 or self.args.fp16 else 0.0
            check_first_dpo_loss(float(first.detach()), self.loss_types, rounding=rounding)
        self._first_loss_checked = True
        return loss

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Write none: a run has its own card."""


def _settle(trainer: Any) -> None:
    """Undo what TRL changes of a model that is ready, and take the faster head where there is one."""
    trainer.remove_callback(PrinterCallback)  # standard output is for events
    model = trainer.accelerator.unwrap_model(trainer.model)
    for parameter in model.parameters():
        # TRL makes adapters of a 4-bit base bfloat16, which a T4 has not and which loses small updates.
        if parameter.requires_grad and parameter.dtype != torch.float32:
            parameter.data = parameter.data.float()
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    if trainer.accelerator.device.type == "cpu" and trainer.accelerator.num_processes == 1:
        add_label_head(inner)
    if "forward" in vars(getattr(model, "base_model", model)) and inner is not model:
        model.base_model.forward = inner.forward  # LLaMA-Adapter keeps the one it met first


_SAME_FOR_BOTH: Mapping[str, Any] = {
    "report_to": "none",
    "logging_first_step": True,
    "disable_tqdm": True,
    "save_strategy": "steps",
    "eval_strategy": "no",
    "remove_unused_columns": False,
    "activation_checkpointing": False,  # `finetune.methods.build` turns it on where the recipe says so
    "dataloader_pin_memory": False,
    "average_tokens_across_devices": True,
}


def _common(recipe: Recipe, dtype: str, device: str, output: str) -> dict[str, Any]:
    return {
        **_SAME_FOR_BOTH,
        "output_dir": output,
        "lr_scheduler_type": recipe.scheduler,
        "weight_decay": recipe.weight_decay,
        "max_grad_norm": recipe.max_grad_norm,
        "warmup_steps": recipe.warmup_ratio,  # below 1 it is a share of the steps
        "seed": recipe.seed,
        "data_seed": recipe.seed,
        "logging_steps": recipe.logging_steps,
        "save_steps": recipe.save_steps,
        "save_total_limit": recipe.keep_checkpoints,
        "bf16": dtype == "bf16",
        "fp16": dtype == "fp16",
        "use_cpu": device == "cpu",
    }


def answer_config(recipe: Recipe, dtype: str, device: str, output: str, processes: int, **more: Any) -> SFTConfig:
    """Return TRL's arguments of the SFT stage."""
    return SFTConfig(
        **{**_common(recipe, dtype, device, output), **more},
        learning_rate=recipe.learning_rate,
        num_train_epochs=recipe.epochs,
        max_steps=recipe.max_steps or -1,
        per_device_train_batch_size=max(1, recipe.batch_size // processes),
        dataset_kwargs={"skip_prepare_dataset": True},
        max_length=None,
    )


def preference_config(recipe: Recipe, dtype: str, device: str, output: str, processes: int, **more: Any) -> DPOConfig:
    """Return TRL's arguments of the DPO stage; a preference is two rows."""
    pairs = max(1, recipe.batch_size // 2 // processes)
    micro = min(pairs, max(1, recipe.micro_batch // 2))
    return DPOConfig(
        **{**_common(recipe, dtype, device, output), **more},
        learning_rate=recipe.dpo_learning_rate,
        num_train_epochs=recipe.dpo_epochs,
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=max(1, pairs // micro),
        max_length=None,
        beta=recipe.beta,
        loss_type=list(recipe.dpo_loss),
    )

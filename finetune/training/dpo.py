"""The second stage: preferences by TRL's DPOTrainer, continuing the SFT policy with that same policy as the reference.

The reference's log-probabilities are worked out before the first step from the SFT policy as it lies on disk, also
after a kill, so that no half-trained model can become the reference. Refuses to know how preferences were made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from datasets import Dataset

from core.errors import DataError
from core.rows import read_preferences
from core.types import Preference
from finetune.data.dataset import PreferenceRow, tokenise_preferences
from finetune.data.heldout import answer_tokens, recall
from finetune.data.prepare import held_out
from finetune.methods.build import peft_warnings_ignored
from finetune.report import emit
from finetune.runs import update_card
from finetune.training.base import attention_kernel
from finetune.training.policy import asker, load_policy
from finetune.training.stage import Stage
from finetune.training.trainers import PreferenceTrainer, preference_config


def run_dpo(stage: Stage) -> None:
    """Train on preferences, from the newest checkpoint where there is one.

    Raises:
        DataError: There is no preference to train on.
        GateError: The first loss shows a wrong reference.
    """
    prepared = stage.prepared
    rows, dropped = tokenise_preferences(preferences(stage), prepared.chat, prepared.preference_limit)
    if not rows:
        reasons = ", ".join(f"{count} {reason}" for reason, count in dropped.items()) or "the data has none"
        raise DataError(f"no preference is left to train on: {reasons}", hint="kb finetune --no-dpo --data DIR")
    with peft_warnings_ignored():
        trainer = _trained(stage, rows, dropped)
    stage.save_policy(trainer)
    stage.finished(trainer, _scores(stage, trainer))


def _trained(stage: Stage, rows: list[PreferenceRow], dropped: Mapping[str, int]) -> PreferenceTrainer:
    prepared, recipe = stage.prepared, stage.prepared.recipe
    sft = stage.run.stage("sft") / "policy"
    model = load_policy(prepared.base, recipe, prepared.machine, sft, trainable=True)
    trainer = PreferenceTrainer(
        model=model,
        ref_model=_reference(stage, sft),
        args=preference_config(
            recipe, stage.dtype, prepared.machine.device, str(stage.folder), stage.processes,
            precompute_ref_log_probs=stage.processes == 1,
            report_to=list(stage.report_to) or "none",
        ),
        train_dataset=_dataset(rows),
        processing_class=prepared.chat.tokenizer,
        kernel=partial(attention_kernel, recipe),
    )  # fmt: skip
    if stage.main:
        emit("model", text=f"{len(rows):,} preferences")
        counted = {f"preferences dropped: {reason}": number for reason, number in dropped.items()}
        update_card(stage.run, rows={"preferences": len(rows), **counted}, stages={stage.name: "running"})
    trainer.add_callback(stage.reporter(lambda: int(trainer._total_train_tokens)))
    checkpoint = stage.checkpoint()
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return trainer


def _reference(stage: Stage, sft: Path) -> Any:
    """Return a second copy of the policy where TRL cannot keep one inside the model; None elsewhere."""
    prepared, recipe = stage.prepared, stage.prepared.recipe
    if not recipe.training_method.second_adapter:
        # TRL would add a second adapter, which would replace the first one.
        return load_policy(prepared.base, recipe, prepared.machine, sft).get_base_model()
    if recipe.training_method.adapter or stage.processes == 1:
        return None
    return load_policy(prepared.base, recipe, prepared.machine, sft)


def preferences(stage: Stage) -> Iterator[Preference]:
    """Yield the data's preferences and those made against the policy's own answers."""
    own = stage.run.policy_preferences
    made = read_preferences(own) if own.is_file() else iter(())
    return chain(stage.prepared.dataset.preferences("train"), made)


def _dataset(rows: list[PreferenceRow]) -> Dataset:
    names = ("prompt_ids", "chosen_ids", "rejected_ids")
    return Dataset.from_dict({name: [list(getattr(row, name)) for row in rows] for name in names})


def _scores(stage: Stage, trainer: PreferenceTrainer) -> dict[str, float]:
    """Return recall on held-out phrasings, to see what the preferences cost."""
    prepared, recipe = stage.prepared, stage.prepared.recipe
    asked = held_out(list(prepared.dataset.pairs("val")), recipe.eval_rows)
    if not asked or stage.processes > 1:
        return {}
    questions = asker(trainer.model, prepared.chat, recipe, prepared.machine, answer_tokens(prepared.chat, asked))
    return {"recall": recall(questions, asked)}

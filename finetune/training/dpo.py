"""The second stage: preferences, which continue the SFT policy with that same policy as the reference.

The log-probabilities of the reference are computed before the first step from the SFT policy on disk, also when
a killed stage is resumed, so that no half-trained model can become the reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any

from datasets import Dataset
from torch import nn

from core.chat.local.peft_adapter import peft_warnings_ignored
from core.errors import DataError
from core.rows import read_preferences
from core.types import Preference
from finetune.data.collate import PreferenceCollator
from finetune.data.dataset import PreferenceRow, tokenise_preferences
from finetune.data.heldout import answer_tokens, recall
from finetune.data.prepare import held_out
from finetune.runs import update_card
from finetune.training.base import attention_kernel
from finetune.training.events import emit
from finetune.training.policy import asker, load_policy
from finetune.training.stage import Stage
from finetune.training.trainers import PreferenceTrainer, preference_arguments


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
        raise DataError(
            f"every preference was filtered out: {reasons}",
            hint="kb finetune --no-dpo --data DIR",
            click="choose another recipe",
        )
    with peft_warnings_ignored():
        trainer = _trained(stage, rows, dropped)
    stage.save_policy(trainer)
    stage.finished(trainer, _scores(stage, trainer))


def _trained(stage: Stage, rows: list[PreferenceRow], dropped: Mapping[str, int]) -> PreferenceTrainer:
    prepared, recipe = stage.prepared, stage.prepared.recipe
    arguments = preference_arguments(
        recipe, stage.dtype, prepared.machine.device, str(stage.folder), stage.processes, report_to=stage.report_to
    )
    sft = stage.run.stage("sft") / "policy"
    trainer = PreferenceTrainer(
        model=_without_dropout(load_policy(prepared.base, recipe, prepared.machine, sft, trainable=True)),
        args=arguments,
        train_dataset=_dataset(rows),
        data_collator=PreferenceCollator(pad_id=prepared.chat.pad_id),
        processing_class=prepared.chat.tokenizer,
        losses=recipe.dpo_loss,
        beta=recipe.beta,
        kernel=partial(attention_kernel, recipe),
    )
    trainer.add_reference()
    if stage.main:
        emit("model", text=f"{len(rows):,} preferences")
        counted = {f"preferences dropped: {reason}": number for reason, number in dropped.items()}
        update_card(
            stage.run,
            rows={"preferences": len(rows), **counted},
            stages={stage.name: "running"},
            failures={stage.name: ""},
        )
    trainer.add_callback(stage.reporter(lambda: trainer.seen_tokens))
    checkpoint = stage.checkpoint()
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return trainer


def _without_dropout(model: Any) -> Any:
    """Turn dropout off: the reference was computed without it."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return model


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
    question_pairs = held_out(list(prepared.dataset.pairs("val")), recipe.eval_rows)
    if not question_pairs or stage.processes > 1:
        return {}
    questions = asker(
        trainer.model, prepared.chat, recipe, prepared.machine, answer_tokens(prepared.chat, question_pairs)
    )
    return {"recall": recall(questions, question_pairs)}

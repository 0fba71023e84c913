"""The first stage: supervised training on answers or text, with a loss on the tokens that the audit checked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from datasets import Dataset, IterableDataset

from finetune.data.audit import Audit, audit, check_packing, packed_gap
from finetune.data.collate import StepCollator, collator, row_dataset
from finetune.data.dataset import Tokenised, stream, tokenise
from finetune.data.heldout import LOSS, RECALL, HeldOut, Scores, answer_tokens, better, evaluations, recall
from finetune.data.prepare import Prepared, held_out
from finetune.methods.build import count, make_trainable
from finetune.runs import update_card
from finetune.training.base import attention_kernel, load_model
from finetune.training.events import emit
from finetune.training.policy import asker, put_in_place, save_policy
from finetune.training.stage import Stage
from finetune.training.trainers import AnswerTrainer, answer_arguments

# Rows of a stream that are audited.
_AUDITED = 1000


def run_sft(stage: Stage) -> None:
    """Train on answers until the recipe's end, from the newest checkpoint where there is one.

    Raises:
        DataError: No row is left, or a template does not serve.
        GateError: The audit found a fault.
    """
    prepared, recipe = stage.prepared, stage.prepared.recipe
    rows = _rows(prepared)
    seen = audit(rows, prepared.chat, prepared.context_tokens)
    model = make_trainable(load_model(prepared.base, recipe, prepared.machine), recipe, prepared.base.shape)
    collate = collator(
        recipe,
        prepared.chat.pad_id,
        max(1, recipe.micro_batch) * rows.max_length,
        device=prepared.machine.device,
        processes=stage.processes,
    )
    _announce(stage, seen, rows, model)
    if recipe.packing != "none":
        check_packing(packed_gap(model, rows.rows[:_AUDITED], collate), stage.dtype)
    trainer = AnswerTrainer(
        model=model,
        args=answer_arguments(
            recipe,
            stage.dtype,
            prepared.machine.device,
            str(stage.folder),
            stage.processes,
            report_to=stage.report_to,
        ),
        train_dataset=_dataset(stage, rows),
        processing_class=prepared.chat.tokenizer,
        collate=collate,
        kernel=partial(attention_kernel, recipe),
    )
    trainer.add_callback(stage.reporter(lambda: trainer.seen_tokens))
    scores = _scores(stage, trainer, collate, rows.max_length)
    trainer.add_callback(_held_out(stage, trainer, scores))
    checkpoint = stage.checkpoint()
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    _save(stage, trainer)
    stage.finished(trainer, _best(trainer))


def _rows(prepared: Prepared) -> Tokenised:
    if not prepared.recipe.streaming:
        return prepared.tokenised()
    head = [pair for pair, _ in zip(prepared.dataset.pairs("train"), range(_AUDITED), strict=False)]
    return tokenise(head, prepared.chat, prepared.recipe, prepared.context_tokens)


def _dataset(stage: Stage, rows: Tokenised) -> Dataset | IterableDataset:
    """Return the rows to train on: all of them, or as they are read."""
    prepared = stage.prepared
    if not prepared.recipe.streaming:
        return row_dataset(rows.rows)

    def read() -> Iterator[dict[str, Any]]:
        while True:  # max_steps ends it
            for row in stream(prepared.dataset.pairs("train"), prepared.chat, prepared.recipe, prepared.context_tokens):
                yield {"input_ids": list(row.input_ids), "labels": list(row.labels)}

    return IterableDataset.from_generator(read)


def _announce(stage: Stage, seen: Audit, rows: Tokenised, model: Any) -> None:
    trained = count(model)
    stage.audited(seen.example, seen.passed, seen.warnings)
    if stage.main:
        emit("model", text=str(trained))
        dropped = {f"dropped: {reason}": number for reason, number in rows.dropped.items()}
        update_card(
            stage.run,
            trainable=trained.trainable,
            parameters=trained.total,
            rows={"train": len(rows.rows), **dropped},
            stages={stage.name: "running"},
            failures={stage.name: ""},
        )


def _scores(stage: Stage, trainer: AnswerTrainer, collate: StepCollator, max_length: int) -> Scores:
    """Return what is measured on held-out rows: the loss, and recall where one process can ask questions."""
    prepared, recipe = stage.prepared, stage.prepared.recipe
    pairs = list(prepared.dataset.pairs("val"))
    longest = min(prepared.context_tokens or 2 * max_length, 2 * max_length)
    held = tokenise(pairs, prepared.chat, recipe, prepared.context_tokens, max_length=longest).rows
    asked = held_out(pairs, recipe.eval_rows if recipe.objective != "text" else 0)
    measures = {}
    if held:
        records = [{"input_ids": row.input_ids, "labels": row.labels} for row in held]
        measures[LOSS] = partial(trainer.held_out_loss, records, collate)
    if asked and stage.processes == 1:
        questions = asker(trainer.model, prepared.chat, recipe, prepared.machine, answer_tokens(prepared.chat, asked))
        measures[RECALL] = partial(recall, questions, asked)
    return Scores(measures=measures)


def _held_out(stage: Stage, trainer: AnswerTrainer, scores: Scores) -> HeldOut:
    recipe = stage.prepared.recipe

    def keep() -> None:
        if stage.main and stage.processes == 1:
            save_policy(trainer.model, stage.prepared.chat, stage.best)

    return HeldOut(
        scores,
        every=recipe.eval_steps,
        patience=recipe.early_stopping,
        keep=keep,
        log=trainer.log,
    )


def _best(trainer: AnswerTrainer) -> dict[str, float]:
    """Return the figures of the evaluation whose weights were kept."""
    found = evaluations(trainer.state.log_history)
    if not found:
        return {}
    best = found[0]
    for later in found[1:]:
        best = best if better(best, later) else later
    return {name: best[measure] for name, measure in (("recall", RECALL), ("loss", LOSS)) if measure in best}


def _save(stage: Stage, trainer: AnswerTrainer) -> None:
    """Give the stage its result: the best policy, or the last where nothing was held out."""
    policy = stage.folder / "policy"
    if stage.best.is_dir():
        work = stage.folder / ".policy.part"
        shutil.rmtree(work, ignore_errors=True)
        put_in_place(Path(shutil.copytree(stage.best, work)), policy)
    else:
        stage.save_policy(trainer)

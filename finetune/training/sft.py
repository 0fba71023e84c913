"""The first stage: supervised training on answers or text, with a loss on the tokens that the audit checked."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from datasets import Dataset, IterableDataset

from core.errors import DataError
from core.prompt import read_block, shown_at_once
from core.types import Pair
from finetune.data.audit import Audit, audit
from finetune.data.collate import StepCollator, collator, row_dataset
from finetune.data.dataset import Tokenised, stream, tokenise
from finetune.data.heldout import (
    LOSS,
    READING,
    RECALL,
    HeldOut,
    Scores,
    answer_tokens,
    better,
    evaluations,
    reading,
    recall,
)
from finetune.data.kinds import kinds_sentence
from finetune.data.loss_checks import check_packing, packed_gap
from finetune.data.prepare import Prepared, held_out, held_out_reading, held_out_scored
from finetune.methods.build import count, make_trainable
from finetune.retain.method import RetainMethod
from finetune.retain.registry import RETAIN_METHODS
from finetune.retain.stage import retained_rows
from finetune.runs import update_card
from finetune.training.base import attention_kernel, load_model
from finetune.training.events import emit
from finetune.training.line_attention import use_line_attention
from finetune.training.policy import asker, load_policy, put_in_place, save_policy
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
    retain, written = RETAIN_METHODS[recipe.retain], retained_rows(stage.run, recipe)
    rows = _rows(prepared, retain, written)
    seen = audit(rows, prepared.chat, prepared.context_tokens)
    model = _trainable(stage)
    collate = collator(
        recipe,
        prepared.chat.pad_id,
        max(1, recipe.micro_batch) * max(rows.max_length, retain.longest_row_tokens(prepared)),
        device=prepared.machine.device,
        processes=stage.processes,
    )
    if prepared.machine.device == "cpu" and collate.packed:
        collate = replace(collate, segments=use_line_attention(model))
    _announce(stage, seen, rows, model)
    if recipe.packing != "none":
        check_packing(packed_gap(model, rows.rows[:_AUDITED], collate), stage.dtype)
    dataset, step_collate = _dataset(stage, rows, retain, collate)
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
        train_dataset=dataset,
        processing_class=prepared.chat.tokenizer,
        collate=step_collate,
        kernel=partial(attention_kernel, recipe),
        as_given=recipe.order == "given",
        term=retain.term(prepared, written, collate, rank=stage.rank, processes=stage.processes),
    )
    trainer.add_callback(stage.reporter(lambda: trainer.seen_tokens))
    scores = _scores(stage, trainer, collate, rows.max_length)
    trainer.add_callback(_held_out(stage, trainer, scores))
    checkpoint = stage.checkpoint()
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    _save(stage, trainer)
    stage.finished(trainer, _best(trainer))


def _trainable(stage: Stage) -> Any:
    """Return the base, or what the run continues, ready to be trained.

    Raises:
        DataError: The weights of the run that is continued are gone.
    """
    prepared, recipe, start = stage.prepared, stage.prepared.recipe, stage.run.start
    if not recipe.continues:
        return make_trainable(load_model(prepared.base, recipe, prepared.machine), recipe, prepared.base.shape)
    if not start.is_dir():
        raise DataError(
            f"the weights of run {recipe.continues!r} are missing", path=start, hint=f"kb runs rm {stage.run.name}"
        )
    if recipe.training_method.adapter:
        return load_policy(prepared.base, recipe, prepared.machine, start, trainable=True)
    model = load_model(prepared.base, recipe, prepared.machine, weights=start)
    return make_trainable(model, recipe, prepared.base.shape)


def _audited_pairs(prepared: Prepared) -> list[Pair]:
    """Return the rows to train on; the first of them where they are read as training goes on."""
    return list(islice(prepared.dataset.pairs("train"), _AUDITED if prepared.recipe.streaming else None))


def _rows(prepared: Prepared, retain: RetainMethod, written: Sequence[Pair]) -> Tokenised:
    pairs = _audited_pairs(prepared)
    chosen = pairs if prepared.recipe.streaming else retain.training_rows(pairs, written)
    return tokenise(chosen, prepared.chat, prepared.recipe, prepared.context_tokens)


def _dataset(
    stage: Stage, rows: Tokenised, retain: RetainMethod, collate: StepCollator
) -> tuple[Dataset | IterableDataset, Callable[[Any], Mapping[str, Any]]]:
    """Return the rows to train on, all of them or as they are read, and what makes a step of them."""
    prepared = stage.prepared
    if prepared.recipe.streaming:
        return IterableDataset.from_generator(partial(_streamed, prepared)), collate
    dataset = row_dataset(rows.rows)
    teachers = retain.teacher_prompts(prepared, list(prepared.dataset.pairs("train")))
    if not teachers:
        return dataset, collate
    from finetune.retain.distillation import TEACHER_IDS, DemonstrationCollator

    prompts = [list(teachers.get(row.id, ())) for row in rows.rows]
    return dataset.add_column(TEACHER_IDS, prompts), DemonstrationCollator(collate)


def _streamed(prepared: Prepared) -> Iterator[dict[str, Any]]:
    while True:  # max_steps ends it
        for row in stream(prepared.dataset.pairs("train"), prepared.chat, prepared.recipe, prepared.context_tokens):
            yield {"input_ids": list(row.input_ids), "labels": list(row.labels)}


def _announce(stage: Stage, seen: Audit, rows: Tokenised, model: Any) -> None:
    trained = count(model)
    stage.audited(seen.example, (*seen.passed, kinds_sentence(seen.kinds)), seen.warnings)
    if stage.main:
        emit("model", text=str(trained))
        dropped = {f"dropped: {reason}": number for reason, number in rows.dropped.items()}
        update_card(
            stage.run,
            trainable=trained.trainable,
            parameters=trained.total,
            rows={"train": len(rows.rows), **dropped},
            passages=shown_at_once(pair.context for pair in _audited_pairs(stage.prepared)),
            stages={stage.name: "running"},
            failures={stage.name: ""},
        )


def _scores(stage: Stage, trainer: AnswerTrainer, collate: StepCollator, max_length: int) -> Scores:
    """Return what is measured on held-out rows: the loss; recall and reading where one process can ask questions."""
    prepared, recipe = stage.prepared, stage.prepared.recipe
    pairs = list(prepared.dataset.pairs("val"))
    longest = min(prepared.context_tokens or 2 * max_length, 2 * max_length)
    scored = held_out_scored(pairs, recipe)
    held_out_rows = tokenise(scored, prepared.chat, recipe, prepared.context_tokens, max_length=longest).rows
    asked_rows = recipe.eval_rows if recipe.objective != "text" else 0
    # Where all rows have passages, only reading is measured.
    question_pairs = [pair for pair in held_out(pairs, asked_rows) if not read_block(pair.context)]
    measures = {}
    if held_out_rows:
        records = [{"input_ids": row.input_ids, "labels": row.labels} for row in held_out_rows]
        measures[LOSS] = partial(trainer.held_out_loss, records, collate)
    reading_pairs = held_out_reading(pairs, asked_rows)
    for name, measure, measured_pairs in ((RECALL, recall, question_pairs), (READING, reading, reading_pairs)):
        if measured_pairs and stage.processes == 1:
            room = answer_tokens(prepared.chat, measured_pairs)
            questions = asker(trainer.model, prepared.chat, recipe, prepared.machine, room)
            measures[name] = partial(measure, questions, measured_pairs)
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
    history = evaluations(trainer.state.log_history)
    if not history:
        return {}
    best = history[0]
    for later in history[1:]:
        best = best if better(best, later) else later
    return {
        name: best[measure]
        for name, measure in (("recall", RECALL), ("reading", READING), ("loss", LOSS))
        if measure in best
    }


def _save(stage: Stage, trainer: AnswerTrainer) -> None:
    """Give the stage its result: the best policy, or the last where nothing was held out."""
    policy = stage.folder / "policy"
    if stage.best.is_dir():
        work = stage.folder / ".policy.part"
        shutil.rmtree(work, ignore_errors=True)
        put_in_place(Path(shutil.copytree(stage.best, work)), policy)
    else:
        stage.save_policy(trainer)

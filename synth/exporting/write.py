"""Exports a dataset folder as one file in a trainer's format, a row at a time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Literal

from core.errors import ConfigError, DataError
from core.files import atomic_write
from core.rows import SPLITS
from core.types import Pair, Preference, Split
from synth.dataset.judged import Judged
from synth.dataset.write import Dataset
from synth.exporting import formats
from synth.exporting.formats import PAIR_FORMATS, Json
from synth.exporting.trainers import settings_for
from synth.templates.wording import PromptTemplate, prompt_template

EXPORTED_SPLITS: tuple[Split | Literal["all"], ...] = (*SPLITS, "all")
FORMATS = (*PAIR_FORMATS, "dpo", "kto")
_KTO = {"llama-factory": formats.kto_sharegpt, "axolotl": formats.kto_text}


@dataclass(slots=True, kw_only=True)
class Exported:
    """Counts of an export.

    Attributes:
        rows: Rows in the file.
        left_out: Number of rows that the format cannot represent, by reason.
        with_turns: Rows with earlier turns.
    """

    rows: int = 0
    with_turns: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def export(
    dataset: Dataset,
    out: Path,
    *,
    to: str,
    split: Split | Literal["all"] = "train",
    trainer: str = "trl",
    template: PromptTemplate | None = None,
) -> Exported:
    """Write the rows of a split as JSONL, or as a JSON array where the file's name ends in `.json`.

    Args:
        dataset: The folder.
        out: The file.
        to: One of `FORMATS`.
        split: Which rows.
        trainer: Where trainers read one format differently, the trainer the file is for.
        template: Wording of every prompt; by default the context precedes the question.

    Raises:
        ConfigError: The format is unknown, or the trainer does not read it.
        DataError: The folder has no row that the format can represent.
    """
    if to not in FORMATS:
        raise ConfigError(f"unknown format {to!r}; use one of {', '.join(FORMATS)}")
    settings_for(trainer, to, out)
    done = Exported()
    rows = _rows(dataset.require(), to, split, trainer, template, done)
    array = out.suffix == ".json"
    with atomic_write(out) as handle:
        for row in rows:
            handle.write((b",\n" if done.rows else b"[\n") if array else b"")
            handle.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + (b"" if array else b"\n"))
            done.rows += 1
        if not done.rows:
            raise _empty(dataset, to, split, done)
        handle.write(b"\n]\n" if array else b"")
    return done


def _rows(
    dataset: Dataset, to: str, split: str, trainer: str, given: PromptTemplate | None, done: Exported
) -> Iterator[Json]:
    default = given or prompt_template()
    if to == "dpo":
        dpo = formats.dpo_alpaca if trainer == "llama-factory" else formats.dpo
        return (dpo(row, default) for row in dataset.preferences() if split in ("all", row.split))
    if to == "kto":
        kto = _KTO.get(trainer, formats.kto)
        judged: Iterator[Judged | Preference] = chain(dataset.judged(), dataset.preferences())
        chosen = (row for row in judged if split in ("all", row.split))
        return (kto(verdict, default) for row in chosen for verdict in formats.verdicts(row))
    return _pairs(dataset, to, split, given, default, done)


def _pairs(
    dataset: Dataset, to: str, split: str, given: PromptTemplate | None, default: PromptTemplate, done: Exported
) -> Iterator[Json]:
    shaped = PAIR_FORMATS[to]
    history = to == "alpaca" and has_turns(dataset, split)
    for pair in _turns_first(dataset) if history else dataset.pairs():
        if split not in ("all", pair.split):
            continue
        if not pair.question and not pair.context and to != "text":
            done.left_out["plain text, which only --to text can represent"] += 1
            continue
        done.with_turns += bool(pair.turns)
        row = shaped(pair, given, default)
        yield {**row, "history": row.get("history", [])} if history else row


def _turns_first(dataset: Dataset) -> Iterator[Pair]:
    """Yield rows with earlier turns before those without.

    `datasets` takes a column's type from the first block of a file, and an empty list has none.
    """
    return chain((pair for pair in dataset.pairs() if pair.turns), (pair for pair in dataset.pairs() if not pair.turns))


def has_turns(dataset: Dataset, split: str) -> bool:
    """Whether any row of a split has earlier turns."""
    return any(pair.turns for pair in dataset.pairs() if split in ("all", pair.split))


def _empty(dataset: Dataset, to: str, split: str, done: Exported) -> DataError:
    if done.left_out:
        return DataError(
            f"{split} has only rows of plain text",
            path=dataset.path,
            hint=f"kb synth export '{dataset.path}' --to text --out FILE",
        )
    wants = {"dpo": "preferences", "kto": "preferences or judged answers"}.get(to, "pairs")
    hint = f"kb synth export '{dataset.path}' --split all --to {to} --out FILE"
    if to in ("dpo", "kto"):
        hint = f"kb synth import feedback.jsonl --out '{dataset.path}'"
    return DataError(f"no {wants} in {split}", path=dataset.path, hint=hint)

"""Exports a dataset folder as one file in a trainer's format, a row at a time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Generic, Literal, TypeVar

from core.errors import ConfigError, DataError
from core.files import atomic_write
from core.rows import SPLITS, per_answer
from core.shell import quoted
from core.types import Pair, Preference, Split
from synth.dataset.judged import Judged
from synth.dataset.write import JudgedFolder
from synth.exporting import formats
from synth.exporting.formats import HISTORY, PAIR_FORMATS, SYSTEM, WEIGHT, Json
from synth.exporting.trainers import TITLES, settings_for
from synth.templates.wording import PromptTemplate, prompt_template

EXPORTED_SPLITS: tuple[Split | Literal["all"], ...] = (*SPLITS, "all")
FORMATS = (*PAIR_FORMATS, "dpo", "kto")
# Formats whose messages can carry a weight, with their column.
_WEIGHED = {"openai": "messages", "sharegpt": "conversations"}
_KTO = {"llama-factory": formats.kto_sharegpt, "axolotl": formats.kto_text}


@dataclass(slots=True, kw_only=True)
class Exported:
    """Counts of an export.

    Attributes:
        rows: Lines in the file.
        left_out: Number of rows that the format cannot represent, by reason.
        with_turns: Rows with earlier turns.
        with_system: Rows with a system message.
        untrained: Answers in the file that are marked as not to be trained.
        columns: Columns of the file for earlier turns and system messages.
    """

    rows: int = 0
    with_turns: int = 0
    with_system: int = 0
    untrained: int = 0
    columns: tuple[str, ...] = ()
    left_out: Counter[str] = field(default_factory=Counter)

    def notes(self, to: str, trainer: str) -> Iterator[str]:
        """Yield what the reader of the file should know, a sentence each.

        Args:
            to: The format.
            trainer: The trainer.
        """
        for reason, count in self.left_out.items():
            yield f"left out {count}: {reason}"
        counts = {HISTORY: (self.with_turns, "earlier turns"), SYSTEM: (self.with_system, "a system prompt")}
        for column in self.columns if trainer != "llama-factory" else ():
            count, what = counts[column]
            yield (
                f"{count} rows have {what}, in `{column}`, which only LLaMA-Factory reads; --to sharegpt carries them "
                "everywhere"
            )
        if self.untrained and (to, trainer) not in (("openai", "axolotl"), ("sharegpt", "axolotl")):
            marked = "have weight 0" if to in _WEIGHED and trainer != "unsloth" else "cannot be marked in this format"
            yield (
                f"{self.untrained} answers that are not to be trained {marked}, and {TITLES[trainer]} trains them; "
                "--to trl keeps them out of the loss, and so does --to openai --for axolotl"
            )


def export(
    dataset: JudgedFolder,
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
    dataset: JudgedFolder, to: str, split: str, trainer: str, given: PromptTemplate | None, done: Exported
) -> Iterator[Json]:
    default = given or prompt_template()
    if to == "dpo":
        preferences = _Split(dataset.preferences, split)
        if trainer != "llama-factory":
            return (formats.dpo(row, default) for row in preferences)
        done.columns = preferences.columns()
        return (_filled(formats.dpo_alpaca(row, default), done.columns) for row in preferences.turns_first())
    if to == "kto":
        kto = _KTO.get(trainer, formats.kto)
        judged = _Split(partial(_verdict_rows, dataset), split)
        rows = _without_turns(judged, done) if kto is formats.kto_text else iter(judged)
        return (kto(verdict, default) for row in rows for verdict in formats.verdicts(row))
    return _pairs(_Split(dataset.pairs, split), to, trainer, given, default, done)


def _verdict_rows(dataset: JudgedFolder) -> Iterator[Judged | Preference]:
    yield from dataset.judged()
    yield from dataset.preferences()


AnyRow = TypeVar("AnyRow", Pair, Preference, Judged | Preference)


@dataclass(frozen=True, slots=True)
class _Split(Generic[AnyRow]):
    """The rows of one split, or of all, as often as they are asked for."""

    read: Callable[[], Iterator[AnyRow]]
    split: str

    def __iter__(self) -> Iterator[AnyRow]:
        return (row for row in self.read() if self.split in ("all", row.split))

    def columns(self) -> tuple[str, ...]:
        """Return the columns for earlier turns and system messages that some row fills."""
        filled = {name for row in self for name, value in ((HISTORY, row.turns), (SYSTEM, row.system)) if value}
        return tuple(sorted(filled))

    def turns_first(self) -> Iterator[AnyRow]:
        """Yield rows with earlier turns before those without.

        `datasets` takes a column's type from the first block of a file, and an empty list has none.
        """
        return chain((row for row in self if row.turns), (row for row in self if not row.turns))


def _filled(row: Json, columns: Sequence[str]) -> Json:
    """Return a row with every column of its file."""
    empty: Json = {HISTORY: [], SYSTEM: ""}
    return row | {name: row.get(name, empty[name]) for name in columns}


def _without_turns(rows: Iterable[Judged | Preference], done: Exported) -> Iterator[Judged | Preference]:
    for row in rows:
        if row.turns or row.system:
            done.left_out["rows with earlier turns or a system prompt, which Axolotl's KTO cannot read"] += 1
        else:
            yield row


def _pairs(
    rows: _Split[Pair], to: str, trainer: str, given: PromptTemplate | None, default: PromptTemplate, done: Exported
) -> Iterator[Json]:
    shaped = PAIR_FORMATS[to]
    done.columns = rows.columns() if to == "alpaca" else ()
    marks = to in _WEIGHED and trainer != "unsloth" and any(row.untrained_turns for row in rows)
    for pair in rows.turns_first() if done.columns else rows:
        if not pair.question and not pair.context and to != "text":
            done.left_out["plain text, which only --to text can represent"] += 1
            continue
        done.with_turns += bool(pair.turns)
        done.with_system += bool(pair.system)
        done.untrained += len(pair.untrained_turns) if to != "trl" else 0
        for row in per_answer(pair) if to == "trl" else (pair,):
            line = _filled(shaped(row, given, default), done.columns)
            yield _weighed(line, _WEIGHED[to], marks=marks) if to in _WEIGHED else line


def _weighed(line: Json, column: str, *, marks: bool) -> Json:
    """Return a conversation in which every answer has a weight, so that `datasets` sees one type, or none has."""
    messages = [{name: value for name, value in message.items() if name != WEIGHT} for message in line[column]]
    if marks:
        for message, before in zip(messages, line[column], strict=True):
            if (message.get("role") or message.get("from")) in ("assistant", "gpt"):
                message[WEIGHT] = before.get(WEIGHT, 1)
    return {column: messages}


def _empty(dataset: JudgedFolder, to: str, split: str, done: Exported) -> DataError:
    if done.left_out:
        return DataError(
            f"{split} has only rows of plain text",
            path=dataset.path,
            hint=f"kb synth export {quoted(dataset.path)} --to text --out FILE",
            click="choose the format text",
        )
    wants = {"dpo": "preferences", "kto": "preferences or judged answers"}.get(to, "pairs")
    hint = f"kb synth export {quoted(dataset.path)} --split all --to {to} --out FILE"
    if to in ("dpo", "kto"):
        hint = f"kb synth import feedback.jsonl --out {quoted(dataset.path)}"
    return DataError(f"no {wants} in {split}", path=dataset.path, hint=hint, click="choose another format")

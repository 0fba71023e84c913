"""The rows of a dataset folder as a run trains on them; the folder itself is read by `core.rows`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core.errors import ConfigError, DataError
from core.prompt import AnswerPrompt
from core.rows import ASK_PROMPT, MANIFEST, PAIRS, PREFERENCES, DatasetFolder, columns_not_used, unused_fields
from core.shell import quoted
from core.types import Pair, Preference, Split

# Rows whose unused fields are counted.
_COUNTED_ROWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRows:
    """Where rows lie; nothing is held in memory.

    Attributes:
        path: The folder.
        chat_template: Jinja template of the dataset, for models that have none; empty where there is none.
        answer_prompt: The prompt of `kb ask` for which its rows with passages were made, where it is recorded.
    """

    path: Path
    chat_template: str = ""
    answer_prompt: AnswerPrompt | None = None

    def pairs(self, split: Split) -> Iterator[Pair]:
        """Yield the question-answer and text rows of one split; none where the dataset has none.

        Of a dataset that holds preferences alone, the better answers are the rows.

        Raises:
            DataError: A line is at fault, or its answer is empty.
        """
        folder = DatasetFolder(self.path)
        alone = next(folder.pairs(), None) is None and next(folder.pairs("train"), None) is None
        for row in map(pair_of_better, self.preferences(split)) if alone else folder.pairs(split):
            if not row.answer.strip():
                raise DataError(f"row {row.id!r}: the answer is empty", path=self.path)
            yield row

    def preferences(self, split: Split) -> Iterator[Preference]:
        """Yield the preferences of one split; none where the dataset has none.

        Raises:
            DataError: A line is at fault, or both answers of a preference are the same.
        """
        for row in DatasetFolder(self.path).preferences(split):
            if not row.chosen.strip() or row.chosen.strip() == row.rejected.strip():
                raise DataError(f"row {row.id!r}: a preference needs two different answers", path=self.path)
            yield row

    def systems(self) -> Counter[str]:
        """Count the rows of the training split that ask by their system message, `""` for none."""
        asking = (row.system for row in self.pairs("train") if row.question)
        return Counter(islice(asking, _COUNTED_ROWS))

    def shared_system(self) -> str:
        """Return the system message that all rows of the training split have; `""` where any has another or none.

        Raises:
            DataError: A line is at fault.
        """
        systems = (row.system for row in self.pairs("train") if row.question)
        first = next(systems, "")
        return first if first and all(system == first for system in systems) else ""

    def notes(self) -> Iterator[str]:
        """Yield what a person should know of the files, a sentence each.

        Raises:
            DataError: A line is at fault.
        """
        for name, rows in ((PAIRS, self.pairs("train")), (PREFERENCES, self.preferences("train"))):
            if unused := unused_fields(rows, limit=_COUNTED_ROWS):
                yield f"{name}: {columns_not_used(unused)}"

    def sha256(self) -> str:
        """Return a digest over every file of rows, by which a run says what it was trained on."""
        return DatasetFolder(self.path).sha256()


def pair_of_better(row: Preference) -> Pair:
    """Return a preference's better answer as a row; the answers before it are context."""
    return Pair(
        id=row.id,
        kind=row.kind,
        question=row.prompt,
        answer=row.chosen,
        context=row.context,
        evidence=(),
        fact=row.fact,
        group=row.group,
        split=row.split,
        origin=row.origin,
        turns=row.turns,
        system=row.system,
        untrained_turns=tuple(range(len(row.turns))),
    )


def open_dataset(path: Path) -> TrainingRows:
    """Open a dataset folder.

    Raises:
        ConfigError: There is no such folder.
        DataError: The folder holds no rows, or its manifest cannot be read.
    """
    path = path.expanduser().absolute()
    if not path.is_dir():
        raise ConfigError(
            f"no dataset folder at {path}", hint=f"ls {quoted(path.parent)}", click="choose another dataset"
        )
    if not any((path / name).is_file() for name in ("train.jsonl", PAIRS)):
        raise DataError(
            f"holds neither train.jsonl nor {PAIRS}",
            path=path,
            hint=f"ls {quoted(path)}",
            click="choose another dataset",
        )
    manifest = DatasetFolder(path).manifest()
    text = manifest.prompts.get(ASK_PROMPT)
    prompt = AnswerPrompt(text, str(path / MANIFEST)) if isinstance(text, str) and text else None
    return TrainingRows(path=path, chat_template=manifest.chat_template, answer_prompt=prompt)

"""Rows to train on, read one at a time from a dataset folder, a JSONL file or a person's own records.

A dataset folder holds `train.jsonl`, `val.jsonl`, `test.jsonl` (or `pairs.jsonl` with a `split` in every row) and
`preferences.jsonl`. Own records are known by their fields: `question`/`answer`, `prompt`/`completion`,
`instruction`/`output`, `messages`, `text`, and `prompt`/`chosen`/`rejected`. Refuses to know tokens and models.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from core.errors import ConfigError, DataError
from core.files import sha256_of
from core.prompt import AnswerPrompt
from core.types import Citation, Pair, Preference, Split

MANIFEST = "manifest.json"
SPLITS: tuple[Split, ...] = get_args(Split)
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Where rows lie; nothing is held in memory.

    Attributes:
        path: A folder or a JSONL file.
        chat_template: Jinja template of the dataset, for models that have none; empty where there is none.
        answer_prompt: The prompt of `kb ask` for which its rows with passages were made, where it is recorded.
    """

    path: Path
    chat_template: str = ""
    answer_prompt: AnswerPrompt | None = None

    def pairs(self, split: Split) -> Iterator[Pair]:
        """Yield the question-answer and text rows of one split.

        Raises:
            DataError: A line is no JSON, or its record is of no known form.
        """
        rows = self._file(split, "pairs.jsonl")
        if rows.is_file():  # a dataset need not have every split
            for line, record, path in _records(rows, split):
                yield read_pair(record, path, line, split)

    def preferences(self, split: Split) -> Iterator[Preference]:
        """Yield the preferences of one split; none where the dataset has none.

        Raises:
            DataError: A line is no JSON, or lacks a field.
        """
        path = self.path / "preferences.jsonl" if self.path.is_dir() else self.path
        if path.is_file():
            for line, record, _ in _records(path, split):
                if "chosen" in record:
                    yield read_preference(record, path, line, split)

    def sha256(self) -> str:
        """Return a digest over every row file, by which a run says what it was trained on."""
        files = [self.path] if self.path.is_file() else sorted(self.path.glob("*.jsonl"))
        listing = "".join(f"{path.name} {sha256_of(path)}\n" for path in files)
        return hashlib.sha256(listing.encode()).hexdigest()

    def _file(self, split: Split, whole: str) -> Path:
        if self.path.is_file():
            return self.path
        own = self.path / f"{split}.jsonl"
        return own if own.is_file() else self.path / whole


def open_dataset(path: Path) -> Dataset:
    """Open a dataset folder or a JSONL file.

    Raises:
        ConfigError: There is no such file or folder.
        DataError: The folder holds no rows, or its manifest cannot be read.
    """
    path = path.expanduser().absolute()
    if path.is_file():
        return Dataset(path=path)
    if not path.is_dir():
        raise ConfigError(f"there is no data at {path}", hint=f"ls '{path.parent}'")
    if not any((path / name).is_file() for name in ("train.jsonl", "pairs.jsonl")):
        raise DataError("holds neither train.jsonl nor pairs.jsonl", path=path, hint=f"ls '{path}'")
    manifest = path / MANIFEST
    if not manifest.is_file():
        return Dataset(path=path)
    try:
        record = json.loads(manifest.read_bytes())
        prompts = record.get("prompts") or {}
        text = str(prompts.get("kb ask", ""))
        template = str(record.get("chat_template", ""))
    except (ValueError, AttributeError) as error:
        raise DataError(f"not a JSON object: {error}", path=manifest) from error
    return Dataset(path=path, chat_template=template, answer_prompt=AnswerPrompt(text, str(manifest)) if text else None)


def _records(path: Path, split: Split) -> Iterator[tuple[int, Record, Path]]:
    """Yield (1-based line, record, file); rows of another split are passed over, rows without one are for training."""
    with path.open("rb") as handle:
        for line, raw in enumerate(handle, start=1):
            if not raw.strip():
                continue
            try:
                record = json.loads(raw)
            except ValueError as error:
                raise DataError(f"not JSON: {error}", path=path, line=line, hint=f"sed -n {line}p '{path}'") from error
            if not isinstance(record, dict):
                raise DataError("a row is a JSON object", path=path, line=line, hint=f"sed -n {line}p '{path}'")
            if record.get("split", "train" if path.stem not in SPLITS else path.stem) == split:
                yield line, record, path


def _text(record: Record, path: Path, line: int, *names: str, default: str | None = None) -> str:
    """Return the first field that is there."""
    for name in names:
        if name in record:
            value = record[name]
            if not isinstance(value, str):
                raise DataError(f"field {name!r} must be a string", path=path, line=line)
            return value
    if default is None:
        raise DataError(f"field {names[0]!r} is missing", path=path, line=line, hint=f"sed -n {line}p '{path}'")
    return default


def read_pair(record: Record, path: Path, line: int, split: Split) -> Pair:
    """Read a question-answer or text row of any known form.

    Raises:
        DataError: The form is not known, a field is of another type, or there is nothing to learn.
    """
    for known, read in _FORMS.items():
        if all(name in record for name in known.split()):
            row = read(record, path, line)
            break
    else:
        raise DataError(
            f"fields {', '.join(sorted(record)[:6])} are of no known form: {'; '.join(_FORMS)}",
            path=path,
            line=line,
            hint=f"sed -n {line}p '{path}'",
        )
    if not row["answer"].strip():
        raise DataError("the answer is empty", path=path, line=line, hint=f"sed -n {line}p '{path}'")
    identity = _text(record, path, line, "id", default=f"{path.name}:{line}")
    return Pair(
        id=identity,
        kind=_text(record, path, line, "kind", default="import"),
        evidence=_evidence(record, path, line),
        fact=_text(record, path, line, "fact", default=""),
        group=_text(record, path, line, "group", default=identity),
        split=split,
        **row,
    )


def _asked(question: str, answer: str) -> Callable[[Record, Path, int], dict[str, Any]]:
    def read(record: Record, path: Path, line: int) -> dict[str, Any]:
        return {
            "question": _text(record, path, line, question),
            "answer": _text(record, path, line, answer),
            "context": _text(record, path, line, "context", "input", default=""),
            "turns": _turns(record.get("turns", []), path, line),
        }

    return read


def _messages(record: Record, path: Path, line: int) -> dict[str, Any]:
    """Read `messages`: user and assistant by turns, the last an answer; a system message is the recipe's to set."""
    try:
        said = [(message["role"], message["content"]) for message in record["messages"]]
    except (TypeError, KeyError) as error:
        raise DataError("messages must be a list of {role, content}", path=path, line=line) from error
    said = [(role, text) for role, text in said if role != "system"]
    roles = [role for role, _ in said]
    if not said or roles != ["user", "assistant"] * (len(said) // 2) or not all(isinstance(t, str) for _, t in said):
        raise DataError("messages must go user, assistant, ... and end with the assistant", path=path, line=line)
    turns = [(said[i][1], said[i + 1][1]) for i in range(0, len(said), 2)]
    return {"question": turns[-1][0], "answer": turns[-1][1], "context": "", "turns": tuple(turns[:-1])}


def _plain(record: Record, path: Path, line: int) -> dict[str, Any]:
    return {"question": "", "answer": _text(record, path, line, "text"), "context": ""}


# Fields that must be there, in the order in which forms are tried.
_FORMS: Mapping[str, Callable[[Record, Path, int], dict[str, Any]]] = {
    "question answer": _asked("question", "answer"),
    "prompt completion": _asked("prompt", "completion"),
    "prompt chosen": _asked("prompt", "chosen"),
    "instruction output": _asked("instruction", "output"),
    "messages": _messages,
    "text": _plain,
}


def _turns(value: object, path: Path, line: int) -> tuple[tuple[str, str], ...]:
    pairs = value if isinstance(value, list) else [None]
    turns = []
    for pair in pairs:
        if not isinstance(pair, list) or [type(part) for part in pair] != [str, str]:
            raise DataError("turns must be a list of [question, answer]", path=path, line=line)
        turns.append((pair[0], pair[1]))
    return tuple(turns)


def _evidence(record: Record, path: Path, line: int) -> tuple[Citation, ...]:
    names = ("doc", "sha256", "page", "start", "end", "quote")
    try:
        return tuple(Citation(**{name: found[name] for name in names}) for found in record.get("evidence", ()))
    except (TypeError, KeyError) as error:
        raise DataError(f"evidence must be a list of {{{', '.join(names)}}}: {error}", path=path, line=line) from error


def read_preference(record: Record, path: Path, line: int, split: Split) -> Preference:
    """Read a preference.

    Raises:
        DataError: A field is missing or empty, or both answers are the same.
    """
    chosen, rejected = (_text(record, path, line, name) for name in ("chosen", "rejected"))
    if chosen.strip() == rejected.strip() or not chosen.strip():
        raise DataError("a preference needs two different answers", path=path, line=line)
    identity = _text(record, path, line, "id", default=f"{path.name}:{line}")
    return Preference(
        id=identity,
        kind=_text(record, path, line, "kind", default="import"),
        context=_text(record, path, line, "context", default=""),
        fact=_text(record, path, line, "fact", default=""),
        group=_text(record, path, line, "group", default=identity),
        split=split,
        prompt=_text(record, path, line, "prompt"),
        chosen=chosen,
        rejected=rejected,
    )

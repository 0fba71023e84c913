"""Reads fields of a record under their usual names, and records which fields were read."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.gold import answer_columns, answer_names, answer_texts, as_text, corrected, is_absent, is_link
from synth.importing.drafts import Unusable
from synth.importing.records.annotated import plain_record

Fields = Mapping[str, Any]
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Names of what a row was taken from: rows that share one stay together when a dataset is split.
_DOCUMENT_NAMES = (
    "document_id",
    "doc_id",
    "document",
    "article_id",
    "passage_id",
    "context_id",
    "story_id",
    "conversation_id",
    "thread_id",
    "focus",
    "group",
    "title",
)
# Fields that hold lists; tables (CSV, XLSX) and some exports have them as text, in JSON or as Python prints them.
_LISTS = frozenset(
    "messages conversations conversation dialog dialogue turns history prompt completion chosen rejected answers "
    "ground_truths contexts context passages retrieved_contexts retrieval_context reference_contexts choices options "
    "tokens ner_tags tags tools".split()
)
# Names of the column in which a source says to which split a row belongs, and how sources name their splits.
_SPLIT_COLUMNS = ("split", "data_split", "dataset_split", "partition", "subset", "set", "fold")
_SPLITS = {"train": "train", "training": "train"}
_SPLITS |= dict.fromkeys(("test", "testing", "eval", "holdout"), "test")
_SPLITS |= dict.fromkeys(("val", "valid", "validation", "dev"), "val")
_MESSAGES = ("messages", "input", "contents", "choices", "candidates")
# Fields of a logged call, each beside its other side.
_CALLS = {"inputs": "outputs", "outputs": "inputs", "input": "output", "output": "input"}
# Fields that hold the whole record: a column of JSON, or the inputs and outputs of a logged call.
_WRAPPERS = frozenset({"data", "json", "record", "row", "example", "sample", "item", *_CALLS})


class ReadFields(dict[str, Any]):
    """Fields of a record that remember which of them were read."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a field and remember that it was read."""
        self.read.add(name)
        return super().get(name, default)

    def unread(self) -> list[str]:
        """Return the fields that hold something and were not read."""
        return [name for name, value in self.items() if name not in self.read and not is_absent(value)]


def normal_name(name: object) -> str:
    """Return the name of a column in lower case, words joined by underscores; `groundTruth` has two words."""
    words = _CAMEL.sub(" ", str(name)).replace("-", " ").split()
    return "_".join(words).lower()


def normalised(record: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the record with normal names; numbers that are none are null, lists given as text are lists, and a
    correction is the answer.
    """
    record = plain_record(record)
    fields: dict[str, Any] = {}
    for key, given in record.items():
        name = normal_name(key)
        value = _structure(given, name) if isinstance(given, str) else given
        if name in _WRAPPERS and isinstance(value, dict) and _wraps(record, name):
            fields |= normalised(value)
        else:
            fields[name] = None if isinstance(value, float) and is_absent(value) else value
    return corrected(fields)


def _wraps(record: Mapping[Any, Any], name: str) -> bool:
    """Whether an object in a field stands for the record: it is alone, or holds inputs beside outputs."""
    fields = {normal_name(key): value for key, value in record.items()}
    if len(fields) == 1:
        return True
    if name in _CALLS:
        sides = [fields[side] for side in (name, _CALLS[name]) if side in fields]
        # Messages stay where they are: they may stand on both sides.
        return (len(sides) == 2 or name.startswith("input")) and all(
            isinstance(side, dict) and not any(isinstance(side.get(key), list) for key in _MESSAGES) for side in sides
        )
    # "row" and its companions are how the viewer of the Hugging Face Hub gives rows.
    return set(fields) == {"row", "row_idx", "truncated_cells"}


def _structure(text: str, name: str) -> Any:
    """Return a list or an object that is given as text, else the text.

    A prompt, a context or an answer may be JSON itself: there, only messages and lists of texts are taken apart.
    """
    bare = text.strip()
    if (name not in _LISTS and name not in _WRAPPERS) or not bare.startswith(("[", "{")):
        return text
    try:
        value = json.loads(bare)
    except (ValueError, RecursionError):
        try:
            value = ast.literal_eval(bare)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return text
    if name in ("prompt", "completion", "chosen", "rejected"):
        return value if is_messages(value) else text
    if name == "context":
        return value if isinstance(value, list) and all(isinstance(part, str) for part in value) else text
    return value if isinstance(value, list | dict) else text


def is_messages(value: Any) -> bool:
    """Whether a value is a list of messages, each with its speaker and its text."""
    keys = ({"role", "content"}, {"from", "value"})
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(part, dict) and any(names <= set(part) for names in keys) for part in value)
    )


def has(record: Fields, *names: str) -> bool:
    """Whether any of the fields exists, empty or not."""
    return any(name in record for name in names)


def optional(record: Fields, *names: str) -> str:
    """Return the text of the first of the fields that has one, `""` where none has.

    Raises:
        Unusable: It is a list or an object.
    """
    for name in names:
        text = as_text(record.get(name))
        if text is None:
            raise Unusable(f"field {name!r} is not text")
        if text:
            return text
    return ""


def required(record: Fields, *names: str) -> str:
    """Return the text of the first of the fields that has one.

    Raises:
        Unusable: None has.
    """
    value = optional(record, *names)
    if not value:
        present = next((name for name in names if name in record), "")
        raise Unusable(f"field {present!r} is empty" if present else f"field {names[0]!r} is missing")
    return value


def answer_of(record: Fields, columns: Sequence[str] = (), *, others: Sequence[str] = ()) -> str:
    """Return the gold answer of a record.

    Args:
        columns: Where the records of its source have it; of this record alone if empty.
        others: Names that stand for an answer where the usual ones are absent.

    Raises:
        Unusable: It has none.
    """
    names = columns or answer_columns(
        (name for name in answer_names(dict(record)) if not is_link(record[name])), others=others
    )
    for name in names:
        try:
            answers = answer_texts(record.get(name))
        except TypeError:
            raise Unusable(f"field {name!r} is not text") from None
        if answers:
            return answers[0]
    present = next((name for name in names if name in record), "")
    raise Unusable(f"field {present!r} is empty" if present else f"field {(*names, 'answer')[0]!r} is missing")


def texts(record: Fields, name: str) -> list[str]:
    """Return a list of texts; one text counts as a list of one.

    Raises:
        Unusable: The field is missing or holds something else.
    """
    value = record.get(name)
    if isinstance(value, str):
        return [value]
    if not isinstance(value, Sequence) or not all(isinstance(part, str) for part in value):
        raise Unusable(f"field {name!r} is not a list of texts")
    return [str(part) for part in value]


def documents(record: Fields) -> tuple[str, ...]:
    """Return the names of a record's sources, each prefixed by its field."""
    names = []
    for name in _DOCUMENT_NAMES:
        value = record.get(name)
        if isinstance(value, str | int) and str(value).strip():
            names.append(f"{name}:{str(value).strip()}")
    return tuple(names)


def split_named(name: str) -> str:
    """Return the split that a name stands for (`train_sft`, `validation`, `Test`), `""` for other names."""
    words = normal_name(name).split("_")
    named = {_SPLITS[word] for word in words if word in _SPLITS}
    return named.pop() if len(named) == 1 else ""


def declared_split(record: Fields) -> str:
    """Return the split that a record says it belongs to, `""` where it says nothing; other values stay unread."""
    for name in _SPLIT_COLUMNS:
        value = dict(record).get(name)
        if isinstance(value, str) and (split := split_named(value)):
            record.get(name)
            return split
    return ""

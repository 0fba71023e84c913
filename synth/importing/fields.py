"""Reads fields of a record under their usual names, and records which fields were read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synth.importing.drafts import Unusable

Fields = Mapping[str, Any]
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
        return [name for name, value in self.items() if name not in self.read and value not in (None, "", [], {})]


def normal_name(name: object) -> str:
    """Return the name of a column in lower case, words joined by underscores."""
    return "_".join(str(name).strip().lower().replace("-", " ").split())


def normalised(record: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the record with normal names."""
    return {normal_name(key): value for key, value in record.items()}


def has(record: Fields, *names: str) -> bool:
    """Whether any of the fields exists, empty or not."""
    return any(name in record for name in names)


def optional(record: Fields, *names: str) -> str:
    """Return the text of the first of the fields that has one, `""` where none has.

    Raises:
        Unusable: It is a list or an object.
    """
    for name in names:
        value = record.get(name)
        if value is None or value == "":
            continue
        if isinstance(value, bool | int | float):
            return str(value)
        if not isinstance(value, str):
            raise Unusable(f"field {name!r} is not text")
        if value.strip():
            return value.strip()
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

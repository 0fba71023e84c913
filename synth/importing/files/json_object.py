"""Records of a file that is one JSON object: the object itself, lists of records under its keys, or a table turned.

pandas writes a table by columns, by rows, split into names and values, or with its schema; `datasets` by columns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synth.importing.files.elements import elements

_BLANKS = " \t\r\n"
# Tells whether records are of a known shape.
Known = Callable[[Sequence[Mapping[str, Any]]], bool]


@dataclass(frozen=True, slots=True)
class Member:
    """A key of an object, its value, and the offset at which the value begins."""

    key: str
    value: Any
    offset: int


def object_records(text: str, known: Known) -> Iterator[tuple[int, Any, str]]:
    """Yield (1-based line on which it begins, record, its key where lists stand under several).

    In a turned table the line is the record's number.

    Args:
        text: The whole file, one JSON object.
        known: Tells which reading of an ambiguous object is right.

    Raises:
        ValueError: It is not JSON.
    """
    members = list(_members(text))
    whole = {member.key: member.value for member in members}
    if inner := _wrapped(members, whole, known):
        before = text.count("\n", 0, inner.offset)
        end = json.JSONDecoder().raw_decode(text, inner.offset)[1]
        for line, record, key in object_records(text[inner.offset : end], known):
            yield before + line, record, key
        return
    table = _turned(whole, known)
    lists = [member for member in members if _is_records(member.value) and not _is_conversation(member.value)]
    if table is not None:
        yield from ((number, row, "") for number, row in enumerate(table, start=1))
    elif known([whole]) or not lists:
        yield 1, whole, ""
    else:
        known_lists = [member for member in lists if known(member.value)]
        if not known_lists and len(members) > len(lists) + 1:
            yield 1, whole, ""  # an object with lists in it, of no known shape itself
            return
        lists = known_lists or lists
        for member in lists:
            line = text.count("\n", 0, member.offset) + 1
            for number, element in elements([text[member.offset + 1 :]], line=line):
                yield number, json.loads(element), member.key if len(lists) > 1 else ""


def _wrapped(members: Sequence[Member], whole: Mapping[str, Any], known: Known) -> Member | None:
    """Return the one object in an object where it is a table or holds the lists of records, beside plain values."""
    inner = [member for member in members if isinstance(member.value, dict)]
    plain = all(not isinstance(member.value, list) for member in members)
    if len(inner) != 1 or not plain or (len(members) > 1 and known([whole])):
        return None
    value = inner[0].value
    if _turned(value, known) is not None:
        return inner[0]
    lists = [part for part in value.values() if _is_records(part) and not _is_conversation(part)]
    return inner[0] if lists and not known([whole]) and any(map(known, lists)) else None


def _members(text: str) -> Iterator[Member]:
    decoder = json.JSONDecoder()

    def skip(index: int) -> int:
        while text[index : index + 1] and text[index] in _BLANKS:
            index += 1
        return index

    index = skip(text.index("{") + 1)
    while text[index : index + 1] != "}":
        key, index = decoder.raw_decode(text, index)
        index = skip(index)
        if not isinstance(key, str) or text[index : index + 1] != ":":
            raise json.JSONDecodeError("expecting a key and ':'", text, index)
        offset = skip(index + 1)
        value, index = decoder.raw_decode(text, offset)
        yield Member(key, value, offset)
        index = skip(index)
        if text[index : index + 1] not in (",", "}"):
            raise json.JSONDecodeError("expecting ',' or '}'", text, index)
        index = skip(index + 1) if text[index] == "," else index
    if rest := text[index + 1 :].strip():
        raise json.JSONDecodeError("extra data", text, len(text) - len(rest))


def _turned(whole: Mapping[str, Any], known: Known) -> list[dict[str, Any]] | None:
    """Return the rows of a table in one of the forms of pandas and `datasets`; None where it is none."""
    data = whole.get("data")
    if isinstance(whole.get("columns"), list) and isinstance(data, list):
        return named_rows([whole["columns"], *data])
    if isinstance(whole.get("schema"), Mapping) and _is_records(data):
        index = set(whole["schema"].get("primaryKey") or ())
        return [{name: value for name, value in row.items() if name not in index} for row in data or ()]
    values = list(whole.values())
    if not values:
        return None
    if all(isinstance(value, list) for value in values):
        return _of_lists(whole, known)
    if all(isinstance(value, dict) and value for value in values):
        keys = list(values[0])
        if all(list(value) == keys for value in values):
            rows = [{name: column[key] for name, column in whole.items()} for key in keys]
            if known(rows):
                return rows
        return values if known(values) else None
    return None


def _of_lists(whole: Mapping[str, list[Any]], known: Known) -> list[dict[str, Any]] | None:
    lengths = {len(column) for column in whole.values()}
    # A list of messages is one conversation, not a column.
    if (
        lengths == {0}
        or len(lengths) > 1
        or any(isinstance(part, dict) for column in whole.values() for part in column)
    ):
        return None
    rows = [dict(zip(whole, row, strict=True)) for row in zip(*whole.values(), strict=True)]
    return rows if known(rows) else None


def named_rows(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]] | None:
    """Return rows by the names that the first of them holds; None where a row has another length."""
    names, *values = rows
    if not all(isinstance(row, list) and len(row) == len(names) for row in values):
        return None
    return [dict(zip(map(str, names), row, strict=True)) for row in values]


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(part, dict) for part in value)


def _is_conversation(value: Any) -> bool:
    """Whether a list is a conversation: its parts are messages, and the first of them says who speaks."""
    return any(
        {role, text} <= set(value[0]) for role in ("role", "from", "author") for text in ("content", "value", "parts")
    )

"""Reads a source into drafts: recognises its shape from the first records and reports every unusable record."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from core.errors import DataError
from synth.importing.chats.chat_log import chat_log, looks_like_chat
from synth.importing.chats.slack import slack_export
from synth.importing.drafts import Draft, Unusable
from synth.importing.faq import faq, looks_like_faq
from synth.importing.feedback import Feedback, feedback_drafts, feedback_from_json, is_feedback
from synth.importing.fields import ReadFields, normal_name, normalised
from synth.importing.shapes import SHAPES, Shape, shape_of
from synth.importing.sources import Source, SourceRecord
from synth.importing.tasks import TaskReader

Outcome = Draft | Unusable
# Enough to tell a shape by; a source may begin with odd records.
_SAMPLE_RECORDS = 64
_SAMPLE_LINES = 400
# More labels than this are no choice to put before a reader.
_MAX_LABELS = 40
_TAGGED = re.compile(r"^\S+(?:[ \t]+\S+)*[ \t]+(?:O|[BIESLU]-\w+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognisedSource:
    """A source of a recognised shape.

    Attributes:
        shape: Name of the shape.
        outcomes: Reads the source: (line, draft or why the record cannot be used).
        unused: Column to the number of used records whose value in it was not used; filled by `outcomes`.
    """

    shape: str
    outcomes: Callable[[], Iterator[tuple[int, Outcome]]]
    unused: Counter[str] = field(default_factory=Counter)


def recognise(source: Source, *, seed: int = 0, answers_by: str = "") -> RecognisedSource:
    """Recognise the shape of a source's records.

    Args:
        source: Yields the records.
        seed: Seed of the choice of wordings.
        answers_by: In chats, the name of the answering speaker.

    Raises:
        DataError: No known shape fits most of the first records.
    """
    if source.container == "Slack export" and (path := source.path) is not None:
        return RecognisedSource(shape="Slack conversations", outcomes=lambda: slack_export(path, answers_by))
    if source.container == "text":
        return _recognise_text(source, seed, answers_by)
    sample = list(islice(source.records(), _SAMPLE_RECORDS))
    values = [normalised(record.value) for record in sample if isinstance(record.value, dict)]
    if sum(is_feedback(value) for value in values) * 2 > len(values):
        unused = Counter[str]()
        return RecognisedSource(shape="feedback", outcomes=lambda: _feedback(source, unused), unused=unused)
    shape = shape_of(values)
    if shape is None:
        raise _unknown(source, sample, values)
    return _opened(source, shape, seed)


def _opened(source: Source, shape: Shape, seed: int) -> RecognisedSource:
    classes = {"_".join(name.lower().split()): names for name, names in source.labels.items()}
    options = _labels(source, shape, classes) if shape.labels else {}
    reading = TaskReader(seed=seed, classes=classes, options=options)
    unused = Counter[str]()
    return RecognisedSource(shape=shape.name, outcomes=lambda: _records(source, shape, reading, unused), unused=unused)


def _unknown(source: Source, sample: list[SourceRecord], values: Sequence[Mapping[str, Any]]) -> DataError:
    where = source.path or source.name
    if not sample:
        return DataError("no records", path=where, hint="kb synth import FILE --out DIR")
    if not values:
        fault = next((record.fault for record in sample if record.fault), "the records are not objects")
        return DataError(fault, path=where, line=sample[0].line, hint=f"head -c 300 '{where}'")
    names = ", ".join(sorted(values[0])) or "none"
    return DataError(
        f"no known shape has the fields: {names}",
        path=where,
        line=sample[0].line,
        hint="rename the columns to question and answer (and context), or instruction, input and output",
    )


def _labels(source: Source, shape: Shape, classes: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the labels of the whole source per column, in order; those whose names it carries need no reading."""
    labels: dict[str, set[str]] = {}
    for record in source.records():
        if not isinstance(record.value, dict):
            continue
        fields = normalised(record.value)
        column = next((name for name in shape.labels if fields.get(name) not in (None, "")), "")
        if not column or column in classes:
            continue
        value = fields[column]
        seen = labels.setdefault(column, set())
        if len(seen) <= _MAX_LABELS:
            seen.update(str(each).strip() for each in (value if isinstance(value, list) else [value]) if each != -1)
    return {column: tuple(sorted(seen)) for column, seen in labels.items() if len(seen) <= _MAX_LABELS}


def _records(source: Source, shape: Shape, reading: TaskReader, unused: Counter[str]) -> Iterator[tuple[int, Outcome]]:
    for record in source.records():
        if record.fault or not isinstance(record.value, dict):
            yield record.line, Unusable(record.fault or "the record is not an object")
            continue
        fields = ReadFields(normalised(record.value))
        if not shape.fits(fields):
            yield record.line, Unusable(f"not of the shape {shape.name}")
            continue
        fields.read.clear()  # telling the shape looks at more fields than the draft uses
        try:
            yield from ((record.line, _filled(draft)) for draft in shape.drafts(fields, reading))
            _count_unread(record.value, fields, unused)
        except Unusable as fault:
            yield record.line, fault
        except (AttributeError, KeyError, TypeError) as error:
            # Nested values of types no file of this shape has; the record is at fault, not the file.
            yield record.line, Unusable(f"not of the shape {shape.name}: {type(error).__name__}: {error}")


def _count_unread(record: Mapping[Any, Any], fields: ReadFields, unused: Counter[str]) -> None:
    """Count the columns of a used record that gave nothing, under their own names."""
    unread = set(fields.unread())
    unused.update(str(name) for name in record if normal_name(name) in unread)


def _filled(draft: Draft) -> Draft:
    if not draft.answer.strip():
        raise Unusable("the answer is empty")
    return draft


def _feedback(source: Source, unused: Counter[str]) -> Iterator[tuple[int, Outcome]]:
    entries: list[tuple[int, Feedback]] = []
    for record in source.records():
        try:
            if record.fault or not isinstance(record.value, dict):
                raise Unusable(record.fault or "the record is not an object")
            fields = ReadFields(normalised(record.value))
            entries.append((record.line, feedback_from_json(fields)))
            _count_unread(record.value, fields, unused)
        except Unusable as fault:
            yield record.line, fault
    yield from feedback_drafts(entries)


def _numbered(source: Source) -> Iterator[tuple[int, str]]:
    return ((record.line, str(record.value)) for record in source.records())


def _recognise_text(source: Source, seed: int, answers_by: str) -> RecognisedSource:
    lines = [line for _, line in islice(_numbered(source), _SAMPLE_LINES)]
    filled = [line for line in lines if line.strip()]
    if filled and sum(bool(_TAGGED.match(line)) for line in filled) > 0.9 * len(filled):
        shape = next(each for each in SHAPES if each.name == "named entities")
        tagged = Source(name=source.name, container="text", path=source.path, records=lambda: _tagged(source))
        return _opened(tagged, shape, seed)
    if looks_like_faq(lines):
        return RecognisedSource(shape="FAQ", outcomes=lambda: faq(_numbered(source)))
    if looks_like_chat(lines):
        return RecognisedSource(
            shape="chat transcript", outcomes=lambda: chat_log(_numbered(source), source.name, answers_by)
        )
    raise DataError(
        "neither records, nor an FAQ (Q: and A:, headings that ask), nor a chat (Name: text)",
        path=source.path,
        hint=f"kb ingest '{source.path}' && kb synth",
    )


def _tagged(source: Source) -> Iterator[SourceRecord]:
    """Yield sentences of a column file (CoNLL) as records: a token and its tag a line, a blank line between."""
    start = 1
    tokens: list[str] = []
    tags: list[str] = []
    for number, line in _numbered(source):
        columns = line.split()
        if columns and columns[0] != "-DOCSTART-":
            start = start if tokens else number
            tokens.append(columns[0])
            tags.append(columns[-1])
        elif tokens:
            yield SourceRecord(line=start, value={"tokens": tokens, "tags": tags})
            tokens, tags = [], []
    if tokens:
        yield SourceRecord(line=start, value={"tokens": tokens, "tags": tags})

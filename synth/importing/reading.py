"""Reads a source into drafts: recognises its shape from the first records and reports every unusable record."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.shell import quoted
from synth.importing.chats.chat_log import chat_log, looks_like_chat
from synth.importing.chats.logged import is_unanswered
from synth.importing.chats.marks import with_marks
from synth.importing.chats.message_rows import is_message_row, message_rows
from synth.importing.chats.services import service_of, service_rows
from synth.importing.chats.slack import slack_export
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import ReadFields, declared_split, has, normal_name, normalised
from synth.importing.files.sources import Source, SourceRecord, is_json
from synth.importing.files.tables import nameless_table, naming_command
from synth.importing.gate import gated_outcomes
from synth.importing.gold import choice, conversation_gold, gold_columns, with_gold
from synth.importing.records.annotated import TURNED_DOWN
from synth.importing.records.faq import faq, looks_like_faq
from synth.importing.records.feedback import Feedback, feedback_drafts, feedback_from_json, is_feedback
from synth.importing.records.instructions import QUESTIONS
from synth.importing.records.shapes import SHAPES, Shape, answered_by, shape_of
from synth.importing.records.tasks import TaskReader
from synth.importing.records.texts import text_blocks

Outcome = Draft | Unusable
# Enough to tell a shape by; a source may begin with odd records.
_SAMPLE_RECORDS = 64
_SAMPLE_LINES = 400
# More labels than this are no choice to put before a reader.
_MAX_LABELS = 40
# What rows have that `kb` wrote.
_OWN = {"id", "group", "split"}
_TAGGED = re.compile(r"^\S+(?:[ \t]+\S+)*[ \t]+(?:O|[BIESLU]-\w+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognisedSource:
    """A source of a recognised shape.

    Attributes:
        shape: Name of the shape.
        outcomes: Reads the source: (line, draft or why the record cannot be used).
        unused: Column to the number of used records whose value in it was not used; filled by `outcomes`.
        answers: The columns that hold the right answer, where their names tell.
        hint: The next step where no record has an answer.
    """

    shape: str
    outcomes: Callable[[], Iterator[tuple[int, Outcome]]]
    unused: Counter[str] = field(default_factory=Counter)
    answers: tuple[str, ...] = ()
    hint: str = ""


def recognise(source: Source, *, seed: int = 0, answers_by: str = "", answer_column: str = "") -> RecognisedSource:
    """Recognise the shape of a source's records; its rows come through `synth.importing.gate`.

    Args:
        source: Yields the records.
        seed: Seed of the choice of wordings.
        answers_by: In chats, the name of the answering speaker.
        answer_column: The column that holds the right answer; chosen by its name if empty.

    Raises:
        DataError: The column of the right answers cannot be told, or no known shape fits most of the first records.
    """
    recognised = _recognise(source, seed, answers_by, answer_column)
    return replace(recognised, outcomes=gated_outcomes(recognised.outcomes))


def _recognise(source: Source, seed: int, answers_by: str, answer_column: str) -> RecognisedSource:
    if source.container == "Slack export" and (path := source.path) is not None:
        return RecognisedSource(shape="Slack conversations", outcomes=lambda: slack_export(path, answers_by))
    if source.container == "chat dump":
        service = service_of(next(source.records()).value)
        return RecognisedSource(
            shape=f"{service} conversations",
            outcomes=lambda: service_rows((record.value for record in source.records()), source.name, answers_by),
        )
    if source.container == "text":
        return _recognise_text(source, seed, answers_by)
    sample = list(islice(source.records(), _SAMPLE_RECORDS))
    usable = [record for record in sample if isinstance(record.value, dict) and not record.fault]
    values = [normalised(record.value) for record in usable]
    if sum(is_feedback(value) for value in values) * 2 > len(values):
        unused = Counter[str]()
        return RecognisedSource(shape="feedback", outcomes=lambda: _feedback(source, unused), unused=unused)
    shape = shape_of(values)
    if sum(is_message_row(value) for value in values) * 2 > len(values):
        return RecognisedSource(
            shape="conversations, a message a record", outcomes=lambda: message_rows(_fields_of(source))
        )
    where = source.path or source.name
    if answer_column and (shape is None or not (shape.gold or shape.spoken)):
        shape = answered_by(normal_name(answer_column))
    if shape is None:
        shapes = list(dict.fromkeys(map(_shape_name, values)))
        if len(shapes) > 1 and "" not in shapes and not answer_column:
            return _of_each(source, shapes, seed)
        raise _unknown(source, sample, values)
    if shape.spoken:
        answers = conversation_gold(values, partial(_last_answer, shape), where, named=answer_column)
        return _opened(source, shape, seed, answers, chosen=bool(answer_column))
    return _opened(source, shape, seed, gold_columns(values, where, named=answer_column) if shape.gold else ())


def _shape_name(record: Mapping[str, Any]) -> str:
    """Return the name of a record's own shape, `""` for none."""
    shape = shape_of([record])
    return shape.name if shape else ""


def _of_each(source: Source, shapes: Sequence[str], seed: int) -> RecognisedSource:
    """Return a source none of whose shapes most records have: each is read by itself, in this order."""

    def having(name: str) -> Iterator[SourceRecord]:
        usable = (record for record in source.records() if isinstance(record.value, dict) and not record.fault)
        return (record for record in usable if _shape_name(normalised(record.value)) == name)

    parts = [_recognise(replace(source, records=partial(having, name)), seed, "", "") for name in shapes]
    unused = Counter[str]()

    def outcomes() -> Iterator[tuple[int, Outcome]]:
        for part in parts:
            yield from part.outcomes()
            unused.update(part.unused)
        for record in source.records():
            if record.fault or not isinstance(record.value, dict):
                yield record.line, Unusable(record.fault or "the record is not an object")
            elif _shape_name(normalised(record.value)) not in shapes:
                yield record.line, Unusable("of no known shape")

    return RecognisedSource(shape=" and ".join(part.shape for part in parts), outcomes=outcomes, unused=unused)


def _last_answer(shape: Shape, record: Mapping[str, Any]) -> str:
    """Return the last answer of a conversation, `""` where it has none that a row holds."""
    try:
        draft = next(shape.drafts(ReadFields(record), TaskReader()), None)
    except (Unusable, AttributeError, LookupError, TypeError, ValueError):
        return ""
    return "" if draft is None or draft.goes_on else draft.answer


def _opened(
    source: Source, shape: Shape, seed: int, answers: tuple[str, ...] = (), *, chosen: bool = False
) -> RecognisedSource:
    classes = {normal_name(name): names for name, names in source.labels.items()}
    options = _labels(source, shape, classes) if shape.labels else {}
    reading = TaskReader(seed=seed, classes=classes, options=options, answers=answers)
    unused = Counter[str]()
    return RecognisedSource(
        shape=shape.name,
        outcomes=lambda: _records(source, shape, reading, unused, chosen=chosen),
        unused=unused,
        answers=answers,
        hint=choice(source.path or source.name, "COLUMN") if answers else "",
    )


def _unknown(source: Source, sample: list[SourceRecord], values: Sequence[Mapping[str, Any]]) -> DataError:
    where = source.path or source.name
    if not sample:
        return DataError("the file holds no records", path=where, hint=f"head -c 300 {quoted(where)}")
    if not values:
        fault = next((record.fault for record in sample if record.fault), "the records are not objects")
        hint = f"head -c 300 {quoted(where)}"
        if isinstance(sample[0].value, list):
            fault = "lists of values without a first list of names"
            naming = """sed '1s/\\[/[["question","answer"],/'"""
            hint = f"{naming} {quoted(where)} > rows.json && kb synth import rows.json --out DIR"
        return DataError(fault, path=where, line=sample[0].line, hint=hint)
    if is_unanswered(values[0]):
        hint = "add its answer to every record, as a text in the field response"
        return DataError("requests without answers", path=where, line=sample[0].line, hint=hint)
    names = ", ".join(sorted(values[0])) or "none"
    hint = "rename the columns to question and answer (and context), or instruction, input and output"
    if has(values[0], *QUESTIONS) and len(values[0]) > 1:
        hint = choice(where, _candidate(values[0]))
    elif source.container == "CSV" and source.path:
        # The first line may be a row.
        hint = naming_command(source.path, source.delimiter, len(values[0]), source.header_line)
    elif source.container == "XLSX":
        hint = "name the columns question and answer in the first row of the sheet"
    return DataError(f"no known shape has the fields: {names}", path=where, line=sample[0].line, hint=hint)


def _candidate(record: Mapping[str, Any]) -> str:
    """Return the column that most looks like an answer."""
    columns = [name for name, value in record.items() if isinstance(value, str) and name not in QUESTIONS]
    return next((name for name in columns if "answer" in name), columns[0] if columns else "COLUMN")


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


def _records(
    source: Source, shape: Shape, reading: TaskReader, unused: Counter[str], *, chosen: bool
) -> Iterator[tuple[int, Outcome]]:
    for record in source.records():
        if record.fault or not isinstance(record.value, dict):
            yield record.line, Unusable(record.fault or "the record is not an object")
            continue
        fields = ReadFields(normalised(record.value))
        if decision := fields.get(TURNED_DOWN):
            yield record.line, Unusable(f"turned down by its annotator ({decision})")
            continue
        if not shape.fits(fields):
            yield record.line, Unusable(f"not of the shape {shape.name}")
            continue
        fields.read.clear()  # telling the shape looks at more fields than the draft uses
        try:
            drafts = shape.drafts(fields, reading)
            if shape.spoken:
                drafts = (with_gold(fields, draft, reading.answers, chosen=chosen) for draft in drafts)
            for draft in with_marks(fields, drafts) if shape.marked else drafts:
                yield record.line, _with_split(draft, fields, record.split)
            _count_unread(record.value, fields, unused)
        except Unusable as fault:
            yield record.line, fault
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            # Nested values of types no file of this shape has; the record is at fault, not the file.
            yield record.line, Unusable(f"not of the shape {shape.name}: {type(error).__name__}: {error}")


def _with_split(draft: Draft, fields: ReadFields, listed: str) -> Draft:
    """Return a row with the split that its source gives it: by the list it stands in, or by a column."""
    split = listed or declared_split(fields)
    if not split or draft.split:
        return draft
    is_own = set(fields) >= _OWN
    return replace(draft, split=split) if is_own and not listed else replace(draft, source_split=split)


def _count_unread(record: Mapping[Any, Any], fields: ReadFields, unused: Counter[str]) -> None:
    """Count the columns of a used record that gave nothing, under their own names; nested ones under normal names."""
    own = {normal_name(name): str(name) for name in record}
    unused.update(own.get(name, name) for name in fields.unread())


def _fields_of(source: Source) -> Iterator[tuple[int, Mapping[str, Any] | Unusable]]:
    for record in source.records():
        usable = isinstance(record.value, dict) and not record.fault
        fault = Unusable(record.fault or "the record is not an object")
        yield record.line, normalised(record.value) if usable else fault


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
    if len(filled) == 1 and is_json(filled[0]):
        raise DataError("JSON without records", path=source.path, hint=f"head -c 300 {quoted(source.path)}")
    objects = [line for line in filled if line.lstrip().startswith("{") and is_json(line.strip().rstrip(","))]
    if len(objects) > 1 and 2 * len(objects) >= len(filled) and source.path:
        raise _interrupted(source.path, lines)
    if filled and filled[0].lstrip().startswith("<"):
        hint = f"kb ingest {quoted(source.path)} && kb synth --out DIR"
        raise DataError("markup, not rows, an FAQ, a chat or plain text", path=source.path, hint=hint)
    if source.path and (table := nameless_table(lines)):
        raise _unnamed(source.path, source.header_line, lines[source.header_line - 1], *table)
    return RecognisedSource(shape="plain text", outcomes=lambda: text_blocks(_numbered(source)))


def _interrupted(path: Path, lines: Sequence[str]) -> DataError:
    """Return the error of lines of JSON among which others stand: comments, a header, a log's marks."""
    other = next(n for n, line in enumerate(lines, start=1) if line.strip() and not is_json(line.strip().rstrip(",")))
    rows = path.with_name(f"{path.stem}.rows.jsonl")
    hint = f"grep '^ *{{' {quoted(path)} | sed 's/,$//' > {quoted(rows)} && kb synth import {quoted(rows)} --out DIR"
    return DataError("lines of JSON, among them some that are not", path=path, line=other, hint=hint)


def _unnamed(path: Path, line: int, first: str, delimiter: str, n_columns: int) -> DataError:
    """Return the error of a table whose first row, on this line, cannot name its columns."""
    names = next(csv.reader([first], delimiter=delimiter))
    if {normal_name(name) for name in names} & set(QUESTIONS):
        twice = next((name for name in names if names.count(name) > 1), "")
        numbered = delimiter.join(f"{name}{n + 1}" if name == twice else name for n, name in enumerate(names))
        named = path.with_name(f"{path.stem}.named{path.suffix}")
        spelled = re.sub(r"([/&\\])", r"\\\1", numbered)
        edit = quoted(f"{line}s/.*/{spelled}/")
        hint = f"sed {edit} {quoted(path)} > {quoted(named)} && kb synth import {quoted(named)} --out DIR"
        return DataError(f"two columns are named {twice!r}", path=path, line=line, hint=hint)
    hint = naming_command(path, delimiter, n_columns, line)
    return DataError(f"a table of {n_columns} columns without a row of names", path=path, hint=hint)


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

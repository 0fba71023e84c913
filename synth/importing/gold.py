"""Chooses the columns that hold the right answer from the first records of a source; where it cannot tell, it asks.

Beside a conversation, a column of right answers says whether the last answer is right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.gold import (
    TARGETS,
    answer_columns,
    answer_names,
    answer_texts,
    differing,
    is_link,
    is_predicted,
    named_gold,
)
from core.shell import quoted
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import ReadFields, answer_of, normal_name
from synth.importing.records.instructions import OUTPUTS

# Columns of texts that may be the right answer beside an output.
_RIVALS = ("target", "targets")
# So many records tell that a column holds few different words.
_ENOUGH = 4
_CLICK = "rename the column of the right answers to ground_truth"


def gold_columns(records: Sequence[Mapping[str, Any]], where: Path | str, *, named: str = "") -> tuple[str, ...]:
    """Return the columns that hold the right answer, best first; `()` where none is known by its name.

    A column of right answers counts even where it is empty: what a model said beside it is never the right answer.

    Args:
        records: The first of a source, with normal names.
        where: The source, for messages.
        named: The column that a person chose; it alone then.

    Raises:
        DataError: The chosen column is not there, or two columns of one rank hold different answers.
    """
    names = list(dict.fromkeys(name for record in records for name in record))
    if named:
        if normal_name(named) not in names:
            raise DataError(
                f"no column {named!r}; columns: {', '.join(names)}", path=where, hint=choice(where, "COLUMN")
            )
        return (normal_name(named),)
    links = {name for record in records for name in record if is_link(record[name])}
    verdicts = {name for record in records for name in set(record) - set(answer_names(record))}
    columns = answer_columns((name for name in names if name not in links | verdicts), others=OUTPUTS)
    # `target` names many things; a text there beside an output is the right answer, or what the output was made from.
    rivals = _RIVALS if set(columns) & set(OUTPUTS) else ()
    for record in records:
        texts = [name for name in rivals if isinstance(record.get(name), str)]
        if different := differing(record, (*columns, *texts)):
            raise _several(different, where, different[-1] if set(different) & set(texts) else different[0])
    if set(columns) <= set(TARGETS) and (predicted := _judged(records, columns)):
        raise _several([*columns, predicted], where, columns[0])
    return columns


def _several(columns: Sequence[str], where: Path | str, first: str) -> DataError:
    return DataError(
        f"several columns may hold the right answer: {', '.join(columns)}",
        path=where,
        hint=choice(where, first),
        click=_CLICK,
    )


def _judged(records: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return the column of predictions that the targets seem to be verdicts on: few words, none of them predicted."""
    targets = [str(record[name]).strip() for record in records for name in columns if record.get(name) is not None]
    names = dict.fromkeys(name for record in records for name in record if is_predicted([name]))
    predicted = {str(record.get(name)).strip() for record in records for name in names}
    few = len(targets) >= _ENOUGH and len(set(targets)) * 2 <= len(targets)
    return next(iter(names)) if few and predicted.isdisjoint(targets) else ""


def conversation_gold(
    records: Sequence[Mapping[str, Any]],
    answer_of_record: Callable[[Mapping[str, Any]], str],
    where: Path | str,
    *,
    named: str = "",
) -> tuple[str, ...]:
    """Return the column of right answers beside conversations, `()` for none.

    Args:
        records: The first of a source, with normal names.
        answer_of_record: Returns the last answer of a record, `""` where it has none.
        where: The source, for messages.
        named: The column that a person chose; the conversation's own answers stand if it holds the conversations.

    Raises:
        DataError: The chosen column is not there, or the column and the conversations disagree.
    """
    if named:
        if any(isinstance(record.get(normal_name(named)), list) for record in records):
            return ()
        return gold_columns(records, where, named=named)
    columns = tuple(dict.fromkeys(name for record in records for name in named_gold(record)))
    for record in records:
        if different := disagreeing(record, columns, answer_of_record(record)):
            talk = next((name for name, value in record.items() if isinstance(value, list)), "messages")
            raise _several([talk, different], where, different)
    return columns


def disagreeing(record: Mapping[str, Any], columns: Sequence[str], answer: str) -> str:
    """Return the first column with right answers none of which is in an answer, `""` for none."""
    for name in columns:
        value = record.get(name)
        try:
            texts = [] if is_link(value) else answer_texts(value)
        except TypeError:
            continue
        if answer and texts and not any(_is_in(text, answer) for text in texts):
            return name
    return ""


def _is_in(text: str, answer: str) -> bool:
    needle, hay = (" ".join(each.split()).casefold() for each in (text, answer))
    return re.search(rf"(?<!\w){re.escape(needle)}(?!\w)", hay) is not None


def with_gold(fields: ReadFields, draft: Draft, columns: Sequence[str], *, chosen: bool) -> Draft:
    """Return a conversation's row with the right answer of a column, or as it is where both agree.

    Args:
        columns: As `conversation_gold` returns them.
        chosen: Whether a person chose the column.

    Raises:
        Unusable: They disagree and nobody chose, or the column is empty.
    """
    if not columns or draft.rejected is not None or draft.good is not None:
        return draft
    if chosen:
        if draft.goes_on:
            raise Unusable(f"the answer that {columns[0]!r} is about is not in the row")
        return replace(draft, answer=answer_of(fields, columns))
    if not draft.goes_on and (name := disagreeing(fields, columns, draft.answer)):
        raise Unusable(f"the last answer and {name!r} differ")
    return draft


def choice(where: Path | str, column: str) -> str:
    """Return the command that reads a source with a chosen answer column."""
    return f"kb synth import {quoted(where)} --answer-column {column} --out DIR"

"""Chooses the columns that hold the right answer from the first records of a source; where it cannot tell, it asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.gold import answer_columns, differing, is_link
from synth.importing.fields import normal_name
from synth.importing.records.instructions import OUTPUTS

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
    columns = answer_columns((name for name in names if name not in links), others=OUTPUTS)
    for record in records:
        if different := differing(record, columns):
            raise DataError(
                f"several columns may hold the right answer: {', '.join(different)}",
                path=where,
                hint=choice(where, different[0]),
                click=_CLICK,
            )
    return columns


def choice(where: Path | str, column: str) -> str:
    """Return the command that reads a source with a chosen answer column."""
    return f"kb synth import '{where}' --answer-column {column} --out DIR"

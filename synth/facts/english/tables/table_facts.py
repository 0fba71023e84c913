"""Facts of a table's cells: what a figure is of, for which period, and in which unit.

A figure whose unit is in doubt gives no fact: counts in a table kept in dollars, shares where the scale leaves them
out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from synth.facts.draft import FactDraft
from synth.facts.english.naming import Naming
from synth.facts.english.tables.grid import FigureCell, FigureRow, FigureTable, tables_of

_PER_SHARE = re.compile(r"(?i)\bper (?:\w+ )?(?:share|unit|rsu|ads|adr)\b|\bearnings per\b")
_SHARES = re.compile(
    r"(?i)\b(?:shares?|weighted[ -]average|dilutive|antidilutive|number of|outstanding (?:units|awards|options))\b"
)
_NO_MONEY = re.compile(
    r"(?i)\b(?:number|count|employees|headcount|units?|rates?|ratio|days|months|years|term|life|percent(?:age)?|margin %|volume|stores|customers|users|subscribers"
    r"|members?|average (?:price|remaining)|weighted|points|%|rsus?|awards|options|authorized|issued|par value|shares?)(?:\W|$)"
)
_VAGUE_LABEL = re.compile(
    r"(?i)^(?:other|less|add|plus|subtotal|adjustments?|change|increase|decrease|amount|balance|%|\$|of which|and|thereafter|n/?a)\b[^a-z]*$|^(?:less|add|plus)\b"
)
# In such a table figures without a sign of their own are shares as often as money.
_OF_EARNINGS = re.compile(r"(?i)\bEPS\b|\bper (?:\w+ )?share\b")
_SCALE = re.compile(r"(million|thousand|billion)s?")


def cell_facts(text: str, naming: Naming) -> Iterator[FactDraft]:
    """Yield a draft for every figure of a page's tables that can be stated for certain."""
    for table in tables_of(text):
        for row in table.rows:
            if _VAGUE_LABEL.search(row.label) and not row.group:
                continue
            for number, (cell, column) in enumerate(zip(row.cells, table.columns, strict=True)):
                answer = _answer(table, row, number)
                if answer and column.phrase:
                    yield _draft(table, row, cell, column.phrase, answer, naming)


def _answer(table: FigureTable, row: FigureRow, number: int) -> str:
    """The figure with its unit, `""` where the unit is in doubt."""
    cell = row.cells[number]
    if not re.search(r"[1-9]", cell.text) or cell.points:
        return ""
    if cell.percent:
        return f"{cell.text}%"
    about = f"{row.group} {row.label}"
    if _is_odd(table, row, number):
        return ""
    scale = _SCALE.search(table.unit)
    currency = cell.sign or table.currency
    if _PER_SHARE.search(about) and not _is_count(row.label):
        return (
            f"{currency}{cell.text} per share"
            if currency and "." in cell.text and _PER_SHARE.search(about) and "unit" not in about
            else ""
        )
    if scale is None or (_OF_EARNINGS.search(table.title) and not cell.sign):
        return ""
    if _SHARES.search(about) and not cell.sign:
        return _shares(table, about, cell)
    if (
        _NO_MONEY.search(row.label)
        or (_NO_MONEY.search(row.group) and not cell.sign)
        or ("." in cell.text and not cell.sign and "," not in cell.text)
    ):
        return ""
    money = currency or ("$" if re.search(r"\$|dollars|usd", table.unit) else "")
    return f"{money}{cell.text} {scale[1]}" if money else ""


def _is_odd(table: FigureTable, row: FigureRow, number: int) -> bool:
    """Whether a figure differs in kind from those beside it: decimals among integers, no % among shares."""
    if not _PER_SHARE.search(f"{row.group} {row.label}"):
        decimals = ["." in other.text for line in table.rows for other in line.cells if re.search(r"\d", other.text)]
        if "." in row.cells[number].text and sum(decimals) < 0.5 * len(decimals):
            return True
    siblings = [line.cells[number].percent for line in table.rows if line.group == row.group]
    return any(siblings) and (bool(row.group) or not row.cells[number].sign)


def _is_count(label: str) -> bool:
    return bool(re.search(r"(?i)\bshares\b|weighted", label))


def _shares(table: FigureTable, about: str, cell: FigureCell) -> str:
    """A number of shares, whose scale may differ from that of the money."""
    if not re.search(r"(?i)\bshares\b", about) or re.search(
        r"(?i)authorized|issued|repurchase|value|price|stock\b(?!.*outstanding)|compensation|proceeds", about
    ):
        return ""
    if "." in cell.text:
        return ""
    own = re.search(r"shares[^,;]*\bin (thousand|million)s", table.unit)
    if own:
        return f"{cell.text} {own[1]} shares"
    if re.search(
        r"except[^,;]*\bshares?\b(?! (?:data|amounts?))|number of shares|share and per|shares? data",
        table.unit.replace("per share", ""),
    ):
        return ""
    scale = _SCALE.search(table.unit)
    return f"{cell.text} {scale[1]} shares" if scale and "except" in table.unit else ""


def _draft(table: FigureTable, row: FigureRow, cell: FigureCell, phrase: str, answer: str, naming: Naming) -> FactDraft:
    item = f"“{row.label}”" + (f" under “{row.group}”" if row.group and row.group != row.label else "")
    title = f"“{table.title}”"
    scope = naming.scope
    who = naming.organisation or "the document"
    its = scope.removeprefix(naming.whose).strip() if naming.organisation and scope.startswith(naming.whose) else ""
    short_scope = f"its {its}" if its else scope
    subject = f"{row.group}: {row.label}" if row.group else row.label
    questions = (
        f"What figure did {who} report for {item} {phrase} in {title}, according to {short_scope}?",
        f"According to {scope}, what was the figure for {item} {phrase} in {title}?",
        f"In {scope}, what does {title} show for {item} {phrase}?",
        f"Please give the figure for {item} {phrase} from {title} in {scope}.",
        f"Looking at {title} in {scope}: what is stated for {item} {phrase}?",
        f"I need the figure that {scope} gives for {item} {phrase} ({title}). What is it?",
    )
    quotes = [row.span, table.heads]
    if table.unit_span and not (table.heads[0] <= table.unit_span[0] < table.heads[1]) and not cell.percent:
        quotes.append(table.unit_span)
    return FactDraft(
        kind="table",
        statement=f"According to {scope}, the figure for {item} {phrase} in {title} was {answer}.",
        subject=subject,
        answer=answer,
        value=cell.span,
        quotes=tuple(quotes),
        questions=questions,
    )

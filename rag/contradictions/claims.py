"""What a page claims: values with the words that say what they are of, from sentences and from cells of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from core.blocks import Block, Cell, cell_grid
from core.language.english.comparing import (
    AT_LEAST,
    AT_MOST,
    CHANGED_TO,
    CHANGES,
    IN_FORCE,
    INSTEAD_OF,
    LEANING,
    NAME_CELL,
    NEW_HEAD,
    OLD_HEAD,
    PER,
    SPEAKER,
    SUBORDINATE,
    SUPPOSED,
)
from core.reading.text.sentences import sentences
from core.reading.text.values import values
from core.reading.text.words import terms
from core.types import Page
from rag.contradictions.slots import Slot, comparable, name_key, slots_of, with_unit
from rag.search.cues import periods

# A name that two claims may differ in: what a capitalised word inside a sentence is.
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)(?<!\A)\b[A-Z][\w’'-]*")
_CLAUSE_CHARS = 400
_CELL_CHARS = 60
_FEWEST_CHARS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One value with the words that say what it is of.

    Attributes:
        sha256: Document.
        page: 0-based.
        start: First code point of the clause or the row.
        end: One past the last.
        slot: The value that is claimed.
        old: The value that it takes the place of, where the page says so.
        context: Stems of the words around it, without its unit.
        leaning: Stems of the sentence before, where this one leans on it.
        names: Lower-case names among the words around it.
        periods: Years, quarters and dates for which it holds; part of the attribute.
        in_force: Since when it holds, as the page says; empty where it does not.
        speaker: Whether it is about whoever wrote the document.
        table: Whether it stands in a table.
    """

    sha256: str
    page: int
    start: int
    end: int
    slot: Slot
    old: Slot | None = None
    context: frozenset[str] = frozenset()
    leaning: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    periods: frozenset[str] = frozenset()
    in_force: str = ""
    speaker: bool = False
    table: bool = False
    order: tuple[str, ...] = field(default=(), compare=False)


def claims_of_page(sha256: str, page: Page) -> list[Claim]:
    """Return the claims of a page, in order."""
    if page.quality in ("failed", "empty"):
        return []
    tables = [block for block in page.blocks if block.kind == "table"]
    claims = [
        *_prose_claims(sha256, page, tables),
        *(claim for block in tables for claim in _table_claims(sha256, page, block)),
    ]
    return sorted(claims, key=lambda claim: (claim.slot.start, claim.start))


def _prose_claims(sha256: str, page: Page, tables: Sequence[Block]) -> Iterator[Claim]:
    text = page.text
    before = ""
    for unit in sentences(text):
        if unit.kind not in ("prose", "item") or any(t.start < unit.end and unit.start < t.end for t in tables):
            continue
        lead = ""
        for start, end in _clauses(text, unit.start, unit.end):
            clause = text[start:end]
            if len(clause) <= _CLAUSE_CHARS:
                leaning = before if LEANING.match(clause.lstrip()) or lead else ""
                yield from _clause_claims(sha256, page.index, text, start, end, leaning)
            before, lead = clause, clause


def _clauses(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a sentence at its semicolons, and off before a reason."""
    for part in re.finditer(r"[^;]+", text[start:end]):
        begins, ends = start + part.start(), start + part.end()
        cut = SUBORDINATE.search(text, begins + _FEWEST_CHARS, ends)
        yield begins, cut.start() if cut else ends


def _clause_claims(sha256: str, page: int, text: str, start: int, end: int, leaning: str) -> Iterator[Claim]:
    clause = text[start:end]
    if SUPPOSED.search(clause):
        return
    slots = slots_of(text, start, end)
    if not slots:
        return
    in_force = IN_FORCE.search(clause)
    force_span = (start + in_force.start(), start + in_force.end()) if in_force else (-1, -1)
    dated = [slot for slot in slots if slot.kind == "date" and force_span[0] <= slot.start < force_span[1]]
    slots = [slot for slot in slots if slot not in dated]
    replaced = _replaced(text, start, slots)
    current = [slot for slot in slots if slot not in replaced.values()]
    speaker = bool(SPEAKER.search(clause))
    for slot in current:
        rivals = [
            other for other in current if other is not slot and (other.kind, other.unit) == (slot.kind, slot.unit)
        ]
        old = replaced.get(slot)
        if rivals or (slot.kind == "number" and not slot.unit and old is None):
            continue  # which of them it would be is not clear; a bare number may be anything
        others = [other for other in slots if other is not slot and other is not old]
        spoken = frozenset(other.key for other in others if other.kind == "date") | _periods_of(
            _without(text, start, end, [slot, *dated])
        )
        order = _context(text, start, end, [slot, *([old] if old else []), *dated, *others])
        yield Claim(
            sha256=sha256,
            page=page,
            start=start,
            end=end,
            slot=slot,
            old=old,
            context=frozenset(order),
            leaning=frozenset(terms(leaning)),
            names=_names(text, start, end),
            periods=spoken,
            in_force=dated[0].key if dated else "",
            speaker=speaker,
            order=tuple(order),
        )


def _replaced(text: str, start: int, slots: Sequence[Slot]) -> dict[Slot, Slot]:
    """Return new values with the old ones whose place they take, as the clause says it."""
    pairs: dict[Slot, Slot] = {}
    for new, old in pairwise(slots):
        between = text[new.end : old.start]
        # "25 kg of baggage free of charge instead of 32 kg": what is counted may stand between them
        marks = list(INSTEAD_OF.finditer(between + " "))
        if marks and marks[-1].end() >= len(between) and comparable(new, old) and new.key != old.key:
            pairs[new] = with_unit(old, new)
    for old, new in pairwise(slots):
        head, between = text[start : old.start], text[old.end : new.start]
        changes = [match for match in CHANGES.finditer(head) if match.end() == len(head)]
        if changes and CHANGED_TO.fullmatch(between) and comparable(new, old):
            pairs[new] = with_unit(old, new)
    return pairs


def _without(text: str, start: int, end: int, slots: Sequence[Slot]) -> str:
    parts, position = [], start
    for slot in sorted(slots, key=lambda slot: slot.start):
        parts.append(text[position : max(position, slot.start)])
        position = max(position, slot.end)
    return " ".join([*parts, text[position:end]])


def _periods_of(text: str) -> frozenset[str]:
    return frozenset(
        f"{period.year}q{period.quarter}" if period.quarter else str(period.year) for period in periods(text)
    )


def _context(text: str, start: int, end: int, slots: Sequence[Slot]) -> list[str]:
    """Return the stems around the values of a clause, in order: what of the text says what they are of."""
    rest = INSTEAD_OF.sub(" ", IN_FORCE.sub(" ", _without(text, start, end, slots)))
    return [term for term in terms(AT_LEAST.sub(" ", AT_MOST.sub(" ", rest))) if not term.isdigit()]


def _names(text: str, start: int, end: int) -> frozenset[str]:
    clause = text[start:end]
    # A capital at the head of a sentence says nothing.
    return frozenset(
        match[0].casefold().removesuffix("’s").removesuffix("'s")
        for match in _NAME.finditer(clause)
        if match.start() > 0
    )


def _table_claims(sha256: str, page: Page, block: Block) -> Iterator[Claim]:
    text = page.text
    grid = cell_grid(block.rows)
    if not grid or not block.head_rows or not 1 < len(grid[0]) <= 6:
        return
    heads = [_head(grid[: block.head_rows], column, text) for column in range(len(grid[0]))]
    old_column = next((i for i, head in enumerate(heads) if i and OLD_HEAD.match(head)), None)
    new_column = next((i for i, head in enumerate(heads) if i and NEW_HEAD.match(head)), None)
    for row in grid[block.head_rows :]:
        label = row[0]
        if label is None or label.start == label.end or values(text[label.start : label.end]):
            continue
        if old_column is not None and new_column is not None:
            yield from _changed_row(sha256, page, row, heads, (old_column, new_column))
            continue
        for column in range(1, len(heads)):
            cell = row[column] if column < len(row) else None
            slot = _cell_slot(text, cell)
            if slot is not None and heads[column]:
                yield _cell_claim(sha256, page, label, slot, heads[column], row)


def _head(rows: Sequence[Sequence[Cell | None]], column: int, text: str) -> str:
    cells = [row[column] for row in rows if column < len(row)]
    return " ".join(text[cell.start : cell.end] for cell in cells if cell is not None and cell.end > cell.start)


def _changed_row(
    sha256: str, page: Page, row: Sequence[Cell | None], heads: Sequence[str], columns: tuple[int, int]
) -> Iterator[Claim]:
    old, new = (_cell_slot(page.text, row[column] if column < len(row) else None) for column in columns)
    label = row[0]
    if label is None or old is None or new is None or not comparable(old, new) or old.key == new.key:
        return
    claim = _cell_claim(sha256, page, label, new, "", row)
    force = [slot.key for slot in slots_of(heads[columns[1]], 0, len(heads[columns[1]])) if slot.kind == "date"]
    yield Claim(
        sha256=sha256,
        page=page.index,
        start=claim.start,
        end=claim.end,
        slot=new,
        old=with_unit(old, new),
        context=claim.context,
        names=claim.names,
        in_force=force[0] if force else "",
        table=True,
        order=claim.order,
    )


def _cell_slot(text: str, cell: Cell | None) -> Slot | None:
    """Return the one value that a cell holds; None where it holds words, several values, or none."""
    if cell is None or not 0 < cell.end - cell.start <= _CELL_CHARS:
        return None
    content = text[cell.start : cell.end]
    if NAME_CELL.fullmatch(content.strip()):
        key = name_key(content)
        return Slot(
            kind="name",
            unit="",
            key=key,
            amount=None,
            bound="",
            about=False,
            start=cell.start,
            end=cell.end,
            text=content.strip(),
        )
    slots = slots_of(text, cell.start, cell.end)
    if len(slots) != 1 or slots[0].start - cell.start > 6:
        return None
    slot = slots[0]
    rest = text[slot.end : cell.end]
    return slot if not rest.strip() or PER.fullmatch(rest) else None


def _cell_claim(sha256: str, page: Page, label: Cell, slot: Slot, head: str, row: Sequence[Cell | None]) -> Claim:
    text = page.text
    named = text[label.start : label.end]
    order = [term for term in terms(f"{named} {head}") if not term.isdigit()]
    ends = [cell.end for cell in row if cell is not None and cell.end > cell.start]
    capitals = {word.casefold() for word in re.findall(r"\b[A-Z][\w’'-]+", named)[1:]}
    return Claim(
        sha256=sha256,
        page=page.index,
        start=label.start,
        end=max([slot.end, *[end for end in ends if end - label.start < _CLAUSE_CHARS]]),
        slot=slot,
        context=frozenset(order),
        names=frozenset(capitals),
        periods=_periods_of(f"{named} {head}"),
        table=True,
        order=tuple(order),
    )

"""Review of a dataset by people: rows are accepted, edited or rejected, and the dataset folder is rewritten
accordingly.

Decisions are appended to `review.jsonl`, one a line; the last one on a row counts. Rejected rows move to
`rejected.jsonl`, edited ones get the origin `person`. Safe to call from several threads and processes.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from core.errors import ConfigError
from core.files import atomic_write
from core.rows import pair_from_json, preference_from_json, read_records, row_from_json, row_to_json, write_rows
from core.shell import quoted
from core.types import Alteration, Citation, Pair, Preference
from synth.dataset.write import JudgedFolder, locked
from synth.dataset.write import replace as replace_rows

Action = Literal["accept", "edit", "reject"]
ACTIONS: Sequence[Action] = ("accept", "edit", "reject")
DECISIONS, REJECTED = "review.jsonl", "rejected.jsonl"
CHECK = "person"
Reviewed = Pair | Preference
# Text of a page, by document hash and 0-based page: how a quote is checked against its document.
PageText = Callable[[str, int], str]
_FIGURE = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_KEY = re.compile(r"\[\[[^\]]*\]\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided about a row.

    Attributes:
        id: Id of the row.
        action: One of `ACTIONS`.
        time: UTC, ISO 8601.
        by: Name of the person, may be empty.
        note: Reason, may be empty.
        question: New text of an edited row, as the other two.
        answer: New text (of a preference: of the chosen answer).
        context: New text.
        evidence: The quotes of an edited row.
    """

    id: str
    action: Action
    time: str
    by: str = ""
    note: str = ""
    question: str = ""
    answer: str = ""
    context: str = ""
    evidence: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewItem:
    """A row under review with its last decision, None where there is none."""

    row: Reviewed
    decision: Decision | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewResult:
    """Numbers of rows by action, and the rewritten dataset's manifest."""

    accepted: int
    edited: int
    rejected: int
    manifest: dict[str, Any]


def text_of(row: Reviewed) -> dict[str, str]:
    """Return the editable texts of a row, by name."""
    if isinstance(row, Pair):
        return {"question": row.question, "answer": row.answer, "context": row.context}
    return {"question": row.prompt, "answer": row.chosen, "context": row.context}


def altered_lines(row: Reviewed) -> list[str]:
    """Return what of a row's context no document says, a line for each altered quote."""
    return [
        f"“{alteration.quote}” has {alteration.value} in place of {alteration.true_value}"
        for alteration in (row.altered if isinstance(row, Pair) else ())
    ]


def check_edit(row: Reviewed, decision: Decision, page_text: PageText | None = None) -> Reviewed:
    """Validate an edit and return the edited row.

    Args:
        row: As it stands.
        decision: An edit.
        page_text: Returns the text of a page; without it only quotes that the row had before are allowed.

    Raises:
        ConfigError: A text is empty, a quote does not stand at its place, or the answer holds a number that no quote
            spells that way.
    """
    if not decision.answer.strip() or (text_of(row)["question"].strip() and not decision.question.strip()):
        raise _refused(row, "question and answer must not be empty")
    if isinstance(row, Preference):
        return edited(row, decision)
    for citation in decision.evidence:
        if page_text is None and citation not in row.evidence:
            raise _refused(row, f"“{citation.quote[:60]}” cannot be checked: the collection is not open")
        if page_text and page_text(citation.sha256, citation.page)[citation.start : citation.end] != citation.quote:
            raise _refused(row, f"“{citation.quote[:60]}” is not at its offsets in {citation.doc}")
    if decision.evidence:
        spelled = {figure for citation in decision.evidence for figure in _FIGURE.findall(citation.quote)}
        # What a prompt tells besides the quotes (a key, another passage) may be told back.
        allowed = spelled | set(_FIGURE.findall(decision.context)) | set(_FIGURE.findall(decision.question))
        loose = [figure for figure in _FIGURE.findall(_KEY.sub("", decision.answer)) if figure not in allowed]
        if loose:
            raise _refused(row, f"the number {loose[0]} of the answer is not in a quote")
    return edited(row, decision)


def edited(row: Reviewed, decision: Decision) -> Reviewed:
    """Return the row with a person's texts; the checks of the old texts are removed."""
    checks = {CHECK: 1.0}
    if isinstance(row, Preference):
        return replace(
            row,
            prompt=decision.question,
            chosen=decision.answer,
            context=decision.context,
            origin="person",
            checks=checks,
        )
    if decision.evidence:
        checks["quotes"] = float(len(decision.evidence))
    return replace(
        row,
        question=decision.question,
        answer=decision.answer,
        context=decision.context,
        evidence=decision.evidence,
        altered=_remaining(row, decision),
        origin="person",
        checks=checks,
    )


def _remaining(row: Pair, decision: Decision) -> tuple[Alteration, ...]:
    """Return the alterations of a row that its edited context still shows."""
    kept = (alteration for alteration in row.altered if row.evidence[alteration.evidence] in decision.evidence)
    return tuple(
        replace(alteration, evidence=decision.evidence.index(row.evidence[alteration.evidence]))
        for alteration in kept
        if alteration.quote in decision.context
    )


def _refused(row: Reviewed, why: str) -> ConfigError:
    return ConfigError(
        f"row {row.id}: {why}", hint="correct the edit, or reject the row", click="correct the edit, or reject the row"
    )


def _accepted(row: Reviewed) -> Reviewed:
    return replace(row, checks={**row.checks, CHECK: 1.0})


class Review:
    """The review of one dataset folder.

    Args:
        path: The folder.
        page_text: Returns the text of a page, for quotes of edited rows.

    Raises:
        DataError: There is no dataset here.
    """

    def __init__(self, path: Path, page_text: PageText | None = None) -> None:
        self._dataset = JudgedFolder(path).require()
        self._page_text = page_text

    def items(self, *, undecided: bool = False) -> Iterator[ReviewItem]:
        """Yield the rows in the order of the dataset, pairs first.

        Args:
            undecided: Only rows without a decision.
        """
        decisions = self.decisions()
        for row in self._rows():
            decision = decisions.get(row.id)
            if not (undecided and decision):
                yield ReviewItem(row=row, decision=decision)

    def find(self, row_id: str) -> ReviewItem:
        """Return one row by its id or a unique prefix of it.

        Raises:
            ConfigError: No row, or more than one, has this id.
        """
        matching = [row for row in (*self._rows(), *self._aside()) if row.id.startswith(row_id)]
        exact = [row for row in matching if row.id == row_id] or matching
        if len(exact) != 1:
            how_many = "no row has" if not exact else f"{len(exact)} rows have"
            raise ConfigError(
                f"{how_many} the id {row_id}", hint=f"kb synth review {quoted(self._dataset.path)} --json"
            )
        return ReviewItem(row=exact[0], decision=self.decisions().get(exact[0].id))

    def decisions(self) -> dict[str, Decision]:
        """Return the last decision per row.

        Raises:
            DataError: A line is not a decision.
        """
        path = self._dataset.path / DECISIONS
        if not path.is_file():
            return {}
        return {d.id: d for d in (row_from_json(Decision, record, path, line) for line, record in read_records(path))}

    def decide(self, decision: Decision) -> Reviewed:
        """Validate and record a decision; return the row as it will be.

        Raises:
            ConfigError: There is no such row, or the edit is invalid.
            OSError: The folder cannot be written.
        """
        row = self.find(decision.id).row
        decision = replace(decision, id=row.id)
        after = check_edit(row, decision, self._page_text) if decision.action == "edit" else row
        path = self._dataset.path / DECISIONS
        line = json.dumps(asdict(decision), ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        with FileLock(self._dataset.path / ".review.lock"), path.open("ab") as handle:
            handle.write(line)
            handle.flush()
            os.fsync(handle.fileno())
        return _accepted(row) if decision.action == "accept" else after

    def withdraw(self, row_id: str) -> None:
        """Take back the last decision about a row; the one before it counts again.

        Raises:
            ConfigError: There is none.
            OSError: The folder cannot be written.
        """
        path = self._dataset.path / DECISIONS
        with FileLock(self._dataset.path / ".review.lock"):
            lines = path.read_bytes().splitlines(keepends=True) if path.is_file() else []
            last = next(
                (index for index in reversed(range(len(lines))) if json.loads(lines[index])["id"] == row_id), None
            )
            if last is None:
                raise ConfigError(f"no decision about row {row_id}", hint="kb synth review DIR", click="choose a row")
            with atomic_write(path) as whole:
                whole.writelines(lines[:last] + lines[last + 1 :])

    def apply(self) -> ReviewResult:
        """Rewrite the dataset by the decisions. Idempotent; a row that is no longer rejected comes back.

        Raises:
            OSError: The folder cannot be written; every file of it is then whole, old or new.
        """
        with locked(self._dataset.path) as dataset:
            decisions = self.decisions()
            aside = {row.id: row for row in self._aside()}
            out = [row for row in self._rows() if _action(decisions, row) == "reject"]
            # What leaves is set aside before it leaves, and what comes back is there before it is struck off: a crash
            # between leaves a row in both files, never in none.
            self._write_aside([*aside.values(), *(row for row in out if row.id not in aside)], decisions)
            counts = dict.fromkeys(ACTIONS, 0)
            rows = chain(self._decided(aside, decisions, counts), dataset.judged())
            manifest = replace_rows(dataset, rows, {"review": {"decisions": len(decisions)}})
            rejected = {row.id: row for row in (*aside.values(), *out) if _action(decisions, row) == "reject"}
            self._write_aside(rejected.values(), decisions)
        return ReviewResult(accepted=counts["accept"], edited=counts["edit"], rejected=len(rejected), manifest=manifest)

    def _rows(self) -> Iterator[Reviewed]:
        return chain(self._dataset.pairs(), self._dataset.preferences())

    def _decided(
        self, aside: Mapping[str, Reviewed], decisions: Mapping[str, Decision], counts: dict[Action, int]
    ) -> Iterator[Reviewed]:
        """Yield the rows that stay, as decided; rejected rows whose decision changed come back at the end."""
        seen = set()
        for row in chain(self._rows(), aside.values()):
            decision = decisions.get(row.id)
            if row.id in seen or (decision and decision.action == "reject"):
                continue
            seen.add(row.id)
            if decision is None:
                yield row
                continue
            counts[decision.action] += 1
            # The edit was checked when it was made; a collection that is closed by now must not undo it.
            yield _accepted(row) if decision.action == "accept" else edited(row, decision)

    def _aside(self) -> Iterator[Reviewed]:
        """Yield the rows that people rejected."""
        path = self._dataset.path / REJECTED
        for line, record in read_records(path) if path.is_file() else ():
            if isinstance(record, dict) and record.get("check") == CHECK:
                row = {name: value for name, value in record.items() if name not in ("check", "reason")}
                yield (preference_from_json if "chosen" in row else pair_from_json)(row, path, line)

    def _write_aside(self, rows: Iterable[Reviewed], decisions: Mapping[str, Decision]) -> None:
        """Write `rejected.jsonl`: what checks dropped stays as it is, what people rejected is `rows`."""
        path = self._dataset.path / REJECTED
        others = [record for _, record in read_records(path) if record.get("check") != CHECK] if path.is_file() else []
        mine = [{**row_to_json(row), "check": CHECK, "reason": _note(decisions, row)} for row in rows]
        if others or mine:
            write_rows(path, [*others, *mine])
        else:
            path.unlink(missing_ok=True)


def rejected_ids(path: Path) -> Iterator[str]:
    """Yield the ids of the rows of a dataset folder that people rejected."""
    path = path / REJECTED
    for _, record in read_records(path) if path.is_file() else ():
        if isinstance(record, dict) and record.get("check") == CHECK:
            yield str(record.get("id"))


def _action(decisions: Mapping[str, Decision], row: Reviewed) -> str:
    return decisions[row.id].action if row.id in decisions else ""


def _note(decisions: Mapping[str, Decision], row: Reviewed) -> str:
    return (decisions[row.id].note if row.id in decisions else "") or "rejected by a person"

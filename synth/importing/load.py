"""Imports files into a dataset folder: rows are read, grouped so that no split leaks, and written atomically.

Two passes: the first reads the sources into a file beside the dataset and keeps a few numbers per row; the second
gives every row its group and split. Memory grows by about 150 bytes a row, whatever the rows hold.
"""

from __future__ import annotations

import dataclasses
import json
import re
import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.rows import SPLITS
from core.shell import quoted
from core.types import Split
from synth.dataset.holdout import assigned, first_of_each, pins
from synth.dataset.leaks import Linked
from synth.dataset.review import rejected_ids
from synth.dataset.write import JudgedFolder, Row, locked, replace
from synth.importing.draft_rows import draft_of_row, row_of_draft
from synth.importing.drafts import Draft, Unusable
from synth.importing.files.sources import Source, open_source
from synth.importing.gate import gated
from synth.importing.reading import RecognisedSource, recognise
from synth.templates.wording import PromptTemplate

_MAX_SHOWN = 5
# The split of training, as rows are pinned to it.
_TRAINED = 1 + SPLITS.index("train")
TWICE, LEAKING = "there already, or twice in the sources", "on a passage or question that another split has"
_IMPORTED_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """How an import splits and words its rows.

    Attributes:
        seed: Seed of wordings and splits.
        val: Share of the rows held out for validation.
        test: Share held out for the test.
        split: Split of every new row; None to hold out by group.
        keep_splits: Whether rows that `kb` wrote stay in the split that they name.
        strict: The first record that cannot be used is an error.
        answers_by: In chats, the name of the answering speaker.
        answer_column: The column that holds the right answer; chosen by its name if empty.
        template: Wording of every prompt; `None` keeps question and context apart.
    """

    seed: int = 0
    val: float = 0.1
    test: float = 0.1
    split: Split | None = None
    keep_splits: bool = False
    strict: bool = False
    answers_by: str = ""
    answer_column: str = ""
    template: PromptTemplate | None = None

    def recognise(self, source: Source) -> RecognisedSource:
        """Recognise the shape of a source as the plan says; errors as in `synth.importing.reading.recognise`."""
        return recognise(source, seed=self.seed, answers_by=self.answers_by, answer_column=self.answer_column)


@dataclass(slots=True, kw_only=True)
class SourceReport:
    """Counts for one source.

    Attributes:
        source: As given.
        container: How records are packed.
        shape: What the records are.
        rows: Rows read.
        skipped: Reason to number of records.
        examples: The first faults of each reason: (line, reason).
        unused: Column to the number of used records whose value in it was not used.
        left_out: What of used conversations no row holds (questions without an answer, say), and how many.
    """

    source: str
    container: str = ""
    shape: str = ""
    rows: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    examples: list[tuple[int, str]] = field(default_factory=list)
    unused: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    def count(self, draft: Draft) -> None:
        """Count a row, and what of its record it does not hold."""
        self.rows += 1
        for name, count in draft.left_out:
            self.left_out[name] = self.left_out.get(name, 0) + count
        for name in draft.unused:
            self.unused[name] = self.unused.get(name, 0) + 1

    def skip(self, line: int, reason: str) -> None:
        """Count a record that cannot be used."""
        self.skipped[reason] = self.skipped.get(reason, 0) + 1
        if self.skipped[reason] <= _MAX_SHOWN:
            self.examples.append((line, reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """Result of an import.

    Attributes:
        reads: Per source.
        added: Rows added.
        duplicates: Rows that exist already, or occur twice in the sources.
        leaking: Rows left out because they share a passage with rows of another split.
        manifest: The manifest after the import.
        is_loosened: Whether rows on one passage stand in several splits, because nothing could be held out otherwise.
    """

    reads: Sequence[SourceReport]
    added: int
    duplicates: int
    leaking: int
    manifest: dict[str, Any]
    is_loosened: bool = False


def import_sources(
    out: Path, specs: Iterable[str], plan: ImportPlan, *, on_row: Callable[[str, int], None] | None = None
) -> ImportReport:
    """Read sources into a dataset folder, new or old; rows that are there already stay where they are.

    Args:
        out: The folder.
        specs: Paths and `hf:` ids.
        plan: How.
        on_row: Called with the source and its rows so far.

    Raises:
        DataError: A source cannot be read, or nothing in it can be used; with `strict`, any record at fault.
        MissingExtra: `hf:` without the `train` extra.
    """
    reads: list[SourceReport] = []
    # All sources are recognised before any is read, so that a wrong third file fails at once.
    opened = [(spec, open_source(spec)) for spec in specs]
    shapes = [plan.recognise(source) for _, source in opened]
    with locked(out) as dataset, tempfile.TemporaryFile(dir=out) as staged:
        rows = _Staging(dataset, staged)
        for (spec, source), shape in zip(opened, shapes, strict=True):
            read = SourceReport(source=spec, container=source.container, shape=shape.shape)
            reads.append(read)
            rows.take(shape, read, plan, on_row)
            if not read.rows:
                raise _nothing(read, shape)
        return _settle(dataset, rows, reads, plan)


def add_rows(out: Path, drafts: Sequence[Draft], plan: ImportPlan) -> ImportReport:
    """Add rows written by hand; as `import_sources`.

    Raises:
        DataError: A row does not pass the gate of imports.
        OSError: The folder cannot be written.
    """
    read = SourceReport(source="by hand", container="text", shape="question and answer")
    try:
        rows_by_hand = [*map(gated, drafts)]
    except Unusable as fault:
        raise DataError(str(fault), hint='kb synth add --out DIR --question "..." --answer "..."') from fault
    shape = RecognisedSource(shape=read.shape, outcomes=lambda: enumerate(rows_by_hand, start=1))
    with locked(out) as dataset, tempfile.TemporaryFile(dir=out) as staged:
        rows = _Staging(dataset, staged)
        rows.take(shape, read, plan)
        return _settle(dataset, rows, [read], plan)


def _nothing(read: SourceReport, shape: RecognisedSource) -> DataError:
    line, reason = read.examples[0] if read.examples else (None, "it has no rows")
    hint = shape.hint if any(repr(name) in reason for name in shape.answers) else ""
    is_text = read.container in ("JSON lines", "JSON array", "JSON object", "CSV", "text")
    look = (
        f"sed -n {line or 1}p {quoted(read.source)}"
        if is_text
        else f"kb synth import {quoted(read.source)} --dry-run --out DIR"
    )
    return DataError(
        f"no usable record of shape {read.shape}: {reason}",
        path=read.source,
        line=line,
        hint=hint or look,
    )


class _Staging:
    """Rows read so far: the old ones by number only, the new ones in a file."""

    def __init__(self, dataset: JudgedFolder, staged: IO[bytes]) -> None:
        self.linked = Linked()
        self.ids = array("Q")
        # 0 for a row that may go anywhere, else 1 + the number of its split.
        self.pinned = array("B")
        self.old_groups: list[str] = []
        # Rows that people edited or threw out do not come back with the next import of their file.
        self.settled = array("Q")
        self._dataset, self._staged = dataset, staged
        # There, held-out phrasings of one fact stand in the test on purpose: context and answer bind nothing.
        by_fact = dataset.manifest().mode == "knowledge"
        for row in dataset.rows():
            draft = draft_of_row(row)
            link = dataclasses.replace(draft, context="", answer="") if by_fact else draft
            self._link(link, id=draft.id, pinned=1 + SPLITS.index(row.split))
            self.old_groups.append(row.group)
            self._settle(row.id)
        for row_id in rejected_ids(dataset.path):
            self._settle(row_id)

    def take(
        self,
        shape: RecognisedSource,
        read: SourceReport,
        plan: ImportPlan,
        on_row: Callable[[str, int], None] | None = None,
    ) -> None:
        """Stage every row of a source; count what cannot be used.

        Raises:
            DataError: A record cannot be used and the plan is strict.
        """
        first, declared = len(self.pinned), set[str]()
        for line, outcome in shape.outcomes():
            if isinstance(outcome, Unusable):
                read.skip(line, str(outcome))
                if plan.strict:
                    raise DataError(str(outcome), path=read.source, line=line, hint="the same command without --strict")
                continue
            draft = outcome
            read.count(draft)
            declared.add(draft.source_split or draft.split)
            self._link(draft, id=draft.id, pinned=_pinned(draft, plan))
            self._staged.write(json.dumps(draft.to_json()).encode() + b"\n")
            if on_row:
                on_row(read.source, read.rows)
        if declared == {"train"} and plan.split is None and not plan.keep_splits:
            # A source of training rows alone says nothing of what to hold out.
            self.pinned[first:] = array("B", bytes(len(self.pinned) - first))
        read.unused = dict(shape.unused + Counter(read.unused))

    def _link(self, draft: Draft, *, id: str, pinned: int) -> None:
        self.ids.append(int(id, 16))
        self.pinned.append(pinned)
        self.linked.add(
            documents=draft.documents,
            question=draft.question,
            answer=draft.answer,
            context=draft.context,
            turns=draft.turns,
        )

    def _settle(self, row_id: str) -> None:
        if _IMPORTED_ID.fullmatch(row_id):
            self.settled.append(int(row_id, 16))

    def drafts(self) -> Iterator[Draft]:
        """Yield the new rows again, in order."""
        self._staged.seek(0)
        return (Draft.from_json(json.loads(line)) for line in self._staged)


def _pinned(draft: Draft, plan: ImportPlan) -> int:
    """Return 1 + the number of the split that a new row must go to, 0 where it may go anywhere."""
    own = draft.source_split or (draft.split if plan.keep_splits else "")
    split = next((name for name in SPLITS if name == (plan.split or own)), None)
    return 1 + SPLITS.index(split) if split else 0


def _settle(dataset: JudgedFolder, rows: _Staging, reads: Sequence[SourceReport], plan: ImportPlan) -> ImportReport:
    """Give every new row its group and split and write the folder."""
    groups = rows.linked.groups()
    ids = np.array(rows.ids, dtype=np.uint64)
    first = first_of_each(ids) & ~np.isin(ids, np.array(rows.settled, dtype=np.uint64))
    n_old = len(rows.old_groups)
    pinned = np.array(rows.pinned, dtype=np.int64)
    fixed, clash = pins(groups, pinned)
    # Where a source puts rows on one passage into several splits, those to be trained stay and the others go.
    is_leaking = clash[groups] & ((pinned != _TRAINED) | np.isin(groups, groups[:n_old]))
    fixed[clash] = _TRAINED
    is_kept = first & ~is_leaking
    is_kept[:n_old] = False
    splits = assigned(groups, is_kept, fixed, val=plan.val, test=plan.test, seed=plan.seed)
    notes = _notes(reads, first[n_old:], is_leaking[n_old:])
    written = replace(
        dataset,
        _all_rows(dataset, rows, groups, is_kept, splits, plan),
        {"seed": plan.seed, "imports": [*dataset.manifest().imports, *notes]},
    )
    return ImportReport(
        reads=reads,
        added=int(is_kept.sum()),
        duplicates=int((~first[n_old:]).sum()),
        leaking=int((first & is_leaking)[n_old:].sum()),
        manifest=written,
        is_loosened=rows.linked.is_loosened,
    )


def _all_rows(
    dataset: JudgedFolder,
    rows: _Staging,
    groups: NDArray[np.uint32],
    is_kept: NDArray[np.bool_],
    splits: dict[int, Split],
    plan: ImportPlan,
) -> Iterator[Row]:
    names: dict[int, str] = {}
    for number, name in enumerate(rows.old_groups):
        names.setdefault(int(groups[number]), name)
    yield from dataset.rows()
    for number, draft in enumerate(rows.drafts(), start=len(rows.old_groups)):
        if not is_kept[number]:
            continue
        label = int(groups[number])
        row_id = f"{rows.ids[number]:016x}"
        group = names.setdefault(label, f"import:{row_id}")
        yield row_of_draft(draft, row_id, group, splits[label], plan.template)


def _notes(
    reads: Sequence[SourceReport], is_first: NDArray[np.bool_], is_leaking: NDArray[np.bool_]
) -> Iterator[dict[str, Any]]:
    """Yield what the manifest says of every source; the arrays are over their rows, in order."""
    start = 0
    for read in reads:
        rows = slice(start, start + read.rows)
        start += read.rows
        lost = {TWICE: int((~is_first[rows]).sum()), LEAKING: int((is_first & is_leaking)[rows].sum())}
        yield {
            "source": read.source,
            "container": read.container,
            "shape": read.shape,
            "rows": read.rows,
            "skipped": dict(sorted(read.skipped.items())),
            "faults": [{"line": line, "reason": reason} for line, reason in read.examples],
            "unused_columns": dict(sorted(read.unused.items())),
            "left_out": dict(sorted({**read.left_out, **{name: n for name, n in lost.items() if n}}.items())),
        }

"""Builds a dataset folder from a collection: read, make rows, split, verify the split, write.

Facts pass the checks one by one and are stored in a file on disk, so memory does not grow with the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.language.guess import guess_language
from core.types import Pair
from synth.dataset import manifest, split
from synth.dataset.write import locked
from synth.facts.read import rule_language
from synth.generate.base import GenerationEstimate
from synth.making import folder, make
from synth.making.audit import audit
from synth.making.run import SynthPlan, SynthProgress, SynthRun, SynthTools, begin, row_checks
from synth.work.parts import DocumentParts, part_documents
from synth.work.workspace import SynthTables

AUDIT_ROWS = 200
_WORK = ".work.sqlite"


class DatasetBuilder:
    """Makes datasets of one collection.

    Args:
        plan: What to make.
        tools: The collection, search and models to use.
        out: Folder of the dataset; during the run it also holds a hidden working file.
    """

    def __init__(self, plan: SynthPlan, tools: SynthTools, out: Path) -> None:
        self._plan = plan
        self._tools = tools
        self._out = out

    def build(self) -> dict[str, Any]:
        """Write the dataset and return its manifest, without the list of nearest rows.

        Raises:
            DataError: The collection has no text, or every row was filtered out.
            KbError: A model or a search failed; running the same command again resumes.
            OSError: The folder cannot be written.
        """
        with locked(self._out):
            work = self._open()
            try:
                run, parted = self._read(work)
                self._make(run)
                return self._finish(run, parted)
            finally:
                work.close()

    def preview(self, rows: int) -> Iterator[Pair]:
        """Yield the first rows without writing anything."""
        work = self._open()
        try:
            run, _ = self._read(work)
            yield from islice(make.pairs(run), rows)
        finally:
            work.close()

    def estimate(self) -> tuple[GenerationEstimate, dict[str, int]]:
        """Return the estimated model requests, and the numbers of documents, pages and chunks."""
        work = self._open()
        try:
            run, _ = self._read(work)
            settings = self._plan.settings
            estimate = run.generator.estimate(work, settings.per_chunk, settings.phrasings, self._plan.pairs)
            return estimate, {name: work.count(name) for name in ("documents", "pages", "chunks")}
        finally:
            work.close()

    def _open(self) -> SynthTables:
        return SynthTables(self._out / _WORK, self._plan.seed)

    def _read(self, work: SynthTables) -> tuple[SynthRun, DocumentParts | None]:
        """Copy the collection into the workspace, and split its documents in document mode."""
        corpus, settings = self._tools.corpus, self._plan.settings
        documents = corpus.documents()
        for number, document in enumerate(documents):
            self._tools.on_progress(SynthProgress(stage="reading", done=number, total=len(documents)))
            work.add_document(document, corpus.pages(document.sha256), corpus.chunks(document.sha256))
        if not work.count("chunks"):
            raise DataError("the collection has no text", hint="kb ingest PATH", click="Documents > Add files")
        parted = None
        if settings.mode == "document":
            parted = part_documents(
                work, jaccard=settings.jaccard, val_share=settings.val_share, test_share=settings.test_share
            )
        return begin(self._plan, self._tools, work), parted

    def _make(self, run: SynthRun) -> None:
        with run.work.bulk():
            for _ in make.pairs(run):
                pass
            if not run.rows:
                raise _no_rows(run, self._out)
            make.prefer(run)

    def _finish(self, run: SynthRun, parted: DocumentParts | None) -> dict[str, Any]:
        plan, settings = self._plan, self._plan.settings
        self._tools.on_progress(SynthProgress(stage="writing", done=0, total=1, rows=run.rows))
        make.keep_people(run, self._out)
        proof = split.prove(run.work, mode=settings.mode, val_share=settings.val_share, test_share=settings.test_share)
        split.follow(run.work)
        report = audit(run.work, row_checks(run), AUDIT_ROWS).to_json() if plan.audit else None
        return folder.write(self._out, run, parted=parted, proof=proof, audit=report)


def _no_rows(run: SynthRun, out: Path) -> DataError:
    """Return the error of a run without rows: which checks dropped them, or why there were no facts."""
    fact_count, rejected = run.work.count("facts"), manifest.rejected_by(run.work)
    path = folder.write_rejected(out, run.work) if rejected else None
    if fact_count or rejected:
        reasons = ", ".join(f"{count} by {name}" for name, count in rejected.items()) or "no question passed"
        return DataError(
            f"every row was filtered out: {fact_count} facts; dropped: {reasons}",
            path=path,
            hint="kb synth --preview 5 --set synth.min_grounding=0.3  # or another --generator",
            click="add more documents under Documents",
        )
    names = Counter(
        language.name
        for document in run.tools.corpus.documents()
        for page in run.work.pages(document.sha256)
        if not rule_language(page.text) and (language := guess_language(page.text)) is not None
    )
    foreign = ", ".join(f"{count} in {name}" for name, count in names.most_common())
    reason = f"; of {run.work.count('pages')} pages {foreign}, and the built-in rules read English" if foreign else ""
    return DataError(
        f"no facts were found{reason}",
        hint="kb synth --generator MODEL",
        click="add documents with more text under Documents",
    )

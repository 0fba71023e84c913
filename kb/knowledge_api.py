"""The methods of `KnowledgeBase` about what a collection and its runs know, and how well the collection is searched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kb.contradictions import Contradiction
    from kb.snapshots.difference import SnapshotDifference
    from kb.snapshots.keeping import Snapshot
    from kb.tuning.report import SearchTuningReport
    from kb.workspace import Workspace

Note = Callable[[str], None]


def ignore(*_: object) -> None:
    """Take a report and do nothing with it."""


class KnowledgeMethods:
    """Part of `KnowledgeBase`, which opens the workspace."""

    _workspace: Workspace

    def contradictions(self, *docs: str, on_progress: Callable[[int, int], None] = ignore) -> list[Contradiction]:
        """Return the facts on which documents disagree, the surest first.

        Args:
            docs: Only those in which one of these documents has a part: file names, ids or prefixes of hashes.
            on_progress: Called with documents read and their total.

        Raises:
            ConfigError: There is no such collection or document.
        """
        from kb.contradictions import find_contradictions

        return find_contradictions(self._workspace, docs, on_progress=on_progress)

    def snapshot(self, name: str, *, on_note: Note = ignore) -> Snapshot:
        """Keep the collection as it is now under a name.

        Args:
            name: Letters, digits, `-`, `_` and `.`.
            on_note: Receives what a person should know meanwhile.

        Raises:
            ConfigError: The name is taken or cannot be one, there is no such collection, or it is in PostgreSQL.
        """
        from kb.snapshots.keeping import take_snapshot

        return take_snapshot(self._workspace, name, on_note=on_note)

    def snapshots(self) -> list[Snapshot]:
        """Return the snapshots of the collection, the oldest first."""
        from kb.snapshots.keeping import snapshots

        return snapshots(self._workspace)

    def restore(self, name: str, *, on_note: Note = ignore) -> SnapshotDifference:
        """Bring the collection back to a snapshot, and return what was changed.

        Args:
            name: Of the snapshot.
            on_note: Receives what a person should know meanwhile.

        Raises:
            ConfigError: There is no such snapshot, or another model embedded it.
        """
        from kb.snapshots.keeping import restore_snapshot

        return restore_snapshot(self._workspace, name, on_note=on_note)

    def knows(self, run: str, *, on_progress: Callable[[int, int], None] = ignore) -> dict[str, Any]:
        """Ask a run its facts closed book, and return what it answers per document, section and fact.

        Args:
            run: Its name.
            on_progress: Called with the number of facts that are asked, and of all.

        Returns:
            What `kb knows --json` prints; an interrupted call is resumed.

        Raises:
            ConfigError: There is no such run, or it has no weights yet.
            DataError: Its dataset is gone, or holds nothing that can be asked from memory.
            MissingExtra: The extra `train` is not installed.
        """
        from kb.knowledge.map import knowledge_map

        return knowledge_map(self._workspace, run, on_progress=on_progress)

    def refresh(
        self,
        run: str,
        *,
        on_note: Note = ignore,
        on_event: Callable[[Mapping[str, Any]], None] = ignore,
    ) -> dict[str, Any]:
        """Train a run on what changed in its documents since, with replay; the same call resumes.

        Args:
            run: Its name, which the new run takes.
            on_note: Receives a line at each step.
            on_event: Receives the events of the training processes, as `kb.training.events` describes them.

        Returns:
            What `kb refresh --json` prints.

        Raises:
            ConfigError: There is no such run, or it is not trained to its end.
            KbError: Training failed; the same call resumes.
        """
        from kb.training.refreshing import refresh_run

        return refresh_run(self._workspace, run, on_note=on_note, on_event=on_event)

    def tune_search(
        self,
        data: Path | str | None = None,
        *,
        minutes: float | None = None,
        seed: int = 0,
        on_progress: Callable[[str, int, int], None] = ignore,
        on_note: Note = ignore,
    ) -> SearchTuningReport:
        """Fit the search to questions about the documents; kept only where held-out documents gain.

        Args:
            data: Dataset folder, or JSONL file of questions with pages; made by rules if None.
            minutes: About how long it may take once the questions are made; None takes all questions.
            seed: Of questions, split and fit.
            on_progress: Called with stage, done and total.
            on_note: Receives what a person should know about the collection.

        Returns:
            Figures before and after with intervals, and whether what was fitted is kept.

        Raises:
            ConfigError: There is no such collection, or there are questions about fewer than three documents.
            DataError: The documents give no question, or a row of the data is at fault.
            MissingExtra: The embedder's weights are absent.
        """
        from kb.tuning.job import TuneRequest, tune_search

        request = TuneRequest(data=None if data is None else Path(data), minutes=minutes, seed=seed)
        return tune_search(self._workspace, request, on_progress=on_progress, on_note=on_note)

"""Rows for only those facts of documents that a run does not know closed book."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core.errors import DataError
from core.rows import DatasetFolder
from core.types import Fact
from finetune.closed_book import ClosedBook
from finetune.runs import open_run, read_card
from kb.knowledge.facts import probed, trained_questions
from kb.knowledge.map import ask_facts, run_closed_book
from kb.workspace import Workspace
from synth.generate.base import Generator
from synth.generate.narrowed import NarrowedGenerator
from synth.work.workspace import Planned

# Facts asked at once.
_BATCH_FACTS = 16


@dataclass(frozen=True, slots=True)
class WeakFacts:
    """Tells which facts a run does not know: those that `kb knows` would not call known.

    Attributes:
        run: Its name.
        book: The run, asked closed book; its answers are kept beside it.
        trained: Questions that it was trained on, normalised; other phrasings are asked where there are any.
        on_note: Receives how many facts are known.
    """

    run: str
    book: ClosedBook
    trained: frozenset[str]
    on_note: Callable[[str], None]

    def only(self, behind: Generator) -> Generator:
        """Return a generator that gives what is weak and nothing else; its facts are an error where all are known."""
        return NarrowedGenerator(behind, self._chosen)

    def _chosen(self, facts: Iterator[Planned]) -> Iterator[Planned]:
        asked_count = weak_count = 0
        while batch := list(islice(facts, _BATCH_FACTS)):
            for planned, weak in zip(batch, self.weak([each.fact for each in batch]), strict=True):
                asked_count += 1
                weak_count += weak
                if weak:
                    yield planned
        self.on_note(f"run {self.run} knows {asked_count - weak_count} of {asked_count} facts")
        if asked_count and not weak_count:
            raise DataError(
                f"run {self.run!r} knows all {asked_count} facts, so there is no row to make",
                hint=f"kb knows {self.run}",
            )

    def weak(self, facts: Sequence[Fact]) -> list[bool]:
        """Return, for each fact, whether the run does not know it; what cannot be asked is not known."""
        askable = [fact for fact in facts if any(fact.questions)]
        known = {
            fact.id
            for fact, answered in zip(
                askable, ask_facts(self.book, [probed(fact, self.trained) for fact in askable]), strict=True
            )
            if answered.level == "known"
        }
        return [fact.id not in known for fact in facts]


def weak_facts(workspace: Workspace, name: str, on_note: Callable[[str], None] = lambda _: None) -> WeakFacts:
    """Return what tells which facts a run does not know.

    Args:
        name: Of the run.
        on_note: Receives how many facts are known.

    Raises:
        ConfigError: There is no such run, or it has no weights yet.
        MissingExtra: The extra `train` is not installed.
    """
    run = open_run(workspace.home, name)
    data = read_card(run).data
    trained = trained_questions(DatasetFolder(Path(data))) if data and Path(data).is_dir() else frozenset()
    return WeakFacts(name, run_closed_book(workspace, run), trained, on_note)

"""A generator that gives only some of the facts of another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from synth.generate.base import GenerationEstimate, Generator, PassageText
from synth.work.candidate import SourcePassage
from synth.work.kinds import TextKind
from synth.work.workspace import Planned, SynthTables


@dataclass(frozen=True, slots=True)
class NarrowedGenerator:
    """Gives what is chosen of another generator's facts; all else is that one's.

    Attributes:
        behind: The other generator.
        choose: Yields those of its facts that are wanted, in their order.
    """

    behind: Generator
    choose: Callable[[Iterator[Planned]], Iterator[Planned]]

    @property
    def name(self) -> str:
        """What the manifest calls it."""
        return self.behind.name

    @property
    def origin(self) -> str:
        """What rows carry as `origin`."""
        return self.behind.origin

    def facts(self, work: SynthTables, per_chunk: int) -> Iterator[Planned]:
        """Yield the chosen facts; errors as of `choose`."""
        return self.choose(self.behind.facts(work, per_chunk))

    def answers(self, questions: Iterable[tuple[str, Sequence[SourcePassage]]]) -> Iterator[str]:
        """Answer each question from its passages alone."""
        return self.behind.answers(questions)

    def text(self, kind: TextKind, source: SourcePassage, work: SynthTables) -> PassageText | None:
        """Write a text about a passage, None where it gives none."""
        return self.behind.text(kind, source, work)

    def estimate(self, work: SynthTables, per_chunk: int, phrasings: int, rows: int | None) -> GenerationEstimate:
        """Return what a run would ask of a model at most, if every fact were chosen."""
        return self.behind.estimate(work, per_chunk, phrasings, rows)

    def prompts(self) -> Mapping[str, str]:
        """Return the prompts by name."""
        return self.behind.prompts()

"""The interface of a generator: it reads facts in passages, answers questions from them, and writes texts about them.

Two modules implement it: rules (`synth.generate.rules`) and a chat model (`synth.generate.model`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from synth.work.candidate import SourcePassage
from synth.work.kinds import TextKind
from synth.work.workspace import Planned, SynthTables


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationEstimate:
    """Upper bound of the requests of a run; empty for rules.

    Attributes:
        calls: Number of requests by purpose; cached replies are not counted.
        prompt_tokens: Tokens sent.
        completion_tokens: Tokens written.
    """

    calls: Mapping[str, int]
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageText:
    """A text about a passage.

    Attributes:
        sentences: Its sentences, each with the span of the passage that supports it, None where there is none.
    """

    sentences: Sequence[tuple[str, tuple[int, int] | None]]

    @property
    def plain(self) -> str:
        """The sentences as one text."""
        return " ".join(sentence for sentence, _ in self.sentences)


class Generator(Protocol):
    """Writes facts, answers and texts for training rows."""

    @property
    def name(self) -> str:
        """Name in the manifest: `builtin`, or that of a chat model."""
        ...

    @property
    def origin(self) -> str:
        """Value of `origin` in rows."""
        ...

    def facts(self, work: SynthTables, per_chunk: int) -> Iterator[Planned]:
        """Yield facts with the chunk they come from, in the order rows are to be made, at most `per_chunk` of each."""
        ...

    def answers(self, requests: Iterable[tuple[str, Sequence[SourcePassage]]]) -> Iterator[str]:
        """Answer each question from its passages alone, in order; `""` where they do not answer it."""
        ...

    def text(self, kind: TextKind, source: SourcePassage, work: SynthTables) -> PassageText | None:
        """Write a text about a passage; None where that is not possible."""
        ...

    def estimate(self, work: SynthTables, per_chunk: int, phrasings: int, rows: int | None) -> GenerationEstimate:
        """Return an upper bound of the requests of a run."""
        ...

    def prompts(self) -> Mapping[str, str]:
        """Return the prompts by name, for the manifest."""
        ...

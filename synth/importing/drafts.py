"""An imported record before it has an id, a group and a split, and the error of a record that cannot be used."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Self

from core.types import Alteration, Citation


class Unusable(ValueError):
    """A record cannot become a row; the message is the same for all records with this fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A future row: a pair, a preference (`rejected` is set) or a judged answer (`good` is set).

    Attributes:
        question: The instruction; empty for plain text.
        answer: The target; the better answer of a preference.
        context: Text in the prompt beside the question.
        turns: Earlier (question, answer) turns, oldest first.
        system: The system message of the conversation.
        untrained_turns: Indices of the turns whose answers are context alone.
        kind: As in `Pair.kind`.
        template: Name of the wording that made the instruction.
        documents: Names of the row's sources; rows with a name in common go to one split.
        rejected: The worse answer.
        good: Whether a person liked `answer`, where no second answer is known.
        split: The split that a row of `kb` names; empty to choose.
        source_split: The split that its file gives it; empty to choose.
        fact: Id of the fact, in rows that `kb` wrote.
        evidence: Quotes, in rows that `kb` wrote.
        altered: Quotes that the context shows with a false value, in rows that `kb` wrote.
        checks: Checks passed, in rows that `kb` wrote.
        origin: As in `Pair.origin`.
        left_out: (What of the record is not in the row, how many), for the report.
        unused: Names of fields within the record's messages whose values gave nothing.
        goes_on: Whether its conversation has a later answer: a verdict on the whole is not one on `answer`.
    """

    question: str
    answer: str
    context: str = ""
    turns: tuple[tuple[str, str], ...] = ()
    system: str = ""
    untrained_turns: tuple[int, ...] = ()
    kind: str = "import"
    template: str = ""
    documents: tuple[str, ...] = ()
    rejected: str | None = None
    good: bool | None = None
    split: str = ""
    source_split: str = ""
    fact: str = ""
    evidence: tuple[Citation, ...] = ()
    altered: tuple[Alteration, ...] = ()
    checks: tuple[tuple[str, float], ...] = ()
    origin: str = "import"
    left_out: tuple[tuple[str, int], ...] = ()
    unused: tuple[str, ...] = ()
    goes_on: bool = False

    @property
    def id(self) -> str:
        """16 hex digits over the texts of the row; equal rows have equal ids."""
        content: list[Any] = [self.question, self.answer, self.context, self.turns, self.rejected, self.good]
        # Rows of older datasets, which have neither, keep their ids.
        content += [self.system, self.untrained_turns] if self.system or self.untrained_turns else []
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """Return the draft as JSON values."""
        record = {name: getattr(self, name) for name in self.__slots__}
        return {
            **record,
            "evidence": [asdict(citation) for citation in self.evidence],
            "altered": [asdict(alteration) for alteration in self.altered],
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        """Read a draft that `to_json` wrote."""
        return cls(
            **{
                **record,
                "turns": tuple((question, answer) for question, answer in record["turns"]),
                "untrained_turns": tuple(record["untrained_turns"]),
                "documents": tuple(record["documents"]),
                "checks": tuple((name, value) for name, value in record["checks"]),
                "evidence": tuple(Citation(**citation) for citation in record["evidence"]),
                "left_out": tuple((name, count) for name, count in record["left_out"]),
                "unused": tuple(record["unused"]),
                "altered": tuple(Alteration(**alteration) for alteration in record["altered"]),
            }
        )

"""A page about a boathouse, a fact of it, and candidate questions on that fact."""

from __future__ import annotations

from dataclasses import replace

from core.types import Citation, Fact
from synth.work.candidate import QuestionCandidate, SourcePassage

PAGE = "The club’s boathouse has 14 racks for 28 boats. It was built in March 1974 for $1.2 million by Brandt & Sons."
START = PAGE.index("The")
QUOTE = Citation(doc="club.pdf", sha256="ab", page=0, start=START, end=START + 47, quote=PAGE[START : START + 47])
SOURCE = SourcePassage(
    chunk="c", doc="club.pdf", sha256="ab", page=0, start=0, end=len(PAGE), text=PAGE, title="Rowing Club"
)
FACT = Fact(
    id="f",
    kind="quantity",
    statement="The boathouse of the Rowing Club has 14 racks.",
    subject="the boathouse",
    value="14 racks",
    answer="14 racks",
    questions=("How many racks does the boathouse of the Rowing Club have?",),
    evidence=(QUOTE,),
)


def row(question: str = "", **changes: str) -> QuestionCandidate:
    fact = replace(FACT, **changes, **({"questions": (question,)} if question else {}))
    return QuestionCandidate(fact=fact, phrasing=0, source=SOURCE, origin="rules")

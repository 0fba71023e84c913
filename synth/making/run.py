"""One run: what is asked for, what the door lends, where it stands, and which checks its rows meet.

Knows how the pieces are put together; refuses to know the order in which they work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.prompt import AnswerPrompt, load_prompt
from core.settings import SynthSettings
from core.types import Corpus, Document, Retriever
from synth.check.base import Check, Tally, Test
from synth.check.duplicates import Distinct, Embedder, Unambiguous
from synth.check.evidence import borne_out, premise, quoted, valued
from synth.check.form import leak, schema, self_contained
from synth.check.grounding import Grounded, LexicalScorer, NliScorer, Scorer
from synth.check.judge import Judged
from synth.check.retrieval import Found
from synth.check.round_trip import RoundTrip, WrongChunk
from synth.generate.ask import Ask
from synth.generate.base import Generator
from synth.making.render import Renderer
from synth.work.candidate import Candidate
from synth.work.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is.

    Attributes:
        stage: `reading`, `rows` or `writing`.
        done: Documents, facts or files gone through.
        total: How many there are, 0 where nobody knows yet.
        rows: Rows so far.
    """

    stage: str
    done: int
    total: int
    rows: int = 0


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked for.

    Attributes:
        collection: Name of the collection, for the manifest.
        settings: Section `synth`.
        seed: Of everything that is drawn.
        pairs: Rows wanted; None takes what comes of `per_chunk` facts of every chunk.
        answer_prompt: The prompt of `kb ask`; training fills it with the passages of a row.
        audit: Whether to plant errors.
    """

    collection: str
    settings: SynthSettings
    seed: int = 0
    pairs: int | None = None
    answer_prompt: AnswerPrompt = field(default_factory=load_prompt)
    audit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the door lends.

    Attributes:
        corpus: The collection.
        retriever: Search over it.
        embedder: Vectors of questions.
        generator: Made from the documents that were read.
        judge: A chat model for the last check.
        on_progress: Told how far the run is.
    """

    corpus: Corpus
    retriever: Retriever
    embedder: Embedder
    generator: Callable[[Sequence[Document]], Generator]
    judge: Ask | None = None
    on_progress: OnProgress = lambda _: None


@dataclass(slots=True)
class Run:
    """A run under way.

    Attributes:
        tally: What the checks dropped.
        facts: Facts gone through.
        rows: Rows made.
    """

    plan: Plan
    tools: Tools
    work: Workspace
    generator: Generator
    renderer: Renderer
    scorer: Scorer
    tally: Tally = field(default_factory=Tally)
    facts: int = 0
    rows: int = 0

    @property
    def wanted(self) -> int | None:
        """Rows still wanted; None where all that come are."""
        return None if self.plan.pairs is None else max(0, self.plan.pairs - self.rows)

    @property
    def full(self) -> bool:
        """Whether the rows asked for are there."""
        return self.wanted == 0


def begin(plan: Plan, tools: Tools, work: Workspace) -> Run:
    """Put a run together.

    Raises:
        MissingExtra: The grounding scorer needs packages that are absent.
    """
    settings = plan.settings
    renderer = Renderer(work, seed=plan.seed, distractors=settings.distractors, mode=settings.mode)
    scorer: Scorer = NliScorer(settings.nli_model) if settings.grounding == "nli" else LexicalScorer()
    return Run(plan, tools, work, tools.generator(tools.corpus.documents()), renderer, scorer)


def row_checks(run: Run) -> list[Check]:
    """Return the checks that look at one row by itself, cheap before dear."""
    settings = run.plan.settings
    checks: list[Check] = [
        Test("schema", schema),
        Test("leak", leak),
        Test("quote", quoted(run.work.page_text)),
        Test("value", valued),
        Test("figures", borne_out),
        Test("self-contained", self_contained),
        Test("premise", premise),
        Found(run.tools.retriever, settings.retriever_k),
        RoundTrip(run.generator, settings.round_trip_f1),
        WrongChunk(run.generator, run.work.other_chunk, settings.round_trip_f1),
        Grounded(run.scorer, settings.min_grounding),
    ]
    return [*checks, Judged(run.tools.judge)] if run.tools.judge else checks


def all_checks(run: Run) -> list[Check]:
    """Return every check: those of one row, and those that compare it with other facts' rows."""
    settings = run.plan.settings
    checks = row_checks(run)
    dear = next(at for at, check in enumerate(checks) if isinstance(check, Found))
    return [
        *checks[:dear],
        Unambiguous(run.work),
        *checks[dear:],
        Distinct(run.work, run.tools.embedder, settings.jaccard, settings.cosine),
    ]


def record_of(candidate: Candidate) -> dict[str, Any]:
    """Return what `rejected.jsonl` keeps of a candidate."""
    fact = candidate.fact
    return {
        "id": candidate.id,
        "kind": "question",
        "question": candidate.question,
        "answer": fact.answer,
        "fact": fact.id,
        "doc": candidate.source.doc,
        "page": candidate.source.page,
        "quote": fact.evidence[0].quote,
    }

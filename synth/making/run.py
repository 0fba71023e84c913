"""The state of one run: the plan, the collection and models it uses, its progress, and the checks of its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.prompt import AnswerPrompt, load_prompt
from core.settings import SynthSettings
from core.types import Corpus, Document, Retriever
from synth.check.base import CandidateCheck, SimpleCheck, Tally
from synth.check.duplicates import AmbiguityCheck, DuplicateCheck, QuestionEmbedder
from synth.check.evidence import borne_out, premise, quoted, valued
from synth.check.form import leak, schema, self_contained
from synth.check.grounding import GroundingCheck, GroundingScorer, LexicalScorer, NliScorer
from synth.check.judge import JudgeCheck
from synth.check.retrieval import RetrievalCheck
from synth.check.round_trip import RoundTripCheck, WrongChunkCheck
from synth.generate.ask import CachedChat
from synth.generate.base import Generator
from synth.making.render import Renderer
from synth.work.candidate import QuestionCandidate
from synth.work.workspace import SynthTables


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthProgress:
    """Progress of a run.

    Attributes:
        stage: `reading`, `rows` or `writing`.
        done: Number of documents, facts or files completed.
        total: Total number, 0 while unknown.
        rows: Rows so far.
    """

    stage: str
    done: int
    total: int
    rows: int = 0


OnProgress = Callable[[SynthProgress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthPlan:
    """What a run is to make.

    Attributes:
        collection: Name of the collection, for the manifest.
        settings: Section `synth` of the settings.
        seed: Seed of all random choices.
        pairs: Number of rows; None makes rows of `per_chunk` facts of every chunk.
        answer_prompt: The prompt of `kb ask`; training fills it with the passages of a row.
        audit: Whether to measure the checks with planted errors.
    """

    collection: str
    settings: SynthSettings
    seed: int = 0
    pairs: int | None = None
    answer_prompt: AnswerPrompt = field(default_factory=load_prompt)
    audit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthTools:
    """The collection, search and models that a run uses.

    Attributes:
        corpus: The collection.
        retriever: Search over it.
        embedder: Embeds questions.
        generator: Makes the generator, given the documents.
        judge: A chat model for the last check.
        on_progress: Called with the progress of the run.
    """

    corpus: Corpus
    retriever: Retriever
    embedder: QuestionEmbedder
    generator: Callable[[Sequence[Document]], Generator]
    judge: CachedChat | None = None
    on_progress: OnProgress = lambda _: None


@dataclass(slots=True)
class SynthRun:
    """The state of a run.

    Attributes:
        tally: Counts per check.
        facts: Number of facts tried.
        rows: Number of rows made.
    """

    plan: SynthPlan
    tools: SynthTools
    work: SynthTables
    generator: Generator
    renderer: Renderer
    scorer: GroundingScorer
    tally: Tally = field(default_factory=Tally)
    facts: int = 0
    rows: int = 0

    @property
    def rows_to_make(self) -> int | None:
        """Number of rows still to be made; None without a limit."""
        return None if self.plan.pairs is None else max(0, self.plan.pairs - self.rows)

    @property
    def full(self) -> bool:
        """Whether enough rows were made."""
        return self.rows_to_make == 0


def begin(plan: SynthPlan, tools: SynthTools, work: SynthTables) -> SynthRun:
    """Create the state of a run.

    Raises:
        MissingExtra: The grounding scorer needs packages that are absent.
    """
    settings = plan.settings
    renderer = Renderer(work, seed=plan.seed, distractors=settings.distractors, mode=settings.mode)
    scorer: GroundingScorer = NliScorer(settings.nli_model) if settings.grounding == "nli" else LexicalScorer()
    return SynthRun(plan, tools, work, tools.generator(tools.corpus.documents()), renderer, scorer)


def row_checks(run: SynthRun) -> list[CandidateCheck]:
    """Return the checks of single rows, cheap ones first."""
    settings = run.plan.settings
    checks: list[CandidateCheck] = [
        SimpleCheck("schema", schema),
        SimpleCheck("leak", leak),
        SimpleCheck("quote", quoted(run.work.page_text)),
        SimpleCheck("value", valued),
        SimpleCheck("figures", borne_out),
        SimpleCheck("self-contained", self_contained),
        SimpleCheck("premise", premise),
        RetrievalCheck(run.tools.retriever, settings.retriever_k),
        RoundTripCheck(run.generator, settings.round_trip_f1),
        WrongChunkCheck(run.generator, run.work.other_chunk, settings.round_trip_f1),
        GroundingCheck(run.scorer, settings.min_grounding),
    ]
    return [*checks, JudgeCheck(run.tools.judge)] if run.tools.judge else checks


def all_checks(run: SynthRun) -> list[CandidateCheck]:
    """Return all checks: those of single rows, and those that compare rows of different facts."""
    settings = run.plan.settings
    checks = row_checks(run)
    dear = next(position for position, check in enumerate(checks) if isinstance(check, RetrievalCheck))
    return [
        *checks[:dear],
        AmbiguityCheck(run.work),
        *checks[dear:],
        DuplicateCheck(run.work, run.tools.embedder, settings.jaccard, settings.cosine),
    ]


def record_of(candidate: QuestionCandidate) -> dict[str, Any]:
    """Return a candidate's record for `rejected.jsonl`."""
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

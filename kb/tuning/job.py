"""Fits the search of a collection to questions about it, and keeps the fit only where held-out documents gain."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from kb.evaluation import Metrics
from kb.ingest import WAITING
from kb.scope import open_collection
from kb.tuning.report import SearchTuningReport, gains
from kb.tuning.rows import QuestionSource, given_questions, made_questions
from kb.workspace import Workspace
from rag.answer.evaluate import Record, clustered, difference, run, summary
from rag.open import Knowledge, writing
from rag.search.search import Searcher
from rag.search.tuned import QueryAdapter, SearchTuning, SearchWeights, drop_tuning
from rag.tuning.candidates import CandidateMiner, Candidates
from rag.tuning.fit_adapter import fit_adapter
from rag.tuning.fit_weights import fit_weights
from rag.tuning.questions import QuestionSplit, TuningQuestion, split_by_document

# Questions that are searched at most, of all parts, and of a minute that is given.
MOST_QUESTIONS = 2_000
_PER_MINUTE = 300
# Of the minutes that are given: when searching for candidates ends, and when fitting does.
_SEARCH_SHARE, _FIT_SHARE = 0.5, 0.7
_PRESENT, _WEIGHTS, _ADAPTER, _BOTH = "present", "weights", "adapter", "adapter and weights"

# Called with stage, done and total.
OnTuning = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneRequest:
    """How the search is tuned.

    Attributes:
        data: Dataset folder or file of questions; made by rules of the documents if None.
        minutes: About how long it may take once the questions are made; None takes all questions.
        seed: Of questions, split and fit.
        documents: Hashes of the documents that questions are made of; None for all.
    """

    data: Path | None = None
    minutes: float | None = None
    seed: int = 0
    documents: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedSearch:
    """What was fitted, kept or not."""

    tuning: SearchTuning
    report: SearchTuningReport


def plan_tuning(
    workspace: Workspace, request: TuneRequest, *, on_note: Callable[[str], None] = lambda _: None
) -> SearchTuningReport:
    """Return the questions that `tune_search` would use; nothing is fitted.

    Raises:
        KbError: As `tune_search`.
    """
    source, split = _questions(workspace, open_collection(workspace, on_note=on_note), request)
    return _planned(workspace, request, source, split)


def tune_search(
    workspace: Workspace,
    request: TuneRequest | None = None,
    *,
    on_progress: OnTuning = lambda *_: None,
    on_note: Callable[[str], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> SearchTuningReport:
    """Fit weights and a query adapter, and keep them where page@1 and MRR of held-out documents gain.

    Args:
        request: Questions, time and seed.
        on_progress: Called with stage, done and total.
        on_note: Receives what a person should know about the collection.
        clock: Seconds of a clock that never goes back.

    Raises:
        ConfigError: There is no such collection, or there are questions about fewer than three documents.
        DataError: The documents give no question, or a row of the data is at fault.
        MissingExtra: The embedder's weights are absent.
    """
    request = request or TuneRequest()
    knowledge = open_collection(workspace, on_note=on_note)
    fitted = fit_search(workspace, knowledge, request, on_progress=on_progress, clock=clock)
    if fitted.report.kept:
        with writing(workspace.home, lambda: on_note(WAITING)):
            fitted.tuning.write(workspace.home.search_tuning(workspace.collection))
    return fitted.report


def reset_tuning(workspace: Workspace, *, on_note: Callable[[str], None] = lambda _: None) -> bool:
    """Remove what was kept for the collection, and tell whether there was something."""
    with writing(workspace.home, lambda: on_note(WAITING)):
        return drop_tuning(workspace.home, workspace.collection)


def fit_search(
    workspace: Workspace,
    knowledge: Knowledge,
    request: TuneRequest,
    *,
    on_progress: OnTuning = lambda *_: None,
    clock: Callable[[], float] = time.monotonic,
) -> FittedSearch:
    """Do what `tune_search` does, and write nothing.

    Raises:
        KbError: As `tune_search`.
    """
    begun = clock()
    budget_s = None if request.minutes is None else 60 * request.minutes

    on_progress("making questions", 0, 0)
    source, split = _questions(workspace, knowledge, request)
    made = clock()  # the rules read whole documents, however little time there is

    def late(share: float) -> Callable[[], bool]:
        return lambda: budget_s is not None and clock() - made > share * budget_s

    train, check = _mine(workspace, knowledge, split, on_progress, late(_SEARCH_SHARE))
    base = SearchWeights.of(workspace.settings.rag)
    tuning, tried = _fit(train, check, base, request.seed, on_progress, late(_FIT_SHARE))
    tuning = replace(
        tuning,
        collection=workspace.collection,
        embedder=knowledge.embedder.identity.to_json(),
        documents=[*split.documents("train"), *split.documents("check")],
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    before, after, change = _measure(workspace, knowledge, tuning, split.held_out, on_progress)
    chosen = max((name for name in tried if name != _PRESENT), key=lambda name: tried[name])
    kept = gains(change)
    report = replace(
        _planned(workspace, request, source, split),
        kept=kept,
        reason=_reason(kept, change),
        chosen=chosen,
        tried=tried,
        weights={**asdict(tuning.weights), "before": asdict(base)},
        before=before,
        after=after,
        difference=change,
        seconds=round(clock() - begun, 1),
    )
    return FittedSearch(tuning=replace(tuning, report=report.to_json()), report=report)


def _questions(
    workspace: Workspace, knowledge: Knowledge, request: TuneRequest
) -> tuple[QuestionSource, QuestionSplit]:
    """Return the questions and their parts, each in a drawn order."""
    if request.data is not None:
        source = given_questions(workspace, knowledge, request.data)
    else:
        documents = knowledge.catalogue.documents(workspace.collection)
        if request.documents is not None:
            documents = [document for document in documents if document.sha256 in request.documents]
        source = made_questions(workspace, documents, request.seed)
    order = np.random.default_rng(request.seed).permutation(len(source.questions))
    most = MOST_QUESTIONS if request.minutes is None else min(MOST_QUESTIONS, round(_PER_MINUTE * request.minutes))
    return source, split_by_document([source.questions[index] for index in order[:most]], request.seed)


def _planned(
    workspace: Workspace, request: TuneRequest, source: QuestionSource, split: QuestionSplit
) -> SearchTuningReport:
    parts = {
        name: {"questions": len(getattr(split, name)), "documents": len(split.documents(name))}
        for name in ("train", "check", "held_out")
    }
    return SearchTuningReport(
        collection=workspace.collection,
        source=source.name,
        questions=parts,
        skipped=source.skipped,
        seed=request.seed,
    )


def _mine(
    workspace: Workspace, knowledge: Knowledge, split: QuestionSplit, on_progress: OnTuning, stop: Callable[[], bool]
) -> tuple[Candidates, Candidates]:
    """Search for the questions to fit and to choose, by the settings alone: what was kept before is no ground."""
    searcher = _searcher(workspace, knowledge, None)
    weights = SearchWeights.of(workspace.settings.rag)
    miner = CandidateMiner(searcher, knowledge.catalogue, workspace.collection, knowledge.embedder, weights)
    total = len(split.train) + len(split.check)
    n_check = len(split.check)
    check = miner.mine(split.check, on_question=lambda done, _: on_progress("searching", done, total), stop=stop)
    train = miner.mine(
        split.train, on_question=lambda done, _: on_progress("searching", n_check + done, total), stop=stop
    )
    return train, check


def _fit(
    train: Candidates,
    check: Candidates,
    base: SearchWeights,
    seed: int,
    on_progress: OnTuning,
    stop: Callable[[], bool],
) -> tuple[SearchTuning, Mapping[str, float]]:
    """Fit weights, an adapter and both; return the best by the questions that choose, and the figures of all."""
    weights = fit_weights(train, base)
    adapter = fit_adapter(
        train,
        check,
        base,
        np.random.default_rng(seed),
        on_step=lambda done, total: on_progress("fitting", done, total),
        stop=stop,
    )
    fits: dict[str, tuple[SearchWeights, QueryAdapter | None]] = {
        _PRESENT: (base, None),
        _WEIGHTS: (weights, None),
        _ADAPTER: (base, adapter),
        _BOTH: (fit_weights(train, base, adapter), adapter),
    }
    tried = {name: float(check.reciprocal_ranks(check.scores(*fit)).mean()) for name, fit in fits.items()}
    best = max((name for name in fits if name != _PRESENT), key=lambda name: tried[name])
    chosen, moved = fits[best]
    return SearchTuning(collection="", embedder={}, base=base, weights=chosen, adapter=moved), tried


def _measure(
    workspace: Workspace,
    knowledge: Knowledge,
    tuning: SearchTuning,
    questions: Sequence[TuningQuestion],
    on_progress: OnTuning,
) -> tuple[Metrics, Metrics, Metrics]:
    """Search for the held-out questions as it is done now and tuned; return both and the paired difference."""
    records = clustered(
        [
            Record(
                line=number,
                question=question.text,
                answer=None,
                scored_answer=False,
                docs=frozenset({question.sha256}),
                pages=question.pages,
                cluster="",
            )
            for number, question in enumerate(questions, start=1)
        ]
    )
    done, scores = 0, []

    def count() -> None:
        nonlocal done
        done += 1
        on_progress("measuring", done, 2 * len(records))

    for searcher in (knowledge.searcher, _searcher(workspace, knowledge, tuning)):
        scores.append(run(records, searcher, k=workspace.settings.rag.top_k, on_record=count))
    return summary(scores[0]), summary(scores[1]), difference(scores[1], scores[0])


def _searcher(workspace: Workspace, knowledge: Knowledge, tuning: SearchTuning | None) -> Searcher:
    return Searcher(
        store=knowledge.store,
        catalogue=knowledge.catalogue,
        embedder=knowledge.embedder,
        settings=workspace.settings,
        collection=workspace.collection,
        tuning=tuning,
    )


def _reason(kept: bool, change: Metrics) -> str:
    if kept:
        return "kept: the right page comes first more often for documents that nothing was fitted to"
    first = change["page_hit@1"]
    if first["high"] < 0:
        return "nothing was kept: the right page comes first less often"
    return "nothing was kept: no gain that could not be chance, on documents that nothing was fitted to"

"""Makes rows: facts become questions, questions pass the checks, and accepted ones are distributed over the kinds of
rows.

Rows come in the order of the plan and stop when there are enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from core.types import Pair
from synth.check.base import CheckResult, passing
from synth.dataset.write import JudgedFolder
from synth.making.prefer import Preferences
from synth.making.prompted import fault
from synth.making.run import SynthProgress, SynthRun, all_checks, record_of
from synth.making.shares import Shares
from synth.making.texts import text_row
from synth.work.candidate import QuestionCandidate
from synth.work.kinds import CONTRADICTS, HUMAN_ORIGINS, PREFERENCE_KINDS, QUESTION_KINDS, TEXT_KINDS
from synth.work.workspace import candidate_of

# A phrasing that is held out for the test should have a sister of its kind in training.
_IN_TWOS = 2
# Phrasings of one fact that are dropped before any passes, after which the others are not tried.
_HOPELESS = 2


def pairs(run: SynthRun) -> Iterator[Pair]:
    """Yield rows as they are made: some kinds for every phrasing, and texts about the passages by their share.

    Where the phrasings are used up before the number of rows is reached, they get further kinds.
    """
    shares = Shares(run.plan.settings.shares)
    for group in _accepted(run):
        for candidate in group:
            run.work.accept(candidate)
        for _ in range(run.plan.settings.kinds):
            yield from _questions(run, group, shares)
        yield from _texts(run, group[0], shares)
        if run.full:
            return
    if run.plan.pairs is not None:
        yield from _again(run, shares)


def prefer(run: SynthRun) -> None:
    """Make preference pairs of accepted candidates by the shares of their kinds, in proportion to the rows."""
    settings = run.plan.settings
    maker = Preferences(run.work, run.renderer, run.scorer, settings.margin)
    shares = Shares(settings.preferences)
    row_count = round(settings.preference_rows * run.rows)
    for candidate in run.work.accepted():
        if shares.counts.total() >= row_count:
            return
        for kind in shares.in_turn(PREFERENCE_KINDS):
            pair, reason = maker.pair(candidate, kind)
            if reason:
                run.work.reject("preference", reason, {**record_of(candidate), "kind": kind})
            if pair is not None and run.work.add_preference(pair):
                shares.give(kind)
                break


def keep_people(run: SynthRun, folder: Path) -> None:
    """Keep the rows of an existing dataset that people wrote or imported."""
    there = JudgedFolder(folder)
    for pair in there.pairs():
        if pair.origin in HUMAN_ORIGINS:
            run.rows += run.work.add_row(pair, "")
    for preference in there.preferences():
        if preference.origin in HUMAN_ORIGINS:
            run.work.add_preference(preference)


@dataclass(slots=True)
class _Trial:
    """The current fact, and the number of its phrasings that were dropped."""

    fact: str = ""
    lost: int = 0


def _accepted(run: SynthRun) -> Iterator[list[QuestionCandidate]]:
    """Yield the accepted phrasings of each fact, in the order of the plan."""
    trial = _Trial()

    def dropped(candidate: QuestionCandidate, check: str, verdict: CheckResult) -> None:
        run.work.reject(check, verdict.reason, record_of(candidate))
        trial.lost += candidate.fact.id == trial.fact

    stream = passing(_candidates(run, trial), all_checks(run), run.tally, dropped)
    for _, group in groupby(stream, key=lambda candidate: candidate.fact.id):
        yield list(group)


def _candidates(run: SynthRun, trial: _Trial) -> Iterator[QuestionCandidate]:
    """Yield the phrasings fact by fact; a fact whose first phrasings were all dropped is skipped."""
    settings = run.plan.settings
    for planned in run.generator.facts(run.work, settings.per_chunk):
        run.facts += 1
        run.tools.on_progress(SynthProgress(stage="rows", done=run.facts, total=run.work.count("plan"), rows=run.rows))
        trial.fact, trial.lost = planned.fact.id, 0
        for phrasing in range(min(settings.phrasings, len(planned.fact.questions))):
            if trial.lost == phrasing >= _HOPELESS:
                break
            candidate = candidate_of(run.work, planned.fact, phrasing, run.generator.origin)
            if candidate is not None:
                yield candidate


def _questions(run: SynthRun, group: Sequence[QuestionCandidate], shares: Shares) -> Iterator[Pair]:
    """Give each phrasing of a fact a kind that it does not have yet, two at a time."""
    remaining = _clusters_in_turn(group)
    while remaining and not run.full:
        size = _IN_TWOS if run.rows_to_make is None else min(_IN_TWOS, run.rows_to_make)
        some, remaining = remaining[:size], remaining[size:]
        for kind in shares.in_turn(QUESTION_KINDS):
            made_rows = [(candidate, pair) for candidate in some if (pair := _row(run, candidate, kind)) is not None]
            for candidate, pair in made_rows:
                run.work.add_row(pair, candidate.source.chunk, candidate.vector)
                run.rows += 1
                shares.give(kind)
                yield pair
            if made_rows:
                remaining = [
                    candidate for candidate in some if candidate not in [with_row for with_row, _ in made_rows]
                ] + remaining
                break


def _clusters_in_turn(group: Sequence[QuestionCandidate]) -> list[QuestionCandidate]:
    """Order a fact's phrasings so that neighbours differ, because one of them may be held out."""
    seen: Counter[int] = Counter()
    places = []
    for candidate in group:
        places.append((seen[candidate.cluster], candidate.cluster))
        seen[candidate.cluster] += 1
    return [group[position] for position in sorted(range(len(group)), key=lambda position: places[position])]


def _row(run: SynthRun, candidate: QuestionCandidate, kind: str) -> Pair | None:
    """Return a new row whose target quotes only its prompt, None where there is none.

    A passage can contradict only what is taught: the fact has to have a row that recalls it.
    """
    if run.work.has_row(run.renderer.row_id(candidate, kind)):
        return None
    if kind == CONTRADICTS and not run.work.recalls(candidate.fact.id):
        return None
    pair = run.renderer.row(candidate, kind)
    if pair is not None and (reason := fault(pair.answer, pair.context)):
        run.work.reject("target", reason, {**record_of(candidate), "id": pair.id, "kind": kind})
        return None
    return pair


def _texts(run: SynthRun, candidate: QuestionCandidate, shares: Shares) -> Iterator[Pair]:
    """Write a text about the passage of a fact when texts are behind their share."""
    settings = run.plan.settings
    for kind in TEXT_KINDS:
        if run.full or not shares.behind(kind):
            continue
        source = run.work.chunk(candidate.source.chunk)
        pair, reason = text_row(kind, source, run.generator, run.work, mode=settings.mode, least=settings.min_grounding)
        if reason:
            run.work.reject("text", reason, {"kind": kind, "doc": source.doc, "page": source.page})
        if pair is not None and run.work.add_row(pair, source.chunk):
            run.rows += 1
            shares.give(kind)
            yield pair


def _again(run: SynthRun, shares: Shares) -> Iterator[Pair]:
    """Give accepted phrasings further kinds until there are enough rows or no new ones."""
    before = -1
    while run.rows > before and not run.full:
        before = run.rows
        for _, group in groupby(run.work.accepted(), key=lambda candidate: candidate.fact.id):
            yield from _questions(run, list(group), shares)
            if run.full:
                return

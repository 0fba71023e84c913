"""Preference pairs: the same prompt with a better and a worse answer.

The kinds made from candidates need no model; those that need answers of the model to be trained (`POLICY_KINDS`) are
built by `policy_preference`. Both answers are scored for grounding, and the better one must lead by a margin; their
lengths are alike, and pairs that hardly differ are dropped: training on them makes both answers less likely (likelihood
displacement, Razin et al. 2024).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from core.metrics import contains
from core.reading.extractive import ABSTENTION
from core.reading.passages import KEY_SHAPE, parse
from core.reading.sentences import sentences
from core.types import Citation, Pair, Preference
from synth.check.grounding import GroundingScorer
from synth.facts.english.casing import lowered
from synth.making.falsify import falsified, swapped
from synth.making.prompted import fault, in_marks, normal, show
from synth.making.render import Renderer
from synth.work.candidate import QuestionCandidate, SourcePassage, digest
from synth.work.kinds import POLICY_KINDS
from synth.work.workspace import Workspace

_LENGTH_RATIO = (0.8, 1.25)
_SAME = 0.95
# Facts looked at for another value, and for an answer of about the length of an abstention.
_OTHERS, _ANSWERS = 8, 60
_KEYS = re.compile(rf"\s*\[\[{KEY_SHAPE}\]\]")
# Needless refusals of many lengths; each is filled with what the question is about.
_REFUSALS = (
    "The documents do not say.",
    "The documents do not say anything about {subject}.",
    "The documents do not say. None of the passages tells anything about {subject}.",
    "The documents do not say. None of the passages given here tells anything about {subject}, so the question cannot"
    " be answered from them.",
    "The documents do not say. None of the passages given here tells anything about {subject}, so the question cannot"
    " be answered from them; please look for the answer somewhere else, or ask somebody who knows more about it.",
)


@dataclass(frozen=True, slots=True)
class PreferenceDraft:
    """A preference pair before it is scored.

    Attributes:
        claims: What chosen and rejected claim, to be scored against the passages; `""` for an abstention, which is
            grounded where the passages do not contain the answer.
    """

    context: str
    chosen: str
    rejected: str
    claims: tuple[str, str]


class Preferences:
    """Makes preference pairs of accepted candidates.

    Args:
        work: Source of other facts.
        renderer: Places candidates and finds distractors.
        scorer: Scores the grounding.
        margin: Minimum lead of the better answer.
    """

    def __init__(self, work: Workspace, renderer: Renderer, scorer: GroundingScorer, margin: float) -> None:
        self._work = work
        self._renderer = renderer
        self._scorer = scorer
        self._margin = margin
        self._kinds: Mapping[str, Callable[[QuestionCandidate, random.Random], PreferenceDraft | None]] = {
            "corrupted": self._corrupted,
            "unsupported": self._unsupported,
            "refusal": self._refusal,
            "counterfactual": self._counterfactual,
        }

    def pair(self, candidate: QuestionCandidate, kind: str) -> tuple[Preference | None, str]:
        """Return a pair of a kind and `""`, or None and the reason; no reason where the kind does not apply."""
        draft = self._kinds[kind](candidate, self._renderer.rng(candidate, kind))
        if draft is None:
            return None, ""
        group, split = self._renderer.place(candidate)
        preference = Preference(
            id=digest(candidate.id, kind),
            kind=kind,
            prompt=candidate.question,
            context=draft.context,
            chosen=draft.chosen,
            rejected=draft.rejected,
            group=group,
            split=split,
            fact=candidate.fact.id,
            origin=candidate.origin,
        )
        return weighed(preference, draft.claims, candidate.fact.value, self._scorer, self._margin)

    def _corrupted(self, candidate: QuestionCandidate, rng: random.Random) -> PreferenceDraft | None:
        """The true quote against a made-up one with one figure, date or name changed."""
        fact = candidate.fact
        quote = fact.evidence[0].quote
        wrong = falsified(fact, [other.value for other in self._work.others(fact, _OTHERS)], rng)
        false_texts = [swapped(text, fact.value, wrong) for text in (fact.statement, quote)]
        if not wrong or normal(wrong) in normal(candidate.source.text):
            return None
        shown = show([*candidate.sources, *self._renderer.distractors(candidate)[:1]], rng)
        forged = min(false_texts, key=lambda text: abs(len(text) - len(quote)))
        rejected = f"{wrong}: {in_marks(forged)} [[{shown.keys[candidate.source]}]]"
        chosen = shown.cited(fact.answer, fact.evidence[0])
        return PreferenceDraft(shown.context, chosen, rejected, (quote, f"{wrong} {forged}"))

    def _unsupported(self, candidate: QuestionCandidate, rng: random.Random) -> PreferenceDraft | None:
        """An abstention against a confident answer that the passages do not give."""
        wrong = self._renderer.distractors(candidate)
        other_facts = self._work.others(candidate.fact, _ANSWERS)
        others = [other.answer for other in other_facts if other.answer != candidate.fact.answer]
        if not wrong or not others:
            return None
        shown = show(wrong, rng)
        false_answer = min(others, key=lambda text: abs(len(text) + 1 - len(ABSTENTION)))
        rejected = f"{false_answer.rstrip('.')}. [[{shown.keys[wrong[0]]}]]"
        return PreferenceDraft(shown.context, ABSTENTION, rejected, ("", f"{candidate.fact.subject} {false_answer}"))

    def _refusal(self, candidate: QuestionCandidate, rng: random.Random) -> PreferenceDraft | None:
        """The answer against a needless refusal of about the same length."""
        fact = candidate.fact
        shown = show([*candidate.sources, *self._renderer.distractors(candidate)], rng)
        chosen = shown.cited(fact.answer, fact.evidence[0])
        refusals = [text.format(subject=lowered(fact.subject or "this")) for text in _REFUSALS]
        rejected = min(refusals, key=lambda text: abs(len(text) - len(_KEYS.sub("", chosen))))
        return PreferenceDraft(shown.context, chosen, rejected, (fact.evidence[0].quote, ""))

    def _counterfactual(self, candidate: QuestionCandidate, rng: random.Random) -> PreferenceDraft | None:
        """An altered passage: the answer that follows it against the answer from memory."""
        fact = candidate.fact
        wrong = falsified(fact, [other.value for other in self._work.others(fact, _OTHERS)], rng)
        if not wrong or candidate.also or normal(wrong) in normal(candidate.source.text):
            return None
        altered, citation = _altered(candidate.source, fact.evidence[0], fact.value, wrong)
        shown = show([altered], rng)
        chosen = shown.cited(wrong, citation)
        rejected = f"{fact.answer.rstrip(' .')}: {in_marks(fact.statement)} [[{shown.keys[altered]}]]"
        return PreferenceDraft(shown.context, chosen, rejected, (citation.quote, f"{fact.answer} {fact.statement}"))


def policy_preference(
    row: Pair, kind: str, policy_answer: str, scorer: GroundingScorer, margin: float
) -> tuple[Preference | None, str]:
    """Pair a row's grounded answer with the answer of the model to be trained without the evidence.

    Args:
        row: A row of kind `evidence` or `distractors`: its prompt and target are the better side.
        kind: `policy-memory` (the policy was asked without passages) or `policy-distractors` (with wrong ones).
        policy_answer: The answer of the model.
        scorer: Grounding of both sides in the row's context.
        margin: Minimum lead of the row's answer.

    Returns:
        The pair and `""`, or None and the reason: the policy is right, or the answers are too similar or too
        different in length.

    Raises:
        ValueError: `kind` is not one of `POLICY_KINDS`, or the row shows no passages.
    """
    if kind not in POLICY_KINDS or not row.context:
        raise ValueError(f"kind {kind!r} of a row {'with' if row.context else 'without'} passages")
    gold = row.answer.split(": “", 1)[0]
    if contains(policy_answer, gold):
        return None, "the policy is right"
    preference = Preference(
        id=digest(row.id, kind, policy_answer),
        kind=kind,
        prompt=row.question,
        context=row.context,
        chosen=row.answer,
        rejected=policy_answer,
        group=row.group,
        split=row.split,
        fact=row.fact,
        origin=row.origin,
    )
    claim = "" if policy_answer.startswith(ABSTENTION.rstrip(".")) else policy_answer
    return weighed(preference, (row.evidence[0].quote if row.evidence else row.answer, claim), gold, scorer, margin)


def weighed(
    pair: Preference, claims: tuple[str, str], gold: str, scorer: GroundingScorer, margin: float
) -> tuple[Preference | None, str]:
    """Return a pair with its scores and `""`, or None and the reason.

    Args:
        pair: The pair.
        claims: What chosen and rejected claim; `""` for an abstention.
        gold: The value that the passages contain where they answer the question.
        scorer: Scores the grounding.
        margin: Minimum lead of the chosen answer.
    """
    left, right = (_KEYS.sub("", text) for text in (pair.chosen, pair.rejected))
    ratio = len(left) / max(1, len(right))
    if not _LENGTH_RATIO[0] <= ratio <= _LENGTH_RATIO[1]:
        return None, f"length ratio {ratio:.2f}"
    alike = SequenceMatcher(None, left.split(), right.split(), autojunk=False).ratio()
    if alike >= _SAME:
        return None, f"chosen and rejected are {alike:.0%} equal"
    if reason := fault(pair.chosen, pair.context):
        return None, reason
    passages = [passage.text for passage in parse(pair.context)[0]]
    abstention = 0.0 if normal(gold) in normal("\n".join(passages)) else 1.0
    chosen, rejected = (_borne(claim, passages, scorer) if claim else abstention for claim in claims)
    if chosen - rejected < margin:
        return None, f"grounding {chosen:.2f} against {rejected:.2f}"
    checks = {"length_ratio": ratio, "likeness": alike, "chosen_grounding": chosen, "rejected_grounding": rejected}
    return replace(pair, checks={name: round(value, 4) for name, value in checks.items()}), ""


def _borne(claim: str, passages: Sequence[str], scorer: GroundingScorer) -> float:
    """Return the best grounding score of a claim over single sentences and pairs of neighbours."""
    windows = []
    for text in passages:
        spans = sentences(text)
        windows += [text[first.start : last.end] for first, last in zip(spans, [*spans[1:], *spans[-1:]], strict=True)]
    return max(scorer.scores((claim, window) for window in windows), default=0.0)


def _altered(source: SourcePassage, citation: Citation, value: str, wrong: str) -> tuple[SourcePassage, Citation]:
    """Return a passage with `wrong` in place of `value`, and the altered quote in it."""
    text = swapped(source.text, value, wrong)
    quote = swapped(citation.quote, value, wrong)
    start = source.start + max(0, text.find(quote))
    moved = replace(citation, quote=quote, start=start, end=start + len(quote))
    return replace(source, text=text, end=source.start + len(text)), moved

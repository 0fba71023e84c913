"""Preference pairs: the same prompt with a better and a worse answer.

Both are made from candidates, without a model. Both are scored for grounding, and the better one must lead by a margin;
their lengths are alike, and pairs that hardly differ are dropped: training on them makes both answers less likely
(likelihood displacement, Razin et al. 2024).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from core.prompt import ABSTENTION
from core.reading.passages import KEY_SHAPE, parse
from core.reading.proved import proved
from core.reading.text.sentences import sentences
from core.types import Preference
from synth.check.grounding import GroundingScorer
from synth.facts.english.casing import lowered
from synth.making.falsify import altered_passage, falsified, swapped
from synth.making.prompted import fault, in_marks, normal, show
from synth.making.render import Renderer
from synth.work.candidate import QuestionCandidate, digest
from synth.work.workspace import SynthTables

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

    def __init__(self, work: SynthTables, renderer: Renderer, scorer: GroundingScorer, margin: float) -> None:
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
        rejected = proved(wrong, in_marks(forged), shown.keys[candidate.source])
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
        others = [other.value for other in self._work.others(fact, _OTHERS)]
        altered = None if candidate.also else altered_passage(fact, candidate.source, others, rng)
        if altered is None:
            return None
        shown = show([altered.passage], rng)
        chosen = shown.cited(altered.answer, altered.citation)
        rejected = proved(fact.answer.rstrip(" ."), in_marks(fact.statement), shown.keys[altered.passage])
        claims = (altered.citation.quote, f"{fact.answer} {fact.statement}")
        return PreferenceDraft(shown.context, chosen, rejected, claims)


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
    chosen_text, rejected_text = (_KEYS.sub("", text) for text in (pair.chosen, pair.rejected))
    ratio = len(chosen_text) / max(1, len(rejected_text))
    if not _LENGTH_RATIO[0] <= ratio <= _LENGTH_RATIO[1]:
        return None, f"length ratio {ratio:.2f}"
    alike = SequenceMatcher(None, chosen_text.split(), rejected_text.split(), autojunk=False).ratio()
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

"""Scores of one reply against its question, none of which needs a model.

The verdict goes by `right`: the reply contains the gold answer, numbers within the question's tolerance. A measure that
does not apply to a reply is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from core.language.language import language
from core.metrics import contains, exact_match, normalised, numbers_of, numeric_match, token_f1
from core.reading.proved import proper
from core.reading.text.words import terms
from finetune.compare.arms import ArmReply, Shown
from finetune.compare.questions import GoldQuestion, Place

# Words that are part of a number.
_SCALES = frozenset(terms(" ".join(language("en").scales)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A column of the report.

    Attributes:
        title: What a reader sees.
        meaning: One line on how it is counted.
        higher_is_better: Which end is good; None where neither is.
    """

    title: str
    meaning: str
    higher_is_better: bool | None = True


MEASURES: Mapping[str, Measure] = {
    "right": Measure(title="right", meaning="the reply contains the gold answer; numbers within tolerance"),
    "exact_match": Measure(title="exact match", meaning="the reply is the gold answer, but for case and articles"),
    "token_f1": Measure(title="token F1", meaning="overlap of words with the gold answer"),
    "rouge_l": Measure(title="ROUGE-L", meaning="longest common run of words, in order, with the gold answer"),
    "number_match": Measure(
        title="numbers", meaning="the reply contains every number of the gold answer; numeric questions"
    ),
    "abstention_recall": Measure(
        title="declines rightly", meaning="declined, of questions that the documents do not answer"
    ),
    "needless_refusal": Measure(
        title="declines needlessly", meaning="declined, of questions that can be answered", higher_is_better=False
    ),
    "citation_precision": Measure(title="citation precision", meaning="share of citations on a page with the answer"),
    "citation_recall": Measure(title="citation recall", meaning="share of the pages with the answer that are cited"),
    "quote_validity": Measure(title="quotes that stand", meaning="quotes found on a page that was shown"),
    "unsupported": Measure(
        title="unsupported statements", meaning="statements that their citations do not support", higher_is_better=False
    ),
    "answer_in_context": Measure(title="answer in context", meaning="the passages shown contain the gold answer"),
    "similarity": Measure(title="similarity", meaning="cosine of reply and gold answer under the embedder"),
    "grounding": Measure(title="grounding", meaning="how well the evidence supports the reply, 0 to 1"),
}


def rouge_l(prediction: str, gold: str) -> float:
    """F-measure of the longest common subsequence of normalised words (Lin 2004, "ROUGE", section 3.1, beta = 1)."""
    predicted_words, gold_words = normalised(prediction).split(), normalised(gold).split()
    if not predicted_words or not gold_words:
        return float(predicted_words == gold_words)
    row = [0] * (len(gold_words) + 1)
    for word in predicted_words:
        before = 0
        for column, other in enumerate(gold_words, start=1):
            before, row[column] = row[column], before + 1 if word == other else max(row[column], row[column - 1])
    return 2 * row[-1] / (len(predicted_words) + len(gold_words))


def score(question: GoldQuestion, reply: ArmReply, shown: Shown) -> dict[str, float]:
    """Score a reply; a needless refusal scores 0 on every measure of content."""
    scores = _content(question, reply) if question.answer is not None else {"abstention_recall": float(reply.abstained)}
    return scores if shown == "nothing" else scores | _sources(question, reply)


def _content(question: GoldQuestion, reply: ArmReply) -> dict[str, float]:
    gold = question.answer or ""
    text = "" if reply.abstained else reply.text
    scores = {
        "right": right(text, gold, question.tolerance),
        "exact_match": exact_match(proper(text), gold),
        "token_f1": token_f1(proper(text), gold),
        "rouge_l": rouge_l(proper(text), gold),
        "needless_refusal": float(reply.abstained),
    }
    if numbers_of(gold):
        scores["number_match"] = numeric_match(text, gold, relative_tolerance=question.tolerance)
    return scores


def right(text: str, gold: str, tolerance: float) -> float:
    """1.0 if the gold answer stands in a text, or its numbers do, within the tolerance, beside all of its other words.

    Number words up to twelve count as numbers: "6 minutes" meets "six minutes".
    """
    if contains(text, gold):
        return 1.0
    gold_terms, text_terms = set(terms(gold)), set(terms(text))
    figures = {term for term in gold_terms if term[0].isdigit()}
    if not figures or not gold_terms - figures - _SCALES <= text_terms:
        return 0.0
    return numeric_match(text, gold, relative_tolerance=tolerance) if numbers_of(gold) else float(figures <= text_terms)


def _sources(question: GoldQuestion, reply: ArmReply) -> dict[str, float]:
    """Scores of what a reply rests on, for arms that are shown passages."""
    scores: dict[str, float] = {}
    if question.answer is not None:
        scores["answer_in_context"] = contains(reply.context, question.answer)
    if reply.abstained:
        return scores
    if reply.statements:
        scores["unsupported"] = reply.unsupported / reply.statements
    if reply.quotes:
        scores["quote_validity"] = reply.quotes_found / reply.quotes
    if question.answer is not None and question.places:
        if reply.citations:
            good = [
                any(place.holds(citation.doc, citation.page) for place in question.places)
                for citation in reply.citations
            ]
            scores["citation_precision"] = fmean(good)
        scores["citation_recall"] = fmean(_cited(place, reply) for place in _distinct(question.places))
    return scores


def _cited(place: Place, reply: ArmReply) -> bool:
    return any(place.holds(citation.doc, citation.page) for citation in reply.citations)


def _distinct(places: Sequence[Place]) -> Sequence[Place]:
    """Places with a page where any has one: a whole document beside its own page adds nothing."""
    return [place for place in places if place.page is not None] or places


def agreement(answered: Iterable[tuple[GoldQuestion, ArmReply]]) -> dict[str, float]:
    """Return, per fact that was asked in several phrasings, how alike the replies are.

    The mean token F1 over pairs of phrasings; two refusals agree.
    """
    texts_by_fact: dict[str, list[str]] = defaultdict(list)
    for question, reply in answered:
        if question.fact and question.answer is not None:
            texts_by_fact[question.fact].append("" if reply.abstained else proper(reply.text))
    return {
        fact: fmean(token_f1(first, second) for first, second in combinations(texts, 2))
        for fact, texts in texts_by_fact.items()
        if len(texts) > 1
    }


def cohens_kappa(first: Sequence[object], second: Sequence[object]) -> float:
    """Agreement of two raters beyond chance (Cohen 1960); 1.0 where both always say the same one thing.

    Raises:
        ValueError: The lists differ in length or are empty.
    """
    if len(first) != len(second) or not first:
        raise ValueError(f"two raters need equally many ratings, at least one; got {len(first)} and {len(second)}")
    size = len(first)
    observed = sum(first_label == second_label for first_label, second_label in zip(first, second, strict=True)) / size
    chance = sum(first.count(label) * second.count(label) for label in set(first)) / size**2
    return 1.0 if chance == 1 else (observed - chance) / (1 - chance)

"""How probable it is that some passages answer a question at all, whichever words of theirs do.

A logistic model over the support that the words give, the scores of the span reader and the best table, fitted on
questions with an answer, on questions about another thing than the paragraph tells of, and on questions whose
paragraph was taken away. `python -m bench.confidence --fit` prints the weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.reading.asked import asked_thing
from core.reading.confidence import chance_of, logit
from core.reading.passages import Passage
from core.reading.proposals.candidates import Proposal, quote_span
from core.reading.reader import Candidate, Question, evidence, has_cosines, support
from core.reading.spans.protocol import ScoredSpan
from core.reading.tables.kinds import states_asked_unit
from core.reading.tables.lookup import meets
from core.reading.text.words import stem, words

# The log-odds that the passages answer and that the answer is right are added: either may make up for the other.
# Below this sum nothing is answered, unless a sentence has strong support.
MIN_LOG_ODDS = -2.5
# Support of the words above which their sentences are quoted, as possible, where the passages are as likely to answer.
STRONG_SUPPORT = 0.6
_SUPPORTED_LOG_ODDS = -1.0
# Confidence below which nothing is answered whose quotes do not name what is asked for: on questions of documents kept
# apart this refuses twenty wrong answers for three right ones.
_LEAST_UNNAMED = 0.4

ANSWERABILITY_WEIGHTS: Mapping[str, float] = {
    "": -0.52,
    "support": 0.141,
    "span": 0.118,
    "no_answer": -0.123,
    "missing": -0.633,
    "table": 2.4,
    "cosine": 1.98,
}
_USUAL_COSINE = 0.6  # of the best sentence, where no embedder is given
_SCORE_BOUND = 12.0
# Where the span reader had nothing to read, since all that the words prefer stands in tables.
_USUAL_SPAN, _USUAL_NO_ANSWER = -2.0, 5.0


def answerability_features(
    question: Question,
    ranked: Sequence[Candidate],
    spans: Sequence[ScoredSpan],
    proposals: Sequence[Proposal],
    passages: Sequence[Passage],
) -> dict[str, float]:
    """Return what tells whether the passages answer.

    Args:
        question: Taken apart.
        ranked: Sentences of the passages, best first; at least one.
        spans: What the span reader found, best first.
        proposals: What the parts of the reader propose, best first within a part.
        passages: What they were read in.
    """
    best = next((proposal for proposal in proposals if proposal.kind == "span"), None)
    table = next((proposal.confidence for proposal in proposals if proposal.kind == "table"), 0.0)
    return {
        "support": logit(support(ranked)),
        "span": max(-_SCORE_BOUND, min(_SCORE_BOUND, spans[0].score)) if spans else _USUAL_SPAN,
        "no_answer": spans[0].no_answer if spans else _USUAL_NO_ANSWER,
        "missing": _missing(question, best, passages) if best else 0.5,
        "table": table,
        "cosine": evidence(ranked)[-1] if has_cosines(ranked) else _USUAL_COSINE,
    }


def _missing(question: Question, span: Proposal, passages: Sequence[Passage]) -> float:
    """Share of the question's words that the sentence around a span lacks."""
    quote = span.quotes[0]
    sentence = frozenset(map(stem, words(quote_span(passages, quote))))
    return sum(term not in sentence for term in question.terms) / max(1, len(question.terms))


def answerability(features: Mapping[str, float]) -> float:
    """Return the probability in (0, 1) that passages with these features answer."""
    weights = ANSWERABILITY_WEIGHTS
    return chance_of(weights[""] + sum(weights[name] * value for name, value in features.items()))


def names_thing(question: str, text: str) -> bool:
    """Whether a text names what is asked for, or gives a figure in its unit; True where the question tells no thing.

    Args:
        question: As asked.
        text: The quotes of an answer, with the heads of their columns.
    """
    thing = asked_thing(question)
    if not thing or states_asked_unit(question, text):
        return True
    return meets(thing[-1], frozenset(map(stem, words(text)))) > 0


def is_answered(answerable: float, confidence: float, supported: float, *, named: bool = True) -> bool:
    """Whether an answer should be given.

    Args:
        answerable: Probability that the passages answer.
        confidence: Probability that the short answer is right.
        supported: Support that the words give, in [0, 1].
        named: Whether its quotes name what is asked for.
    """
    if not named and confidence < _LEAST_UNNAMED:
        return False
    log_odds = logit(answerable)
    if supported >= STRONG_SUPPORT and log_odds >= _SUPPORTED_LOG_ODDS:
        return True
    return log_odds + logit(confidence) >= MIN_LOG_ODDS

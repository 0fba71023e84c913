"""What a trained model knows by heart, taken where a passage says the same and the built-in reader has no answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.metrics import contains, numbers_of
from core.reading.confidence import POSSIBLE
from core.reading.passages import Passage
from core.reading.proposals.candidates import located
from core.reading.read import Reading
from core.reading.text.words import terms

# Sentences, by the ranking for the question, in which the same is sought.
_RANKED = 12
_LONGEST_CHARS = 200
_FEWEST_WORDS = 2


def borne_out(known: str, question: str, reading: Reading, passages: Sequence[Passage]) -> Reading | None:
    """Return a reading that gives what a model knows, with the sentence that says it; None where none does.

    Args:
        known: The model's answer to the question alone.
        question: As it was searched for.
        reading: Of the passages; its ranking is used.
        passages: That were found.
    """
    answer = known.strip().rstrip(".")
    new = frozenset(terms(answer)) - frozenset(terms(question))
    if not new or len(answer) > _LONGEST_CHARS or (len(terms(answer)) < _FEWEST_WORDS and not numbers_of(answer)):
        return None
    for candidate in reading.ranked[:_RANKED]:
        passage, sentence = passages[candidate.passage], candidate.sentence
        if contains(passage.whole[sentence.start : sentence.end], answer):
            return replace(
                reading,
                kind="sentence",
                short_answer=answer,
                quotes=located(passages, candidate.passage, sentence.start, sentence.end),
                computed_from=(),
                confidence=POSSIBLE,
                note="",
                polarity="",
            )
    return None

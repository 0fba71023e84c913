"""How probable it is that passages answer a question, by the words and the cosines of their sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.reading.reader import Candidate, has_cosines, support

# Logistic model of "the passages answer", fitted by `python -m bench.abstain --fit`: intercept, logit of the reader's
# support, best cosine of a passage. The reader's support decides alone where search or reader had no cosines.
_ANSWERABLE = (-0.8, 0.95, 1.6)
MIN_ANSWERABLE = 0.15


def answerable(ranked: Sequence[Candidate], cosine: float | None) -> float:
    """Estimate the probability that the passages answer the question.

    Args:
        ranked: The sentences of the passages as `core.reading.reader.rank` orders them for the question.
        cosine: Best `dense` score of the hits, where a dense list ran.

    Returns:
        A probability in [0, 1], calibrated for equal numbers of answerable and unanswerable questions.
    """
    lexical_support = support(ranked)
    if cosine is None or not 0 < lexical_support < 1 or not has_cosines(ranked):
        return lexical_support
    logit = (
        _ANSWERABLE[0] + _ANSWERABLE[1] * math.log(lexical_support / (1 - lexical_support)) + _ANSWERABLE[2] * cosine
    )
    return 1 / (1 + math.exp(-logit))

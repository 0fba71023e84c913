"""How probable it is that an answer is right: one logistic model per kind of answer, fitted on documents kept apart.

`python -m bench.confidence --fit` prints the weights and `python -m bench.confidence` the expected calibration error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

# Below this an answer is not given; below the second it is given as possible; below the third further quotes follow.
MIN_CONFIDENCE = 0.12
POSSIBLE = 0.3
SURE = 0.45

# Intercept, then one weight per feature of that kind of answer.
WEIGHTS: Mapping[str, Mapping[str, float]] = {
    # A span that the neural reader chose.
    "span": {"": -3.63, "score": 0.147, "margin": 0.213, "support": 0.206, "agrees": 1.51},
    # The sentence that the words of the question choose, without a span reader beside them.
    "words": {"": -2.9, "support": 0.45, "margin": 0.25, "expected": 0.8, "known": 0.6},
    # The same where there is a span reader.
    "sentence": {"": -4.36, "support": 0.29, "margin": 0.273, "known": 1.01, "answerable": 0.216},
    # Cells of a table, as they stand or computed with.
    "table": {
        "": -5.67,
        "score": 4.39,
        "label_share": 2.0,
        "covered": 0.0,
        "margin": 1.6,
        "computed": 0.566,
        "known": 0.0,
        "answerable": 0.114,
    },
    # A name beside the post that is asked for, or the value of a line "Name: value". Set by hand, checked on questions.
    "named": {"": -4.4, "close": 1.6, "covered": 3.3, "early": 0.8},
    # What stands under a numbered heading; a list or a count.
    "section": {"": 1.8},
    "list": {"": -1.0, "covered": 2.0, "complete": 0.4},
}


def probability(kind: str, features: Mapping[str, float]) -> float:
    """Return the probability in (0, 1) that an answer of this kind with these features is right."""
    weights = WEIGHTS[kind]
    return chance_of(weights[""] + sum(weights.get(name, 0.0) * value for name, value in features.items()))


def chance_of(log_odds: float) -> float:
    """Return the probability of some log-odds, which are bounded to [-30, 30]."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))


def logit(chance: float) -> float:
    """Return the log-odds of a probability, bounded to [-6, 6]."""
    bounded = min(max(chance, 0.0025), 0.9975)
    return math.log(bounded / (1 - bounded))

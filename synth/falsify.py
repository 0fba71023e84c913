"""A value made wrong: one figure, date or name changed to another of its kind.

Chooses what to change; how figures, dates and names are changed is the business of `synth.facts.perturb`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from kb.metrics import normalised
from kb.types import Fact
from synth.facts.perturb import wrong_date, wrong_entity, wrong_number

_MONTH = re.compile(
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december)\b", re.IGNORECASE
)
_SPELLED = "two three four five six seven eight nine ten eleven twelve".split()
_SPELLED_FIGURE = re.compile(rf"\b(?:{'|'.join(_SPELLED)})\b", re.IGNORECASE)


def falsified(fact: Fact, others: Sequence[str], rng: random.Random) -> str:
    """Return the fact's value made wrong, an empty text where it holds nothing to change.

    Args:
        fact: Its value is a figure, a date or a name.
        others: Values of other facts of the same kind.
        rng: Chooses.
    """
    value = fact.value
    if _MONTH.search(value):
        wrong = wrong_date(value, rng)
    elif re.search(r"\d", value):
        wrong = wrong_number(value, rng)
    elif spelled := _SPELLED_FIGURE.search(value):
        other = rng.choice([word for word in _SPELLED if word != spelled[0].casefold()])
        wrong = value[: spelled.start()] + other + value[spelled.end() :]
    else:
        wrong = wrong_entity(value, [other for other in others if normalised(other) != normalised(value)], rng)
    return wrong if wrong and normalised(wrong) != normalised(value) else ""


def swapped(text: str, value: str, wrong: str) -> str:
    """Return a text with a value replaced wherever it stands whole: "4" is no part of "4.5" or "14"."""
    return re.sub(rf"(?<![\w.,]){re.escape(value)}(?![\w]|[.,]\d)", lambda _: wrong, text)

"""Falsifies a fact's value: changes one figure, date or name to another of its kind."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from core.metrics import normalised
from core.types import Fact
from synth.facts.english.perturb import wrong_date, wrong_entity, wrong_number


def falsified(fact: Fact, others: Sequence[str], rng: random.Random) -> str:
    """Return a false value in place of the fact's, `""` where the value has nothing to change.

    Args:
        fact: Its value is a figure, a date or a name.
        others: Values of other facts of the same kind.
        rng: Source of randomness.
    """
    value = fact.value
    change = wrong_date(value, rng) or wrong_number(value, rng)
    if change is None:
        # A name of one word is known for one by standing inside a sentence.
        names = [other for other in others if other[:1].isupper() and normalised(other) != normalised(value)]
        change = wrong_entity(f"is {value}", names, rng)
    wrong = change.text.removeprefix("is ") if change else ""
    return wrong if normalised(wrong) != normalised(value) else ""


def swapped(text: str, value: str, wrong: str) -> str:
    """Replace a value wherever it stands as a whole ("4" does not match in "4.5" or "14")."""
    return re.sub(rf"(?<![\w.,]){re.escape(value)}(?![\w]|[.,]\d)", lambda _: wrong, text)

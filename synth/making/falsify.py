"""Falsifies a fact's value: changes one figure, date or name to another of its kind."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from core.metrics import normalised
from core.types import Fact
from synth.facts.english.perturb import wrong_date, wrong_entity, wrong_number


def falsified(fact: Fact, others: Sequence[str], rng: random.Random) -> str:
    """Return the fact's value made wrong, an empty text where it holds nothing to change.

    Args:
        fact: Its value is a figure, a date or a name.
        others: Values of other facts of the same kind.
        rng: Chooses.
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
    """Return a text with a value replaced wherever it stands whole: "4" is no part of "4.5" or "14"."""
    return re.sub(rf"(?<![\w.,]){re.escape(value)}(?![\w]|[.,]\d)", lambda _: wrong, text)

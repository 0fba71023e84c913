"""Falsifies a fact: one figure, date or name becomes another of its kind, in the value or in a whole passage."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.language.english.questions.wording import ENGLISH
from core.metrics import contains, normalised
from core.types import Alteration, Citation, Fact
from synth.facts.english.perturb import wrong_date, wrong_entity, wrong_number
from synth.work.candidate import SourcePassage


@dataclass(frozen=True, slots=True, kw_only=True)
class AlteredPassage:
    """A passage that states another value than its document.

    Attributes:
        passage: Its text is not the page's, so it may stand in a prompt and nowhere else.
        citation: The altered quote at its place in the altered passage.
        answer: The fact's answer with the false value.
        alteration: What was changed.
    """

    passage: SourcePassage
    citation: Citation
    answer: str
    alteration: Alteration


def falsified(fact: Fact, others: Sequence[str], rng: random.Random) -> str:
    """Return a false value in place of the fact's, `""` where the value has nothing to change.

    Args:
        fact: Its value is a figure, a date or a name.
        others: Values of other facts of the same kind.
        rng: Source of randomness.
    """
    value = fact.value
    change = wrong_date(value, rng) or wrong_number(value, rng)
    if change is None and is_name(value):
        # A name of one word is known for one by standing inside a sentence.
        names = [other for other in others if is_name(other) and normalised(other) != normalised(value)]
        change = wrong_entity(f"is {value}", names, rng)
    wrong = change.text.removeprefix("is ") if change else ""
    return wrong if normalised(wrong) != normalised(value) else ""


def is_name(value: str) -> bool:
    """Whether a value as a whole is a name: a phrase that begins with a capital is none ("Print the current time")."""
    words = [word for word in value.split() if word.strip("().,") and word not in ENGLISH.small_words]
    return bool(words) and all(word.lstrip("(“‘'\"")[:1].isupper() or word[0].isdigit() for word in words)


def swapped(text: str, value: str, wrong: str) -> str:
    """Replace a value wherever it stands as a whole ("4" does not match in "4.5" or "14")."""
    return re.sub(rf"(?<![\w.,]){re.escape(value)}(?![\w]|[.,]\d)", lambda _: wrong, text)


def altered_passage(
    fact: Fact, source: SourcePassage, others: Sequence[str], rng: random.Random
) -> AlteredPassage | None:
    """Return a fact's passage with a false value wherever it states the true one; None where that cannot be done.

    Args:
        fact: Its first quote stands in the passage.
        source: The passage.
        others: Values of other facts of the same kind.
        rng: Source of randomness.
    """
    value, citation = fact.value, fact.evidence[0]
    wrong = falsified(fact, others, rng)
    if not wrong or contains(source.text, wrong):
        return None
    text, quote = (swapped(whole, value, wrong) for whole in (source.text, citation.quote))
    if wrong not in quote or contains(text, fact.answer) or contains(text, value):
        return None
    start = source.start + max(0, text.find(quote))
    answer = swapped(fact.answer, value, wrong)
    return AlteredPassage(
        passage=replace(source, text=text, end=source.start + len(text)),
        citation=replace(citation, quote=quote, start=start, end=start + len(quote)),
        answer=answer if wrong in answer else wrong,
        alteration=Alteration(evidence=0, quote=quote, value=wrong, true_value=value),
    )

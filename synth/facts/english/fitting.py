"""Whether an answer is of the kind that a question asks for, as far as the question's words tell."""

from __future__ import annotations

import re

from core.language.answer_kinds import expectation

# Kinds of questions that only a figure answers, and such that none does.
_FIGURES = frozenset({"percent", "money", "duration", "date", "number"})
_WORDS = frozenset({"person", "place", "reason", "manner"})
_MOMENT = re.compile(r"^(?:when|if|after|before|within|until|once|as soon|during|on|at|upon|every|each)\b", re.I)


def answer_fits(question: str, answer: str, *, is_value: bool) -> bool:
    """Tell whether an answer can be one: a figure for "how many", a time for "when", and no bare figure for a name.

    Args:
        question: In English.
        answer: Words of the document.
        is_value: Whether the answer was read as a number or a measure, not as words.
    """
    expected = expectation(question)
    kind = expected.kind if expected else ""
    if expected and kind in _FIGURES:
        given = expected.gives.search(answer) is not None
        return given or (kind == "date" and _MOMENT.search(answer) is not None)
    return not (is_value and kind in _WORDS and re.search(r"\d", answer))

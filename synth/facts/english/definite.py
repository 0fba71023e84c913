"""Which things a document has but one of: "the warranty" of a manual needs no more words to be known, "the patient" of a
study does.
"""

from __future__ import annotations

import re
from collections import Counter

_NOUN = re.compile(
    r"\b(?P<article>the|an?|another|each|every|any|some|one|this|that|these|those|which|no) (?P<noun>[a-z]{3,})\b",
    re.IGNORECASE,
)
_PLURAL = re.compile(r"\b[a-z]{3,}s\b")
_FEWEST, _MOST_OTHERS = 3, 0.2


class Definites:
    """How a document speaks of its things; grows with its vocabulary, not with its length."""

    def __init__(self) -> None:
        self._definite: Counter[str] = Counter()
        self._others: Counter[str] = Counter()

    def learn(self, text: str) -> None:
        """Take in a text."""
        for match in _NOUN.finditer(text):
            counted = self._definite if match["article"].casefold() == "the" else self._others
            counted[match["noun"]] += 1
        self._others.update(match[0] for match in _PLURAL.finditer(text))

    def is_only(self, noun: str) -> bool:
        """Whether a noun in lower case is said of one thing: with "the" several times, hardly ever otherwise."""
        times = self._definite[noun]
        others = self._others[noun] + self._others[f"{noun}s"] + self._others[f"{noun}es"]
        if noun.endswith("y"):
            others += self._others[f"{noun[:-1]}ies"]
        return times >= _FEWEST and others <= _MOST_OTHERS * times

"""A stretch of a page on one line in which every character knows its page offset.

White space collapses, and pieces may be removed or respelled; spans of the rest map back to the page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from synth.facts.english.prose.verbs import AUXILIARIES, is_known_verb

_ASIDE = re.compile(r" ?\([^()]*\)| ?\[\d+(?:[,–-] ?\d+)*\]")
# The subject, the apposition, the verb, and what follows it: in "boats, cars, trains stop" the third word is no verb.
_APPOSITION = re.compile(r"^([A-Z][^,;:()]{2,80}), ([^,;:()]{2,70}), (\S+)(?: (\w+))?")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Flat:
    """Text with the page offset of every character."""

    text: str
    origin: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the page that holds `text[start:end]`."""
        return self.origin[start], self.origin[end - 1] + 1

    def replaced(self, start: int, end: int, new: str) -> Flat:
        """Return a copy in which `text[start:end]` is spelled `new`."""
        offset = self.origin[min(start, len(self.origin) - 1)]
        origin = [*self.origin[:start], *([offset] * len(new)), *self.origin[end:]]
        return Flat(self.text[:start] + new + self.text[end:], origin)

    def piece(self, start: int, end: int) -> Flat:
        """Return a part of the text."""
        return Flat(self.text[start:end], self.origin[start:end])


def flatten(text: str, start: int, end: int) -> Flat:
    """Put `text[start:end]` on one line; runs of white space become one blank."""
    signs: list[str] = []
    origin: list[int] = []
    for offset in range(start, end):
        sign = text[offset]
        if sign.isspace():
            if signs and signs[-1] != " ":
                signs.append(" ")
                origin.append(offset)
            continue
        signs.append(sign)
        origin.append(offset)
    while signs and signs[-1] == " ":
        signs.pop()
        origin.pop()
    return Flat("".join(signs), origin)


def without_asides(flat: Flat) -> Flat:
    """Take out what stands in brackets, reference marks, and an apposition between the subject and its verb."""
    while aside := _ASIDE.search(flat.text):
        flat = flat.replaced(aside.start(), aside.end(), "")
    apposition = _APPOSITION.match(flat.text)
    if (
        apposition
        and is_known_verb(apposition[3].casefold())
        and (apposition[3].casefold() in AUXILIARIES or not is_known_verb(apposition[4] or ""))
        and not re.search(r"\b(?:and|or|but|with|as|%)\b|%", apposition[2])
        and not is_known_verb(apposition[2].split()[0])
    ):
        named = re.fullmatch(r"The [a-z]+", apposition[1]) and re.fullmatch(r"(?:[A-Z][\w’-]+ ?){2,4}", apposition[2])
        cut = (0, apposition.start(2)) if named else (apposition.end(1), apposition.end(2) + 1)
        flat = flat.replaced(*cut, "")
        if named:
            flat = flat.replaced(comma := flat.text.index(","), comma + 1, "")
    return flat

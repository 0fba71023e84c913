"""Which words of a document have a capital only because they begin a sentence.

Words that the document spells small elsewhere are common words; words with a capital inside sentences are names. Where
the document shows neither, endings decide.
"""

from __future__ import annotations

import re
from collections import Counter

from synth.facts.english.prose.verbs import is_known_verb

_WORD = re.compile(r"(?<![\w’'-])[A-Za-z][\w’-]*")
_ARTICLES = frozenset("the a an each every all no average total most some".split())
_NATION = re.compile(r"(?:[a-z]{3}ian|[a-z]{3}ese|[a-z]{3}ish|[a-z]rican|German|Greek|French|Dutch|Swiss)s?$")
_COMMON = re.compile(r"(?:[^s]s|tion|sion|ment|ing|ity|ance|ence|ness|ship|ure|ed|ly|ue)$")
_FEWEST_LETTERS = 4
# A number with a point after a word makes both a name: "Harrow 4.2", "Rule 3.1".
_VERSION = re.compile(r"v?\d+\.\d")
# What stands before a word that begins a sentence or a quotation.
_BEGINS = re.compile(r"[.!?:•“\"] |.[“\"(]")


class Casing:
    """How a document spells its words; grows with its vocabulary, not with its length."""

    def __init__(self) -> None:
        self._small: Counter[str] = Counter()
        self._capital: Counter[str] = Counter()

    def learn(self, text: str) -> None:
        """Take in a text; lines of which most words have a capital are headings and show nothing."""
        for line in text.splitlines():
            matches = list(_WORD.finditer(line))
            small = [match[0] for match in matches if match[0].islower()]
            self._small.update(small)
            if 2 * len(small) > len(matches):
                inside = (
                    match for match in matches if match.start() > 1 and not _BEGINS.match(line, match.start() - 2)
                )
                self._capital.update(match[0].casefold() for match in inside if not match[0].islower())

    def is_small(self, word: str) -> bool:
        """Whether a word in lower case is spelled so at least as often as with a capital."""
        return 0 < self._small[word] >= self._capital[word]

    def is_name(self, word: str) -> bool:
        """Whether a word in lower case is spelled with a capital inside sentences."""
        return self._capital[word] > 0


def lowered(phrase: str, casing: Casing | None = None) -> str:
    """Return a phrase that began a sentence as it reads inside one.

    Args:
        phrase: Begins with a capital, perhaps only because it began a sentence.
        casing: Shows how the document spells its first word elsewhere.
    """
    first, _, rest = phrase.partition(" ")
    bare = re.sub(r"[’']s$", "", first.strip("“”\"’',"))
    if not bare[:1].isupper() or re.fullmatch(r"[A-Z]\.", bare) or re.search(r"\d|.[A-Z]", bare):
        return phrase
    if _VERSION.match(rest):
        return phrase
    small = bare[0].lower() + bare[1:]
    common = small in _ARTICLES or (not rest[:1].isupper() and _is_common(small, bare == first, rest, casing))
    return phrase[0].lower() + phrase[1:] if common and phrase[0].isalpha() else phrase


def _is_common(small: str, alone: bool, rest: str, casing: Casing | None) -> bool:
    if casing is not None and casing.is_small(small):
        return True
    if (casing is not None and casing.is_name(small)) or _NATION.search(small.capitalize()):
        return False
    if len(small) >= _FEWEST_LETTERS and _COMMON.search(small):
        return True
    # A compound in small letters ("check-in"), or a noun before another ("fire extinguishers").
    following, _, after = rest.partition(" ")
    # "council rules apply", and "audio guides" alone: no verb ends a phrase
    compound = is_known_verb(following) and (not after or is_known_verb(after.split(" ", 1)[0]))
    return "-" in small or (alone and following.islower() and (compound or not is_known_verb(following)))

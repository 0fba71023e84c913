"""Whether a hyphen at a line end was the typesetter's, who parted a word, or the writer's, who joined two.

The page's own words decide, then the usual compounds and the common words of its language.
"""

from __future__ import annotations

import re
from functools import cached_property

from core.language.guess import guess_language
from core.language.language import Language, languages
from core.language.lexicon import common_words, is_common

# PDFium writes U+FFFE (text) or U+0002 (characters) for a hyphen at a line end and drops the line end.
HYPHEN_MARKS = "\x02\ufffe"
LINE_END_HYPHEN = "\ufffe"  # which other readers write
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LETTERS_BEFORE = re.compile(r"[^\W\d_]{1,40}\Z")
_LETTERS_AFTER = re.compile(r"[^\W\d_]{1,40}")
_TOKEN_BEFORE = re.compile(r"[^\s<>\"“”«»]{1,200}\Z")
_TOKEN_AFTER = re.compile(r"[^\s<>\"“”«»]{1,200}")
# An address of the web or of mail, a path or a code: its hyphens belong to it. Marks of a sentence may end it.
_ADDRESS = re.compile(r"://|\bwww\.|[@_\\]|\d|/.*/|(?<![^\W\d_])[/~]|\w\.\w{2}|[^\W\d_]+[=&#?%]\w")
_HALVES = re.compile(rf"\w{{0,40}}[{HYPHEN_MARKS}]\w{{0,40}}")
# Where nothing on the page speaks for either reading, a page with this share of lines ending in a hyphen is
# taken to be hyphenated by its typesetter. Office documents break at real hyphens only: about 1 line in 60.
_HYPHENATED_SHARE = 0.03


class LineEndHyphens:
    """Decides for the hyphens at the line ends of one page.

    Args:
        raw: Its text, with one of `HYPHEN_MARKS` for each hyphen at a line end.
    """

    def __init__(self, raw: str) -> None:
        self._raw = raw

    def join(self, start: int, end: int) -> str:
        """Return `""` to join the halves or `"-"` to keep the hyphen at `[start, end)`."""
        raw = self._raw
        before = _LETTERS_BEFORE.search(raw, max(0, start - 41), start)
        after = _LETTERS_AFTER.match(raw, end)
        if before is None or after is None or self._in_address(start, end):
            return "-"
        left, right = before[0].lower(), after[0].lower()
        is_whole = self._is_known(left + right)
        if len(left) > 1 and before[0].isupper():  # "INFOR-MATION", but "COVID-positive"
            return "" if is_whole and after[0].isupper() else "-"
        sign = raw[before.start() - 1 : before.start()]
        # A typesetter leaves two letters, but in "l'é-cole": a letter alone is the writer's ("T-shirt").
        if after[0][0].isupper() or (len(left) == 1 and sign not in ("'", "’")):
            return "-"
        if left + right in self._words:
            return ""
        compound = f"{left}-{right}"
        if compound in self._words or any(compound in each.hyphen_compounds for each in languages()):
            return "-"
        if is_whole:
            return ""
        written = left in self._words and (right in self._words or right in self._second_parts)
        if written or self._joins_words(left, right):
            return "-"
        if keeps_hyphen(left, right, in_compound=sign == "-"):
            return "-"
        marks = sum(map(raw.count, HYPHEN_MARKS))
        return "" if marks > _HYPHENATED_SHARE * (raw.count("\n") + marks) else "-"

    def _in_address(self, start: int, end: int) -> bool:
        """Tell whether a hyphen stands in an address, a path or a code, by what is written around it."""
        before = _TOKEN_BEFORE.search(self._raw, max(0, start - 200), start)
        after = _TOKEN_AFTER.match(self._raw, end)
        left = "" if before is None else before[0]
        right = "" if after is None else after[0].rstrip(".,;:!?)]}'’")
        return _ADDRESS.search(left) is not None or re.search(r"[@_\\]|\w\.\w{2}|/.*/", right) is not None

    def _is_known(self, word: str) -> bool:
        """Tell whether the page or the language has a word."""
        return word in self._words or (self._language is not None and is_common(self._language, word))

    def _joins_words(self, left: str, right: str) -> bool:
        """Tell whether both halves are words of the page's language; "plan-ned" and "run-ning" are one."""
        if self._language is None or left not in common_words(self._language.code):
            return False
        is_doubled = left[-1] == right[0] and is_common(self._language, left[:-1])
        return not is_doubled and (right in self._language.stop_words or is_common(self._language, right))

    @cached_property
    def _language(self) -> Language | None:
        return guess_language(self._raw)

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(word.lower() for word in _WORD.findall(_HALVES.sub(" ", self._raw)))

    @cached_property
    def _second_parts(self) -> frozenset[str]:
        """What stands behind the hyphens of the page's compounds: with "oil-fired", "wood-fired" is one, too."""
        return frozenset(word.rpartition("-")[2] for word in self._words if "-" in word)


def keeps_hyphen(left: str, right: str, *, in_compound: bool) -> bool:
    """Tell whether the parts are those of a compound that some language writes with a hyphen.

    Args:
        left: The letters before the line end, lower case.
        right: Those after it.
        in_compound: Whether a hyphen stands before `left` too (`state-of-the-art`).
    """
    for each in languages():
        if in_compound and left in each.stop_words:
            return True
        # "cross-ing" and "well-ness" are one word with an ending, as its stem shows.
        if left in each.hyphen_prefixes and each.stem(left + right) != each.stem(left):
            return True
    return False

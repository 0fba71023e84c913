"""Whether a text breaks off within a sentence, as the last line of a page may, or the last of a column."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from core.hyphens import keeps_hyphen
from core.language.guess import guess_language
from core.language.language import codes, language

_ENDED = re.compile(r"[.!?:;…।۔؟。！？｡][)\]\"'”’»」』）]*\s*$")
_OPEN_SIGN = re.compile(r"[,&(/–—]\s*$|(?<=\w)[-\u2010\xad]\s*$")
_CUT_WORD = re.compile(r"([^\W\d_]+)[-\u2010\xad]$")
_FIRST_LETTERS = re.compile(r"[^\W\d_]+")
_LAST_WORD = re.compile(r"([^\W\d_]+)\s*$")
_BEGINS = re.compile(r"(?:^|[.!?:;…])[\"'“‘(\[]*\s*$")
_UNKNOWN = "en"  # read as English, as sentences are


def ends_sentence(text: str) -> bool:
    """Return whether a text ends in a stop, closing marks behind it left aside."""
    return bool(_ENDED.search(text))


def breaks_off(text: str, whole: str = "") -> bool:
    """Return whether a text cannot end where it does.

    It ends in a comma, a hyphen or an opening bracket, or in a word that no sentence ends with: an article, a
    preposition, a conjunction or an auxiliary.

    Args:
        text: It ends where the sentence may break off.
        whole: What it is of, for its language; the text itself by default.
    """
    if _OPEN_SIGN.search(text):
        return True
    last = _LAST_WORD.search(text)
    if last is None:
        return False
    # "in May", "run by IT": a capital within a sentence makes it a name.
    if last[1][0].isupper() and not text.isupper() and not _BEGINS.search(text[: last.start()]):
        return False
    known = guess_language(whole or text)
    return last[1].casefold() in _unfinished(known.code if known is not None else _UNKNOWN)


def cut_word(text: str, following: str, whole: str) -> int:
    """Return how many signs at the end of a text are the hyphen of a word that was cut there, 0 where none was.

    A hyphen that the word is written with ("self-" and "employed") is none of them, but such a word is no less cut:
    `is_hyphened` tells.

    Args:
        text: It ends in a hyphen.
        following: What goes on from there.
        whole: Text around the two, whose words tell how the word is written.
    """
    left, right = _CUT_WORD.search(text), _FIRST_LETTERS.match(following)
    if left is None or right is None or not right[0][0].islower():
        return 0
    if text[-1] == "\xad":
        return 1
    first, second = left[1].lower(), right[0].lower()
    words = Counter(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", whole.lower()))
    if first + second in words:
        return 1
    both_stand_alone = words[first] > 1 and words[second] > 1  # once as the halves themselves
    if f"{first}-{second}" in words or both_stand_alone:
        return 0
    return int(not keeps_hyphen(first, second, in_compound=text[: left.start()].endswith("-")))


def is_hyphened(text: str, following: str) -> bool:
    """Return whether a text ends in a hyphen that what follows goes on from without a blank."""
    return _CUT_WORD.search(text) is not None and _FIRST_LETTERS.match(following) is not None


@cache
def _unfinished(code: str) -> frozenset[str]:
    if code not in codes():
        return frozenset()
    known = language(code)
    return frozenset(known.open_words) | frozenset(known.word_lists.get("unfinished", ()))

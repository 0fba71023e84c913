"""Words, stems and numbers of a text, for lexical comparison; English rules, no data files.

Knows spelling only; refuses to know what a text is for.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from core.language.language import alternation, language

_ENGLISH = language("en")
_WORD = re.compile(r"\d+(?:[.,]\d+)*(?:[^\W\d_]+)?|[^\W_]+(?:['’][^\W\d_]+)*")
STOPWORDS = _ENGLISH.stop_words
_NUMBER = re.compile(r"(?<![\w.,])[$€£¥]?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?!\d|[.,]\d)")
_SMALL = [spellings[0] for spellings in _ENGLISH.small_numbers[:13]]
_DIGIT_OF = {word: str(value) for value, word in enumerate(_SMALL)}
_IRREGULAR = _DIGIT_OF | {"used": "use", "using": "use", "news": "news"}
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(_SMALL)})\b", re.IGNORECASE)
_SCALES = {**_ENGLISH.scales, **_ENGLISH.scale_abbreviations}
_SCALE = re.compile(rf"\s?({alternation(_SCALES)})\b", re.IGNORECASE)


def words(text: str) -> list[str]:
    """Return the words and numbers of a text in order, lower case, typographic apostrophes made plain."""
    return [word.replace("’", "'").casefold() for word in _WORD.findall(text)]


@lru_cache(maxsize=1 << 15)
def stem(word: str) -> str:
    """Strip inflection from a lower-case word: plural, possessive, -ed, -ing, -ly, and a final e or doubled letter.

    Number words up to twelve become digits.

    Lighter than Porter's stemmer (Program 14, 1980): forms of one word meet, different words mostly do not.
    """
    word = word.removesuffix("'s")
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for suffix in ("ing", "ed", "ly"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and re.search("[aeiouy]", word[: -len(suffix)]):
            word = word.removesuffix(suffix)
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    if word.endswith("y") and len(word) > 3:
        word = word[:-1] + "i"
    return word.removesuffix("e") if len(word) > 3 else word


def terms(text: str) -> list[str]:
    """Return the stems of the words that carry content, in order, repeats kept."""
    return [stem(word) for word in words(text) if word not in STOPWORDS and (len(word) > 1 or word.isdigit())]


def canonical(number: str) -> str:
    """Spell a number without grouping commas or idle zeros: "1,200.50" is "1200.5"."""
    value = Decimal(number.replace(",", ""))
    return f"{value.normalize():f}"


def numbers(text: str) -> list[str]:
    """Return the numbers written in digits, canonical, in order."""
    return [canonical(match[1]) for match in _NUMBER.finditer(text)]


def scaled_numbers(text: str) -> list[tuple[str, frozenset[str]]]:
    """Return each number in digits as written, with the canonical spellings that would support it.

    "1.2 billion" is supported by 1.2, and by 1200 or 1200000 in a table kept in millions or thousands.
    """
    found = []
    for match in _NUMBER.finditer(text):
        value = Decimal(match[1].replace(",", ""))
        scale = _SCALE.match(text, match.end())
        power = _SCALES[scale[1].casefold()] if scale else 0
        spellings = {f"{(value * 10**step).normalize():f}" for step in range(0, power + 1, 3)}
        found.append((match[0], frozenset(spellings)))
    return found


def stated_numbers(text: str) -> frozenset[str]:
    """Return every number a page states, canonical: in digits, or as a word up to twelve."""
    spelled = {str(_SMALL.index(match[0].casefold())) for match in _NUMBER_WORD.finditer(text)}
    return frozenset(numbers(text)) | spelled

"""A light stemmer of English, with which the weights of the reader were fitted.

Lighter than Porter's stemmer (Program 14, 1980): forms of one word meet, different words mostly do not.
"""

from __future__ import annotations

import re

from core.language.language import language

POSSESSIVE = "'s"
# Digits by the number words up to twelve.
DIGIT_OF = {spellings[0]: str(value) for value, spellings in enumerate(language("en").small_numbers[:13])}
_IRREGULAR = DIGIT_OF | {"used": "use", "using": "use", "news": "news"}


def light_stem(word: str) -> str:
    """Strip inflection from a lower-case word: plural, possessive, -ed, -ing, -ly, and a final e or doubled letter.

    Number words up to twelve become digits; what holds other signs than letters is returned without its possessive.
    """
    word = word.removesuffix(POSSESSIVE)
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

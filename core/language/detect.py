"""Which language a page or a document is written in, among some 80, by py3langid's model; "" where it cannot be told.

Slower than `core.language.guess` (the model takes a second to load) and knows languages for which there are no data:
for documents when they come in, not for questions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

from core.language.guess import guess_language
from core.language.language import language
from core.language.names import named_codes

_WORD = re.compile(r"[^\W\d_]+")
# Pages of figures, names and codes: their few words are of no language.
_LEAST_LETTERS = 24
# Read of a page, from its middle: headers and lists of names stand at its ends.
_SAMPLE_CHARS = 1200
_LEAST_PROBABILITY = 0.9
# English prose, and none of its relatives, has so many of its function words; then no model is loaded.
_ENGLISH_SHARE = 0.25
_LEAST_ENGLISH_WORDS = 3
# What the model calls Norwegian, and written languages of Chinese.
_SAME = {"nb": "no", "nn": "no", "wuu": "zh", "yue": "zh"}
# Told by their script alone.
_BY_SCRIPT = frozenset(("zh", "ja", "ko", "he"))


def detect_language(text: str) -> str:
    """Return the ISO 639-1 code of the language that a text is written in, `""` where that cannot be told."""
    sample = _sample(text)
    if sum(sign.isalpha() for sign in sample) < _LEAST_LETTERS and not _is_unspaced(sample):
        return ""
    guessed = guess_language(sample)
    if guessed is not None and (guessed.code in _BY_SCRIPT or (guessed.code == "en" and _is_english(sample))):
        return guessed.code
    code, probability = _model().classify(sample)
    code = _SAME.get(code, code)
    if probability >= _LEAST_PROBABILITY and code in named_codes():
        return str(code)
    return guessed.code if guessed is not None else ""


def main_languages(pages: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    """Return the languages of a document by the codes and lengths of its pages, the one with most text first."""
    lengths: Counter[str] = Counter()
    for code, length in pages:
        if code:
            lengths[code] += length
    return tuple(sorted(lengths, key=lambda code: (-lengths[code], code)))


def _sample(text: str) -> str:
    start = max(0, (len(text) - _SAMPLE_CHARS) // 2)
    return text[start : start + _SAMPLE_CHARS]


def _is_unspaced(text: str) -> bool:
    """Whether a short text is in a script in which a word is a sign or two."""
    guessed = guess_language(text)
    return guessed is not None and not guessed.spaced


def _is_english(text: str) -> bool:
    words = [word.casefold() for word in _WORD.findall(text)]
    known = sum(word in language("en").stop_words for word in words)
    return known >= max(_LEAST_ENGLISH_WORDS, _ENGLISH_SHARE * len(words))


@cache
def _model() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in identifier.labels if _SAME.get(code, code) in named_codes()])
    return identifier

"""Words of a text as an index of words holds them in the text's own language: without function words, stemmed."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from core.language.guess import guess_language
from core.language.language import Language, codes, language
from core.language.names import language_name

# Marks beside letters, such as short vowels of Arabic and stress of Russian: often written, often not.
_MARKS = re.compile(r"[\u0300-\u036f\u064b-\u065f\u0670\u0640]")
_WORD = re.compile(r"[^\W_]+")


def stems_in(text: str, code: str) -> list[str]:
    """Return the stems of the words that carry content in a language, in order, repeats kept.

    Empty for English, which indexes stem by themselves, for scripts without blanks, whose pairs are indexed, and for
    languages without a stemmer.
    """
    known = _language(code)
    stemmer = _stemmer(code)
    if stemmer is None or (known is not None and not known.spaced):
        return []
    stop_words = _idle_words(known) if known is not None else frozenset[str]()
    return [stemmer.stemWord(word) for word in _words(text) if word not in stop_words]


def without_function_words(query: str) -> str:
    """Return a query without the function words of its language, where that is told and not English."""
    asked_in = guess_language(query)
    if asked_in is None or asked_in.code == "en" or not asked_in.spaced:
        return query
    idle = _idle_words(asked_in)
    kept = [word for word in query.split() if not set(_words(word)) <= idle or word.isdigit()]
    return " ".join(kept) or query


@cache
def _idle_words(known: Language) -> frozenset[str]:
    """Return the function words of a language, and those that ask."""
    asking = {word for phrases in known.question_words.values() for word in phrases if " " not in word}
    return known.stop_words | asking


def _words(text: str) -> list[str]:
    """Return lower-case words, accents composed as stemmers expect them and other marks left out."""
    composed = unicodedata.normalize("NFC", text.casefold())
    return _WORD.findall(_MARKS.sub("", composed))


def _language(code: str) -> Language | None:
    return language(code) if code in codes() else None


@cache
def _stemmer(code: str) -> Any:
    """Return the Snowball stemmer of a language, None where there is none, or where it is English."""
    if code in ("", "en"):
        return None
    import snowballstemmer

    known = _language(code)
    name = known.stemmer if known is not None else language_name(code).lower()
    return snowballstemmer.stemmer(name) if name in snowballstemmer.algorithms() else None

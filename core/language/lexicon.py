"""The common words of a language, where there is a list of them, and the endings that they take."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from core.language.language import Language

_FOLDER = Path(__file__).parent / "data"


@cache
def common_words(code: str) -> frozenset[str]:
    """Return the words of `data/<code>/words.txt`, lower case; none where the language has no such list."""
    path = _FOLDER / code / "words.txt"
    if not path.exists():
        return frozenset()
    lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def is_common(language: Language, word: str) -> bool:
    """Tell whether a lower-case word, or the one that it is a form of, is common in a language."""
    words = common_words(language.code)
    if not words or word in words:
        return bool(words)
    stem = language.stem(word)
    return any(form in words for form in (stem, f"{stem}e", f"{stem[:-1]}y" if stem.endswith("i") else stem))

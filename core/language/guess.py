"""Which language a text is written in, by its script and its function words; "unknown" is an answer."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache

from core.language.language import Language, language, languages

_WORD = re.compile(r"[^\W\d_]+")
# Read of a long text; enough words to be sure.
_SAMPLE_CHARS = 6000
_SCRIPTS = {
    "latin": re.compile(r"[A-Za-z\u00c0-\u024f]"),
    "han": re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]"),
    "kana": re.compile(r"[\u3040-\u30ff\uff66-\uff9f]"),
    "hangul": re.compile(r"[\u1100-\u11ff\uac00-\ud7af]"),
    "arabic": re.compile(r"[\u0620-\u064a\u0671-\u06d3]"),
    "cyrillic": re.compile(r"[\u0400-\u052f]"),
    "hebrew": re.compile(r"[\u05d0-\u05ea]"),
}
# Letters of Persian, Urdu and Pashto, of Yiddish, and of Ukrainian, Belarusian, Serbian, Macedonian and Kazakh, that
# Arabic, Hebrew and Russian do not have.
_FOREIGN_LETTERS = re.compile(
    r"[\u067e\u0686\u0698\u06af\u0679\u0688\u0691\u06ba\u06d2\u067c\u0689\u05f0-\u05f2"
    r"\u0402-\u040f\u0452-\u045f\u0490-\u0491\u0492-\u04ff]"
)
# Letters that Bulgarian lacks; its "ъ" stands between consonants, where Russian has it before a vowel.
_RUSSIAN_LETTERS = re.compile(r"[ыэё]", re.IGNORECASE)
_BULGARIAN = re.compile(r"[бвгджзйклмнпрстфхцчшщ]ъ[бвгджзйклмнпрстфхцчшщ]", re.IGNORECASE)
_LEAST_SCRIPT_SHARE = 0.5  # of a text's letters
_LEAST_KANA_SHARE = 0.05  # of kana and Chinese characters, from which a text is Japanese
_LEAST_MATCHES = 1.5  # stop words, each divided by the number of languages that have it
_LEAST_MATCH_SHARE = 0.08  # of all words
_FEW_WORDS = 8  # of more distinct words a language has two function words
_LEAST_RUSSIAN_LETTERS = 4
_LEAST_MARGIN = 1.4  # times the second-best language


def guess_language(text: str) -> Language | None:
    """Return the language that a text is written in, None where it cannot be told.

    Languages without data are mostly told from the others: Greek by its letters, Persian and Ukrainian by some of them,
    Polish and Finnish by the lack of known function words. A text with parts in two languages gets the larger one's, or
    None. Only the first 6,000 characters are read.
    """
    sample = text[:_SAMPLE_CHARS]
    letters = sum(sign.isalpha() for sign in sample)
    if not letters:
        return None
    counts = {script: len(pattern.findall(sample)) for script, pattern in _SCRIPTS.items()}
    eastern = counts["han"] + counts["kana"]
    if eastern >= _LEAST_SCRIPT_SHARE * letters:
        return language("ja" if counts["kana"] >= _LEAST_KANA_SHARE * eastern else "zh")
    script = max(counts, key=lambda name: counts[name])
    if counts[script] < _LEAST_SCRIPT_SHARE * letters:
        return None
    if script == "latin":
        return _by_function_words(sample)
    if _FOREIGN_LETTERS.search(sample):
        return None
    if script == "cyrillic" and not _is_russian(sample):
        return None
    return next((each for each in languages() if script in each.scripts), None)


def _is_russian(text: str) -> bool:
    """Whether text in Cyrillic script, without letters that are foreign to Russian, is Russian."""
    if _BULGARIAN.search(text):
        return False
    # Prepositions of one or two letters are shared by its relatives.
    own = {word for word in language("ru").stop_words if len(word) >= _LEAST_RUSSIAN_LETTERS}
    return bool(_RUSSIAN_LETTERS.search(text)) or any(word.casefold() in own for word in _WORD.findall(text))


def _by_function_words(text: str) -> Language | None:
    """Choose among the languages in Latin script; a word that several of them have counts for each in part."""
    words = [word.casefold() for word in _WORD.findall(text)]
    matches: dict[str, float] = defaultdict(float)
    for word in words:
        sharing = _function_words().get(word, ())
        for code in sharing:
            matches[code] += 1 / len(sharing)
    if not matches:
        return None
    # One word, however often, may be another language's: "due".
    own = frozenset(words)
    if len(own) > _FEW_WORDS:
        matches = {code: count for code, count in matches.items() if len(own & language(code).stop_words) > 1}
    if not matches:
        return None
    (best, count), (_, second) = [*sorted(matches.items(), key=lambda item: -item[1]), ("", 0.0)][:2]
    if count < max(_LEAST_MATCHES, _LEAST_MATCH_SHARE * len(words)) or count < _LEAST_MARGIN * second:
        return None
    return language(best)


@cache
def _function_words() -> dict[str, tuple[str, ...]]:
    """Stop words of the languages in Latin script, with the codes of those that have them."""
    codes: dict[str, list[str]] = {}
    for each in languages():
        if "latin" in each.scripts:
            for part in {part for word in each.stop_words for part in _WORD.findall(word)}:
                codes.setdefault(part, []).append(each.code)
    return {word: tuple(sharing) for word, sharing in codes.items()}

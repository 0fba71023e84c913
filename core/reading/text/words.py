"""Words, stems and numbers of a text, for lexical comparison.

Numbers are compared by value (`1,450` and `1450` share a stem). Chinese, Japanese and Korean text has no blanks between
words, or word and particle in one: runs of these scripts are read as overlapping pairs of characters.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from core.language.calendar import calendar_names
from core.language.english.stemming import DIGIT_OF, POSSESSIVE, light_stem
from core.language.language import alternation, language, languages
from core.reading.text.values import decimal_of, number_key, plain

_ENGLISH = language("en")
_WORD = re.compile(r"\d+(?:[.,]\d+)*(?:[^\W\d_]+)?|[^\W_]+(?:['’][^\W\d_]+)*")
STOPWORDS = _ENGLISH.stop_words
# Kana, ideographs, Hangul: a script whose words are not parted by blanks, or carry particles.
_UNSPACED = r"\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_RUN = re.compile(rf"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_HAS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_HIRAGANA = re.compile(r"[\u3040-\u309f]")
_NUMBER = re.compile(
    r"(?<![\w.,])[$€£¥]?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d+|\d+(?:\.\d+)?)(?!\d|[.,]\d)"
)
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(DIGIT_OF)})\b", re.IGNORECASE)
_SIGN = re.compile(r"(?:^|[\s(\[“\"|:=])[-−–‑][$€£¥]?$")
_MINUS = re.compile(
    rf"\b(?:{alternation(word for each in languages() for word in each.minus_words)})\s[$€£¥]?$", re.IGNORECASE
)
# Before a number: the longest of these words, a blank and a sign of money.
_MINUS_CHARS = 16
_SCALES = {**_ENGLISH.scales, **_ENGLISH.scale_abbreviations}
_SCALE = re.compile(rf"\s?({alternation(_SCALES)})\b", re.IGNORECASE)


def words(text: str) -> list[str]:
    """Return the words and numbers of a text in order, lower case, typographic apostrophes made plain."""
    spaced_words = [word.replace("’", "'").casefold() for word in _WORD.findall(text)]
    return [part for word in spaced_words for part in _pairs(word)] if _HAS_UNSPACED.search(text) else spaced_words


def unspaced_pairs(text: str) -> list[str]:
    """Return the overlapping pairs of the unspaced scripts in a text, in order; empty where it has none."""
    if not _HAS_UNSPACED.search(text):
        return []
    return [pair for run in _RUN.findall(text) if _HAS_UNSPACED.match(run) for pair in _pairs(run)]


def _pairs(word: str) -> list[str]:
    """Cut runs of unspaced scripts in a word into overlapping pairs; a single character stays."""
    if not _HAS_UNSPACED.search(word):
        return [word]
    parts: list[str] = []
    for run in _RUN.findall(word):
        paired = _HAS_UNSPACED.match(run) and len(run) > 1
        parts += [run[index : index + 2] for index in range(len(run) - 1)] if paired else [run]
    return parts


def is_empty(word: str) -> bool:
    """Whether a lower-case word carries no content: a function word, or a pair of letters that is a particle."""
    return word in STOPWORDS or (not word.isascii() and (bool(_HIRAGANA.search(word)) or word in _asking_pairs()))


def content_stems(text: str) -> frozenset[str]:
    """Return the stems of the words of a text that carry content."""
    return frozenset(stem(word) for word in words(text) if not is_empty(word))


@cache
def _asking_pairs() -> frozenset[str]:
    """Pairs of characters that ask, as "what" and "how much" do."""
    asking = [
        phrase
        for code in ("zh", "ja", "ko")
        for phrases in language(code).question_words.values()
        for phrase in phrases
    ]
    stops = [word for code in ("zh", "ko") for word in language(code).stop_words]
    return frozenset(part for phrase in [*asking, *stops] for part in _pairs(phrase))


@lru_cache(maxsize=1 << 15)
def stem(word: str) -> str:
    """Return the stem of a lower-case word by the rules of English; a number becomes its key.

    See `core.language.english.stemming`.
    """
    return number_key(word.removesuffix(POSSESSIVE)) if word[:1].isdigit() else light_stem(word)


def listed_stems(part: str) -> frozenset[str]:
    """Return the stems of a word list of English by its name; see `Language.word_lists`."""
    return frozenset(map(stem, _ENGLISH.word_lists[part]))


def same_name(term: str) -> frozenset[str]:
    """Return the stems of a month's or a weekday's other spellings ("Tue" for "Tuesday"), empty for other stems."""
    return _stems_of_names().get(term, frozenset())


@cache
def _stems_of_names() -> dict[str, frozenset[str]]:
    by_stem: dict[str, frozenset[str]] = {}
    for name, spellings in calendar_names().items():
        by_stem[stem(name)] = by_stem.get(stem(name), frozenset()) | frozenset(map(stem, spellings))
    return by_stem


@cache
def wider(noun: str) -> frozenset[str]:
    """Return the stems of what a noun is a kind of: "pet" for "dog"."""
    rows = (list(map(stem, row)) for row in _ENGLISH.broader)
    return frozenset(row[0] for row in rows if noun in row[1:])


def terms(text: str) -> list[str]:
    """Return the stems of the words that carry content, in order, repeats kept."""
    return [
        stem(word)
        for word in words(text)
        if not is_empty(word) and (len(word) > 1 or word.isdigit() or _HAS_UNSPACED.match(word))
    ]


def canonical(number: str) -> str:
    """Spell a number without grouping signs or idle zeros: "1,200.50" is "1200.5"."""
    return plain(decimal_of(number))


def numbers(text: str) -> list[str]:
    """Return the numbers written in digits, canonical, in order."""
    return [canonical(match[1]) for match in _NUMBER.finditer(text)]


def scaled_numbers(text: str) -> list[tuple[str, frozenset[str]]]:
    """Return each number in digits as written, with the canonical spellings that would support it.

    "1.2 billion" is supported by 1.2, and by 1200 or 1200000 in a table kept in millions or thousands.
    """
    spelled = []
    for match in _NUMBER.finditer(text):
        value = decimal_of(match[1])
        scale = _SCALE.match(text, match.end())
        power = _SCALES[scale[1].casefold()] if scale else 0
        spellings = {f"{(value * 10**step).normalize():f}" for step in range(0, power + 1, 3)}
        spelled.append((match[0], frozenset(spellings)))
    return spelled


def signed_numbers(text: str) -> list[tuple[str, str, str]]:
    """Return each number in digits as written, canonical, and its sign: `-`, `+`, or `""` where it is not told.

    A dash is a sign where it stands before a number and behind no other sign or word ("10-20" is a range, "E-12" a
    code). A number in brackets is negative in accounts and nothing in prose: its sign is not told.
    """
    signed = []
    for match in _NUMBER.finditer(text):
        bracketed = text[: match.start()].endswith("(") and text[match.end() : match.end() + 1] == ")"
        sign = "" if bracketed else "-" if has_minus(text, match.start()) else "+"
        signed.append((match[0], canonical(match[1]), sign))
    return signed


def has_minus(text: str, start: int) -> bool:
    """Whether a sign or a word before the number that begins at a place makes it negative."""
    before = text[max(0, start - _MINUS_CHARS) : start]
    return bool(_SIGN.search(before) or _MINUS.search(before))


def stated_numbers(text: str) -> frozenset[str]:
    """Return every number a page states, canonical: in digits, or as a word up to twelve."""
    spelled = {DIGIT_OF[match[0].casefold()] for match in _NUMBER_WORD.finditer(text)}
    return frozenset(numbers(text)) | spelled

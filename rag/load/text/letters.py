"""Which languages the letters of a decoded text are of, and whether its characters stand where a writer puts them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import combinations

from core.language.guess import guess_language

# Letters beyond ASCII of languages written in Windows-1252; one that stands alone is not combined with another.
_OF_LANGUAGE: Mapping[str, frozenset[str]] = {
    "de": frozenset("äöüß"),
    "fr": frozenset("àâæçèéêëîïôœùûüÿ"),
    "es": frozenset("áéíñóúü"),
    "it": frozenset("àèéìíîòóùú"),
    "pt": frozenset("àáâãçéêíóôõúü"),
    "nl": frozenset("áäéëïíóöüèç"),
}
WESTERN = (
    *_OF_LANGUAGE.values(),
    frozenset("æøåéèòôóêä"),
    frozenset("åäöéü"),
    frozenset("àçèéíïòóúü"),
)
WESTERN_ALONE = (frozenset("áðéíóúýþæö"), frozenset("åäöéüšž"))
# The same for languages written in Windows-1250 and ISO 8859-2, in Windows-1254, and in Windows-1257.
CENTRAL = (
    frozenset("ąćęłńóśźż"),
    frozenset("áčďéěíňóřšťúůýž"),
    frozenset("áäčďéíĺľňóôŕšťúýž"),
    frozenset("áéíóöőúüű"),
    frozenset("ăâîşţ"),
    frozenset("čćđšž"),
)
TURKISH = (frozenset("çğıöşüâî\u0307"),)  # the dot is what small "İ" has of its own
BALTIC = (frozenset("ąčęėįšųūž"), frozenset("āčēģīķļņšūž"), frozenset("äõöüšž"))
# Icelandic has letters beside those that stand in Windows-1252 where Turkish has its own.
_ICELANDIC_ALONE = frozenset("áéíóúæ")
_TURKISH_DISGUISED = "ý"
_QUOTES = frozenset("‘’“”„‚‹›«»")
_LOW_QUOTES = frozenset("„‚")
_OPENING = {"¿": "?", "¡": "!"}
_AFTER_DIGIT = frozenset("°²³¹ªº½¼¾‰¢µ×±÷")
_NEVER_AFTER_LETTERS = frozenset("½¼¾‰¢")
_ANYWHERE = frozenset("–—…•·§©†‡¶ \xad")
_CURRENCIES = frozenset("€£¥")
_BRANDS = frozenset("®™")
_LONE = frozenset("àáâäåæèéêìíîòóôöøùúý")
_BOXES = ("\u2500", "\u259f")
_BARS = frozenset("│║")
_SIGN_INSIDE = re.compile(r"[a-z][–—…•·§†‡¶][a-z]")
_OTHER_LETTER = r"[\u0370-\u03ff\u0400-\u04ff]"
_MIXED_WORD = re.compile(rf"[A-Za-z]{{2}}{_OTHER_LETTER}|{_OTHER_LETTER}[A-Za-z]{{2}}")
_MAX_HIGH = 0.4  # of the letters: beyond ASCII; more is another script


def n_languages(
    text: str,
    alphabets: Sequence[frozenset[str]],
    *,
    alone: Sequence[frozenset[str]] = (),
    most_odd: float = 0.0,
) -> int:
    """Return how many languages it takes to have all letters of a text, 0 for more than two or an implausible text.

    Args:
        text: In one of the encodings of the languages.
        alphabets: Letters beyond ASCII of each language.
        alone: Those of languages that are not combined with another.
        most_odd: Share of the characters beyond ASCII that may stand where no writer puts them.
    """
    high = [index for index, character in enumerate(text) if character > "\x7f"]
    letters = sum(text[index].isalpha() for index in high)
    if letters > max(1, _MAX_HIGH * sum(map(str.isalpha, text))):
        return 0
    if sum(not _is_plausible(text, index) for index in high) > most_odd * len(high):
        return 0
    # The small letter of one sign may be two, one of them in ASCII.
    small = "".join(text[index].lower() for index in high if text[index].isalpha())
    used = {character for character in small if character > "\x7f"} - {"ª", "º", "µ"}
    if any(used <= alphabet for alphabet in (*alphabets, *alone)):
        return 1
    return 2 if any(used <= first | second for first, second in combinations(alphabets, 2)) else 0


def _is_plausible(text: str, index: int) -> bool:
    """Tell whether a writer in Latin letters puts this character here."""
    character = text[index]
    before, after = text[max(0, index - 1) : index], text[index + 1 : index + 2]
    if character in _ANYWHERE:
        return True
    if character in _QUOTES:
        # Inside a word only the apostrophe stands.
        inside = before.isalpha() and after.isalpha() and character != "’"
        return not inside and not (character in _LOW_QUOTES and before.isalnum())
    if character in _OPENING:
        return not before.isalnum() and _OPENING[character] in text[index:]
    if character in _CURRENCIES:
        next_three = text[index + 1 : index + 4]  # "£bn" is written
        return not (before.islower() and after.isalpha()) and not (len(next_three) == 3 and next_three.isalpha())
    if character in _BRANDS:
        return not after.isalpha()
    if character in _AFTER_DIGIT:
        return not (before.isalpha() and (after.isalpha() or character in _NEVER_AFTER_LETTERS))
    if _BOXES[0] <= character <= _BOXES[1]:
        return character in _BARS or not (before.isalpha() or after.isalpha())
    if not character.isalpha() or character.isnumeric() or (after.isdigit() and not before.isalpha()):
        return False
    if not (before.isalpha() or after.isalpha() or "" != before in "'’-" or "" != after in "'’.-"):
        return character.lower() in _LONE
    if character.isupper():  # not "caFé", "MÄrz" or "ÓThe"
        behind = text[index + 2 : index + 3]
        amid = (before.isupper() and after.islower()) or (after.isupper() and behind.islower())
        return not before.islower() and not amid
    return not after.isupper() or before.isupper()  # "STRAßE"


def mixes_scripts(text: str) -> bool:
    """Tell whether a word of a text has Latin letters beside Greek or Cyrillic ones: a sign of a wrong encoding."""
    return _MIXED_WORD.search(text) is not None


def is_turkish_disguised(text: str) -> bool:
    """Tell whether what reads as Icelandic in Windows-1252 is Turkish."""
    used = set(text.lower())
    return _TURKISH_DISGUISED in used and not used & _ICELANDIC_ALONE


def fit(text: str) -> int:
    """Return how well the letters of a plausible text suit the language of its words.

    Returns:
        2 where they are of that language, 0 where they are not, 1 where it is unknown. English has none of its own, and
        signs amid words make it doubtful.
    """
    language = guess_language(text)
    used = {character.lower() for character in text if character > "\x7f" and character.isalpha()} - {"ª", "º", "µ"}
    if language is None or (language.code == "en" and used) or _SIGN_INSIDE.search(text):
        return 1
    return 2 if used <= _OF_LANGUAGE.get(language.code, frozenset()) else 0

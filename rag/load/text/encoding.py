"""Bytes to text: byte order marks, UTF-8, a stated label as browsers read it, Windows-1252 for Western text, a guess.

Detectors choose by how odd the decoded text looks, and DOS code pages make letters of every byte; so short text is
tried first in the encodings of Western, Central European and Cyrillic languages, and one is taken where every character
stands where a writer of these languages puts it.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from itertools import combinations, pairwise
from pathlib import Path

import webencodings
from charset_normalizer import from_bytes

from core.errors import DataError
from rag.load.sniff import wide_encoding

_SAMPLE_BYTES = 65_536
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
# Letters beyond ASCII of languages written in Windows-1252; one that stands alone is not combined with another.
_ALPHABETS = (
    frozenset("äöüß"),
    frozenset("àâæçèéêëîïôœùûüÿ"),
    frozenset("áéíñóúü"),
    frozenset("àèéìíîòóùú"),
    frozenset("àáâãçéêíóôõúü"),
    frozenset("áäéëïíóöüèç"),
    frozenset("æøåéèòôóêä"),
    frozenset("åäöéü"),
    frozenset("àçèéíïòóúü"),
)
_ALONE = (frozenset("áðéíóúýþæö"), frozenset("åäöéüšž"))
# The same for languages written in Windows-1250 and ISO 8859-2.
_CENTRAL = (
    frozenset("ąćęłńóśźż"),
    frozenset("áčďéěíňóřšťúůýž"),
    frozenset("áäčďéíĺľňóôŕšťúýž"),
    frozenset("áéíóöőúüű"),
    frozenset("ăâîşţ"),
    frozenset("čćđšž"),
)
_CYRILLIC = ("cp1251", "koi8_u", "cp866", "iso8859_5")
_CYRILLIC_VOWELS = frozenset("аеёиоуыэюяєії")
_VOWEL_SHARE = (0.3, 0.6)  # of the letters of Russian, Ukrainian, Bulgarian and Serbian text
_FEWEST_CYRILLIC = 12
_CYRILLIC_SIGNS = frozenset("–—…№ €")
_SMALL_SHARE = 0.7
_KANA_SHARE = 0.25
_QUOTES = frozenset("‘’“”„‚‹›«»")
_OPENING = frozenset("¿¡")
_AFTER_DIGIT = frozenset("°²³¹ªº½¼¾‰¢µ×±÷")
_ANYWHERE = frozenset("–—…•·§©®™€£¥†‡¶ \xad")
_JAPANESE_SHIFTS = (b"\x1b$B", b"\x1b$@")  # ISO 2022 writes Japanese in bytes of ASCII
_MAX_ODD = 0.02  # of the characters beyond ASCII
_MANY_HIGH = 300
_MAX_HIGH = 0.4  # of the letters: beyond ASCII; more is another script


def decode_file(path: Path, label: str = "") -> tuple[str, str]:
    """Return a text file's content, and a note where its encoding had to be guessed and may be wrong.

    Args:
        path: The file.
        label: What the file says its encoding is, `""` where it says nothing.

    Raises:
        DataError: No encoding makes text of it.
        OSError: It cannot be read.
    """
    decoded = decode(path.read_bytes(), label)
    if decoded is None:
        raise DataError("is not text in any known encoding", path=path)
    return decoded


def decode(data: bytes, label: str = "") -> tuple[str, str] | None:
    """Return text and note as `decode_file` does; `None` where no encoding makes text of the bytes."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace").lstrip("\ufeff"), ""
    wide = wide_encoding(data[:_SAMPLE_BYTES])
    if wide:
        return data.decode(wide, "replace"), ""
    try:
        if any(shift in data for shift in _JAPANESE_SHIFTS):
            return data.decode("iso2022_jp"), ""
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        is_utf8 = not data[: error.start].isascii()
        if is_utf8 and error.start >= len(data) - 3 and error.reason == "unexpected end of data":
            return data.decode("utf-8", "replace"), ""  # cut amid a character
    stated = webencodings.lookup(label) if label else None
    if stated is not None and stated.name != "utf-8":
        text, _ = webencodings.decode(data, stated)
        if text.count("\ufffd") <= _MAX_ODD * len(text):
            return text, ""
    japanese = _japanese(data)
    known = _european(data) if japanese is None else (japanese, "")
    if known is not None:
        return known
    best = from_bytes(data[:_SAMPLE_BYTES]).best()
    if best is None:
        return None
    text = data.decode(best.encoding, "replace")
    # Multi-byte encodings fit by accident only in a few characters; single-byte ones are told by many.
    high = sum(byte > 0x7F for byte in data[:_SAMPLE_BYTES])
    sure = len(text) < len(data) or (high >= _MANY_HIGH and not best.encoding.startswith("cp4"))
    return text, "" if sure else f"encoding guessed: {best.encoding}"


def _european(data: bytes) -> tuple[str, str] | None:
    """Return text and note where the text reads well in a European encoding; `None` where it does in none."""
    western = _western(data)
    if western is not None and not western[1]:
        return western
    for encoding in ("cp1250", "iso8859_2"):
        central = _decoded(data, encoding)
        if central is not None and _n_languages(central, _CENTRAL) == 1:
            return central, f"encoding guessed: {encoding}"
    return western or _cyrillic(data)


def _western(data: bytes) -> tuple[str, str] | None:
    """Return the text as Windows-1252 with a note where that is not sure; `None` where it is implausible."""
    text, encoding = _decoded(data, "cp1252"), "windows-1252"
    if text is not None and "¤" in text:  # the one sign that nobody writes stands where ISO 8859-15 has the euro
        text, encoding = data.decode("iso8859_15"), "iso-8859-15"
    if text is None:
        return None
    languages = _n_languages(text, _ALPHABETS, alone=_ALONE, most_odd=_MAX_ODD)
    if not languages:
        return None
    sure = encoding == "windows-1252" and _n_languages(text, _ALPHABETS, alone=_ALONE) == 1
    # Hungarian in Windows-1250 reads as Portuguese that has no ã and no ç.
    used = set(text.lower())
    hungarian = "õ" in used and not used & set("ãç")
    return text, "" if sure and not hungarian else f"encoding guessed: {encoding}"


def _cyrillic(data: bytes) -> tuple[str, str] | None:
    """Return the text in the Cyrillic encoding that gives words of small letters with a usual share of vowels."""
    for encoding in _CYRILLIC:
        text = _decoded(data, encoding) or ""
        high = [character for character in text if character > "\x7f"]
        letters = [character for character in high if "Ѐ" <= character <= "ӿ"]
        others = set(high) - set(letters)
        if len(letters) < max(_FEWEST_CYRILLIC, 0.9 * len(high)) or others - _QUOTES - _CYRILLIC_SIGNS:
            continue
        capital_inside = any(after.isupper() and before.islower() for before, after in pairwise(text))
        small = sum(map(str.islower, letters)) / len(letters)
        vowels = sum(letter.lower() in _CYRILLIC_VOWELS for letter in letters) / len(letters)
        if not capital_inside and small >= _SMALL_SHARE and _VOWEL_SHARE[0] <= vowels <= _VOWEL_SHARE[1]:
            return text, "" if len(high) >= _MANY_HIGH else f"encoding guessed: {encoding}"
    return None


def _japanese(data: bytes) -> str | None:
    """Return the text as EUC-JP where that gives the share of kana that Japanese has."""
    text = _decoded(data, "euc_jp") or ""
    high = [character for character in text if character > "\x7f"]
    kana = sum("\u3040" <= character <= "\u30ff" for character in high)
    return text if kana > _KANA_SHARE * len(high) else None


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _n_languages(
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
    if letters > _MAX_HIGH * sum(map(str.isalpha, text)):
        return 0
    if sum(not _plausible(text, index) for index in high) > most_odd * len(high):
        return 0
    used = {text[index].lower() for index in high if text[index].isalpha()} - {"ª", "º", "µ"}
    if any(used <= alphabet for alphabet in (*alphabets, *alone)):
        return 1
    return 2 if any(used <= first | second for first, second in combinations(alphabets, 2)) else 0


def _plausible(text: str, index: int) -> bool:
    """Tell whether a Western writer puts this character here."""
    character = text[index]
    before, after = text[index - 1 : index], text[index + 1 : index + 2]
    if character in _ANYWHERE:
        return True
    if character in _QUOTES:
        # Inside a word only the apostrophe stands.
        return character == "’" or not (before.isalpha() and after.isalpha())
    if character in _OPENING:
        return not before.isalnum()
    if character in _AFTER_DIGIT:
        return not (before.isalpha() and after.isalpha())
    if character.isalpha():
        capital_inside = character.isupper() and before.islower()
        return not capital_inside and not character.isnumeric()
    return False

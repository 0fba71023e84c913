"""Bytes to text: byte order marks, UTF-8, a stated label as browsers read it, Windows-1252 for Western text, a guess.

Detectors choose by how odd the decoded text looks, and DOS code pages make letters of every byte; so short text is
tried first in the encodings of Western, Central European and Cyrillic languages, and one is taken where every character
stands where a writer of these languages puts it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import webencodings
from charset_normalizer import from_bytes

from core.errors import DataError
from rag.load.sniff import wide_encoding
from rag.load.text.letters import (
    BALTIC,
    CENTRAL,
    TURKISH,
    WESTERN,
    WESTERN_ALONE,
    fit,
    is_turkish_disguised,
    mixes_scripts,
    n_languages,
)

_SAMPLE_BYTES = 65_536
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
# Pages that short text of one language may be in where it reads ill in Windows-1252, the likelier ones first.
_PAGES = (
    (("cp850", "cp437", "mac_roman"), (*WESTERN, *WESTERN_ALONE)),
    (("cp1254",), TURKISH),
    (("cp852", "mac_latin2"), CENTRAL),
    (("cp857",), TURKISH),
    (("cp1257",), BALTIC),
)
_WORD = re.compile(r"[^\W\d_]+")
_GREEK, _HEBREW = ("\u0384", "\u03ce"), ("\u05d0", "\u05ea")
_ACCENTED = frozenset("άέήίόύώΐΰΆΈΉΊΌΎΏ")
_SCRIPT_SHARE = 0.9  # of the characters beyond ASCII
_CYRILLIC = ("cp1251", "koi8_u", "cp866", "iso8859_5")
_CYRILLIC_VOWELS = frozenset("аеёиоуыэюяєії")
_VOWEL_SHARE = (0.3, 0.6)  # of the letters of Russian, Ukrainian, Bulgarian and Serbian text
_FEWEST_CYRILLIC = 12
_CYRILLIC_SIGNS = frozenset("–—…№ €‘’“”„‚‹›«»")
_SMALL_SHARE = 0.7
_KANA_SHARE = 0.25
_JAPANESE_SHIFTS = (b"\x1b$B", b"\x1b$@")  # ISO 2022 writes Japanese in bytes of ASCII
_MAX_ODD = 0.02  # of the characters beyond ASCII
_MANY_HIGH = 300


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
    guesses = from_bytes(data[:_SAMPLE_BYTES])
    best = next((guess for guess in guesses if not mixes_scripts(str(guess))), guesses.best())
    if best is None:
        return None
    text = data.decode(best.encoding, "replace")
    # Multi-byte encodings fit by accident only in a few characters amid others; single-byte ones are told by many.
    high = sum(byte > 0x7F for byte in data[:_SAMPLE_BYTES])
    in_pairs = len(text) < len(data) and 2 * high > len(data[:_SAMPLE_BYTES].replace(b" ", b""))
    sure = in_pairs or (high >= _MANY_HIGH and not best.encoding.startswith("cp4"))
    return text, "" if sure else f"encoding guessed: {best.encoding}"


def _european(data: bytes) -> tuple[str, str] | None:
    """Return text and note where the text reads well in a European encoding; `None` where it does in none."""
    western = _western(data)
    n_high = sum(byte > 0x7F for byte in data[:_SAMPLE_BYTES])
    if western is not None and not western[1] and n_high >= _MANY_HIGH:
        return western
    others = list(_others(data, n_high))
    if western is not None and not western[1]:
        # The page of Windows is the usual one: another has to suit the language better.
        better = max(others, key=lambda item: item[0], default=None)
        return better[1:] if better is not None and better[0] > fit(western[0]) else western
    for encoding in ("cp1250", "iso8859_2"):
        central = _decoded(data, encoding)
        if central is not None and n_languages(central, CENTRAL) == 1:
            return central, f"encoding guessed: {encoding}"
    if others:
        return max(others, key=lambda item: item[0])[1:]
    return western or _greek_or_hebrew(data) or _cyrillic(data)


def _others(data: bytes, n_high: int) -> Iterator[tuple[int, str, str]]:
    """Yield how well text in another page suits its language, the text and a note: it takes the letters of one."""
    for encodings, alphabets in _PAGES:
        for encoding in encodings:
            text = _decoded(data, encoding)
            if text is None or n_languages(text[:_SAMPLE_BYTES], alphabets) != 1:
                continue
            score = fit(text[:_SAMPLE_BYTES])
            yield score, text, "" if score > 1 and n_high >= _MANY_HIGH else f"encoding guessed: {encoding}"


def _western(data: bytes) -> tuple[str, str] | None:
    """Return the text as Windows-1252 with a note where that is not sure; `None` where it is implausible."""
    text, encoding = _decoded(data, "cp1252"), "windows-1252"
    if text is not None and "¤" in text:  # the one sign that nobody writes stands where ISO 8859-15 has the euro
        text, encoding = data.decode("iso8859_15"), "iso-8859-15"
    if text is None:
        return None
    if is_turkish_disguised(text):
        turkish = _decoded(data, "cp1254")
        if turkish is not None and n_languages(turkish, TURKISH) == 1:
            return turkish, "encoding guessed: cp1254"
    languages = n_languages(text, WESTERN, alone=WESTERN_ALONE, most_odd=_MAX_ODD)
    if not languages:
        return None
    sure = encoding == "windows-1252" and n_languages(text, WESTERN, alone=WESTERN_ALONE) == 1
    # Hungarian in Windows-1250 reads as Portuguese that has no ã and no ç.
    used = set(text.lower())
    hungarian = "õ" in used and not used & set("ãç")
    return text, "" if sure and not hungarian else f"encoding guessed: {encoding}"


def _greek_or_hebrew(data: bytes) -> tuple[str, str] | None:
    """Return the text where nearly all that is not ASCII are letters of one of both, final ones at the ends of words.

    Greek words have an accent as well.
    """
    for encoding, letters, finals in (
        ("cp1253", _GREEK, "ς"),
        ("iso8859_7", _GREEK, "ς"),
        ("cp1255", _HEBREW, "ךםןףץ"),
    ):
        text = _decoded(data, encoding) or ""
        words = [word for word in _WORD.findall(text) if word[0] > "\x7f"]
        high = [character for character in text if character > "\x7f"]
        n_letters = sum(letters[0] <= character <= letters[1] for character in high)
        if len(words) < 2 or n_letters < _SCRIPT_SHARE * len(high):
            continue
        accented = sum(not _ACCENTED.isdisjoint(word) for word in words)
        closed = all(set(word[:-1]).isdisjoint(finals) for word in words)
        small = all(word[1:].islower() or word.isupper() or len(word) == 1 for word in words) or letters is _HEBREW
        if closed and small and (letters is _HEBREW or 2 * accented >= len(words)):
            return text, "" if len(high) >= _MANY_HIGH else f"encoding guessed: {encoding}"
    return None


def _cyrillic(data: bytes) -> tuple[str, str] | None:
    """Return the text in the Cyrillic encoding that gives words of small letters with a usual share of vowels."""
    for encoding in _CYRILLIC:
        text = _decoded(data, encoding) or ""
        high = [character for character in text if character > "\x7f"]
        letters = [character for character in high if "Ѐ" <= character <= "ӿ"]
        others = set(high) - set(letters)
        if len(letters) < max(_FEWEST_CYRILLIC, 0.9 * len(high)) or others - _CYRILLIC_SIGNS:
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

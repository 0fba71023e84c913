"""Bytes to text: byte order marks, UTF-8, a stated label as browsers read it, Windows-1252 for Western text, a guess.

Detectors choose by how odd the decoded text looks, and DOS code pages make letters of every byte; so short Western
text is tried as Windows-1252 first, and taken where every character stands where a Western writer puts it.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

import webencodings
from charset_normalizer import from_bytes

from core.errors import DataError

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
_QUOTES = frozenset("‘’“”„‚‹›«»")
_OPENING = frozenset("¿¡")
_AFTER_DIGIT = frozenset("°²³¹ªº½¼¾‰¢µ×±÷")
_ANYWHERE = frozenset("–—…•·§©®™€£¥†‡¶ \xad")
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
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3 and error.reason == "unexpected end of data":
            return data.decode("utf-8", "replace"), ""  # cut amid a character
    stated = webencodings.lookup(label) if label else None
    if stated is not None and stated.name != "utf-8":
        text, _ = webencodings.decode(data, stated)
        if text.count("\ufffd") <= _MAX_ODD * len(text):
            return text, ""
    western = _western(data)
    if western is not None:
        return western
    best = from_bytes(data[:_SAMPLE_BYTES]).best()
    if best is None:
        return None
    text = data.decode(best.encoding, "replace")
    # Multi-byte encodings fit by accident only in a few characters; single-byte ones are told by many.
    high = sum(byte > 0x7F for byte in data[:_SAMPLE_BYTES])
    sure = len(text) < len(data) or (high >= _MANY_HIGH and not best.encoding.startswith("cp4"))
    return text, "" if sure else f"encoding guessed: {best.encoding}"


def _western(data: bytes) -> tuple[str, str] | None:
    """Return the text as Windows-1252 with a note where that is not sure; `None` where it is implausible."""
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    if "¤" in text:  # the one sign that nobody writes stands where ISO 8859-15 has the euro
        text, sign = data.decode("iso8859_15"), "iso-8859-15"
        return text, f"encoding guessed: {sign}"
    high = [index for index, character in enumerate(text) if character > "\x7f"]
    letters = sum(text[index].isalpha() for index in high)
    if letters > _MAX_HIGH * sum(map(str.isalpha, text)):
        return None
    odd = sum(not _plausible(text, index) for index in high)
    if odd > _MAX_ODD * len(high):
        return None
    used = {text[index].lower() for index in high if text[index].isalpha()} - {"ª", "º", "µ"}
    languages = _languages(used)
    if not languages:
        return None
    # Hungarian in Windows-1250 reads as Portuguese that has no ã and no ç.
    hungarian = "õ" in used and not used & set("ãç")
    return text, "" if languages == 1 and not odd and not hungarian else "encoding guessed: windows-1252"


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


def _languages(letters: set[str]) -> int:
    """Return how many Western languages it takes to have all these letters, 0 for more than two."""
    if any(letters <= alphabet for alphabet in (*_ALPHABETS, *_ALONE)):
        return 1
    return 2 if any(letters <= first | second for first, second in _pairs()) else 0


def _pairs() -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    for number, first in enumerate(_ALPHABETS):
        for second in _ALPHABETS[number + 1 :]:
            yield first, second

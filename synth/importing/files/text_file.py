"""Detects the encoding of a text file from its first bytes."""

from __future__ import annotations

import codecs
import io
from pathlib import Path
from typing import IO

from charset_normalizer import from_bytes

from core.errors import DataError

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def sniff_encoding(head: bytes, path: Path) -> str:
    """Return the encoding of a file that begins with `head`.

    A byte order mark decides; then UTF-8 where the bytes are valid in it; then the likeliest of the old code pages,
    which spreadsheets still write.

    Raises:
        DataError: The bytes are not text.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        guesses = from_bytes(head)
        best = guesses.best()
        if best is None or b"\x00" in head:
            raise DataError("unknown file format", path=path, hint=f"file '{path}'") from None
        # Of code pages that read equally well, the commonest: a few accents do not tell Western from Central Europe.
        western = (guess for guess in guesses if guess.encoding == "cp1252" and guess.chaos <= best.chaos)
        return next(western, best).encoding
    if b"\x00" in head:
        raise DataError("unknown file format", path=path, hint=f"file '{path}'")
    return "utf-8"


def open_text(raw: IO[bytes], encoding: str) -> IO[str]:
    """Return `raw` as text with its line ends kept; undecodable bytes become U+FFFD."""
    return io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="")

"""Detects the encoding of a text file from its first bytes, and marks what cannot be decoded."""

from __future__ import annotations

import codecs
import io
from pathlib import Path
from typing import IO

from charset_normalizer import from_bytes

from core.errors import DataError
from core.shell import quoted

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


# Stands for bytes that cannot be decoded; no text has this noncharacter.
UNDECODED = "\ufdd0"
UNDECODED_BYTES = "bytes that cannot be decoded in the text"
codecs.register_error("mark-undecoded", lambda error: (UNDECODED, getattr(error, "end", 0)))


def sniff_encoding(head: bytes, path: Path) -> str:
    """Return the encoding of a file that begins with `head`.

    A byte order mark decides; then UTF-8 where the bytes, or most of those beyond ASCII, are valid in it; then the
    likeliest of the old code pages, which spreadsheets still write.

    Raises:
        DataError: The bytes are not text.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    _check_text(head, path)
    if _is_mostly_utf8(head):
        return "utf-8"
    guesses = from_bytes(head)
    best = guesses.best()
    if best is None:
        raise DataError("unknown file format", path=path, hint=f"file {quoted(path)}")
    # Of code pages that read equally well, the commonest: a few accents do not tell Western from Central Europe.
    western = (guess for guess in guesses if guess.encoding == "cp1252" and guess.chaos <= best.chaos)
    return next(western, best).encoding


def _check_text(head: bytes, path: Path) -> None:
    """Check that bytes hold no NUL, as no text does; in JSON, a line with one is a record at fault."""
    first = head.find(b"\x00")
    begins_json = head.lstrip()[:1] in (b"{", b"[") and b"\n" in head[:first]
    if first < 0 or begins_json:
        return
    line = head.count(b"\n", 0, first) + 1
    raise DataError("unknown file format: a NUL byte", path=path, line=line, hint=f"file {quoted(path)}")


def _is_mostly_utf8(head: bytes) -> bool:
    """Whether at most half of what is beyond ASCII is invalid in UTF-8: old code pages hardly ever look like it."""
    text = codecs.getincrementaldecoder("utf-8")("mark-undecoded").decode(head)
    n_invalid = text.count(UNDECODED)
    return n_invalid == 0 or 2 * n_invalid <= sum(character > "\x7f" for character in text)


def open_text(raw: IO[bytes], encoding: str) -> IO[str]:
    """Return `raw` as text with its line ends kept; undecodable bytes become `UNDECODED`."""
    return io.TextIOWrapper(raw, encoding=encoding, errors="mark-undecoded", newline="")

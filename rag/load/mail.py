"""Reads EML: who wrote to whom and when, the text, and the names of what is attached."""

from __future__ import annotations

import email
import email.errors
import email.policy
import email.utils
import re
from collections.abc import Iterator
from dataclasses import replace
from email.message import MIMEPart
from pathlib import Path

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.outline import LINE_GAP, PARAGRAPH_GAP, Element, Outline, heading, paragraph
from rag.load.sections import SectionReader
from rag.load.text.encoding import decode
from rag.load.text.plain import elements_of
from rag.load.web.html import outline_of

_HEADERS = ("From", "To", "Cc", "Date")
_MAX_DEPTH = 5
_SHOWN = ("text/plain", "text/html")
_QUOTED = re.compile(r"((?:> ?)+)")
_SIGNATURE = "-- "


def read_mail(path: Path, limits: IngestSettings) -> SectionReader:
    """Open a message.

    Raises:
        DataError: It is not one, or nests parts too deep.
    """
    try:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        elements = tuple(_message(message, path, 0))
        subject, author, created = _header(message, "Subject"), _header(message, "From"), _date(message)
    except (RecursionError, email.errors.MessageError, LookupError, ValueError, TypeError, AttributeError) as error:
        raise DataError(f"is a damaged message: {type(error).__name__}: {error}", path=path) from error
    if not any(run.text.strip() for element in elements for run in element.all_runs):
        raise DataError("holds no message", path=path)
    return SectionReader(
        path, "eml", "Python email", Outline(elements, subject, {"author": author, "created": created}), limits
    )


def _header(message: MIMEPart, name: str) -> str:
    value = message.get(name)
    if value is None:
        return ""
    raw = next((raw for key, raw in message.raw_items() if key.lower() == name.lower()), "")
    if isinstance(raw, str) and not raw.isascii():  # bytes beyond ASCII, which no encoding is stated for
        decoded = decode(raw.encode("utf-8", "surrogateescape"))
        value = decoded[0] if decoded else value
    return " ".join(str(value).split())


def _date(message: MIMEPart) -> str:
    try:
        return email.utils.parsedate_to_datetime(str(message.get("Date", ""))).isoformat()
    except ValueError:
        return ""


def _message(message: MIMEPart, path: Path, depth: int) -> Iterator[Element]:
    subject = _header(message, "Subject")
    if subject:
        yield heading(subject, min(depth + 1, 6))
    lines = [f"{name}: {value}" for name in _HEADERS if (value := _header(message, name))]
    for number, line in enumerate(lines):
        yield paragraph(line, gap=LINE_GAP if number else "\n\n")
    body = message.get_body(("plain", "html"))
    if body is not None:
        yield from _body(body, path)
    for part in message.iter_attachments():
        if part.get_content_type() == "message/rfc822" and depth < _MAX_DEPTH:
            for inner in part.iter_parts():
                yield from _message(inner, path, depth + 1)
        elif part.get_content_type() in _SHOWN and not part.is_attachment() and not part.get_filename():
            yield from _body(part, path)
        else:
            yield paragraph(f"Attachment: {part.get_filename() or part.get_content_type()}")


def _body(part: MIMEPart, path: Path) -> Iterator[Element]:
    payload = part.get_payload(decode=True)
    decoded = decode(payload if isinstance(payload, bytes) else b"", part.get_content_charset() or "")
    text = decoded[0] if decoded else ""
    if part.get_content_type() == "text/html":
        yield from outline_of(text, path).elements
        return
    flowed = str(part.get_param("format", "")).lower() == "flowed"
    text = unwrapped(text, flowed=flowed, drops_blank=str(part.get_param("delsp", "")).lower() == "yes")
    for place, element in enumerate(elements_of(text)):
        yield element if place else replace(element, gap=PARAGRAPH_GAP)  # the headers stand above it


def unwrapped(text: str, *, flowed: bool = False, drops_blank: bool = False) -> str:
    """Return the text of a message with one mark before each quoted paragraph, rather than one before each line.

    Args:
        text: The body.
        flowed: Whether a line that ends in a blank goes on in the next one (RFC 3676).
        drops_blank: Whether that blank is no part of the text.
    """
    out: list[str] = []
    last_depth, open_line = 0, False
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        marks = _QUOTED.match(line)
        depth, body = (marks[1].count(">"), line[marks.end() :]) if marks else (0, line)
        if flowed and not marks and body.startswith(" "):
            body = body[1:]  # stuffed
        if flowed and open_line and depth == last_depth and body != _SIGNATURE:
            out[-1] = (out[-1][:-1] if drops_blank else out[-1]) + body
        else:
            if depth != last_depth and out and out[-1].strip():
                out.append("")
            begins = depth > 0 and body.strip() and (not out or not out[-1].strip())
            out.append(f"{'>' * depth} {body}" if begins else body)
        open_line = flowed and body.endswith(" ") and body != _SIGNATURE
        last_depth = depth
    return "\n".join(out)

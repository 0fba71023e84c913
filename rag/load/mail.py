"""Reads EML: who wrote to whom and when, the text, and the names of what is attached."""

from __future__ import annotations

import email
import email.errors
import email.policy
import email.utils
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
    if not elements:
        raise DataError("holds no message", path=path)
    return SectionReader(
        path, "eml", "Python email", Outline(elements, subject, {"author": author, "created": created}), limits
    )


def _header(message: MIMEPart, name: str) -> str:
    value = message.get(name)
    return "" if value is None else " ".join(str(value).split())


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
        else:
            yield paragraph(f"Attachment: {part.get_filename() or part.get_content_type()}")


def _body(part: MIMEPart, path: Path) -> Iterator[Element]:
    payload = part.get_payload(decode=True)
    decoded = decode(payload if isinstance(payload, bytes) else b"", part.get_content_charset() or "")
    text = decoded[0] if decoded else ""
    if part.get_content_type() == "text/html" and text.strip():
        yield from outline_of(text, path).elements
    else:
        for place, element in enumerate(elements_of(text)):
            yield element if place else replace(element, gap=PARAGRAPH_GAP)  # the headers stand above it

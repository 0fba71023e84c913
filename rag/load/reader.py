"""What every reader of a file format offers: facts about the file, and its pages one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from core.types import Page, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInfo:
    """What is known of a file once it is open.

    Attributes:
        kind: `pdf`, `markdown`, `html`, `text`, `docx`, or the suffix of an extended format.
        unit: `page`, or `section` for formats without pages.
        title: From metadata, else the first page's heading, else the file name in words.
        n_pages: Number of pages or sections.
        metadata: What the file says of itself (`author`, `subject`, `created`, ...), strings only.
        parser: The reader that opened it, with its version.
    """

    kind: str
    unit: Unit
    title: str
    n_pages: int
    parser: str
    metadata: Mapping[str, str] = field(default_factory=dict)


class Reader(Protocol):
    """An open file."""

    info: FileInfo

    def page(self, index: int) -> Page:
        """Return one page; a page that cannot be read comes back with quality `failed`."""
        ...

    def close(self) -> None:
        """Release the file."""
        ...

"""What the pages of a document add up to, in a person's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# What readers say of a page that shows something and has no text: OCR may help, as it may not on a blank page.
NO_TEXT_LAYER = "no text layer"
# What they say of a file whose password is missing or wrong.
LOCKED = "is locked"
# How readers begin their notes on a whole file.
FILE_NOTES = ("encoding guessed", "formulas without a stored value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What the pages of a document add up to.

    Attributes:
        pages: How many there are.
        chunks: How many chunks they gave.
        empty: 0-based pages without a text layer.
        failed: 0-based pages that could not be read, with reasons.
        hidden: Code points removed as hidden text.
        note: What a reader says of the whole file (a guessed encoding), empty where nothing is to be said.
    """

    pages: int
    chunks: int
    empty: tuple[int, ...]
    failed: tuple[tuple[int, str], ...]
    hidden: int
    note: str = ""

    def describe(self) -> str:
        """Return what a person should know, or an empty string."""
        parts = [self.note] if self.note else []
        if self.empty:
            parts.append(f"no text layer on {page_ranges(self.empty)}; to read scans, ingest with OCR (extra 'ocr')")
        if self.failed:
            pages = page_ranges([page for page, _ in self.failed])
            parts.append(f"{pages} could not be read ({self.failed[0][1]})")
        return "; ".join(parts)


def page_ranges(pages: Sequence[int]) -> str:
    """Return 0-based page indices as a person reads them: `pages 3-9, 12`."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][1] + 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    text = ", ".join(str(a + 1) if a == b else f"{a + 1}-{b + 1}" for a, b in runs)
    return f"page{'s' if len(pages) > 1 else ''} {text}"

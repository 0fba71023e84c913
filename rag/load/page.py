"""Builds the `Page` that every reader returns: limit, grade and reason in one place."""

from __future__ import annotations

from collections.abc import Sequence

from core.blocks import Block
from core.clean import Cleaned
from core.settings import IngestSettings
from core.types import Page, Quality
from rag.load.grade import grade

NO_TEXT_LAYER = "no text layer"


def make_page(
    index: int,
    cleaned: Cleaned,
    *,
    parser: str,
    limits: IngestSettings,
    label: str = "",
    note: str = "",
    cut: bool = False,
    blank: str = NO_TEXT_LAYER,
    blocks: Sequence[Block] = (),
) -> Page:
    """Return a graded page.

    Args:
        index: 0-based page index.
        cleaned: Its clean text.
        parser: The reader, with version.
        limits: Where the text is cut off.
        label: A section's heading path.
        note: Why the text is second-rate whatever it looks like (a scan's layer, read by OCR).
        cut: Whether the reader left characters out already.
        blank: What to say of a page that holds no text at all.
        blocks: What it is made of; those beyond the limit are left out.
    """
    text = cleaned.text[: limits.max_page_chars]
    quality: Quality
    quality, reason = grade(text)
    if quality == "empty":
        reason = "all text is hidden" if cleaned.hidden else blank
        return _page(index, "", "empty", reason, label, cleaned, parser)
    reasons = [note, reason]
    if cut or len(cleaned.text) > len(text):
        reasons.append(f"only the first {limits.max_page_chars:,} characters are kept")
    quality_note = "; ".join(part for part in reasons if part)
    kept = tuple(block for block in blocks if block.end <= len(text))
    return _page(index, text, "poor" if quality_note else "good", quality_note, label, cleaned, parser, kept)


def failed_page(index: int, reason: str, parser: str) -> Page:
    """Return the place-holder of a page that could not be read."""
    return Page(index=index, text="", quality="failed", reason=reason, parser=parser)


def _page(
    index: int,
    text: str,
    quality: Quality,
    reason: str,
    label: str,
    cleaned: Cleaned,
    parser: str,
    blocks: tuple[Block, ...] = (),
) -> Page:
    return Page(
        index=index,
        text=text,
        quality=quality,
        reason=reason,
        label=label,
        hidden=cleaned.hidden,
        hidden_text=cleaned.hidden_text,
        parser=parser,
        blocks=blocks,
    )

"""Lets a running header or footer be found once: where it stands first, it is chunked as a paragraph.

Repeated on every page it would say nothing about any; left out everywhere, the number of a document that stands in
its header alone could not be found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from core.blocks import RUNNING, Block
from core.types import Page

_NUMBER = re.compile(r"\d+")
_LETTERS = re.compile(r"[^\W\d_]{2}")


class RunningOnce:
    """Tells running texts that were met from those that are new.

    Args:
        before: The pages of the document that were chunked already.
    """

    def __init__(self, before: Iterable[Page] = ()) -> None:
        self._met: set[str] = set()
        for page in before:
            self.for_chunks(page)

    def for_chunks(self, page: Page) -> Page:
        """Return the page with running blocks that are met for the first time as paragraphs."""
        if not any(block.kind in RUNNING for block in page.blocks):
            return page
        return replace(page, blocks=tuple(self._block(page, block) for block in page.blocks))

    def _block(self, page: Page, block: Block) -> Block:
        if block.kind not in RUNNING:
            return block
        text = page.text[block.start : block.end]
        key = " ".join(_NUMBER.sub("", text).casefold().split())  # page numbers differ
        if key in self._met or len(_LETTERS.findall(text)) < 2:
            return block
        self._met.add(key)
        return replace(block, kind="paragraph")

"""Pages as JSON between the worker that parses and the program that asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.blocks import block_from_json, block_to_json
from core.types import Page


def page_to_json(page: Page) -> dict[str, Any]:
    """Return a page as JSON values."""
    return {
        "index": page.index,
        "text": page.text,
        "quality": page.quality,
        "reason": page.reason,
        "label": page.label,
        "hidden": dict(page.hidden),
        "hidden_text": page.hidden_text,
        "parser": page.parser,
        "blocks": [block_to_json(block) for block in page.blocks],
    }


def page_from_json(value: Mapping[str, Any]) -> Page:
    """Read what `page_to_json` wrote.

    Raises:
        TypeError: An entry is missing, or is not known.
        ValueError: A block is not valid.
    """
    return Page(**{**value, "blocks": tuple(map(block_from_json, value["blocks"]))})

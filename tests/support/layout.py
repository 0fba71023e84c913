"""Faults of a page's layout by the boxes that a browser reports: the same wherever fonts and machines differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_FAULTS = Path(__file__).with_name("layout.js").read_text(encoding="utf-8")


def layout_faults(page: Any) -> list[str]:
    """Return what is wrong with the layout of a page as it is shown now, a sentence each.

    Args:
        page: A page of Playwright. Checked are the parts that people read and press: none stands outside of the
            window, none is cut, no two lie over each other, and the page does not scroll sideways.
    """
    faults: list[str] = page.evaluate(_FAULTS)
    return faults

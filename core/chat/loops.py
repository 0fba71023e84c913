"""Notices when a model repeats itself without end, as small ones do when they write greedily."""

from __future__ import annotations

# A stretch this long that stands three times in a row is no list and no refrain.
_PERIODS = range(12, 400)
_COPIES = 3


def without_loop(text: str) -> str | None:
    """Return the text with one copy of the stretch that it ends in three times over, or None where it does not loop.

    Args:
        text: What a model has written so far.
    """
    for period in _PERIODS:
        if period * _COPIES > len(text):
            return None
        unit = text[-period:]
        if text.endswith(unit * _COPIES) and unit.strip():
            while text.endswith(unit * 2):
                text = text[:-period]
            return text
    return None

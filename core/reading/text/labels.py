"""Lines that begin with a label and a colon ("Rent: 800 euro"): such lines stand alone, whatever their length."""

from __future__ import annotations

import re

_LABEL = re.compile(r"[^\W_](?:[^\n.:：;!?|]|\.(?!\s+[A-Z])){0,39}[:：](?=\s|\Z)")
_MOST_WORDS = 5


def begins_with_label(line: str) -> bool:
    """Tell whether a line begins with a few words, the first not in small letters, and a colon."""
    match = _LABEL.match(line)
    return match is not None and not line[0].islower() and len(match[0].split()) <= _MOST_WORDS

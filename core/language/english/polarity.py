"""English words by which a sentence denies, obliges or leaves free, and by which it says yes or no."""

from __future__ import annotations

import re

NEGATIVE = re.compile(
    r"\b(?:not|no|never|nobody|none|without|prohibited|forbidden|cannot|neither|nor|excluded|unsupported|rejected)\b"
    r"|n['’]t\b",  # inside its word: "isn't"
    re.IGNORECASE,
)
# "Isn't it open?" asks what "Is it open?" asks.
INVERTED = re.compile(r"^\W*[a-z]+n['’]t\b", re.IGNORECASE)
# Of a question: what denies, and what asks for something to be absent.
DENYING = re.compile(rf"{NEGATIVE.pattern}|\bfree (?:of|from)\b", re.IGNORECASE)
DUTY = re.compile(
    r"\b(?:have to|has to|must|need|needs|required|requires?|mandatory|compulsory|obliged)\b", re.IGNORECASE
)
OPTIONAL = re.compile(r"\b(?:voluntary|optional|exempt|waived)\b", re.IGNORECASE)
# A sentence that begins with its answer, in any case.
STATED = r"\W*(yes|no)\b(?!\s\w)"

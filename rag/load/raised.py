"""How a raised mark is written on a line, so that it changes no figure and no word before it."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[\d.,]*\d\Z")
_WORD = re.compile(r"[^\W\d_]+\Z")
_UNITS = frozenset("m cm mm km dm nm µm μm ft in yd mi s h kg g l".split())
_SUPERSCRIPTS = str.maketrans("0123456789+-−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")
_BRACKETED = re.compile(r"\[[\w*†‡]{1,4}\]")
_EXPONENT = re.compile(r"[+−-]?\d{1,3}|n")
_MARK = re.compile(r"\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*")


def raised(before: str, mark: str, *, is_note: bool = False) -> str:
    """Return what stands for a raised mark.

    Digits become the superscript digits of Unicode: behind a unit, a variable or a ten they are an exponent and stay
    there (`m²`, `10⁶`), behind anything else they are the mark of a note and stand apart (`1,204 ³`). Letters stay as
    they are (`1st`).

    Args:
        before: The text that it follows.
        mark: What is raised.
        is_note: Whether it is known to lead to a note.
    """
    text = mark.strip()
    if _BRACKETED.fullmatch(text):
        return text if not before or before[-1].isspace() else f" {text}"
    if not before or before[-1].isspace():
        return text.translate(_SUPERSCRIPTS) if is_note and _MARK.fullmatch(text) else mark
    note = f" {text.translate(_SUPERSCRIPTS)}" if _MARK.fullmatch(text) else f" {text}"
    if is_note:
        return note if _MARK.fullmatch(text) or text.isalpha() else mark
    if not (_EXPONENT.fullmatch(text) or _MARK.fullmatch(text)):
        return mark
    number, word = _NUMBER.search(before), _WORD.search(before)
    if number is not None:
        is_power = number[0] == "10" or not text[0].isdigit() or len(number[0]) < 3
        return text.translate(_SUPERSCRIPTS) if is_power and _EXPONENT.fullmatch(text) else note
    if word is not None and (word[0] in _UNITS or len(word[0]) == 1) and _EXPONENT.fullmatch(text):
        return text.translate(_SUPERSCRIPTS)
    return note if _MARK.fullmatch(text) else mark


def lowered(before: str, mark: str) -> str:
    """Return what stands for a lowered mark: itself, kept apart from a figure before it."""
    return f"_{mark.strip()}" if before[-1:].isdigit() and mark.strip()[:1].isdigit() else mark

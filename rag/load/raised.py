"""How a raised mark is written on a line, so that it changes no figure and no word before it."""

from __future__ import annotations

import re

from core.language.language import languages

_NUMBER = re.compile(r"[\d.,]*\d\Z")
_WORD = re.compile(r"[^\W\d_]+\Z")
_UNITS = frozenset("m cm mm km dm nm µm μm ft in yd mi s h kg g l".split())
_SUPERSCRIPTS = str.maketrans("0123456789+-−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")
# Of the letters of notes; "q" has none in most fonts.
NOTE_LETTERS = str.maketrans("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ")
_BRACKETED = re.compile(r"\[[\w*†‡]{1,4}\]")
_EXPONENT = re.compile(r"[+−-]?\d{1,3}|n")
_POWER = re.compile(r"[+−-]?[23]|n")  # of a product: mc², ab³
_MARK = re.compile(r"\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*")
_SIGNS = r"[*†‡§¶#]{1,3}"
_SIGN_MARK = re.compile(rf"{_SIGNS}(?:\s*[,;]\s*(?:{_SIGNS}|\w{{1,2}}))*|\(?(?:\d{{1,3}}|[a-zA-Z]|{_SIGNS})\)")
_LETTER_MARK = re.compile(rf"[a-z](?:\s*[,;]\s*(?:[a-z]|\d{{1,3}}|{_SIGNS}))*|[A-Z](?:\s*[,;]\s*[A-Z])*")
# Raised letters that end a numeral or stand for degrees: "2e", "XIXe", "1o", "25oC".
_ORDINAL_LETTERS = frozenset("eo")
_NUMERAL = re.compile(r"\d{1,2}|[IVXLC]+")


def raised(before: str, mark: str, *, is_note: bool = False) -> str:
    """Return what stands for a raised mark.

    Digits become the superscript digits of Unicode: behind a unit, a variable or a ten they are an exponent and stay
    there (`m²`, `10⁶`), behind anything else they are the mark of a note and stand apart (`1,204 ³`). A sign, and a
    letter behind a figure or a word, are marks of notes too (`96 †`, `1,250 ᵇ`); more letters stay as they are (`1st`).

    Args:
        before: The text that it follows.
        mark: What is raised.
        is_note: Whether it is known to lead to a note.
    """
    text = mark.strip()
    tail = mark[len(mark.rstrip()) :] if text else ""
    if _BRACKETED.fullmatch(text):
        return f"{text}{tail}" if not before or before[-1].isspace() else f" {text}{tail}"
    if not before or before[-1].isspace():
        return f"{text.translate(_SUPERSCRIPTS)}{tail}" if is_note and _MARK.fullmatch(text) else mark
    digits_or_letters = _SUPERSCRIPTS if _MARK.fullmatch(text) else NOTE_LETTERS if len(text) == 1 else {}
    note = f" {text.translate(digits_or_letters)}{tail}"
    if _SIGN_MARK.fullmatch(text):
        return note
    if is_note:
        return note if _MARK.fullmatch(text) or text.isalpha() else mark
    if _is_exponent(before, text):
        return f"{text.translate(_SUPERSCRIPTS)}{tail}"
    return note if _MARK.fullmatch(text) or _is_letter_mark(before, text) else mark


def _is_exponent(before: str, text: str) -> bool:
    """Tell whether a raised text is the exponent of the figure, the unit or the variables before it."""
    if not _EXPONENT.fullmatch(text):
        return False
    if number := _NUMBER.search(before):
        return number[0] == "10" or not text[0].isdigit() or len(number[0]) < 3
    word = _WORD.search(before)
    if word is None:
        return False
    if word[0] in _UNITS or len(word[0]) == 1:
        return True
    is_product = len(word[0]) == 2 and word[0].islower() and not any(word[0] in each.stop_words for each in languages())
    return is_product and _POWER.fullmatch(text) is not None


def _is_letter_mark(before: str, text: str) -> bool:
    """Tell whether a raised letter leads to a note, rather than to end a numeral or an abbreviation."""
    if not _LETTER_MARK.fullmatch(text):
        return False
    number, word = _NUMBER.search(before), _WORD.search(before)
    last = number or word
    if last is None or (text in _ORDINAL_LETTERS and _NUMERAL.fullmatch(last[0])):
        return False
    return number is not None or (len(last[0]) > 1 and text[0].islower())


def lowered(before: str, mark: str) -> str:
    """Return what stands for a lowered mark: itself, kept apart from a figure before it."""
    return f"_{mark.strip()}" if before[-1:].isdigit() and mark.strip()[:1].isdigit() else mark

"""The words that a short form stands for: "Tenancy Deposit Scheme (TDS)", "WIP folder (work in progress)"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from core.language.english.printed import acronyms
from core.reading.passages import Passage
from core.reading.text.sentences import Offsets

_MOST_CHARS = 120  # of the words, and of what stands around them
_LETTER = re.compile(r"[^\W_]")
_ENDED = re.compile(r"[.;,:()\[\]\n|]|$")


def asked_short_form(question: str) -> tuple[str, bool]:
    """Return the short form whose words a question asks for, `""` where it asks for none.

    The second tells whether it asks for nothing else: "What is the TDS?" may ask what that does.
    """
    match = acronyms.ASKS.match(question)
    if match is not None:
        return next(each for each in match.groups() if each), True
    match = acronyms.ASKS_WHAT.match(question)
    return (match["short"] if match else ""), False


def spelled_out(short: str, passages: Sequence[Passage]) -> list[tuple[int, Offsets]]:
    """Return where pages spell out a short form: the index of the passage and the span of the words.

    Args:
        short: As the question writes it.
        passages: Best first.
    """
    places = []
    for index, passage in enumerate(passages):
        places += [(index, span) for span in _spans(short, passage.page)]
    return list(dict.fromkeys(places))


def _spans(short: str, page: str) -> Iterator[Offsets]:
    written = rf"(?<![\w-]){re.escape(short)}(?![\w-])"
    for match in re.finditer(rf"\(\s*{acronyms.BEFORE_SHORT}{written}", page):
        low = max(0, match.start() - _MOST_CHARS)
        span = _matched(short, page, low, match.start(), first=False)
        if span is not None:
            yield span
    for match in re.finditer(rf"{written}(?P<between>[^().\n]{{0,30}})\((?P<words>[^()]{{3,{_MOST_CHARS}}})\)", page):
        span = _matched(short, page, *match.span("words"), first=True)
        if span is not None:
            yield span
    for match in re.finditer(rf"{written}{acronyms.MEANS}", page):
        ended = _ENDED.search(page, match.end(), match.end() + _MOST_CHARS)
        span = _matched(short, page, match.end(), ended.start() if ended else match.end(), first=True)
        if span is not None:
            yield span


def _matched(short: str, page: str, low: int, high: int, *, first: bool) -> Offsets | None:
    """The words before a place whose letters spell a short form, the first letter at the beginning of a word.

    Schwartz and Hearst, "A simple algorithm for identifying abbreviation definitions in biomedical text" (2003).

    Args:
        short: The short form.
        page: What the words stand in.
        low: First code point that they may begin at.
        high: Where they end.
        first: Whether they begin at `low`.
    """
    place = high = low + len(page[low:high].rstrip(" \n\t\"“”'’"))
    letters = [
        letter.casefold() for letter in _LETTER.findall(short.removesuffix("s") if short[:-1].isupper() else short)
    ]
    for number, letter in enumerate(reversed(letters), 1):
        place -= 1
        while place >= low and not (
            page[place].casefold() == letter
            and (number < len(letters) or place == low or not page[place - 1].isalnum())
        ):
            place -= 1
        if place < low:
            return None
    piece = page[place:high]
    if (first and page[low:place].strip(" \n\t\"“'‘")) or "\n\n" in piece or ". " in piece or short in piece:
        return None
    # More words than twice its letters are a sentence that happens to hold them.
    return (place, high) if len(letters) > 1 and len(piece.split()) <= 2 * len(letters) else None

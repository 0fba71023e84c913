"""Splits a sentence with "respectively" into the two statements it makes.

"X was $5 and $4 in 2023 and 2022, respectively" becomes "X was $5 in 2023" and "X was $4 in 2022"; every character
keeps its offset on the page. A sentence with "respectively" and lists of another length gives nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from synth.facts.english.tables.flat import Flat
from synth.facts.english.values import DATE, values_in

_WHEN = rf"(?:{DATE}|(?:Q[1-4] )?(?:19|20)\d\d)"
_TWO_TIMES = re.compile(rf"(?P<first>{_WHEN})(?P<and> and )(?P<second>{_WHEN})")
# After it nothing may follow that says more of the amounts.
_ENDS = re.compile(r"[.;]|$|,(?! (?:that|which|who|whose|of|in|for|from|on|net|excluding|including|related)\b)")
_RESPECTIVELY = re.compile(r",? respectively\b")


def distributed(flat: Flat) -> Iterator[Flat]:
    """Yield the sentence, or the two that it holds."""
    end = _RESPECTIVELY.search(flat.text)
    if end is None:
        yield flat
        return
    if flat.text[: end.start()].count(" respectively") or not _ENDS.match(flat.text[end.end() :]):
        return
    times = list(_TWO_TIMES.finditer(flat.text, 0, end.start()))
    amounts = _two_amounts(flat.text, end.start())
    if len(times) != 1 or amounts is None:
        return
    time = times[0]
    if (time["first"].isdigit() != time["second"].isdigit()) or re.search(
        r"\b(?:and|or)\b", _between(flat.text, amounts, time)
    ):
        return
    head = Flat(flat.text[: end.start()], flat.origin[: end.start()])
    for which in (0, 1):
        yield _with_one(
            head, which, amounts, (time.start("first"), time.end("first"), time.start("second"), time.end("second"))
        )


def _between(text: str, amounts: tuple[int, int, int, int], time: re.Match[str]) -> str:
    if time.start() > amounts[3]:
        return text[amounts[3] : time.start()]
    return ""


def _two_amounts(text: str, end: int) -> tuple[int, int, int, int] | None:
    """The spans of the only two amounts, joined by "and"."""
    amounts = [
        value
        for value in values_in(text[:end])
        if value.kind in ("money", "percent", "count", "duration", "measure", "number")
    ]
    amounts = [value for value in amounts if not re.match(r"(?:three|six|nine|twelve)[ -]months?", value.text)]
    if (
        len(amounts) != 2
        or text[amounts[0].end : amounts[1].start].strip(" ,") != "and"
        or amounts[0].kind != amounts[1].kind
    ):
        return None
    return amounts[0].start, amounts[0].end, amounts[1].start, amounts[1].end


def _with_one(head: Flat, which: int, amounts: tuple[int, int, int, int], times: tuple[int, int, int, int]) -> Flat:
    """Take the other amount and the other time out."""
    cuts = [(spans[1], spans[3]) if which == 0 else (spans[0], spans[2]) for spans in (amounts, times)]
    flat = head
    for start, stop in sorted(cuts, reverse=True):
        flat = flat.replaced(start, stop, "")
    plural = re.search(r"\bfiscal years(?= (?:19|20)\d\d\b)", flat.text)
    if plural:
        flat = flat.replaced(plural.end() - 1, plural.end(), "")
    return flat.replaced(len(flat.text), len(flat.text), ".") if not flat.text.endswith(".") else flat

"""Raw text to clean text, with a way back from every clean offset to the raw one.

Line ends become `\\n`, hyphenation is undone, odd spaces become plain ones, ligatures their letters, control
characters go. Characters that no reader sees but a machine reads (zero-width, bidi overrides, tags, variation
selectors in long rows) are taken out, counted and kept for audit. Of PDF it knows the two marks
that PDFium puts for a hyphen at a line end.

`clean(clean(x).text).text == clean(x).text`: what is kept is decided by the character emitted before it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.hyphens import LineEndHyphens

_SPECIAL = re.compile(
    r"(?P<line>\r\n?|[\x0b\x0c\x85\u2028\u2029])"
    r"|(?P<hyphen>[\x02\ufffe])"
    r"|(?P<soft>\xad(?:\r?\n)?)"
    r"|(?P<space>[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000])"
    r"|(?P<ligature>[\ufb00-\ufb06])"
    r"|(?P<joiner>[\u200c\u200d])"
    r"|(?P<variation_selectors>[\ufe00-\ufe0f\U000e0100-\U000e01ef])"
    r"|(?P<tags>[\U000e0000-\U000e007f]+)"
    r"|(?P<bidi>[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069])"
    r"|(?P<zero_width>[\u034f\u115f\u1160\u180e\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb])"
    r"|(?P<control>[\x00-\x08\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\uffff])"
    r"|(?P<surrogate>[\ud800-\udfff])"
)
# One set of all of them: a search for a set takes a fifth of the time of a search for alternatives.
_ANY_SPECIAL = re.compile(
    "[\r\x0b\x0c\x85\u2028\u2029\x02\ufffe\xad\xa0\u1680\u2000-\u200d\u202f\u205f\u3000\ufb00-\ufb06\ufe00-\ufe0f"
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\u034f\u115f\u1160\u180e"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\x00-\x08\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\uffff\ud800-\udfff]"
)
_HALF_SURROGATE = re.compile("[\ud800-\udfff]")
_LIGATURES = dict(
    zip("\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06", ("ff", "fi", "fl", "ffi", "ffl", "st", "st"), strict=True)
)
# Scripts whose spelling needs ZWJ and ZWNJ (Arabic to Khmer, Mongolian, Arabic forms), and emoji sequences.
_JOINS = re.compile(
    r"[\u0590-\u109f\u1780-\u18af\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefe\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]"
)
# Characters that Unicode lists variation sequences for: symbols, emoji, CJK, Mongolian, Myanmar, Phags-pa.
_VARIES = re.compile(
    r"[\xa9\xae\u1000-\u109f\u1820-\u18aa\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\u3400-\u9fff\ua840-\ua877"
    r"\uf900-\ufaff\U0001f000-\U0001faff\U00020000-\U0003ffff]"
)
_FLAGS = {"".join(chr(0xE0000 + ord(c)) for c in name) + "\U000e007f" for name in ("gbeng", "gbsct", "gbwls")}
_BLACK_FLAG = "\U0001f3f4"
_LINE_ENDS = re.compile(r"\s*[\r\n]\s*")
_PLAIN = {"line": "\n", "soft": "", "space": " ", "control": "", "surrogate": "\ufffd"}
_SILENT = {*_PLAIN, "ligature", "hyphen"}  # not counted as hidden text


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Clean text and the edits that made it.

    Attributes:
        text: What a reader sees.
        hidden: Code points taken out, per kind.
        hidden_text: The same code points, legible (tags as ASCII, others as `<U+200B>`).
        edits: `(raw_start, raw_end, replacement)`, ascending, disjoint.
    """

    text: str
    hidden: Mapping[str, int]
    hidden_text: str
    edits: Sequence[tuple[int, int, str]]

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the raw half-open span that holds the clean span, edits at its borders included."""
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(f"span [{start}, {end}) is outside {len(self.text)} code points")
        if start == end:
            return self._raw(start)[0], self._raw(start)[0]
        return self._raw(start)[0], self._raw(end - 1)[1]

    def clean_offsets(self, raw_length: int) -> Sequence[int]:
        """Return the clean offset of every raw one up to `raw_length`, that one included."""
        if not self.edits or self.edits[0][0] > raw_length:
            return range(raw_length + 1)
        offsets: list[int] = []
        position = shift = 0
        for raw_start, raw_end, replacement in self.edits:
            if raw_start > raw_length:
                break
            offsets += range(position + shift, raw_start + shift)
            within = [raw_start + shift + min(offset, len(replacement)) for offset in range(raw_end - raw_start)]
            offsets += within
            shift += len(replacement) - (raw_end - raw_start)
            position = raw_end
        offsets += range(position + shift, raw_length + 1 + shift)
        return offsets[: raw_length + 1]

    def _raw(self, offset: int) -> tuple[int, int]:
        """Return the raw span behind the clean code point at `offset`."""
        removed = 0
        for raw_start, raw_end, replacement in self.edits:
            clean_start = raw_start - removed
            if clean_start > offset:
                break
            if offset < clean_start + len(replacement):
                return raw_start, raw_end
            removed += raw_end - raw_start - len(replacement)
        return offset + removed, offset + removed + 1


def has_half_surrogate(text: str) -> bool:
    """Whether a text holds half of a surrogate pair, which no encoding and no tokenizer can write."""
    return _HALF_SURROGATE.search(text) is not None


def clean(raw: str, drop: Sequence[tuple[int, int, str]] = ()) -> Cleaned:
    """Return the clean text of `raw`.

    Args:
        raw: Text as a parser gave it.
        drop: Hidden spans `(start, end, kind)` of `raw`, ascending and disjoint; taken out, counted and kept.
    """
    edits: list[tuple[int, int, str]] = []
    pieces: list[str] = []
    hidden: Counter[str] = Counter()
    audit: list[str] = []
    words = LineEndHyphens(raw)
    position, last = 0, ""
    for start, end, kind in _events(raw, drop):
        if start > position:
            pieces.append(raw[position:start])
            last = raw[start - 1]
        matched = raw[start:end]
        new = _replacement(kind, matched, last, raw, start, end, words)
        if new != matched:
            edits.append((start, end, new))
        if new == "" and kind not in _SILENT:
            hidden["zero_width" if kind == "joiner" else kind] += len(matched.strip())
            audit.append(_legible(matched) + ("\n" if kind not in _SPECIAL.groupindex else ""))
        pieces.append(new)
        last = new[-1:] or last
        position = end
    pieces.append(raw[position:])
    return Cleaned("".join(pieces), dict(hidden), _LINE_ENDS.sub("\n", "".join(audit)).strip(), edits)


def _events(raw: str, drop: Sequence[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Yield spans that need a decision: hidden ones whole, special characters between them."""
    position = 0
    for start, end, kind in drop:
        yield from _specials(raw, position, start)
        yield start, end, kind
        position = end
    yield from _specials(raw, position, len(raw))


def _specials(raw: str, position: int, end: int) -> Iterator[tuple[int, int, str]]:
    while place := _ANY_SPECIAL.search(raw, position, end):
        match = _SPECIAL.match(raw, place.start(), end)
        if match is None:  # cannot be: both patterns name the same characters
            return
        yield match.start(), match.end(), str(match.lastgroup)
        position = match.end()


def _replacement(kind: str, matched: str, last: str, raw: str, start: int, end: int, words: LineEndHyphens) -> str:
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind == "ligature":
        return _LIGATURES[matched]
    if kind == "hyphen":
        return words.join(start, end)
    if kind == "joiner" and _JOINS.match(last):
        return matched
    if kind == "variation_selectors" and (
        _VARIES.match(last) or (last and last in "0123456789#*" and raw[end : end + 1] == "\u20e3")
    ):
        return matched
    if kind == "tags" and last == _BLACK_FLAG and matched in _FLAGS:
        return matched
    return ""


def _legible(matched: str) -> str:
    """Spell what was taken out so that an auditor can read it."""
    out = []
    for character in matched:
        code = ord(character)
        if 0xE0020 <= code < 0xE007F:
            out.append(chr(code - 0xE0000))
        elif _SPECIAL.match(character) and character not in _LIGATURES and character not in "\r\n":
            out.append(f"<U+{code:04X}>")
        else:
            out.append(character)
    return "".join(out)

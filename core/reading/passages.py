"""Passages as they stand in a prompt: rendered between random marks under random keys, and read back out.

A document cannot imitate what it cannot guess: the mark around the passages and the key of each one are drawn
anew for every request. A reader that is no language model finds the passages again with `parse`.

    <<h4n8c2 [[b7k2m]] handbook.pdf, p. 3 | Warranty>>
    The warranty lasts 24 months.
    <<h4n8c2 end>>
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.blocks import Block

# No vowels (no words), nothing that looks like another sign (0/o, 1/l/i): a key is never part of ordinary text.
_LETTERS = "bcdfghjkmnpqrstvwxz"
_DIGITS = "23456789"
KEY_SHAPE = rf"[{_LETTERS}][{_DIGITS}][{_LETTERS}][{_DIGITS}][{_LETTERS}]"
_MARK_LENGTH = 6
_OPENING = re.compile(
    rf"^<<(?P<mark>[{_LETTERS}{_DIGITS}]{{{_MARK_LENGTH}}}) \[\[(?P<key>{KEY_SHAPE})\]\] (?P<source>.*)>>$",
    re.MULTILINE,
)
# Category Cc: control characters. Cf: invisible format characters (zero width, bidirectional overrides, tags).
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation:
    """What a passage's last sentence goes on with on the next page.

    Attributes:
        text: The rest of the sentence.
        start: Its first code point in the text of that page.
        pages_on: How many pages further it stands: more than 1 behind pages without text of their own.
        n_behind: How many code points of the passage stand behind its half of the sentence: notes at the foot of the
            page.
        n_cut: How many code points at the end of that half are the hyphen of a word that the page cuts.
        joint: What stands between the two halves as they are read.
    """

    text: str
    start: int
    pages_on: int = 1
    n_behind: int = 0
    n_cut: int = 0
    joint: str = " "


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of a document as a model reads it.

    Attributes:
        key: Five random characters by which an answer cites it.
        source: One line that names it for a reader: file, page, title.
        text: What it says.
        page_text: The page it stands on, where the whole page is known; `text` stands there at `offset`.
        offset: First code point of `text` in `page_text`.
        blocks: The page's blocks, with spans in `page_text`.
        continuation: How its last sentence goes on, where the page ends in the middle of it.
    """

    key: str
    source: str
    text: str
    page_text: str = ""
    offset: int = 0
    blocks: tuple[Block, ...] = ()
    continuation: Continuation | None = None

    @property
    def whole(self) -> str:
        """The text with the rest of its last sentence, as it is read."""
        rest = self.continuation
        if rest is None:
            return self.text
        end = len(self.text) - rest.n_behind
        return f"{self.text[: end - rest.n_cut]}{rest.joint}{rest.text}{self.text[end:]}"

    @property
    def page(self) -> str:
        """The text of the page, or of the passage where only that is known."""
        return self.page_text or self.text

    def on_page(self, place: int) -> int:
        """Return where a place in `whole` stands on the passage's page; in the rest of the sentence, its break."""
        rest = self.continuation
        if rest is None:
            return self.offset + place
        end = len(self.text) - rest.n_behind
        behind = end - rest.n_cut + len(rest.joint) + len(rest.text)
        return self.offset + (end + place - behind if place >= behind else min(place, end))

    def stretches(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """Return where a stretch of `whole` stands.

        Returns:
            First and last code point, half open, and how many pages further: 0 on the passage's page.
        """
        rest = self.continuation
        if rest is None:
            return [(self.offset + start, self.offset + end, 0)] if start < end else []
        broken = len(self.text) - rest.n_behind
        low = broken - rest.n_cut + len(rest.joint)
        high = low + len(rest.text)
        out = []
        if start < min(end, broken - rest.n_cut):
            # The hyphen of a cut word is quoted with its half.
            out.append((self.offset + start, self.offset + (end if end <= broken - rest.n_cut else broken), 0))
        if max(start, low) < min(end, high):
            out.append((rest.start + max(start, low) - low, rest.start + min(end, high) - low, rest.pages_on))
        if max(start, high) < end:
            out.append((self.on_page(max(start, high)), self.on_page(end), 0))
        return out

    def cut(self, start: int, end: int) -> Passage:
        """Return a part of the text as a passage; it goes on over the page where it still holds the break."""
        rest = self.continuation
        if rest is not None:
            n_behind = rest.n_behind - (len(self.text) - end)
            holds = n_behind >= 0 and start < end - n_behind
            rest = replace(rest, n_behind=n_behind) if holds else None
        return replace(self, text=self.text[start:end], offset=self.offset + start, continuation=rest)


def new_mark(rng: random.Random) -> str:
    """Draw the mark that stands around the passages of one request."""
    return "".join(rng.choice(_LETTERS + _DIGITS) for _ in range(_MARK_LENGTH))


def new_keys(count: int, rng: random.Random) -> list[str]:
    """Draw `count` distinct citation keys, 438,976 to choose from."""
    keys: dict[str, None] = {}
    while len(keys) < count:
        keys["".join(rng.choice(alphabet) for alphabet in (_LETTERS, _DIGITS, _LETTERS, _DIGITS, _LETTERS))] = None
    return list(keys)


def visible(text: str) -> str:
    """Replace every control and invisible character but the newline by a space; the length stays."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(" " if sign != "\n" and unicodedata.category(sign) in _INVISIBLE else sign for sign in text)


def _defused(text: str) -> str:
    """Visible text in which nothing reads as a citation key; the length stays, so offsets hold."""
    return visible(text).replace("[[", "((").replace("]]", "))")


def render(passages: Iterable[Passage], mark: str) -> str:
    """Return the passages as one block of text, each between `<<mark [[key]] source>>` and `<<mark end>>`."""
    blocks = []
    for passage in passages:
        source = " ".join(_defused(passage.source).replace(">>", "> >").split())
        blocks.append(f"<<{mark} [[{passage.key}]] {source}>>\n{_defused(passage.whole)}\n<<{mark} end>>")
    return "\n\n".join(blocks)


def parse(prompt: str) -> tuple[list[Passage], str]:
    """Find the passages in a prompt.

    The first mark in the prompt is the genuine one, for it stands before any document's text; a line in a
    document that imitates a mark is text.

    Returns:
        The passages in order, and the prompt without them.
    """
    first = _OPENING.search(prompt)
    if first is None:
        return [], prompt
    closing = f"\n<<{first['mark']} end>>"
    passages: list[Passage] = []
    outside: list[str] = []
    outside_start = 0
    for opening in _OPENING.finditer(prompt):
        end = prompt.find(closing, opening.end())
        if opening["mark"] != first["mark"] or opening.start() < outside_start or end < 0:
            continue
        text = prompt[opening.end() + 1 : end]
        passages.append(Passage(key=opening["key"], source=opening["source"], text=text))
        outside.append(prompt[outside_start : opening.start()])
        outside_start = end + len(closing)
    outside.append(prompt[outside_start:])
    return passages, "".join(outside)

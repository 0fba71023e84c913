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
from dataclasses import dataclass

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
    """

    text: str
    start: int


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
        return self.text if self.continuation is None else f"{self.text} {self.continuation.text}"

    @property
    def page(self) -> str:
        """The text of the page, or of the passage where only that is known."""
        return self.page_text or self.text


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

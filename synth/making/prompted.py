"""Passages as they stand in a row's prompt, and what a target may quote from them.

The notation is that of `kb ask`: random marks and keys, the answer quoted under its key, one fixed sentence where the
passages do not hold the answer.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.reading.passages import KEY_SHAPE, new_keys, new_mark, parse, render
from core.reading.proved import proved
from core.reading.text.fold import Folded
from core.types import Citation
from synth.work.candidate import SourcePassage

_QUOTED = re.compile(r"“([^”]+)”")
_KEY = re.compile(rf"\[\[({KEY_SHAPE})\]\]")


@dataclass(frozen=True, slots=True)
class Shown:
    """Passages in a prompt.

    Attributes:
        context: The rendered text.
        keys: Key of each passage.
    """

    context: str
    keys: dict[SourcePassage, str]

    def cited(self, answer: str, citation: Citation) -> str:
        """Return an answer after its quote and the key of the passage that holds it: `“quote” [[key]] Answer: X`."""
        key = next(key for source, key in self.keys.items() if source.holds(citation))
        return proved(answer.rstrip(" ."), in_marks(citation.quote), key)


def show(sources: Sequence[SourcePassage], rng: random.Random) -> Shown:
    """Render passages in an order, under keys and a mark that `rng` draws."""
    ordered = list(dict.fromkeys(sources))
    rng.shuffle(ordered)
    keys = dict(zip(ordered, new_keys(len(ordered), rng), strict=True))
    return Shown(render((source.passage(key) for source, key in keys.items()), new_mark(rng)), keys)


def in_marks(text: str) -> str:
    """Return a text on one line between typographic quotation marks."""
    return "“" + " ".join(text.replace("“", '"').replace("”", '"').split()) + "”"


def fault(answer: str, context: str) -> str:
    """Return what a target quotes or cites that is not in its prompt, `""` where there is nothing.

    Every key must be one of the prompt's, and every quote must stand in the passage under the key that follows it.
    """
    passages = {passage.key: passage.text for passage in parse(context)[0]}
    for match in _KEY.finditer(answer):
        if match[1] not in passages:
            return f"cites [[{match[1]}]], which is not in the prompt"
        quotes = _QUOTED.findall(answer[: match.start()])
        if quotes and Folded(passages[match[1]]).find(quotes[-1]) is None:
            return f"quote not found in the passage: “{quotes[-1][:80]}”"
    if _QUOTED.search(answer) and passages and not _KEY.search(answer):
        return "a quote without a key"
    return ""


def normal(text: str) -> str:
    """Return a text in lower case with single blanks, for substring search."""
    return " ".join(text.casefold().split())

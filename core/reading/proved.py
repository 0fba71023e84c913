"""The form in which a model that was taught to read answers: `“quote” [[key]] Answer: 18 m`.

Quote first: with its first words the place is chosen, and the answer after it is easy. People read the answer first.
"""

from __future__ import annotations

import re

# What stands on a line of its own below an answer where the passage and what the model was taught differ.
DIFFERS = "This passage differs from what I learned, and the passage counts."

_KEYS = r"(?P<keys>(?:\[\[[^\[\]]+\]\]\s*)*)"
_PROVED = re.compile(rf"\s*“(?P<quote>[^”]+)”\s*{_KEYS}Answer:\s*(?P<answer>[^\s“”][^“”]{{0,199}}?)\s*", re.DOTALL)
_ANSWER_FIRST = re.compile(rf"(?P<answer>[^“”]{{1,200}}?):\s*“(?P<quote>[^”]+)”\s*\.?\s*{_KEYS}", re.DOTALL)


def proved(answer: str, quote: str, key: str) -> str:
    """Return an answer after its quote and the key of the passage that holds it.

    Args:
        answer: Without a stop at its end.
        quote: In typographic quotation marks.
        key: As it stands in the prompt, without brackets.
    """
    return f"{quote} [[{key}]] Answer: {answer}"


def answer_first(reply: str) -> str:
    """Return a reply of this form as `answer: “quote” [[key]]`, with `DIFFERS` below it; any other reply as it is."""
    body = reply.rstrip().removesuffix(DIFFERS)
    form = _PROVED.fullmatch(body)
    if form is None:
        return reply
    remark = f"\n{DIFFERS}" if body != reply.rstrip() else ""
    return f"{form['answer'].rstrip(' .')}: “{form['quote']}” {form['keys']}".rstrip() + remark


def proper(reply: str) -> str:
    """Return what a reply answers, without the quote and the keys that prove it; any other reply as it is."""
    reply = reply.rstrip().removesuffix(DIFFERS)
    form = _ANSWER_FIRST.fullmatch(answer_first(reply).strip())
    return form["answer"].strip() if form else reply.strip()

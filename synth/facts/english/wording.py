"""Makes several wordings of one question from its direct form ("how many beds does the sick bay have") and its indirect
form ("how many beds the sick bay has").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_MOST = 8


def sentence(phrase: str, end: str = "?") -> str:
    """Return a phrase as a sentence: capital first, one end mark, single blanks."""
    phrase = re.sub(r"\s+([,.?;:])", r"\1", " ".join(phrase.split())).rstrip(" ,;:.?")
    return phrase[:1].upper() + phrase[1:] + end


def questions(direct: Sequence[str], indirect: str, scope: str, *, named: bool) -> tuple[str, ...]:
    """Return wordings of one question, all different.

    Args:
        direct: Direct forms without question mark, best first.
        indirect: The indirect form, as after "tell me".
        scope: Noun phrase for the document.
        named: Whether the question names its subject so well that it may stand without the document.
    """
    first = direct[0]
    wordings = [
        f"{sentence(first, '')}, according to {scope}?" if not named else sentence(first),
        sentence(f"According to {scope}, {first}"),
        f"Please tell me {indirect}, as stated in {scope}.",
        *(sentence(f"{other}, going by {scope}") for other in direct[1:3]),
        sentence(f"Could you look up in {scope} {indirect}"),
        f"I would like to know {indirect}, according to {scope}." if not named else sentence(f"Do you know {indirect}"),
        sentence(f"Can you tell me from {scope} {indirect}"),
    ]
    return tuple(dict.fromkeys(" ".join(wording.split()) for wording in wordings))[:_MOST]


def is_named(subject: str) -> bool:
    """Whether a subject is a proper name of two words or more, or one spelled as no common word is ("DECnet")."""
    subject = re.sub(r"^(?:The|A|An|Each|Every|All) ", "", subject)
    return bool(re.search(r"\b[A-Z][\w’-]+ [A-Z][\w’-]+", subject)) or bool(
        re.search(r"\b[A-Z]+[a-z]+[A-Z]\w*|\b[A-Z]{2,}[a-z]{2,}", subject)
    )

"""Many wordings of one question.

A question comes in as its direct form ("how many beds does the sick bay have") and its indirect form ("how many beds
the sick bay has"); out come whole sentences that say which document they mean. Knows phrases; refuses to know facts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_MOST = 8
_ARTICLES = frozenset("the a an each every all no average total most some".split())


def lowered(phrase: str, page: str = "") -> str:
    """Return a phrase that began a sentence as it reads inside one.

    Args:
        phrase: Begins with a capital, perhaps only because it began a sentence.
        page: Text that shows how its first word is spelled elsewhere.
    """
    first = phrase.split(" ", 1)[0]
    bare = re.sub(r"[’']s$", "", first.strip("“”\"’',"))
    if (
        not bare[:1].isupper()
        or re.fullmatch(r"[A-Z]\.", bare)
        or sum(sign.isupper() for sign in bare) > 1
        or any(sign.isdigit() for sign in bare)
    ):
        return phrase
    small = bare[0].lower() + bare[1:]
    if small in _ARTICLES:
        return phrase[0].lower() + phrase[1:]
    if re.search(rf"(?<![.!?•\n] )(?<!^)(?<!\n)\b{re.escape(bare)}\b", page[:20000]) or _NATION.search(bare):
        return phrase
    second = phrase.split(" ", 2)[1:2]
    if second and second[0][:1].isupper():
        return phrase
    if (
        re.search(rf"\b{re.escape(small)}\b", page[:20000])
        or _reads_common(small)
        or (second and second[0].islower() and bare == first)
    ):
        return phrase[0].lower() + phrase[1:] if phrase[0].isalpha() else phrase
    return phrase


_NATION = re.compile(r"(?:[a-z]{3}ian|[a-z]{3}ese|[a-z]{3}ish|[a-z]rican|German|Greek|French|Dutch|Swiss)s?$")


def _reads_common(word: str) -> bool:
    return (
        bool(re.search(r"(?:[^s]s|tion|sion|ment|ing|ity|ance|ence|ness|ship|ure|ed|ly|ue)$", word)) and len(word) > 3
    )


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
    found = [
        f"{sentence(first, '')}, according to {scope}?" if not named else sentence(first),
        sentence(f"According to {scope}, {first}"),
        f"Please tell me {indirect}, as stated in {scope}.",
        *(sentence(f"{other}, going by {scope}") for other in direct[1:3]),
        sentence(f"What does {scope} say about {indirect}"),
        f"I would like to know {indirect}, according to {scope}." if not named else sentence(f"Do you know {indirect}"),
        sentence(f"Can you tell me from {scope} {indirect}"),
    ]
    return tuple(dict.fromkeys(" ".join(wording.split()) for wording in found))[:_MOST]


def is_named(subject: str) -> bool:
    """Whether a subject is a proper name of two words or more, or one spelled as no common word is ("DECnet")."""
    subject = re.sub(r"^(?:The|A|An|Each|Every|All) ", "", subject)
    return bool(re.search(r"\b[A-Z][\w’-]+ [A-Z][\w’-]+", subject)) or bool(
        re.search(r"\b[A-Z]+[a-z]+[A-Z]\w*|\b[A-Z]{2,}[a-z]{2,}", subject)
    )

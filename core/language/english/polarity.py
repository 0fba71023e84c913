"""English words by which a sentence denies, obliges or leaves free, and by which it says yes or no."""

from __future__ import annotations

import re

NEGATIVE = re.compile(
    r"\b(?:not|no|never|nobody|none|without|prohibited|forbidden|cannot|neither|nor|excluded|unsupported|rejected)\b"
    r"|n['’]t\b",  # inside its word: "isn't"
    re.IGNORECASE,
)
# "Isn't it open?" asks what "Is it open?" asks.
INVERTED = re.compile(r"^\W*[a-z]+n['’]t\b", re.IGNORECASE)
# Of a question: what denies, and what asks for something to be absent.
DENYING = re.compile(rf"{NEGATIVE.pattern}|\bfree (?:of|from)\b", re.IGNORECASE)
# What makes a number without a sign a negative one, or one that says by how much something shrank.
SHRINKING = re.compile(
    r"\b(?:below|under|loss(?:es)?|lost|deficits?|down|lower|less|fewer|minus|negative"
    r"|(?:fall|drop|decreas|declin|reduc|shr[aiu]nk)\w*|fell)\b",
    re.IGNORECASE,
)
DUTY = re.compile(
    r"\b(?:have to|has to|must|need|needs|required|requires?|mandatory|compulsory|obliged)\b", re.IGNORECASE
)
# A sentence that rules what is allowed: outside its bound the opposite holds.
RULE = re.compile(
    rf"{DUTY.pattern}|\b(?:may|can|only|allowed|permitted|forbidden|prohibited|entitled|banned|not paid|valid)\b",
    re.IGNORECASE,
)
OPTIONAL = re.compile(r"\b(?:voluntary|optional|exempt|waived)\b", re.IGNORECASE)
# A sentence that begins with its answer, in any case.
STATED = r"\W*(yes|no)\b(?!\s\w)"

# What stands in the place of a word that denies, where a sentence is turned to say the opposite.
_TURNED = {
    "not": "",
    "no": "a",
    "never": "always",
    "nobody": "everybody",
    "none": "all",
    "without": "with",
    "prohibited": "allowed",
    "forbidden": "allowed",
    "cannot": "can",
    "can't": "can",
    "won't": "will",
    "neither": "both",
    "nor": "and",
    "excluded": "included",
    "unsupported": "supported",
    "rejected": "accepted",
}
_DENIAL = re.compile(rf"\b(?:{'|'.join(word for word in _TURNED if len(word) > 2)}|no)\b|n't\b", re.IGNORECASE)
_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|may|might|must|can|could|will|would|shall|should|has|have|had|does|do|did)\b", re.IGNORECASE
)


def turned(sentence: str) -> str:
    """Return a sentence that says the opposite: a denial taken out, or one put in."""
    plain = sentence.replace("’", "'")
    denial = _DENIAL.search(plain)
    if denial is not None:
        word = _TURNED.get(denial[0].casefold(), "")
        word = word.capitalize() if denial[0][:1].isupper() else word
        before, after = plain[: denial.start()], plain[denial.end() :]
        return f"{before}{word}{after}" if word or not before.endswith(" ") else f"{before}{after.lstrip()}"
    auxiliary = _AUXILIARY.search(sentence)
    if auxiliary is not None:
        return f"{sentence[: auxiliary.end()]} not{sentence[auxiliary.end() :]}"
    return f"It is not true that {sentence[:1].lower()}{sentence[1:]}"

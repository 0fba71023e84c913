"""German participles of separable verbs and the nouns of the same verb: "eingetreten" and "Eintritt"."""

from __future__ import annotations

import re

_PREFIX = r"(?P<prefix>zusammen|zurück|unter|über|nach|aus|auf|ein|bei|vor|mit|los|weg|fort|her|hin|ab|an|um|zu)"
_PARTICIPLE = re.compile(rf"{_PREFIX}ge(?P<root>\w{{3,}}?)(?:en|et|t)")
_NOUN = re.compile(rf"{_PREFIX}(?P<root>\w{{3,}}?)(?:ung|en|e)?")
_COMPARED = 3  # consonants from which a longer noun is a compound of the verb's ("Eintrittsdatum")


def is_noun_of(noun: str, participle: str) -> bool:
    """Whether a noun is made of the verb of a participle; both in lower case.

    The vowel of the root may differ, as it does in strong verbs; its consonants are the same.
    """
    verb, named = _PARTICIPLE.fullmatch(participle), _NOUN.fullmatch(noun)
    if verb is None or named is None or verb["prefix"] != named["prefix"]:
        return False
    root, own = _consonants(verb["root"]), _consonants(named["root"])
    return root == own or (len(root) >= _COMPARED and own.startswith(root))


def _consonants(root: str) -> str:
    """The consonants of a root, doubled ones once."""
    return re.sub(r"[aeiouyäöü]", "", re.sub(r"(\w)\1", r"\1", root))

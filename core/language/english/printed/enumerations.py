"""English patterns of enumerations ("a torch, a rope and a whistle"), and of questions that ask for all of one."""

from __future__ import annotations

import re

from core.language.language import alternation, language

_ENGLISH = language("en")
# Asks for whatever there is.
IN_GENERAL = re.compile(
    r"^\W*(?:(?:and|so)\s+)?(?:(?:in|at|by|for|from|to|on|of|with|under|into)\s+)?(?:what|which|who|whom|whose)\b",
    re.IGNORECASE,
)
# Asks for a single thing of them.
FOR_ONE = re.compile(
    r"\b(?:first|second|third|last|next|one|only|single|main|chief|most|least|best|worst|\w{3,}est)\b"
    rf"|^\W*(?:what|which|who)(?:['’]s|\s(?:is|was))\s(?:{alternation(_ENGLISH.articles)}|my|your|his|her|its|our|their)\b",
    re.IGNORECASE,
)
_NUMBER = alternation(spelling for row in _ENGLISH.small_numbers for spelling in row)
# Before the noun of a member.
DETERMINER = re.compile(
    rf"(?:{alternation(_ENGLISH.articles)}|\d[\d.,]*|{_NUMBER}|some|any|each|every|many|several|few|both|all"
    r"|my|your|his|her|its|our|their)\b",
    re.IGNORECASE,
)
ARTICLE_BEFORE = re.compile(rf"(?<![\w'’])(?:{alternation(_ENGLISH.articles)})\s+$", re.IGNORECASE)
_MEMBER = r"[^\W_][\w'’./-]*(?:\s(?!(?:and|or)\b)[^\W_][\w'’./-]*){0,4}"
# The members after the first, up to the last.
FURTHER = re.compile(
    rf"(?P<members>(?:,\s+(?!(?:and|or)\b){_MEMBER})*,?\s+(?:and|or)\s+(?P<last>{_MEMBER}))(?=\s*(?:[.;:)!?]|$|\n\n))",
    re.IGNORECASE,
)
PARTING = re.compile(r",?\s+(?:and|or)\s+|,\s+", re.IGNORECASE)
# Words that a name may hold without a capital, and a member beside its nouns.
IN_MEMBER = frozenset({*_ENGLISH.word_lists["name_particle"], *_ENGLISH.articles, "of", "with", "for", "in", "from"})
# "What is the last step?": one item by its place. A last name is no item.
LAST = frozenset(("last", "final"))
_PLACE = alternation([*LAST, *(each for row in _ENGLISH.ordinals for each in row)])
BY_PLACE = re.compile(
    rf"^\W*(?:what|which)(?:['’]s|\s(?:is|was|are))\sthe\s(?P<place>{_PLACE})"
    r"\s(?P<noun>(?!name|time|day|date|year|page|word|letter|part|half|quarter|line|edition)[\w-]+)"
    r"(?:\s(?:of|in|on|for|to)\s(?P<of>[^?]+?))?\W*$",
    re.IGNORECASE,
)

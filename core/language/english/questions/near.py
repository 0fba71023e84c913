"""English patterns of what tells two like things apart: numbers behind a noun, years, opposite events, nouns."""

from __future__ import annotations

import re

# A noun with a number or a letter that tells which one: "class 4B", "floor 2", "flat C"; no unit, month or amount.
_CODE = r"(?:\d{1,4}[A-Za-z]?|(?-i:[A-Z]\d{0,3}))"
_NO_AMOUNT = (
    r"(?![\w%°€£$])(?![.,:/-]\d)"
    r"(?!\s?(?:%|°|[ap]m\b|kg\b|g\b|km\b|cm\b|mm\b|ml\b|years?\b|days?\b|hours?\b|minutes?\b))"
)
_NO_NOUN = (
    r"(?!(?:in|on|at|by|of|to|for|from|and|or|under|over|above|below|about|after|before|between|until|till|up|than|least"
    r"|most|with|is|are|was|were|the|age|aged|within|only|every|may|june|july|january|february|march|april|august"
    r"|september|october|november|december|have|has|had|can|a|an|not|my|year|years|i|costs?|serves?|pays?|carr(?:y|ies))\b)"
)
NUMBERED = re.compile(rf"\b{_NO_NOUN}(?P<noun>[a-z]{{3,}})\s(?:no\.?\s|number\s|#)?(?P<code>{_CODE}){_NO_AMOUNT}", re.I)
RANGE_END = re.compile(rf"\s?(?:to|-|–|until)\s?(?P<last>{_CODE})(?!\w)", re.IGNORECASE)
FURTHER_CODES = re.compile(rf"(?<=[\s,])(?P<code>{_CODE}){_NO_AMOUNT}")
# Two years between which all are meant, and one that is the beginning or the end of an open span.
_DAY = r"(?:[a-z]+\s)?(?:\d{1,2}\s)?(?:[A-Z][a-z]+\s)?(?:\d{1,2},\s)?"
YEARS_BETWEEN = re.compile(
    rf"\b(?P<first>(?:19|20)\d\d)\s?(?:-|–|to|until|till|and)\s?{_DAY}(?P<last>(?:19|20)\d\d|\d\d)\b"
)
YEAR_OPEN = re.compile(rf"\b(?:(?P<since>since|from|after)|until|till)\s{_DAY}(?P<year>(?:19|20)\d\d)\b")
OPPOSITE_EVENTS = tuple(
    (re.compile(first, re.IGNORECASE), re.compile(second, re.IGNORECASE))
    for first, second in (
        (
            r"\b(?:comes? back|get back|returns?|returning|back at|back by|back on|arrives?|arrival)\b",
            r"\b(?:leaves?|departs?|departure|sets? off)\b",
        ),
        (r"\b(?:opens?|opening)\b", r"\b(?:closes?|closing)\b"),
        (r"\b(?:starts?|begins?|beginning|commences?)\b", r"\b(?:ends?|finish(?:es)?|expires?|over)\b"),
        (r"\b(?:last|previous) (?!day|week|month|year|night)", r"\bnext\b"),
        (r"\bborrow\w*", r"\blend\w*"),
        (r"\b(?:buy|bought|purchase)\b", r"\b(?:sell|sold)\b"),
        (r"\bcheck[- ]?in\b", r"\bcheck[- ]?out\b"),
    )
)
# "Do I have to stop taking aspirin": what is done, then what it is done to.
VERBS_AND_OBJECT = re.compile(
    r"\b(?:do|does|did|can|could|must|should|shall|will|would|may)\s(?:i|you|we|they|one)\s(?P<rest>[^?.,;]+)",
    re.IGNORECASE,
)
# "What's the reference number", "which job number do I quote"; a code behind its name, and what may stand between.
ASKS_CODE = re.compile(
    r"\b(?:what|which)(?:['’]s|\sis|\sare)?\s(?:(?:the|my|our|your|its)\s)?(?P<name>(?:[a-z]+\s)?[a-z]{3,}?)"
    r"(?:\s(?:number|no\.?|code|id))(?=\W*$|\s(?:of|for|on|do|should|must|to)\b)",
    re.IGNORECASE,
)
BEFORE_CODE = r"(?:\s(?:number|no\.?|code|id|ref\.?))?(?:\sis)?[:\s#]+"
CODE = r"(?-i:(?=[A-Z0-9/.-]*\d)[A-Z0-9][A-Z0-9/.-]*[A-Z0-9])(?!\w)"
TIME_CLAUSE = re.compile(r"\s(?:after|before|since|during|until)\s.*$", re.IGNORECASE | re.DOTALL)
SUPERLATIVE = re.compile(r"\w{3,}est|most|least|best|worst", re.IGNORECASE)
# What nouns stand behind.
NOUN_OPENING = re.compile(
    r"\b(?:(?:how much|how long|how far|how old|what time|when|where) (?:is|are|was|were)|the|an?|my|our|your|his|her"
    r"|their|its|any|each|every|another|this|that|for|of|to|in|on|at|with|from|about|into"
    r"|how much|how many|what|which|whose)\s+",
    re.IGNORECASE,
)

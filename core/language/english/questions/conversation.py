"""English wording of turns: questions that lean on earlier ones, answers that say there is none, page references."""

from __future__ import annotations

import re

from core.language.language import language

POINTS_BACK = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers|this|that|these|those|there|one|ones|former|latter|same)\b",
    re.IGNORECASE,
)
# Words that do not point back here: "Is there ...", "the parts that ...", "this manual".
POINTS_NOWHERE = re.compile(
    r"\b(?:is|are|was|were) there\b|\b\w+ that (?=\w)|\bthis (?:document|manual|handbook)\b", re.IGNORECASE
)
GOES_ON = re.compile(
    r"^\s*(?:and|but|or|so|what about|how about|what else|why not|why|really|then|also|same for)\b[\s,]*", re.IGNORECASE
)
PAGE_REFERENCE = re.compile(r"\bp(?:p|ages?)?\.?\s?\d+", re.IGNORECASE)
_MATERIAL = r"(?:documents?|passages?|(?:provided|given) (?:text|context|information)|context|sources?)"
_TELL = r"(?:say|state|mention|contain|provide|specify|answer|include|give)"
ABSTAINS = re.compile(
    rf"\b{_MATERIAL} (?:do|does|did)(?: not|n['’]t) {_TELL}|\bnot {_TELL}(?:e?d|ied)? (?:in|by) the {_MATERIAL}"
    rf"|\bno (?:information|mention|answer)\b.*\b{_MATERIAL}\b"
    r"|^I (?:do not|don['’]t|cannot|can['’]t) (?:know|find|answer)",
    re.IGNORECASE,
)
# Words that an answer has of itself, not of its sources.
HOLLOW_WORDS = " ".join(language("en").word_lists["hollow"])
# What an earlier question was about: names, codes and abbreviations.
NAMED_SUBJECT = re.compile(
    r"(?<!^)(?<![.?!]\s)\b[A-Z][\w’'&-]*(?:\s+(?:of\s+)?[A-Z\d][\w’'&-]*)*|\b[A-Z]{2,}\w*|\b\w*[A-Za-z]\d\w*"
)
# "The North one": the thing of that name.
NAMED_ONE = re.compile(r"\b([A-Z][\w’'&-]*)\sones?(?=\W*$)")
# "And the other one?": the earlier question of the other subject.
OTHER_ONE = re.compile(
    r"^\W*(?:(?:and|but|so|what about|how about|same for)\s+)*the other(?:\s\w+)?\W*$", re.IGNORECASE
)
# "Back to Ada: who is her manager?"
_NOW = r"(?:(?:and|but|now|okay|ok|so|well)[\s,]+)*"
_TURNING = (
    r"(?:(?:going |coming |to come |let us go )?back to|returning to|to return to|regarding|concerning|as (?:for|to)"
    r"|what about|how about|about|for)"
)
BACK_TO = re.compile(
    rf"^\W*{_NOW}{_TURNING}\s+(?:the\s+)?(?P<subject>[^:,?–—]{{2,60}}?)\s*(?:[:,–—]|\s-\s)\s*(?P<rest>\w.+)$",
    re.IGNORECASE | re.DOTALL,
)
# Asks of several subjects at once: "Which of them", "Which is cheaper?".
_COMPARED = (
    r"(?:more|less|fewer|(?:the\s)?(?:most|least)|(?:the\s)?(?:bigg|larg|small|old|new|young|fast|slow|cheap|high|low|long"
    r"|short|heavi|light|strong|bett|earli|lat)(?:er|est))"
)
AMONG = re.compile(
    r"\b(?:which|who|what)(?:\s\w+)?\sof\s(?:them|these|those|the\s(?:two|three))\b|\b(?:of|between) the two\b|\bboth\b"
    rf"|\bbetween them\b|\beach of them\b|^\W*(?:and\s)?(?:which|who)(?:\sone)?\s\w+\s{_COMPARED}\b",
    re.IGNORECASE,
)
# A bare word that asks of the same: "When?".
BARE_WORD = re.compile(
    r"^\W*(?:and\s)?(?P<word>when|where|who|whom|which|what|how|how (?:much|many|long|often|old|far))\W*$",
    re.IGNORECASE,
)
# "And the excess?", "its excess": what is asked for of the same; and the end of a question that says of what.
OF_THE_SAME = re.compile(r"\b(?:the|its|their|his|her)\s+(?P<thing>[^\W\d_][\w\s’'-]*?)\W*$", re.IGNORECASE)
OWN_THING = re.compile(r"\b(?P<be>is|are|was|were)\s(?:its|their)\s+(?P<thing>[^\W\d_][\w\s’'-]*?)\W*$", re.IGNORECASE)
OF_WHAT = r"\b(?:of|in|for|under)\s+(?:the\s+)?(?:[\w’'-]+\s+){{0,3}}?{name}(?:\s+[\w’'-]+){{0,3}}(?=\W*$)"

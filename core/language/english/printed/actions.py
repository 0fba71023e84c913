"""English patterns of action lists ("- Carla: order the frame by 31 October") and of what is asked of them."""

from __future__ import annotations

import re

_NAME = r"[A-Z\u00c0-\u00de][\w'’.-]*(?:\s[A-Z\u00c0-\u00de][\w'’.-]*){0,2}"
# A line of such a list: who, and what; a task begins with a verb, in lower case where a colon or a dash stands before.
LINE = re.compile(
    r"^[ \t]*(?P<bullet>(?:[•●▪◦‣·*–—-]|\(?\d{1,2}[.)])[ \t]+)?(?:\[[ xX✓]?\]\s*)?(?:(?i:action|to-?do|task):\s*)?"
    rf"(?P<who>{_NAME}(?:(?:,\s|\s(?:and|&)\s){_NAME})*)"
    r"(?:(?P<parted>:\s+|\s[–—-]\s)(?:(?:to|will|must|should|shall)\s)?(?=[a-z])|\s+(?:to|will|shall|must|should)\s+(?=[a-z]))"
    r"(?P<task>[^\n]+?)[ \t.;]*$",
    re.MULTILINE,
)
# The date at the end of a task.
DUE = re.compile(
    r"[,(]?\s*(?:\bdue\s)?\b(?P<way>by|until|till|before|on|due|no later than|not later than|deadline:?)\s(?:the\s)?$",
    re.IGNORECASE,
)
# What stands over an action list.
_LISTED = r"(?:actions?|action (?:items?|points?)|tasks?|to-?dos?|to-?do items?)"
HEADING = re.compile(rf"\b(?:{_LISTED}|next steps|assignments?)\b", re.IGNORECASE)
_TASKS = rf"(?:(?:open|agreed)\s)?(?:{_LISTED}|things|items|jobs)"
_MUST = r"(?:must|should|shall|will|has to|have to|needs to|need to|is to|are to|is supposed to|is going to|ought to)"
_CARES = r"is responsible for|is in charge of|takes care of|looks after"

WHO = re.compile(
    rf"^\W*(?:who|which (?:person|member))\s(?:(?:{_MUST}|{_CARES}|is|does)\s)?(?P<task>[^?]+?)\W*$", re.IGNORECASE
)
# "What must Derek do?", "What is Derek responsible for?"
WHAT = re.compile(
    rf"(?i:^\W*what\s(?:must|should|shall|will|does|is|has)\s)(?P<who>{_NAME})\s"
    r"(?i:(?:(?:have|need|supposed|going|got)\s)?(?:to\s)?do|responsible for|in charge of)\b(?P<rest>[^?]*)\W*$"
)
DUE_WHEN = re.compile(
    rf"^\W*(?:what|which(?:\s{_TASKS})?|who)\s(?:(?:is|are|was|were|must|has to|have to|falls?|needs? to)\s)?(?:be\s)?"
    r"(?:due|done|finished|completed|ready)\s(?P<way>on|by|before|after|until|from|since)\s(?:the\s)?(?P<date>[^?]+?)\W*$",
    re.IGNORECASE,
)
_ON_LIST = r"(?:there|listed|open|due|agreed|on the list|in the (?:list|minutes))"
COUNT = re.compile(
    rf"^\W*how many\s(?:(?:open|agreed)\s)?{_LISTED}"
    rf"(?:\s(?:are|were|is)\b(?:\s{_ON_LIST})*|\s(?:does|has)\s(?P<who>[^?]+?)\s?(?:have)?)?\W*$",
    re.IGNORECASE,
)
WHEN = re.compile(
    rf"^\W*(?:when|by when|by what date|until when)\s(?:(?:{_MUST}|does|is)\s)?(?P<task>[^?]+?)\W*$", re.IGNORECASE
)
# Words of a question that a task need not have.
FILLER = re.compile(rf"\b(?:{_MUST}|due|responsible|supposed|deadline|task|action)\b", re.IGNORECASE)
# Ways in which a date may stand to the one that is asked of; the others ask for the date itself.
EARLIER, NOT_LATER, LATER, NOT_EARLIER = ("before",), ("by", "until"), ("after",), ("from", "since")

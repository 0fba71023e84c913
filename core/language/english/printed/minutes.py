"""English labels of those who were at a meeting and who were not, and the questions that ask for them."""

from __future__ import annotations

import re

_PRESENT = (
    r"(?:(?:members|people|also)\s)?"
    r"(?:present|attending|attendees?|attended|in attendance|attendance|participants)"
)
_ABSENT = (
    r"(?:apologies(?:\s(?:for absence|received))?(?:\sfrom)?|absent|absentees|(?:members\s)?(?:absent|excused)"
    r"|excused|regrets|not (?:present|attending)|sent apologies)"
)
# "Present: ...", as a line or a sentence begins, or with its capital within a line.
LABEL = re.compile(
    rf"(?:(?:^|(?<=[\n.;•*|–—-]))\s*(?i:(?P<present>{_PRESENT})|(?P<absent>{_ABSENT}))"
    r"|(?<=\s)(?P<inner>Apologies|Absent|Excused|Regrets|Present|Attending|Attendees|In attendance))\s*:[ \t]*"
)
ABSENT_LABEL = re.compile(_ABSENT, re.IGNORECASE)
# Other labels of minutes that may follow on the same line.
_OTHER = (
    r"Chair(?:man|woman|person)?|Minutes(?: by| taken by)?|Secretary|Guests?|Date|Time|Place|Location|Venue|Agenda"
    r"|Quorum|Minute taker|Distribution|Note"
)
OTHER_LABEL = re.compile(rf"(?<=\s)(?:{_OTHER})\s*:|(?<=[.;]\s)[A-Z][\w-]*(?:\s[\w-]+){{0,2}}:\s")
NOBODY = re.compile(r"^\W*(?:none|nobody|no one|nil|n/a|-+)\W*$", re.IGNORECASE)
AND = re.compile(r",?\s+(?:and|&)\s+|\s*[,;]\s*", re.IGNORECASE)

_PEOPLE = r"(?:people|members|persons|participants)"
_WHO = rf"^\W*(?:and\s)?(?P<asks>who(?:\s(?:else|all))?|which {_PEOPLE}|how many(?:\s{_PEOPLE})?)"
_BE = r"(?:\s(?:was|were|is|are|has|have|had|did|sent))?"
_REST = r"(?P<rest>\b[^?]*)\W*$"
# "absent" and "excused apologies" are what `asking.DENIALS` puts for "did not attend".
_AWAY = (
    r"(?:absent|absence|missing|away|excused?|apologies|apologi[sz]ed?|regrets|not (?:there|present)"
    r"|unable to (?:come|attend))"
)
ASKS_ABSENT = re.compile(
    rf"{_WHO}{_BE}(?:\s(?:been|themselves|their|in|his|her|with))*\s{_AWAY}(?:\s(?:excused|apologies|themselves))*{_REST}",
    re.IGNORECASE,
)
_THERE = r"(?:present|attend(?:ed|ing|s)?|in attendance|at the meeting|took part|participated?|came(?=\W*$|\sto\b))"
ASKS_PRESENT = re.compile(rf"{_WHO}(?:{_BE}(?:\sbeen)?\s{_THERE}|\s(?:was|were)\sthere){_REST}", re.IGNORECASE)
# What a question may add without asking of anything else.
OF_MEETING = frozenset(
    ("meeting", "session", "minutes", "board", "committee", "assembly", "there", "together", "total")
)
COUNTS = re.compile(r"how many", re.IGNORECASE)

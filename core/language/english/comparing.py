"""English words by which two statements of the same thing are compared: bounds, replacements, periods, who speaks.

There are no such words for other languages yet; sentences in them are compared by their figures alone.
"""

from __future__ import annotations

import re

from core.language.english.words import MONTH_OF
from core.language.language import alternation, language, numbered

_ENGLISH = language("en")
_MONTH = alternation(MONTH_OF)
_DAY = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?\s+(?:{_MONTH})\.?,?\s+|(?:{_MONTH})\.?\s+(?:\d{{1,2}},?\s+)?)?(?:19|20)\d\d"

# Number words that stand for a figure before a unit; "one" is mostly an article or a pronoun.
NUMBER_WORDS = {word: value for word, value in numbered(_ENGLISH.small_numbers, start=0).items() if value > 1} | {
    word: 10 * ten for word, ten in numbered(_ENGLISH.tens).items()
}
NUMBER_WORD = re.compile(rf"\b(?:{alternation(NUMBER_WORDS)})\b", re.IGNORECASE)

# One of several, which counts nothing.
ONE_AMONG = re.compile(r"one\sof\b", re.IGNORECASE)
# What stands between a new value and the one that it takes the place of.
INSTEAD_OF = re.compile(
    r",?\s*(?:instead of|rather than|in place of|no longer|not|formerly|previously|up from|down from)\s+", re.I
)
# "rises from 6 GB to 15 GB": the first value is the old one.
CHANGES = re.compile(
    r"\b(?:ris(?:es?|ing|en)|rose|raised?|increas(?:es?|ed|ing)|grow(?:s|n)?|grew|goes up|fell|falls?|drop(?:s|ped)?"
    r"|reduced?s?|lower(?:s|ed)?|cut|chang(?:es?|ed)|mov(?:es?|ed)|extend(?:s|ed)|shorten(?:s|ed)|go(?:es)?)"
    r"\b[^.;]{0,30}?\bfrom\s+",
    re.IGNORECASE,
)
CHANGED_TO = re.compile(r"\s+to\s+", re.IGNORECASE)
# Heads of columns that hold values before and after a change.
OLD_HEAD = re.compile(
    r"^(?:until|till|up to|before|old|former|formerly|previous|previously|so far|was)\b", re.IGNORECASE
)
NEW_HEAD = re.compile(r"^(?:from|since|as from|after|new|now|current|is now|will be)\b", re.IGNORECASE)

# Since when a rule holds: no part of what it says.
IN_FORCE = re.compile(
    rf"\b(?:from|since|with effect from|effective|as from|starting|beginning|in force (?:from|since))\s+(?:{_DAY})\b"
    r"(?!\s+(?:to|until|till|through)\b)",
    re.IGNORECASE,
)

# How a figure bounds what it is about; two bounds of other directions are not one attribute.
AT_MOST = re.compile(
    r"\b(?:up to|at most|no more than|not more than|no longer than|no later than|a maximum of|maximum|within|less than"
    r"|fewer than|below|under|limited to|or fewer|or less|highest|greatest)\b",
    re.IGNORECASE,
)
AT_LEAST = re.compile(
    r"\b(?:at least|no less than|no fewer than|not less than|a minimum of|minimum|more than|above|over|exceed(?:s|ing)?"
    r"|or more|lowest|least)\b",
    re.IGNORECASE,
)
# Of a question: what a value is held against, with the sign of the comparison; the bound follows.
THRESHOLD = re.compile(
    r"\b(?:(?P<above>(?:more|greater|higher|longer|older|larger|bigger|heavier|warmer|later)\sthan|over|above|beyond"
    r"|exceed(?:s|ing)?)"
    r"|(?P<least>at least|no less than|not less than|a minimum of)"
    r"|(?P<below>(?:less|fewer|lower|shorter|younger|smaller|lighter|colder|cheaper)\sthan|under|below)"
    r"|(?P<most>at most|up to|no more than|not more than|a maximum of|within))\s+(?=[-−\d$€£¥]|[a-z]+)",
    re.IGNORECASE,
)
# "Between 0 and 35 °C", up to the upper bound.
BOTH_BOUNDS = re.compile(r"\bbetween\s(?P<low>[-−]?\d[^;,]{0,20}?)\sand\s(?=[-−]?\d)", re.IGNORECASE)
OR = re.compile(r"\bor\b", re.IGNORECASE)
# A day with its month, written either way.
DAY_AND_MONTH = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<month>{_MONTH})\b|\b(?P<before>{_MONTH})\.?\s(?P<after>\d{{1,2}})(?:st|nd|rd|th)?\b(?!,?\d)",
    re.IGNORECASE,
)
# Between two days, months or years, all between which are meant, and before one that has no other end.
_DAY_BEFORE = r"(?:the\s)?(?:\d{1,2}(?:st|nd|rd|th)?\s)?"
NAME_RANGE = re.compile(rf"\W*(?:[-–—]|(?:\d{{4}}\s)?(?:to|until|till|through))\W*{_DAY_BEFORE}", re.IGNORECASE)
BETWEEN = re.compile(rf"\bbetween\s{_DAY_BEFORE}$", re.IGNORECASE)
AND_ANOTHER = re.compile(rf"\s(?:\d{{4}}\s)?and\s{_DAY_BEFORE}", re.IGNORECASE)
OPEN_END = re.compile(
    r"\b(?:(?P<after>since|from|after|starting|beginning|as of)|until|till|before|by|through)\s"
    rf"(?:(?:early|late|mid)[\s-])?{_DAY_BEFORE}$",
    re.IGNORECASE,
)
# Bounds without a figure: "a week", and the zero of a scale.
ONE_OF = re.compile(r"an?\s(?=[a-z])", re.IGNORECASE)
NOTHING = re.compile(r"(?:zero|nought|freezing)\b", re.IGNORECASE)
ABOUT = re.compile(r"\b(?:about|around|approximately|some|roughly|nearly|almost|circa|more or less)\s*$", re.IGNORECASE)

# Who speaks: the sentence is about whoever wrote the document.
SPEAKER = re.compile(
    r"\b(?:we|us|our|ours|i|my|the (?:company|registrant|corporation|issuer|group|firm|partnership|employer|landlord"
    r"|tenant|seller|buyer|supplier|customer))\b",
    re.IGNORECASE,
)
# Where a sentence goes on to a reason or a consequence, which is no part of what it states.
SUBORDINATE = re.compile(
    r",?\s+(?:because|since|although|though|whereas|while|so that|in order|until|unless)\b", re.IGNORECASE
)
# A sentence that leans on the one before it.
LEANING = re.compile(r"^(?:it|its|they|their|he|his|she|her|this|these|that|those|both|each|the same)\b", re.IGNORECASE)
# What is supposed, given as an example, or said of something else than the rule itself.
SUPPOSED = re.compile(
    r"\b(?:for example|for instance|e\.g\.|such as|if|would|could|might|may have|expect(?:s|ed)?|estimat(?:e|es|ed)"
    r"|plan(?:s|ned)?|propos(?:e|es|ed)|assum(?:e|es|ed|ing)|hypothetical)\b",
    re.IGNORECASE,
)
# Words that tell two attributes apart where everything else is the same.
OPPOSITES = tuple(map(frozenset, _ENGLISH.opposites))

# Documents that come out anew for every period: what they say holds for theirs.
PERIODICAL = re.compile(
    r"\b(?:(?:quarterly|annual|monthly|weekly|half[- ]year(?:ly)?|interim|yearly|financial)\s+"
    r"(?:report|statement|accounts|review|results|update)s?|(?:quarter|year|months|weeks|period)\s+ended|form\s+(?:10-?[kq]|20-?f|8-?k)|10-?[kq]\b"
    r"|bank statement|account statement|payslip|pay slip|invoice|minutes of|newsletter|bulletin|earnings"
    r"|budget (?:for|of))",
    re.IGNORECASE,
)

# "The new Safety Officer is Matteo Brackenrig", "the Station Manager, Tobiah Renskow".
_TITLES = ("Dr", "Mr", "Mrs", "Ms", "Prof", "Professor", "Captain", "Sir", "Dame")
_PROPER = rf"(?:(?:{'|'.join(_TITLES)})\.?\s+)?[A-Z][\w’'-]+(?:\s+[A-Z][\w’'-]+){{1,3}}"
HOLDER = re.compile(
    rf"\b[Tt]he\s+(?:new\s+|present\s+|current\s+)?(?P<role>[A-Z][\w-]+(?:\s+(?:of\s+)?[A-Z][\w-]+){{0,3}})"
    rf"(?:,\s+|\s+(?:is|is now)\s+)(?P<name>{_PROPER})"
)
NAME_CELL = re.compile(_PROPER)
# Before a name: no part of who it is.
TITLES = frozenset(map(str.casefold, _TITLES))
# What a value is counted by: "per year", "a night".
PER = re.compile(r"\s+(?:a|an|per|each|every)\s+(?P<per>[a-z]+)")
# Since when a document holds, before the date: a figure or the name of a month.
VALID_FROM = re.compile(
    r"\b(?:in force|valid|effective|applies|as of|with effect)\b[^.\n]{0,12}?(?=\d|(?-i:[A-Z]))", re.IGNORECASE
)

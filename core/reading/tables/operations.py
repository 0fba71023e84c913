"""Words of an English question that ask for more than one cell: change, share, ratio, average, sum, extremes."""

from __future__ import annotations

import re

PERCENT_CHANGE = re.compile(
    r"(?:percent(?:age)?|%|per cent)\s(?:change|increase|decrease|growth|rise|decline|reduction|difference)|growth rate"
    r"|(?:change|increase|decrease|grow|growth|rise|decline)\b.*\b(?:in|by what|as a) percent(?:age|s)?\b(?! of)"
    r"|rate of (?:growth|change|increase)"
    r"|percent(?:age)?\b.*\b(?:grow|increase|decrease|rise|change)d?\b",
    re.IGNORECASE,
)
SHARE = re.compile(
    r"(?P<b>.+?)\s(?:as a (?:percentage|percent|proportion|share) of|accounts? for what (?:percentage|share) of)\s"
    r"(?P<a>.+)|(?:what|which) (?:percent(?:age)?|share|proportion) of (?P<a2>.+?)"
    r" (?:is|was|were|are|did|consists? of|comes? from|came from|does)\s(?P<b2>.+)"
    r"|(?:percentage|proportion|share) of (?P<b3>.+?) (?:over|to|in|out of|against|relative to) (?P<a3>.+)",
    re.IGNORECASE,
)
RATIO = re.compile(
    r"ratio of (?P<a>.+?) to (?P<b>.+)|(?P<a2>.+?) as a ratio of (?P<b2>.+)"
    r"|(?P<a3>.+?) (?:divided by|to) (?P<b3>.+) ratio",
    re.IGNORECASE,
)
AVERAGE = re.compile(r"\b(?:average|mean)\b", re.IGNORECASE)
DIFFERENCE = re.compile(
    r"\b(?:change[ds]?|difference|differ|increase[ds]?|decrease[ds]?"
    r"|how much (?:more|less|higher|lower|cheaper|larger|smaller)|by how much"
    r"|rose|rise|fell|fall|grow|grew|growth|decline[ds]?|reduc(?:e[sd]?|tion)|drop(?:ped)?)\b",
    re.IGNORECASE,
)
SUM = re.compile(r"\b(?:sum|combined|together|altogether|total)\b", re.IGNORECASE)
BETWEEN = re.compile(
    r"\bbetween (?P<a>.+?) and (?P<b>.+?)(?=[?,.]| in (?:19|20)| for (?:19|20)| at (?:19|20)|$)", re.IGNORECASE
)
BOTH = re.compile(r"\b(?:of|for|in) (?P<a>.+?),? and (?P<b>.+?)(?=[?,.]| in (?:19|20)| for (?:19|20)|$)", re.IGNORECASE)
MAXIMUM = re.compile(
    r"\b(?:highest|largest|biggest|greatest|most|maximum|higher|larger|greater|longest|heaviest)\b", re.IGNORECASE
)
MINIMUM = re.compile(
    r"\b(?:lowest|smallest|least|fewest|minimum|lower|smaller|cheapest|shortest|lightest)\b", re.IGNORECASE
)
WHICH = re.compile(r"\b(?:which|what|who|whose)\b", re.IGNORECASE)
WHICH_PERIOD = re.compile(
    r"\b(?:which|what) (?:of the )?(?:\w+ )?(?:years?|periods?|quarters?)\b|\bwhen\b", re.IGNORECASE
)
LIMIT = re.compile(
    r"\b(?P<way>exceed\w*|above|over|more than|greater than|higher than|below|under|less than"
    r"|lower than)\s(?P<limit>.*\d.*)",
    re.IGNORECASE,
)
NEGATIVE = re.compile(r"\b(?:negative|positive)\b", re.IGNORECASE)
HOW_MANY_PERIODS = re.compile(r"how many (?:of the )?(?:fiscal )?(?:years|periods|quarters)\b", re.IGNORECASE)
PROVIDED = re.compile(
    r"\b(?:provid\w+|presented|calculated|computed|shown|listed|available|included?|reported|recorded|information)\b",
    re.IGNORECASE,
)
MONTHS_SPAN = re.compile(r"\b(?:three|six|nine|twelve|quarters?)\b", re.IGNORECASE)
LESS = re.compile(r"below|under|less|lower", re.IGNORECASE)

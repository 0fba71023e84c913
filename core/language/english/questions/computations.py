"""Words of an English question that ask for more than one cell: change, share, ratio, average, sum, extremes."""

from __future__ import annotations

import re

from core.language.language import language

PERCENT_CHANGE = re.compile(
    r"(?:percent(?:age)?|%|per cent)\s(?:change|increase|decrease|growth|rise|decline|reduction|difference)|growth rate"
    r"|(?:change|increase|decrease|grow|growth|rise|decline)\b.*\b(?:in|by what|as a) percent(?:age|s)?\b(?! of)"
    r"|rate of (?:growth|change|increase)"
    r"|percent(?:age)?\b.*\b(?:grow|increase|decrease|rise|change)d?\b",
    re.IGNORECASE,
)
# What is asked for is a cause in words, whatever figures are named beside it.
CAUSE = re.compile(
    r"\bwhy\b|\bhow come\b"
    r"|\bwhat (?:(?:mainly|mostly|primarily|largely|has|have) )*"
    r"(?:caused|causes|drove|driven|drives|led to|explained|explains)\b"
    r"|\b(?:drivers?|factors?|reasons?|causes?|explanations?) (?:of|for|behind|affecting|why)\b",
    re.IGNORECASE,
)
# Growth per year over several years.
YEARLY_GROWTH = re.compile(
    r"\bCAGR\b|\bcompound(?:ed)? (?:annual )?growth|\b(?:average|mean) (?:annual|yearly) (?:growth|increase)"
    r"|\b(?:annual|yearly) growth rate",
    re.IGNORECASE,
)
# Two figures asked at once: "What were net sales and net income in 2021?"
TWO = re.compile(
    r"\b(?:what|how (?:much|high|large))(?:['’]s|\s(?:is|are|was|were))\s(?P<a>[^?]+?),? and (?P<b>[^?]+?)"
    r"(?=[?]| (?:in|for|at|of|on|during) |$)",
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
# "What does E-5 mean?" asks for no average.
AVERAGE = re.compile(r"\baverage\b|\bmean\b(?!\W*$| by\b)", re.IGNORECASE)
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
    r"\b(?:highest|largest|biggest|greatest|most|maximum|higher|larger|greater|bigger|longest|longer|heaviest|heavier|tallest|oldest"
    r"|fastest|hottest|warmest|best|dearest)\b",
    re.IGNORECASE,
)
MINIMUM = re.compile(
    r"\b(?:lowest|smallest|least|fewest|minimum|lower|smaller|fewer|less|cheapest|cheaper|shortest|shorter|lightest|lighter|youngest"
    r"|slowest|coldest|worst)\b",
    re.IGNORECASE,
)
WHICH = re.compile(r"\b(?:which|what|who|whose)\b", re.IGNORECASE)
WHICH_PERIOD = re.compile(
    r"\b(?:which|what) (?:of the )?(?:\w+ )?(?:years?|periods?|quarters?)\b|\bwhen\b", re.IGNORECASE
)
LIMIT = re.compile(
    r"\b(?P<way>exceed\w*|above|over|more than|greater than|higher than|larger than|at least|below|under|less than"
    r"|lower than|fewer than|smaller than|at most|up to)\s(?P<limit>.*\d.*)",
    re.IGNORECASE,
)
# Things that are counted or listed, not periods: "how many segments had sales above $10 billion".
_PARTS = (
    r"segments?|regions?|areas?|geograph(?:y|ies)|divisions?|departments?|units?|business(?:es)?|branch(?:es)?|sites?|markets?"
    r"|countr(?:y|ies)|categor(?:y|ies)|products?|product lines?|groups?|offices?|plants?|stores?|schools?|teams?"
)
# Asks which part of a whole, or how many parts: "which of the segments", "how many regions".
PART = re.compile(rf"\b(?:which|what|how many) (?:of the )?(?:\w+ ){{0,2}}?(?P<things>{_PARTS})\b", re.IGNORECASE)
# Of these a table need not say that it lists them.
ANY_PART = re.compile(r"(?:segment|region|area|geograph|division|unit|business)", re.IGNORECASE)
WHOLE = re.compile(r"\b(?:total|all|sum|consolidated|eliminations?|corporate)\b", re.IGNORECASE)
HOW_MANY = re.compile(r"\bhow many (?:of the )?(?P<things>[\w-]+(?: [\w-]+)?)", re.IGNORECASE)
WHICH_THINGS = re.compile(r"\b(?:which|what) (?:of the )?(?P<things>[\w-]+(?: [\w-]+)?)", re.IGNORECASE)
NEGATIVE = re.compile(r"\b(?:negative|positive)\b", re.IGNORECASE)
HOW_MANY_PERIODS = re.compile(r"how many (?:of the )?(?:fiscal )?(?:years|periods|quarters)\b", re.IGNORECASE)
PROVIDED = re.compile(
    r"\b(?:provid\w+|presented|calculated|computed|shown|listed|available|included?|reported|recorded|information)\b",
    re.IGNORECASE,
)
_SMALL = [spellings[0] for spellings in language("en").small_numbers]
MONTHS_SPAN = re.compile(rf"\b(?:{_SMALL[3]}|{_SMALL[6]}|{_SMALL[9]}|{_SMALL[12]}|quarters?)\b", re.IGNORECASE)
LESS = re.compile(r"below|under|less|lower|fewer|smaller|at most|up to", re.IGNORECASE)
OR_EQUAL = re.compile(r"at least|at most|up to", re.IGNORECASE)
# Verbs after which the change is wanted in amount and in percent.
GROWTH = re.compile(
    r"\b(?:did|does|do|has|have)\b.*\b(?:grow|grown|rise|risen|fall|fallen|drop|dropped|increased?|decreased?|declined?)\b"
    r"|\b(?:grew|rose|fell|growth)\b",
    re.IGNORECASE,
)
FALLING = re.compile(
    r"\b(?:fall|fell|fallen|drop(?:ped)?|decreased?|declined?|shr[aiu]nk|lower|less|fewer)\b", re.IGNORECASE
)
# "Which is larger, A or B": the two names stand beside "or".
EITHER = re.compile(
    r"\b(?:which|what|who|whose)\b.*?\b(?P<way>\w+er|more|less|most|least|\w+est)\b(?P<between>[^?]*?)"
    r"(?:[,:]|\bthan\b|\bof\b|\bis\b|\bwas\b|\bdid\b)\s*(?P<a>[^,?:]+?),? or (?P<b>[^?]+)",
    re.IGNORECASE,
)
THAN = re.compile(
    r"^\W*(?:is|are|was|were|does|do|did|has|have)\b(?P<a>.+?)\b(?P<way>\w+er|more|less)\b[^?]*?\bthan (?P<b>[^?]+)",
    re.IGNORECASE,
)
AGGREGATE = re.compile(r"\b(?:total|sum|altogether|in all|average|mean(?!\W*$| by\b)|combined)\b", re.IGNORECASE)
# What an adjective measures, as the heads of columns name it.
MEASURES = {
    re.compile(
        r"\b(?:expensive|cheap(?:er|est)?|dear(?:er|est)?|costs?|price[yd]?)\b", re.IGNORECASE
    ): "price cost fee rate amount",
    re.compile(r"\b(?:heav(?:y|ier|iest)|light(?:er|est)?|weighs?)\b", re.IGNORECASE): "weight mass",
    re.compile(r"\b(?:long(?:er|est)?|short(?:er|est)?)\b", re.IGNORECASE): "length duration time",
    re.compile(r"\b(?:old(?:er|est)?|young(?:er|est)?)\b", re.IGNORECASE): "age year",
    re.compile(r"\b(?:fast(?:er|est)?|slow(?:er|est)?)\b", re.IGNORECASE): "speed time duration",
    re.compile(r"\b(?:tall(?:er|est)?)\b", re.IGNORECASE): "height",
    re.compile(r"\b(?:hot(?:ter|test)?|cold(?:er|est)?|warm(?:er|est)?)\b", re.IGNORECASE): "temperature",
}
# Asks which row is first by a figure: no label of a row need be in the question.
RANKS = re.compile(
    r"\b(?:which|what|who)\b.*\b(?:highest|largest|biggest|greatest|most|lowest|smallest|least|fewest|best|worst)\b",
    re.IGNORECASE,
)
# An adjective by which the smaller of two is asked for.
SMALLER = re.compile(
    r"^(?:less|least|fewer|fewest|lower|lowest|small|cheap|short|light|young|slow|cold)", re.IGNORECASE
)
# A change of a figure is asked for, or a mean of two years.
CHANGED = re.compile(r"\b(?:change|differ|increase|decrease|grow|grew|rise|rose|fall|fell|improve)\w*\b", re.IGNORECASE)
# "... / (average total assets between 2019 and 2020)": the rows below the line are means of two years.
AVERAGED = re.compile(r"\baverage\b", re.IGNORECASE)
# Tests in any case: the thing that is asked for, a sum, both ends of a range.
SUBJECT = r"\b(?:which|what)\s+(?:of the\s+)?([\w-]+)"
TOGETHER = r"\b(?:sum|together|combined|altogether)\b"
RANGE = r"\brange\b"
NEGATIVE_SIGN = "negative"

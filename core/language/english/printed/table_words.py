"""What English tables print beside their figures: scale and currency, captions, heads and labels."""

from __future__ import annotations

import re

from core.language.english.words import ANY_SCALE, PLURAL_SCALES, SCALE_NAMES

# "In thousands, except per share data"; "$ million".
SCALE = re.compile(
    r"\b(?:in|\$|dollars in|€|£|amounts? in|expressed in|stated in|of)?\s*(?:U\.?S\.? dollars in\s+)?"
    rf"(?P<word>{PLURAL_SCALES}|000s|\$000|\$m\b)|\$\s?(?P<short>million|m|bn|000)\b",
    re.IGNORECASE,
)
# Powers of ten by what `SCALE` finds.
POWERS = {
    **{f"{name}s": power for power, name in SCALE_NAMES.items()},
    "000s": 3,
    "$000": 3,
    "000": 3,
    "million": 6,
    "$m": 6,
    "m": 6,
    "bn": 9,
}
SCALED_AMOUNT = re.compile(
    r"(?P<before>[-−(]*[$€£¥]?[-−(]?)(?P<number>\d[\d,]*(?:\.\d+)?)(?P<after>\)?) "
    rf"(?P<scale>{'|'.join(SCALE_NAMES.values())})"
)
# The scale in which a question asks for an amount ("in millions of US dollars").
ASKED_SCALE = re.compile(
    r"\bin (?:units of )?(?:(?:U\.?S\.? ?)?(?:USD|dollars|EUR|euros|GBP|pounds)\s|[$€£]\s?)?"
    rf"(?P<scale>{ANY_SCALE})\b",
    re.IGNORECASE,
)
CURRENCY = re.compile(r"[$€£¥]|\b(?:USD|EUR|GBP)\b|\b(?:dollars|pounds|euros)\b(?! (?:per|of weight))", re.IGNORECASE)
CURRENCY_SIGNS = {"dollars": "$", "pounds": "£", "euros": "€"}
# A cell that says that there is nothing.
EMPTY_CELL = re.compile(r"^[\s—–―\-$€£*.%()]*$|^n/?[am]$", re.IGNORECASE)
CAPTION = re.compile(r"(?:table|exhibit|schedule)\s+[\dA-Z][\w.-]*(?:[.:)]|\s+[A-Z])", re.IGNORECASE)
# Heads of columns of changes: "Change", "Fiscal 2019 vs. Fiscal 2018".
CHANGE_HEAD = re.compile(
    r"change|variance|increase|decrease|(?:19|20)\d\d\s(?:vs\b\.?|versus|compared (?:to|with))\s[\w\s]*(?:19|20)\d\d",
    re.IGNORECASE,
)

# Labels of rows that sum up others, or the heads of such columns.
TOTAL_ROW = re.compile(r"\b(?:total|sum|average|mean|all)\b", re.IGNORECASE)
TOTAL_OR_CHANGE = re.compile(r"\b(?:total|all|sum|average|change)\b", re.IGNORECASE)
IS_TOTAL = r"\b(?:total|all|sum|average)\b"
BEGINS_WITH_TOTAL = r"total\b"
TOTAL = "total"
# Labels of costs: statements write them in brackets or not.
COST = r"\b(?:cost|costs|expenses?|tax|taxes|provision|expenditures?)\b"
NOTE_MARK = re.compile(r"\s*[(\[](?:note )?\d+[)\]]|\*+$")
# Labels of rows for which a table's scale does not hold, and of rows that are no sums of money.
UNSCALED = r"\bper (?:\w+ )?share\b|\beps\b|%|percent|number of|employees|headcount|\(days\)"
# Labels of ratios; "gross margin" may be a sum of money as well, which its size tells.
RATIO_LABEL = r"\brate\b|ratio|margin(?! \()"
PER_SHARE = r"per (?:\w+ )?share|\beps\b"
NO_MONEY = r"%|percent|\bshares\b(?! ?price)|number|days"
# What is above or beside a bare figure that is a sum of money.
MONEY_HEAD = re.compile(
    r"\b(?:costs?|prices?|fees?|charges?|rates?|rents?|pay|payable|paid|salar(?:y|ies)|wages?|fines?|budgets?|incomes?|revenues?|sales"
    r"|profit|loss|expenses?|amounts?|totals?|values?|sums?|deposits?|premiums?|tax|debt|cash|money|earnings|spent|spending|subscriptions?)\b",
    re.IGNORECASE,
)

# The head of a column that says how many of a thing there are.
QUANTITY_HEAD = re.compile(
    r"\W*(?:qty|quantit(?:y|ies)|counts?|numbers?|pieces|pcs|on hand|(?:in )?stock|how many|total number)\W*",
    re.IGNORECASE,
)
# Asks for the price of one of several.
EACH = re.compile(
    r"\b(?:each|apiece|per|unit|single|an? (?:hour|day|night|piece|item|unit|metre|litre|kilo))\b", re.IGNORECASE
)
ASKS_COST = re.compile(r"\bhow much\b|\bcosts?\b|\bpay\b|\bcharged?\b", re.IGNORECASE)
# A cell that says yes or no.
FLAG = re.compile(
    r"(?P<yes>yes|y|✓|✔|☒|☑|x|included|available|true)|(?:no|n|✗|✘|☐|-|–|—|none|false|not included|unavailable)",
    re.IGNORECASE,
)
# What a question asks for, and how the head of a column of it is called.
_ASKED_HEADS = tuple(
    (re.compile(asks, re.IGNORECASE), re.compile(head, re.IGNORECASE))
    for asks, head in (
        (
            r"\bwhat (?:should|must|can|do|does|to|shall)\b.*\bdo\b"
            r"|\bhow (?:do|can|should) (?:i|we|you)\b.*\b(?:fix|solve|repair|clear|stop|mend)"
            r"|\bwhat to do\b|\bwhat helps\b",
            r"\b(?:remed|solution|action|fix|measure|what to do|correct|response|cure|treatment|help|do)\w*",
        ),
        (
            r"\bmean(?:s|ing)?\b|\bstands? for\b|\bwhat is\b",
            r"\b(?:meaning|problem|description|explanation|definition|message|fault|error|name)\w*",
        ),
        (r"\bwhy\b|\bcauses?\b|\breasons?\b", r"\b(?:cause|reason|why)\w*"),
        (r"\bwho\b|\bwhom\b", r"\b(?:who|name|person|responsible|owner|contact|by|assignee|lead)\w*"),
        (r"\bwhen\b", r"\b(?:when|date|day|time|due|deadline|month|departure|arrival)\w*"),
        (r"\bwhere\b", r"\b(?:where|place|location|room|site|address|city|venue)\w*"),
        (
            r"\bhow (?:often|common|frequent|likely|rare)\b",
            r"\b(?:how (?:often|common|likely)|frequency|interval|every|cycle|likelihood|probability)\w*",
        ),
        (r"\bhow long\b", r"\b(?:how long|duration|time|length|nights|days|hours|minutes)\w*"),
        (r"\bhow many\b", r"\b(?:number|count|quantity|qty|pieces|pcs|stock)\w*"),
        (
            r"\bhow much\b|\bcosts?\b|\bprices?\b|\bpay\b",
            r"\b(?:price|cost|amount|fee|rate|fare|euro|eur|usd|gbp|total)\w*|[$€£]",
        ),
    )
)


# How documents name what a question word asks for: "Charging time", "Term", "Weight".
_IMPLIED = tuple(
    (re.compile(asks, re.IGNORECASE), frozenset(names.split()))
    for asks, names in (
        (r"\bhow long\b", "time duration term period length"),
        (r"\bhow heavy\b|\bweighs?\b", "weight mass"),
        (r"\bhow fast\b", "speed"),
        (r"\bhow far\b", "distance range"),
        (r"\bhow (?:big|large)\b", "size area capacity"),
        (r"\bhow often\b", "frequency interval"),
        (r"\bhow (?:hot|cold|warm)\b", "temperature"),
        (r"\bwho made\b|\bwho makes\b", "manufacturer maker"),
    )
)


def implied_names(question: str) -> frozenset[str]:
    """Return the nouns by which documents name what a question asks for by its question word, in small letters."""
    return frozenset[str]().union(*(names for asks, names in _IMPLIED if asks.search(question)))


def implying_words(question: str) -> frozenset[str]:
    """Return the words by which a question asks for what has such a name; they say nothing else."""
    matches = [match[0] for asks, _ in _IMPLIED if (match := asks.search(question))]
    return frozenset(" ".join(matches).lower().split()) | (frozenset(("take",)) if matches else frozenset())


def asked_heads(question: str) -> tuple[re.Pattern[str], ...]:
    """Return how the head of a column may be called that a question asks for by its question word."""
    return tuple(head for asks, head in _ASKED_HEADS if asks.search(question))


# Superlatives and the heads of the columns that they rank by.
MEASURED_HEADS = tuple(
    (re.compile(asks, re.IGNORECASE), re.compile(head, re.IGNORECASE))
    for asks, head in (
        (
            r"\b(?:cheapest|dearest|(?:most|least) expensive|costs? (?:the )?(?:most|least))\b",
            r"\b(?:price|cost|amount|fee|rate|fare|rent|euro|eur|usd|gbp)\w*|[$€£]",
        ),
        (r"\b(?:heaviest|lightest)\b", r"\b(?:weight|mass|kg|lb)\w*"),
        (r"\b(?:tallest|highest|lowest)\b", r"\b(?:height|altitude|elevation|level)\w*|\bm\b"),
        (r"\b(?:longest|shortest)\b", r"\b(?:length|duration|time|distance|days|hours|minutes|min|km|nights|cm)\b"),
        (r"\b(?:fastest|slowest)\b", r"\b(?:speed|pace|time|duration|km/h|mph)\b"),
        (r"\b(?:oldest|youngest|newest)\b", r"\b(?:age|year|built|founded|born|since)\b"),
        (r"\b(?:largest|smallest|biggest)\b", r"\b(?:area|size|capacity|population|volume|seats|m²|square|number)\w*"),
    )
)

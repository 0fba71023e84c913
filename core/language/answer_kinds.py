"""What kind of answer a question asks for, and what a sentence that gives one looks like.

Rules for English, and the question words of German, French and Spanish.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.language.language import alternation, language

_ENGLISH = language("en")
# "May" without a capital is a verb.
_MONTH = alternation(names[0] for names in _ENGLISH.months if names[0] != "may") + "|(?-i:May)"
# A dot between two numbers parts a day and a month, or an hour and its minutes; "1.2" numbers a section.
_DOTTED = r"\b\d{1,2}\.\d{1,2}\.\d{2,4}\b|\b\d{1,2}\.\d\d\s?[ap]\.?m\b"
_WEEKDAY = alternation(names[0] for names in _ENGLISH.weekdays)
_SPELLED = alternation([*(spellings[0] for spellings in _ENGLISH.small_numbers[1:13]), *_ENGLISH.quantities])
_ORDINAL = alternation(spelling for row in _ENGLISH.ordinals for spelling in row)
_COUNT = rf"\d|\b(?:{_SPELLED})\b"
# A number of things, in figures or in words.
_NUMBER_WORDS = alternation(
    [*(spelling for row in (*_ENGLISH.small_numbers, *_ENGLISH.tens) for spelling in row), *_ENGLISH.quantities]
)
COUNTED = re.compile(rf"\d[\d,.]*(?:\s(?:{alternation(_ENGLISH.scales)})\b)?|\b(?:{_NUMBER_WORDS})\b", re.IGNORECASE)
PERCENT_BEHIND = re.compile(r"\s?(?:%|per ?cent\b)", re.IGNORECASE)
# What stands for a number where none is given.
UNCOUNTED = re.compile(r"\b(?:no|none|nobody|single|both|several|pair)\b", re.IGNORECASE)
_UNIT_OF_TIME = alternation(_ENGLISH.time_units)
_MONEY = alternation([*_ENGLISH.currencies, *(name for name, power in _ENGLISH.scales.items() if power in (6, 9))])
_CAPITALISED = r"(?<![.!?]\s)(?<!^)\b[A-Z][\w’'-]+"


@dataclass(frozen=True, slots=True)
class Expectation:
    """A kind of answer.

    Attributes:
        kind: Its name.
        asks: Matches questions that ask for it.
        gives: Matches text that gives it.
    """

    kind: str
    asks: re.Pattern[str]
    gives: re.Pattern[str]


def _kind(kind: str, asks: str, gives: str, *, case: bool = False) -> Expectation:
    return Expectation(kind, re.compile(asks, re.IGNORECASE), re.compile(gives, 0 if case else re.IGNORECASE))


_KINDS = (
    _kind(
        "phone",
        r"\b(?:phone|telephone|mobile|fax|cell)(?:\s(?:number|no\.?))?\b(?!\s(?:call|bill|company|contract))"
        r"|\bnumber\b.*\b(?:call|dial|ring|phone)\b|\w['’]s (?:new |own )?number\W*$",
        r"(?<![\w/])\+?\(?\d[\d\s()/.–-]{3,}\d(?!\w)",
    ),
    _kind(
        "email",
        r"\b(?:what|which|give)\b.*\be-?mail(?:\saddress\b|\s(?:of|for)\b|\W*$)",
        r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    ),
    _kind(
        "time",
        r"\b(?:what|which) (?:time|hour)\b",
        rf"\b\d{{1,2}}[:.]\d\d\b(?:\s?[ap]\.?m\b)?|\b\d{{1,2}}\s?[ap]\.?m\b|\b(?:noon|midnight|midday)\b|\bo['’]clock\b"
        rf"|\b(?:{_SPELLED}) in the\b|\bat \d{1, 2}\b(?!\s[A-Z])",
    ),
    _kind(
        "percent",
        r"\b(?:what|which) (?:percent|percentage|share|proportion)|\bhow many percent",
        r"\d\s?(?:%|per ?cent)",
    ),
    _kind(
        "money",
        r"\bhow much (?:money|does|did|do|is|was|were)\b|\b(?:cost|price|fee|budget|revenue|income|salary|fine)s?\b",
        rf"[$€£¥]\s?\d|\b(?:usd|eur|gbp|chf)\s?\d|\d.{{0,12}}\b(?:{_MONEY})\b|\d,\d{{3}}",
    ),
    _kind(
        "duration",
        r"\bhow (?:long|often|frequently|soon|old)\b|\bwhat (?:age|period|duration|interval)\b",
        rf"(?:{_COUNT}).{{0,14}}\b(?:{_UNIT_OF_TIME})\b|\b(?:hourly|daily|weekly|monthly|yearly|annually)\b",
    ),
    _kind(
        "date",
        r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|decade)\b|\bsince what\b",
        rf"\b(?:1\d|20)\d\d\b|\b(?:{_MONTH})\b|\b\d{{1,2}}[/:]\d{{1,2}}|{_DOTTED}|\bcentury\b"
        rf"|\b(?:{_WEEKDAY})|\b\d{{1,2}}\s?[ap]\.?m\b|\b(?:noon|midnight|midday)\b"
        rf"|\b(?:{_ORDINAL}|last) (?:[\w-]+ )?day\b|\bwithin (?:{_COUNT}).{{0,14}}\b(?:{_UNIT_OF_TIME})\b"
        rf"|(?:{_COUNT}).{{0,14}}\b(?:{_UNIT_OF_TIME})\b (?:before|after|later|ago|in advance)\b",
    ),
    _kind(
        "number",
        r"\bhow (?:many|much|far|high|tall|large|big|deep|fast|heavy|wide|hot|cold)\b"
        r"|\bwhat (?:is|was|are|were)? ?(?:the )?(?:[\w-]+ )?(?:number|amount|total|size|length|height|weight"
        r"|temperature|rate|ratio|population|area|score|distance|capacity|limit|speed)\b",
        _COUNT,
    ),
    _kind(
        "person",
        r"\bwho(?:m|se)?\b|\b(?:what|which) (?:person|man|woman|author|scientist|researcher|king|president|player"
        r"|artist|leader|team|company|group|organi[sz]ation)\b|\bname of\b",
        _CAPITALISED,
        case=True,
    ),
    _kind(
        "place",
        r"\bwhere\b|\b(?:what|which) (?:city|country|state|place|region|town|river|continent|location|area)\b",
        r"\b(?:in|at|from|near|to|of|on|via|under) (?:the )?[A-Z]|https?:|www\.",
        case=True,
    ),
    _kind(
        "reason",
        r"\bwhy\b|\bwhat (?:caused|causes|reason|led|drove|drives)\b|\bhow come\b"
        r"|\b(?:drivers?|factors?|reasons?|causes?) (?:of|for|behind|affecting)\b",
        r"\b(?:because|due to|owing|in order|so that|since|result|caus|reason|therefore|thus|to avoid|to ensure"
        r"|reflect|driven|drove)",
    ),
    _kind(
        "definition",
        r"^(?:what|who) (?:is|are|was|were) (?:an? |the )?[\w\s-]{2,40}\??$|\bmean(?:s|ing)?\b|\bdefin",
        r"\b(?:is|are|was|were) (?:an?|the|any|one)\b|\b(?:means?|refers? to|defined as|known as|called)\b",
    ),
    _kind(
        "manner",
        r"^how (?:do|does|did|can|should|is|are|was|were|to)\b",
        r"\b(?:by|via|through|using|with|must|should|press|use)\b",
    ),
)


def _foreign(code: str) -> Iterator[Expectation]:
    """Kinds of answer by the question words of another language; what gives them is told by figures and capitals."""
    known = language(code)
    unit, month = alternation(known.time_units), alternation(names[0] for names in known.months)
    count = rf"\d|\b(?:{alternation(spelling for row in known.small_numbers[1:13] for spelling in row)})\b"
    gives = {
        "percent": rf"\d\s?%|{alternation(known.percent_words)}",
        "duration": rf"(?:{count}).{{0,14}}\b(?:{unit})\b",
        "date": rf"\b(?:1\d|20)\d\d\b|\b(?:{month})\b|\b\d{{1,2}}[/.:]\d{{1,2}}",
        "number": count,
        "person": _CAPITALISED,
        "place": _CAPITALISED,
    }
    for kind, pattern in gives.items():
        asking = known.question_words.get(kind, ())
        if asking:
            yield _kind(kind, rf"\b(?:{alternation(asking)})\b", pattern, case=kind in ("person", "place"))


_FOREIGN = tuple(kind for code in ("de", "fr", "es") for kind in _foreign(code))


def expectation(question: str) -> Expectation | None:
    """Return the kind of answer that a question asks for, None where its words do not tell."""
    return next((kind for kind in (*_KINDS, *_FOREIGN) if kind.asks.search(question)), None)

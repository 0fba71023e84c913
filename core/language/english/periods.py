"""Quarters, parts of years and recurring times as English questions and heads of tables write them."""

from __future__ import annotations

import re

from core.language.english.words import HEAD_MONTH, QUARTER_OF
from core.language.language import alternation, language

_ENGLISH = language("en")
# "the third quarter of 2022", "2022 Q3", "3Q22".
_FISCAL_YEAR = r"(?:FY\s?|fiscal\s(?:year\s)?)?'?(?P<year>(?:19|20)\d\d|\d\d)(?!\d)"
_NUMBERED = r"(?:Q(?P<number>[1-4])|(?P<before>[1-4])Q)"
_IN_WORDS = rf"(?P<ordinal>{'|'.join(QUARTER_OF)})[\s-]+(?:fiscal[\s-]+)?quarter"
QUARTER_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        # A name of a file joins its parts by underscores.
        rf"(?<![^\W_]){_NUMBERED}[\s,'/_-]*(?:of\s)?(?:the\s)?{_FISCAL_YEAR}",
        rf"(?<![\d.,])(?P<year>(?:19|20)\d\d)[\s/_-]*{_NUMBERED}(?![^\W_])",
        rf"(?<!\w){_IN_WORDS}(?:,|\s+of)?(?:\s+the)?\s+{_FISCAL_YEAR}",
    )
)
# What joins a quarter to the year behind it.
BEFORE_YEAR = re.compile(r"[\s,'/_-]*(?:\bof\s+)?(?:\bthe\s+)?(?:\b(?:FY|fiscal(?:\s+year)?)\s*)?'?$", re.IGNORECASE)
# What says which quarter and not that it is one.
WHICH_QUARTER = re.compile(rf"(?<!\w)(?:{'|'.join(QUARTER_OF)})[\s-]+(?=(?:fiscal[\s-]+)?quarter)", re.IGNORECASE)
SHORT_QUARTER = re.compile(r"(?<!\w)(?:Q[1-4]|[1-4]Q)(?=[\s,'/_-]*(?:of\s|FY\s?|')?\d|\W|$)", re.IGNORECASE)
QUARTER = "quarter"

# Parts of a year that a question names, each with the heads of columns that hold it.
_THREE, _SIX, _NINE, _TWELVE = (_ENGLISH.small_numbers[number][0] for number in (3, 6, 9, 12))
SUBPERIODS = (
    (
        re.compile(rf"\b(?:{_THREE}[\s-]month|quarter|q[1-4]\b)", re.IGNORECASE),
        re.compile(rf"{_THREE}|quarter|q[1-4]|\b13\b", re.I),
    ),
    (
        re.compile(rf"\b{_SIX}[\s-]month|first half|half[\s-]year", re.IGNORECASE),
        re.compile(rf"{_SIX}|\b26\b", re.I),
    ),
    (
        re.compile(rf"\b{_NINE}[\s-]month|year[\s-]to[\s-]date", re.IGNORECASE),
        re.compile(rf"{_NINE}|\b39\b|date", re.I),
    ),
    (
        re.compile(rf"\b{_TWELVE}[\s-]month|full year|annual", re.IGNORECASE),
        re.compile(rf"{_TWELVE}|year|\b52\b", re.I),
    ),
)
# A head of one quarter, which holds no figure of a year.
QUARTER_HEAD = re.compile(
    rf"\b(?:{alternation(QUARTER_OF)}) quarter\b|\bq[1-4]\b|\b{_THREE} months\b|\bquarters? ended\b", re.IGNORECASE
)
MONTH_NAMED = re.compile(rf"\b{HEAD_MONTH}\b")
# Heads over several columns: the length of the period, and that it ended.
SPAN_HEAD = re.compile(
    rf"(?:{_THREE}|{_SIX}|{_NINE}|{_TWELVE}|\d+)[\s-](?:Months?|Weeks?)\s(?:Periods?\s)?Ended|Quarters?\sEnded"
    r"|(?:Fiscal\s)?Years?\sEnded|Year[\s-]to[\s-]Date",
    re.IGNORECASE,
)
# Heads over one column: a day, a month, a quarter, a year, or a change.
PERIOD_HEAD = re.compile(
    rf"{HEAD_MONTH}\s\d{{1,2}},?\s(?:19|20)\d\d|{HEAD_MONTH}\s(?:19|20)\d\d|Q[1-4]\s?'?(?:FY)?\s?\d{{2,4}}|[1-4]Q\d\d"
    rf"|(?:FY\s?'?)?\b(?:19|20)\d\d\b|%\s?Change|Percent(?:age)?\sChange|\$\s?Change|\bChange\b|\bIncrease(?:/|\s?\()[\w()]+"
    r"|\bVariance\b",
    re.IGNORECASE,
)
# The end of a line of heads that goes on with the year: "June 25,".
DAY_BEFORE_YEAR = re.compile(rf"{HEAD_MONTH} \d{{1,2}},$")
DAY_OF_MONTH = rf"{HEAD_MONTH}\s\d{{1,2}},?"
# "The last two quarters", "a fiscal year": a period by its length.
PERIOD = re.compile(
    r"\b\w+ (?:(?:fiscal|"
    rf"{_ENGLISH.small_numbers[2][0]}|{_THREE}|{_SIX}|{_NINE}"
    r") )?(?:quarters?|halfs?|half|years?|months?|weeks?|days?)\b",
    re.I,
)
# "When" is answered by how often, and by the name of a day or an hour, too. "Sat" and "sun" are words too.
_DAY_NAME = alternation({name for names in _ENGLISH.weekdays for name in names} - {"sat", "sun"})
RECURRING = re.compile(
    r"\b(?:hourly|daily|nightly|weekly|monthly|quarterly|yearly|annually|noon|midnight"
    rf"|(?:{_DAY_NAME})s?)\b",
    re.IGNORECASE,
)
# Both ends of a range of years.
YEARS_THROUGH = r"\d\d\d\d\s?(?:to|through|[-–])\s?\d\d\d\d"
RANGE_MARK = r"\bto\b|[-–]|through"

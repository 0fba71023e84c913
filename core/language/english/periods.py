"""Dates, quarters, years and parts of years as English texts, questions and names of files write them."""

from __future__ import annotations

import re

from core.language.language import alternation, language, numbered

_ENGLISH = language("en")
# Numbers of quarters by their ordinals, and of months by their names.
QUARTER_OF = numbered(_ENGLISH.ordinals[:4])
MONTH_OF = numbered(_ENGLISH.months)
MONTH = rf"(?:{alternation(MONTH_OF)})\.?"
# Months as heads of columns have them, whole or cut.
HEAD_MONTH = rf"(?:{'|'.join(names[0][:3].capitalize() for names in _ENGLISH.months)})[a-z]{{0,6}}\.?"
WEEKDAY = rf"(?:{alternation(names[0] for names in _ENGLISH.weekdays)})s?"

# "the third quarter of 2022", "2022 Q3", "3Q22".
_FISCAL_YEAR = r"(?:FY\s?|fiscal\s(?:year\s)?)?'?(?P<year>(?:19|20)\d\d|\d\d)(?!\d)"
_NUMBERED = r"(?:Q(?P<number>[1-4])|(?P<before>[1-4])Q)"
_IN_WORDS = rf"(?P<ordinal>{'|'.join(QUARTER_OF)})[\s-]+(?:fiscal[\s-]+)?quarter"
QUARTER_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"(?<!\w){_NUMBERED}[\s,'/_-]*(?:of\s)?(?:the\s)?{_FISCAL_YEAR}",
        rf"(?<![\d.,])(?P<year>(?:19|20)\d\d)[\s/_-]*{_NUMBERED}(?!\w)",
        rf"(?<!\w){_IN_WORDS}(?:,|\s+of)?(?:\s+the)?\s+{_FISCAL_YEAR}",
    )
)
# What says which quarter and not that it is one.
WHICH_QUARTER = re.compile(rf"(?<!\w)(?:{'|'.join(QUARTER_OF)})[\s-]+(?=(?:fiscal[\s-]+)?quarter)", re.IGNORECASE)
SHORT_QUARTER = re.compile(r"(?<!\w)(?:Q[1-4]|[1-4]Q)(?=[\s,'/_-]*(?:of\s|FY\s?|')?\d|\W|$)", re.IGNORECASE)
QUARTER = "quarter"

# What tells a document from others of its kind; `month`, `day`, `year` and `quarter` are groups.
_MONTH = rf"(?P<month>{alternation(MONTH_OF)})\.?"
_MONTH_NUMBER = r"(?P<month>0?[1-9]|1[0-2])"
_DAY = r"(?P<day>[12]\d|3[01]|0?[1-9])"
_YEAR = r"(?P<year>(?:19[5-9]|20\d)\d)"
_QUARTER = r"(?P<quarter>[1-4])"
_FISCAL = r"(?:FY|fiscal\s+year|fiscal)?"
DOCUMENT_DATES = (
    re.compile(rf"(?<!\d){_YEAR}[-/.]{_MONTH_NUMBER}[-/.]{_DAY}(?!\d)"),
    re.compile(rf"(?<!\d){_YEAR}(?P<month>0[1-9]|1[0-2])(?P<day>[0-2]\d|3[01])(?!\d)"),
    re.compile(rf"\b{_MONTH}\s+{_DAY}(?:st|nd|rd|th)?\s*,?\s+{_YEAR}(?!\d)", re.IGNORECASE),
    re.compile(rf"(?<!\d){_DAY}(?:st|nd|rd|th)?\.?\s+{_MONTH},?\s+{_YEAR}(?!\d)", re.IGNORECASE),
    re.compile(rf"(?<!\d){_MONTH_NUMBER}/{_DAY}/{_YEAR}(?!\d)"),
    re.compile(rf"(?<![A-Za-z]){_MONTH},?[\s_-]+{_YEAR}(?!\d)(?P<day>)", re.IGNORECASE),
)
DOCUMENT_QUARTERS = (
    re.compile(rf"(?<![A-Za-z0-9])Q{_QUARTER}[\s_-]*(?:of\s+)?{_FISCAL}\s*['’]?\s*{_YEAR}(?!\d)", re.IGNORECASE),
    re.compile(rf"(?<![A-Za-z0-9])Q{_QUARTER}[\s_-]*(?:of\s+)?(?:FY\s*|['’])(?P<year>\d\d)(?!\d)", re.IGNORECASE),
    re.compile(rf"(?<!\d){_YEAR}[\s_-]*Q{_QUARTER}(?!\d)", re.IGNORECASE),
    re.compile(rf"(?<![A-Za-z0-9]){_QUARTER}Q\s*['’]?(?:FY)?(?P<year>(?:20)?\d\d)(?!\d)", re.IGNORECASE),
    re.compile(
        rf"\b(?P<quarter>{'|'.join(QUARTER_OF)})\s+(?:fiscal\s+)?quarter\s*,?\s*(?:of\s+|in\s+|for\s+)?(?:the\s+)?"
        rf"{_FISCAL}(?:\s+year)?\s*{_YEAR}(?!\d)",
        re.IGNORECASE,
    ),
)
DOCUMENT_YEARS = (
    re.compile(rf"(?<![\d,.$€£]){_YEAR}(?!\d|,\d|\.\d|%)"),
    re.compile(r"(?<![A-Za-z])FY\s*['’]?(?P<year>\d{4}|\d\d)(?!\d)", re.IGNORECASE),
    re.compile(r"(?<=[A-Za-z0-9])['’](?P<year>\d\d)(?!\d)"),
)

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

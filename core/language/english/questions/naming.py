"""How English questions, titles and names of files name documents: dates, quarters, years, versions, the latest."""

from __future__ import annotations

import re

from core.language.english.words import ANY_SCALE, MONTH_OF, QUARTER_OF
from core.language.language import alternation

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

# Words in the name of a kind of document that comes in versions.
VERSIONED = re.compile(
    r"^(?:report|filing|quarter|quarterly|year|annual|fiscal|version|edition|release|revision|update|issue|statement|"
    r"document|policy|manual|handbook|guide|agreement|plan|contract|terms|standard|specification|results|period)s?$"
)
# What programs write into a title.
PROGRAM_TITLE = re.compile(
    r"^\s*Microsoft (?:Word|PowerPoint|Excel) - |\.(?:docx?|pdf|html?|pptx?|xlsx?|indd)\b|\buntitled\b", re.I
)
# Asks a search for pages that are rich in figures; wider than `FIGURE`.
ASKS_FOR_NUMBER = re.compile(
    r"[%$€£]|\b(?:how (?:much|many|long|large|big|old|far|high|often)|per ?cent(?:age)?s?|ratios?|rates?|amounts?|"
    r"totals?|averages?|numbers? of|(?:grow|increas|decreas|declin|calculat|comput)\w*|grew|margins?|"
    rf"{ANY_SCALE}|usd|costs?|prices?|values?|rounded|largest|highest|biggest|lowest|smallest|figures?|"
    r"revenues?|sums?)\b",
    re.IGNORECASE,
)
# Asks for the newest version of a document; group 1 holds the words after it.
LATEST = re.compile(r"\b(?:latest|newest|most\s+recent|most\s+current|current)((?:\s+[\w.-]+){1,3})", re.IGNORECASE)

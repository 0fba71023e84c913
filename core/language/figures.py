"""How numbers, sums of money, percentages, dates and times are written in languages with Latin or Cyrillic letters.

Names of months, scales and currencies are those of `core.language.language`; dates in Chinese, Japanese and Korean are
read by their signs.
"""

from __future__ import annotations

import re

from core.language.language import alternation, language, numbered

_READ = tuple(map(language, ("en", "de", "fr", "es", "it", "nl", "pt", "ru")))
_ENGLISH = _READ[0]
# English decimals with commas between thousands; decimals after a comma; thousands parted by dots or narrow blanks.
DIGITS = (
    r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}"
    r"|\d{1,3}(?:[\u00a0\u202f’']\d{3})+(?:[.,]\d+)?|\d+,\d{1,2}|\d+(?:\.\d+)?|\.\d+"
)
_CURRENCY = r"[$€£¥₹]|\b(?:USD|EUR|GBP|JPY|CHF|CAD|AUD)\b"
_CURRENCY_WORD = alternation(
    [*_ENGLISH.word_lists["coins"], *(name for each in _READ for name in each.currencies)],
)
# Powers of ten by the words for them.
SCALES = {
    name: power
    for each in _READ
    for name, power in (*each.scales.items(), *each.scale_abbreviations.items())
    if power >= 3
} | {f"{name}s": power for name, power in _ENGLISH.scales.items() if power <= 9}
NUMBER = re.compile(
    rf"(?<![\w.,])(?P<open>\()?(?P<sign>[-−–])?\s?(?P<money>{_CURRENCY})?\s?(?P<digits>{DIGITS})(?!\d|[.,]\d)"
    rf"(?P<close>\s?\))?"
    rf"(?:\s?(?P<scale>{alternation(SCALES)})\b\.?)?"
    rf"(?:\s?(?P<percent>%|(?:per ?cent|percent|percentage points?|prozent|pour ?cent|por ciento)\b)"
    rf"|\s?(?P<word>{_CURRENCY}|(?:{_CURRENCY_WORD})\b))?",
    re.IGNORECASE,
)
# Numbers of months by their names.
MONTH_OF = {name: number for each in _READ for name, number in numbered(each.months).items() if not name[0].isdigit()}
_MONTH = alternation(MONTH_OF)
MONTH_NAME = re.compile(rf"\b(?:{_MONTH})\b", re.IGNORECASE)
_YEAR = r"(?P<year>(?:1[5-9]|20)\d\d)"
DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_YEAR}-(?P<number>\d\d)-(?P<day>\d\d)\b",
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.|er)?\s(?:of\s|de\s)?(?P<month>{_MONTH})\.?,?\s(?:de\s|del\s)?{_YEAR}\b",
        rf"\b(?P<month>{_MONTH})\.?\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s{_YEAR}\b",
        rf"\b(?P<day>\d{{1,2}})[./](?P<number>\d{{1,2}})[./]{_YEAR}\b",
        # Chinese and Japanese, Korean; no blank parts them from the words around.
        rf"(?<!\d){_YEAR}\s?(?:年|년)\s?(?P<number>\d{{1,2}})\s?(?:月|월)\s?(?P<day>\d{{1,2}})\s?(?:日|일)",
        rf"\b(?P<month>{_MONTH})\.?,?\s(?:de\s)?{_YEAR}\b",
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?\s(?:of\s|de\s)?(?P<month>{_MONTH})\b",
        rf"\b(?P<month>{_MONTH})\.?\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b",
    )
)
TIMES = (
    re.compile(r"\b(?P<hour>\d{1,2})(?:[:.](?P<minute>[0-5]\d))?\s?(?P<half>[ap])\.?\s?m\b\.?", re.IGNORECASE),
    re.compile(r"\b(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)\b(?P<half>)"),
    re.compile(r"\b(?P<hour>[01]?\d|2[0-3])(?:\s?h\s?(?P<minute>[0-5]\d)?|\sUhr)\b(?P<half>)"),
)
# Numbers, times and amounts with their signs in Chinese, Japanese and Korean, and what joins two of them to a range.
_COUNTERS = (
    "年間|年|ヶ月|か月|カ月|個月|个月|月|日間|日|週間|週|周|天|時間|小时|小時|時|时|點|点|分鐘|分钟|分|秒|円|圓|元|万元|人|名|個|个|歳|岁|階|楼|度|割"
    "|년|개월|월|일|주|시간|시|분|원|명|개|세|층"
)
_UNSPACED_NUMBER = r"[\d０-９][\d０-９,.]*|[〇零一二三四五六七八九十百千万萬億亿两]+"
_UNSPACED_VALUE = (
    r"(?:(?:午前|午後|上午|下午|早上|晚上|中午|毎月|每月|月額|毎週|每周|오전|오후|매월|毎日|每天)\s?)?"
    rf"(?:(?:{_UNSPACED_NUMBER})\s?(?:[十百千万萬億亿만억천백]+\s?)?(?:{_COUNTERS}))+半?"
)
UNSPACED_VALUE = re.compile(
    rf"{_UNSPACED_VALUE}(?:\s?(?:から|到|至|~|〜|～|-|부터)\s?{_UNSPACED_VALUE}(?:まで|까지)?)?"
)
# Scales in which a large number is spelled for a search.
SPELLED_SCALES = tuple((name, power) for name, power in _ENGLISH.scales.items() if power in (6, 9))
MORNING, AFTERNOON = "am", "pm"

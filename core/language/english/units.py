"""Units of measurement and of time as English texts and tables write them, the words that ask for them, and ranges."""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.language.language import alternation, language

# Units as they stand behind a number, in brackets or in a column of units.
_UNIT_SIGN = (
    r"%\s?RH|%|‰|°\s?[CF]|°|[kmµμ]?g|[kcmµμn]?m[²³23]?|km/h|m/s|ft|in|lb|oz|ha|t|[mµμ]?[lL]|litres?|[kMG]?W|[kM]?Wh|m?V|[mµμn]?A|Ah|mAh"
    r"|[kMG]?Hz|[mµμn]s|s|min|h|hrs?|hours?|days?|weeks?|months?|years?|[kMGT]?B|[kM]?Pa|bar|N|J|kJ|kcal|K|Ω|dB|NTU|mol|pence|cents?|points?|pp"
    r"|ppm|ppb|copies|people|pieces|pcs"
)
UNIT = re.compile(rf"(?:{_UNIT_SIGN})(?:\s?[A-Z])?(?:/(?:[\d]+\s)?(?:{_UNIT_SIGN}|share))?|per \d*\s?(?:{_UNIT_SIGN})")
# The head of a column of units.
UNIT_HEAD = re.compile(r"units?(?: of measure(?:ment)?)?$", re.IGNORECASE)
# What stands behind a number and belongs to it.
UNIT_AFTER = re.compile(
    r"\s?(?:%|‰|°\s?[CFK]?|per ?cent|percent|percentage points|[kmµ]?g|[kcmµn]?m[²³]?|km/h|m/s|mph|knots|miles|ha|t/ha"
    r"|[mµ]?l|litres?|[kMG]?Wh?|m?V|[mµ]?A|[kMG]?Hz|ms|bar|[kM]?Pa|[KMGT]B|pence|cents?|crowns"
    r"|(?:working |business |calendar )?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|nights?)"
    r"|square met(?:re|er)s|cubic met(?:re|er)s|sq\.? ?(?:m|ft))(?![\w/])"
)
ANY_UNIT = re.compile(r"\d\s?(?P<unit>[^\W\d_]{1,3}(?:/[a-z]{1,2})?|°\s?[CFK]?|mbar|knots|miles)\b")
TIME_UNIT = re.compile(
    rf"\b(?:{alternation(language('en').time_units)})\b|\b\d+\s?(?:ms|s|min|h|hrs?)\b", re.IGNORECASE
)
# Behind a length of time: from when it counts.
RELATION = re.compile(
    r"\s(?:beforehand|afterwards|later|ago|in advance"
    r"|(?:before|after|of|from)(?:\s(?:it|this|that|then|(?:the|your|our|each)\s[\w-]+|[\w-]+ing|delivery|receipt))?)(?!\w)",
    re.IGNORECASE,
)
# Words before a number that identifies.
NUMBER_FOLLOWS = r"is|are|was|at|on|no\.?|number|code|pin|iban|call|ring|dial|phone|tel\.?|fax|mobile|under|quote|to"
# Between two days of the week that are meant both, or with all between them.
DAY_LINK = r"(?:,\s|,?\s(?:and|to)\s|\s?[-–]\s?)"
PERCENT = "%"
# Spellings of one unit behind a number; letters that stand for something else as often are left out ("m", "t", "in").
SAME_UNITS: Mapping[str, str] = {
    "km/h": r"km/h|kph|kilomet(?:re|er)s (?:per|an) hour",
    "mph": r"mph|miles (?:per|an) hour",
    "m/s": r"m/s|met(?:re|er)s (?:per|a) second",
    "knot": r"knots?",
    PERCENT: r"%|per ?cent\b|percentage points?|pp",
    "second": r"seconds?|secs?",
    "minute": r"minutes?|mins?",
    "hour": r"hours?|hrs?|h",
    "day": r"(?:working |business |calendar |consecutive )?days?",
    "night": r"nights?",
    "week": r"weeks?",
    "fortnight": r"fortnights?",
    "month": r"months?",
    "quarter": r"quarters?",
    "year": r"years?|yrs?",
    "decade": r"decades?",
    "century": r"centur(?:y|ies)",
    "millisecond": r"milliseconds?|ms",
    "person": r"people|persons?|passengers?|guests?",
    "dollar": r"(?:US )?dollars?|USD",
    "euro": r"euros?|EUR",
    "pound": r"pounds?(?: sterling)?|GBP|lbs?",
    "yen": r"yen|JPY",
    "crown": r"crowns?|SEK|NOK|DKK|CZK",
    "franc": r"francs?|CHF",
    "rupee": r"rupees?|INR",
    "cent": r"cents?",
    "penny": r"penn(?:y|ies)|pence",
    "square metre": r"square met(?:re|er)s?|sq\.? ?m|m²|m2",
    "square kilometre": r"square kilomet(?:re|er)s?|sq\.? ?km|km²|km2",
    "cubic metre": r"cubic met(?:re|er)s?|m³|m3",
    "millimetre": r"millimet(?:re|er)s?|mm",
    "centimetre": r"centimet(?:re|er)s?|cm",
    "metre": r"met(?:re|er)s?",
    "kilometre": r"kilomet(?:re|er)s?|km",
    "mile": r"miles?",
    "foot": r"feet|foot|ft",
    "inch": r"inch(?:es)?",
    "yard": r"yards?",
    "hectare": r"hectares?|ha",
    "acre": r"acres?",
    "millilitre": r"millilit(?:re|er)s?|m[lL]",
    "litre": r"lit(?:re|er)s?|[lL]",
    "gallon": r"gallons?",
    "milligram": r"milligrams?|mg",
    "gram": r"grams?|g",
    "kilogram": r"kilograms?|kilos?|kg",
    "tonne": r"tonnes?|tons?",
    "ounce": r"ounces?|oz",
    "watt": r"watts?|W",
    "kilowatt": r"kilowatts?|kW",
    "megawatt": r"megawatts?|MW",
    "gigawatt": r"gigawatts?|GW",
    "kilowatt hour": r"kilowatt[- ]hours?|kWh",
    "megawatt hour": r"megawatt[- ]hours?|MWh",
    "volt": r"volts?|V",
    "kilovolt": r"kilovolts?|kV",
    "hertz": r"hertz|Hz",
    "kilohertz": r"kilohertz|kHz",
    "megahertz": r"megahertz|MHz",
    "gigahertz": r"gigahertz|GHz",
    "kilobyte": r"kilobytes?|[kK]B",
    "megabyte": r"megabytes?|MB",
    "gigabyte": r"gigabytes?|GB",
    "terabyte": r"terabytes?|TB",
    "bar": r"bar",
    "psi": r"psi",
    "kilopascal": r"kilopascals?|kPa",
    "megapascal": r"megapascals?|MPa",
    "hectopascal": r"hectopascals?|hPa",
    "degree Celsius": r"°\s?C|degrees? (?:Celsius|centigrade)",
    "degree Fahrenheit": r"°\s?F|degrees? Fahrenheit",
}
# Signs of money before a number, by the unit that they stand for.
MONEY_SIGNS: Mapping[str, str] = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "₹": "rupee"}
# What a question measures, and the units in which it is given; lengths first.
DIMENSIONS = (
    (
        re.compile(r"\b(?:long|length|wide|width|high|height|tall|deep|depth|thick\w*|diameter|distance|far)\b", re.I),
        r"[kcmµn]?m|ft|in|miles?",
    ),
    (re.compile(r"\b(?:heavy|weigh\w*|mass)\b", re.I), r"[kmµ]?g|t|tonnes?|lb|oz"),
    (re.compile(r"\b(?:hot|cold|warm|temperature)\b", re.I), r"°\s?[CFK]?|K"),
    (re.compile(r"\b(?:fast|speed)\b", re.I), r"m/s|km/h|mph|knots?"),
    (re.compile(r"\benergy\b", re.I), r"[kM]?Wh|k?J|kcal"),
    (re.compile(r"\bpower(?:ful)?\b", re.I), r"[kM]?W|hp"),
    (re.compile(r"\bwavelengths?\b", re.I), r"nm|µm"),
    (re.compile(r"\b(?:voltage|volts?)\b", re.I), r"m?V|kV"),
)
# Between the ends of a range; "and" only behind a word that opens one.
RANGE_LINK = re.compile(r"\s?(?:to|and|until|–|-)\s?$")
AND = "and"
RANGE_OPENED = re.compile(r"^(?:between|from)\b", re.IGNORECASE)
RANGE_BEFORE = re.compile(r"\b(?:between|from)\s$", re.IGNORECASE)
LONGEST_OPENING = len("between ")
# Between a weekday and the time on it.
BEFORE_TIME = r",?\s(?:at |from |between )?"

"""English wording of turns: questions that lean on earlier ones, answers that say there is none, page references."""

from __future__ import annotations

import re

from core.language.language import language

POINTS_BACK = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers|this|that|these|those|there|one|ones|former|latter|same)\b",
    re.IGNORECASE,
)
# Words that do not point back here: "Is there ...", "the parts that ...", "this manual".
POINTS_NOWHERE = re.compile(
    r"\b(?:is|are|was|were) there\b|\b\w+ that (?=\w)|\bthis (?:document|manual|handbook)\b", re.IGNORECASE
)
GOES_ON = re.compile(
    r"^\s*(?:and|but|or|so|what about|how about|what else|why not|why|really|then|also|same for)\b[\s,]*", re.IGNORECASE
)
PAGE_REFERENCE = re.compile(r"\bp(?:p|ages?)?\.?\s?\d+", re.IGNORECASE)
_MATERIAL = r"(?:documents?|passages?|(?:provided|given) (?:text|context|information)|context|sources?)"
_TELL = r"(?:say|state|mention|contain|provide|specify|answer|include|give)"
ABSTAINS = re.compile(
    rf"\b{_MATERIAL} (?:do|does|did)(?: not|n['’]t) {_TELL}|\bnot {_TELL}(?:e?d|ied)? (?:in|by) the {_MATERIAL}"
    rf"|\bno (?:information|mention|answer)\b.*\b{_MATERIAL}\b"
    r"|^I (?:do not|don['’]t|cannot|can['’]t) (?:know|find|answer)",
    re.IGNORECASE,
)
# Words that an answer has of itself, not of its sources.
HOLLOW_WORDS = " ".join(language("en").word_lists["hollow"])
# What an earlier question was about: names, codes and abbreviations.
NAMED_SUBJECT = re.compile(
    r"(?<!^)(?<![.?!]\s)\b[A-Z][\w’'&-]*(?:\s+(?:of\s+)?[A-Z\d][\w’'&-]*)*|\b[A-Z]{2,}\w*|\b\w*[A-Za-z]\d\w*"
)

"""What a question asks for beside its topic: a list, a count, a section, yes or no, a figure.

English rules; a question in another language is read by its words alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.reading.words import is_empty, stem, words

_SECTION = re.compile(
    r"(?:\b(?P<kind>sections?|sec\.?|clauses?|articles?|chapters?|paragraphs?|items?|steps?|notes?|rules?|appendix|part)\b|§)\s*"
    r"(?:no\.?\s*|number\s*)?(?P<number>\d+(?:\.\d+)*[a-z]?)(?![\d,.]*\d)",
    re.IGNORECASE,
)
_BARE_SECTION = re.compile(r"(?<![\d.$€£])(?P<number>\d+(?:\.\d+){2,})(?![\d.]*\d)")
_CONTENT_OF = re.compile(
    r"\b(?:what (?:does|is|are|do)|tell|summari[sz]e|show|read|quote|describe|explain)\b|^\W*(?:section|step)",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"^\W*(?:please\s+)?(?:list|name|enumerate|give|show)\b(?! of)"
    r"|\b(?:what|which) (?:are|were) (?:all\s+)?(?:the|its|their|your)\b|\b(?:what|which) (?:kinds?|types?|sorts?) of\b"
    r"|\bwhich [\w\s-]{2,30}s are (?:there|listed|available)\b|\ball (?:of )?the\b",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"\bhow many (?P<what>[\w\s-]{2,40}?)\s(?:are there|is there|are (?:listed|named|in)\b)",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(r"\bhow many (?P<things>[\w-]+(?: [\w-]+)?)", re.IGNORECASE)
_YES_NO = re.compile(
    r"^\W*(?:and\s+)?(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|had|am|may)\b"
    r"(?!.*\bor\b)",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"[%$€£]|\bhow (?:much|many|heavy|long|high|tall|large|big|old|far|deep|wide|fast)\b"
    r"|\b(?:percent\w*|ratio|rate|amount|total|average"
    r"|sum|number|cost|price|fee|revenues?|sales|income|earnings|profit|loss|expenses?|assets|liabilities|cash|debt|equity|dividends?"
    r"|margin|capital|tax|value|weight|power|voltage|pressure|temperature|yield|share|change|increase|decrease|grow|growth|grew"
    r"|highest|lowest|largest|smallest|most|least|default|port)\b",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"\b(?:and|as well as)\s+(?:who|what|when|where|why|how|which)\b|\brespectively\b|\bcompare|\b(?:list|name all)\b"
    r"|\b(?:both|differences? between)\b",
    re.IGNORECASE,
)
# A denial put as the word that documents use for it.
_DENIALS = (
    (
        re.compile(r"\b(?:was|were|is|are|did)(?: not|n['’]t) (?:present|there|attend(?:ing)?|come)\b", re.I),
        "absent apologies",
    ),
    (re.compile(r"\bnot (?:allowed|permitted)\b", re.I), "prohibited forbidden not permitted"),
    (re.compile(r"\bnot included\b", re.I), "excluded exclude not included"),
    (re.compile(r"\bnot covered\b|\b(?:does|do)(?: not|n['’]t) cover\b", re.I), "excluded exclude not cover"),
    (re.compile(r"\bnot (?:required|necessary)\b", re.I), "optional exempt not required"),
)
_PRESENT = re.compile(r"^\W*(?:present|attendance|attending|in attendance)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for.

    Attributes:
        section: Number of the section, step or clause that it names, `""` where it names none.
        whole_section: Whether it asks what that section says, not for something in it.
        lists: Whether it asks for all items of a list.
        counts: What it asks to be counted, `""` where nothing.
        yes_no: Whether it can be answered by yes or no.
        figure: Whether a figure is likely to answer it.
        several: Whether one quote cannot be enough.
        denial: The words by which documents state what it denies, `""` where it denies nothing.
    """

    section: str
    whole_section: bool
    lists: bool
    counts: str
    yes_no: bool
    figure: bool
    several: bool
    denial: str


def read_asked(question: str) -> Asked:
    """Read what a question asks for."""
    section = _SECTION.search(question) or _BARE_SECTION.search(question)
    rest = "" if section is None else question[: section.start()] + question[section.end() :]
    others = re.findall(
        r"[^\W\d_]{3,}",
        re.sub(
            r"\b(?:what|does|say|the|about|contain|state|tell|and|are|for|summari[sz]e|show|read|quote|describe|explain)\b",
            " ",
            rest,
            flags=re.I,
        ),
    )
    counts = _COUNT.search(question)
    denial = next((stated for pattern, stated in _DENIALS if pattern.search(question)), "")
    return Asked(
        section="" if section is None else section["number"],
        whole_section=section is not None and not others and bool(_CONTENT_OF.search(question)),
        lists=bool(_LIST.search(question)),
        counts=counts["what"] if counts else "",
        yes_no=bool(_YES_NO.search(question)),
        figure=bool(_FIGURE.search(question)),
        several=bool(_SEVERAL.search(question)),
        denial=denial,
    )


def counted_is_named(question: str, sentence: str) -> bool:
    """Whether a sentence names what a question asks the number of; True where it asks for no number of things."""
    match = _HOW_MANY.search(question)
    if match is None:
        return True
    things = match["things"].split()
    # "how many error codes": either; "how many women took": what follows the noun is no part of it.
    kept = things if things[-1].endswith("s") else things[:1]
    asked = {stem(word) for word in words(" ".join(kept)) if not is_empty(word)}
    return not asked or not asked.isdisjoint(stem(word) for word in words(sentence))


def affirmed(question: str) -> str:
    """Return the question with a denial replaced by the words that documents use: "not present" becomes "absent"."""
    for pattern, stated in _DENIALS:
        question = pattern.sub(stated, question)
    return question


def contradicts(asked: Asked, sentence: str) -> bool:
    """Whether a sentence states the opposite of what is asked ("Present: ..." where the absent are asked for)."""
    return "absent" in asked.denial and bool(_PRESENT.search(sentence))

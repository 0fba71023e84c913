"""Patterns of English wording: what a question refers to, how it asks, which sentences lean on the one before."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.language.language import language

_ENGLISH = language("en")
_TEXT = r"(?:passage|text|excerpt|context|snippet|paragraph)"
_MATERIAL = rf"(?:{_TEXT}|document|article|page|table|figure|chart|section|chapter|appendix|footnote|file|pdf)"
_BY_SOURCE = r"(?:according to|based on|as (?:stated|mentioned|described|shown|noted|given) in|going by|per|from)"


def _any_case(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How one language words questions and statements; every pattern is to be searched for unless it says otherwise.

    Attributes:
        source_mention: A text speaks of its own source ("according to the passage").
        outside_references: What is understood only beside a page or at a time ("the table above", "this", "last year",
            "we").
        pronoun: A pronoun of the third person.
        expletive: Wording in which such a pronoun stands for nothing ("does it take").
        noun_phrase: A noun with its article or owner, to which a pronoun can refer.
        role: A role without a name ("the company").
        question_start: To be matched at the start of a question that asks with a word of its own ("In which").
        question_phrase: Group 1 is the phrase that a question asks with ("how many").
        leaning_opening: To be matched at the start of a sentence that leans on the one before ("However").
        filler_words: Words that a question can gain or lose without becoming another one.
        small_words: Words of names that have no capital.
        articles: Articles as a sentence begins with them.
    """

    source_mention: re.Pattern[str]
    outside_references: tuple[re.Pattern[str], ...]
    pronoun: re.Pattern[str]
    expletive: re.Pattern[str]
    noun_phrase: re.Pattern[str]
    role: re.Pattern[str]
    question_start: re.Pattern[str]
    question_phrase: re.Pattern[str]
    leaning_opening: re.Pattern[str]
    filler_words: frozenset[str]
    small_words: frozenset[str]
    articles: frozenset[str]


_PLACE = _any_case(
    rf"\b(?:the|as|shown|listed|described|mentioned|stated|see|given|noted|set forth|set out|defined|{_MATERIAL})"
    r" (?:above|below)\b"
    r"|\b(?:above|below|afore)[- ]?(?:mentioned|named|stated|described)\b"
    r"|\b(?:here(?:in|of|under|by)|there(?:of|in))\b|\bthe (?:former|latter|foregoing|said|respective)\b"
    r"|\bthe following\b(?! (?:day|week|month|year|morning|night|(?-i:[A-Z])))"
)
_POINTING = _any_case(
    r"\b(?:this|these)\b|\bthose\b(?! (?:who|that|which|whose|in|of|with|without))|\bsuch (?:an? )?\w+"
    rf"|\bthat (?:{_MATERIAL}|company|person|year|amount|number|period|date)\b"
)
_RELATIVE_TIME = _any_case(
    r"\b(?:last|next|previous|prior|preceding|current|same|corresponding) (?:fiscal )?"
    r"(?:year|quarter|month|week|period|decade|century)\b"
    r"|\b(?:today|yesterday|tomorrow|nowadays|currently)\b"
)
_SPEAKER = re.compile(r"\b(?:we|us|our|ours|i|my|mine)\b")  # "US" is a country

ENGLISH = Wording(
    source_mention=_any_case(
        rf"\b{_BY_SOURCE} (?:the|this|that|these|those|above) (?:[a-z-]+ )?{_MATERIAL}s?\b"
        rf"|\b(?:in|of|by|on) (?:the|this|that) (?:given |provided |above |following |whole )?{_TEXT}\b"
        rf"|\b(?:the|this) (?:{_TEXT}|document)s? (?:says?|states?|mentions?|describes?|gives?|provides?|refers?)\b"
        r"|\b(?:provided|given) (?:passage|text|information|context)\b"
    ),
    outside_references=(_PLACE, _POINTING, _RELATIVE_TIME, _SPEAKER),
    pronoun=_any_case(r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers)\b"),
    expletive=_any_case(
        r"\b(?:does|did|will|would|can|must|should) it (?:take|cost|need|require)\b|\b(?:is|was) it (?:\w+ )?"
        r"(?:allowed|forbidden|permitted|possible|necessary|true|right|correct|safe|the case|that)\b"
    ),
    noun_phrase=_any_case(r"\b(?:the|an?|each|every|[A-Z][\w-]+'s) [a-z][\w-]+"),
    role=_any_case(
        r"\bthe (?:company|registrant|corporation|issuer|borrower|lender|partnership|firm|group|employer|customer"
        r"|seller|buyer|author|authors|study|paper|plaintiff|defendant|applicant|holder)\b(?! of\b)"
    ),
    question_start=_any_case(
        r"(?:(?:in|on|at|by|for|from|to|of|with|under|during|after|before|through|about|as|into) )?"
        r"(?:what|when|where|who|whom|whose|which|why|how)\b"
    ),
    question_phrase=_any_case(
        r"\b(how many|how much|how long|how often|how old|how far|by what|what percentage|what share|what amount"
        r"|what number|what kind|when|where|who|whom|whose|why|which|how|what|is it true|am i right|is that right)\b"
    ),
    leaning_opening=_any_case(
        r"(?:it|this|these|those|they|he|she|such|however|therefore|also|but|and|or|in addition|as a result|for example"
        r"|the following|see)\b"
    ),
    filler_words=frozenset(_ENGLISH.word_lists["filler"]),
    small_words=frozenset(_ENGLISH.word_lists["name_particle"]),
    articles=frozenset(article.capitalize() for article in _ENGLISH.articles),
)
# A sentence that leans on the one before it, for what a question is written about; wider than `leaning_opening`.
DEPENDENT = re.compile(
    r"(?:it|its|this|these|those|that|they|their|he|she|his|her|such|here|there|however|therefore|thus|also|but|and|or|so|then"
    r"|in addition|in contrast|moreover|furthermore|as a result|for example|for instance|the former|the latter|both)\b",
    re.IGNORECASE,
)
# Parts a noun from what it is of.
PREPOSITION = r" (?:of|in|at|for|on|from|to|with) "
# How questions begin that are requests already: "Tell me in a sentence: Please tell me ..." is what nobody writes.
REQUESTS = ("Please", "Can you", "Could you", "Do you", "I would")

# Between two statements of a sentence: "at 6 am on weekdays and at 9 am on Sundays".
STATEMENT_GAP = re.compile(r"[;,]\s+|\s(?:and|but|or|while|whereas)\s", re.IGNORECASE)

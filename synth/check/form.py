"""Checks on the wording alone: a question with an answer, understandable without the page, without mention of its
source.

The rules are for English.
"""

from __future__ import annotations

import re
import unicodedata

from core.metrics import contains
from core.reading.words import STOPWORDS, words
from synth.work.candidate import QuestionCandidate

_FEWEST_CHARS, _MOST_CHARS = 8, 400
_MOST_ANSWER_CHARS = 400
_PROMPT_MARKS = re.compile(r"\[\[|\]\]|<<|>>|</?[a-z]+>|```")
_TEXT = r"(?:passage|text|excerpt|context|snippet|paragraph)"
_MATERIAL = rf"(?:{_TEXT}|document|article|page|table|figure|chart|section|chapter|appendix|footnote|file|pdf)"
_SOURCE = r"(?:according to|based on|as (?:stated|mentioned|described|shown|noted|given) in|going by|per|from)"
_LEAK = re.compile(
    rf"\b{_SOURCE} (?:the|this|that|these|those|above) (?:[a-z-]+ )?{_MATERIAL}s?\b"
    rf"|\b(?:in|of|by|on) (?:the|this|that) (?:given |provided |above |following |whole )?{_TEXT}\b"
    rf"|\b(?:the|this) (?:{_TEXT}|document)s? (?:says?|states?|mentions?|describes?|gives?|provides?|refers?)\b"
    r"|\b(?:provided|given) (?:passage|text|information|context)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(
    rf"\b(?:the|as|shown|listed|described|mentioned|stated|see|given|noted|set forth|set out|defined|{_MATERIAL})"
    r" (?:above|below)\b"
    r"|\b(?:above|below|afore)[- ]?(?:mentioned|named|stated|described)\b"
    r"|\b(?:here(?:in|of|under|by)|there(?:of|in))\b|\bthe (?:former|latter|foregoing|said|respective)\b"
    r"|\bthe following\b(?! (?:day|week|month|year|morning|night|(?-i:[A-Z])))",
    re.IGNORECASE,
)
_POINTING = re.compile(
    r"\b(?:this|these)\b|\bthose\b(?! (?:who|that|which|whose|in|of|with|without))|\bsuch (?:an? )?\w+"
    rf"|\bthat (?:{_MATERIAL}|company|person|year|amount|number|period|date)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?:last|next|previous|prior|preceding|current|same|corresponding) (?:fiscal )?"
    r"(?:year|quarter|month|week|period|decade|century)\b"
    r"|\b(?:today|yesterday|tomorrow|nowadays|currently)\b",
    re.IGNORECASE,
)
_SPEAKER = re.compile(r"\b(?:we|us|our|ours|i|my|mine)\b")
_PRONOUN = re.compile(r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers)\b", re.IGNORECASE)
_EXPLETIVE = re.compile(
    r"\b(?:does|did|will|would|can|must|should) it (?:take|cost|need|require)\b|\b(?:is|was) it (?:\w+ )?"
    r"(?:allowed|forbidden|permitted|possible|necessary|true|right|correct|safe|the case|that)\b",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\bthe (?:company|registrant|corporation|issuer|borrower|lender|partnership|firm|group|employer|customer|seller"
    r"|buyer|author|authors|study|paper|plaintiff|defendant|applicant|holder)\b(?! of\b)",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<!^)(?<![.?!:]\s)\b(?:[A-Z][\w’'&-]*|\w*\d\w*)")
_NOUN = re.compile(r"\b(?:the|an?|each|every|[A-Z][\w-]+'s) [a-z][\w-]+", re.IGNORECASE)


def schema(candidate: QuestionCandidate) -> str:
    """Return the reason to drop a row without a well-formed question, answer or evidence, else `""`."""
    question, answer = candidate.question, candidate.fact.answer
    if not _FEWEST_CHARS <= len(question) <= _MOST_CHARS or not question.endswith(("?", ".")):
        return "not a question or request of 8 to 400 characters"
    if not answer.strip() or len(answer) > _MOST_ANSWER_CHARS:
        return "the answer is empty or longer than 400 characters"
    if not candidate.fact.statement.strip() or not candidate.fact.evidence:
        return "no statement or no evidence"
    whole = f"{question} {answer}"
    if _PROMPT_MARKS.search(whole) or any(unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cs") for sign in whole):
        return "prompt marks or invisible characters"
    if contains(question, answer):
        return "the question contains its answer"
    return ""


def leak(candidate: QuestionCandidate) -> str:
    """Return the reason to drop a row that mentions its own source ("according to the passage"), else `""`."""
    texts = (candidate.question, candidate.fact.answer, candidate.fact.statement)
    match = next(filter(None, map(_LEAK.search, texts)), None)
    return f"mentions its source: “{match[0]}”" if match else ""


def self_contained(candidate: QuestionCandidate) -> str:
    """Return the reason to drop a question that cannot be understood without the page, else `""`.

    Such are dangling pronouns, pointing words ("this", "above"), relative times, and roles without a name.
    """
    question = candidate.question
    for pattern in (_PLACE, _POINTING, _TIME, _SPEAKER):
        if match := pattern.search(question):
            return f"refers to something outside the question: “{match[0]}”"
    body = _EXPLETIVE.sub(" ", question)
    pronoun = _PRONOUN.search(body)
    if pronoun and not _antecedent(body[: pronoun.start()]):
        return f"pronoun without an antecedent: “{pronoun[0]}”"
    role = _ROLE.search(question)
    if role and not names(question.replace(role[0], " ")):
        return f"role without a name: “{role[0]}”"
    content = {word for word in words(question) if word not in STOPWORDS}
    if not names(question) and len(content) < 3:
        return "too few content words to search for"
    return ""


def names(question: str) -> list[str]:
    """Return the capitalised words and words with digits of a question, except its first word."""
    return _NAME.findall(question)


def _antecedent(before: str) -> bool:
    """Whether a text before a pronoun names something that it can refer to."""
    return bool(_NAME.search(before) or _NOUN.search(before))

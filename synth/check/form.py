"""Checks on the wording alone: a question with an answer, understandable without the page, without mention of its
source.

The rules are for English.
"""

from __future__ import annotations

import re
import unicodedata

from core.language.english.questions.wording import ENGLISH
from core.metrics import contains
from core.reading.text.words import STOPWORDS, words
from synth.work.candidate import QuestionCandidate

_FEWEST_CHARS, _MOST_CHARS = 8, 400
_MOST_ANSWER_CHARS = 400
_PROMPT_MARKS = re.compile(r"\[\[|\]\]|<<|>>|</?[a-z]+>|```")
_NAME = re.compile(r"(?<!^)(?<![.?!:]\s)\b(?:[A-Z][\w’'&-]*|\w*\d\w*)")


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
    return next(filter(None, map(mentions_source, texts)), "")


def mentions_source(text: str) -> str:
    """Return what is wrong with a text that mentions its own source, else `""`."""
    match = ENGLISH.source_mention.search(text)
    return f"mentions its source: “{match[0]}”" if match else ""


def self_contained(candidate: QuestionCandidate) -> str:
    """Return the reason to drop a question that cannot be understood without the page, else `""`.

    Such are dangling pronouns, pointing words ("this", "above"), relative times, and roles without a name.
    """
    return dangling(candidate.question)


def dangling(question: str) -> str:
    """Return what a question refers to outside itself, or that it names too little; `""` where it stands alone."""
    for pattern in ENGLISH.outside_references:
        if match := pattern.search(question):
            return f"refers to something outside the question: “{match[0]}”"
    body = ENGLISH.expletive.sub(" ", question)
    pronoun = ENGLISH.pronoun.search(body)
    if pronoun and not _antecedent(body[: pronoun.start()]):
        return f"pronoun without an antecedent: “{pronoun[0]}”"
    role = ENGLISH.role.search(question)
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
    return bool(_NAME.search(before) or ENGLISH.noun_phrase.search(before))

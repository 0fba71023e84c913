"""Noun phrases behind a verb: where they end, whether they say what they mean, and the time that ends them."""

from __future__ import annotations

import re

from synth.facts.english.prose.clause import Clause, parse
from synth.facts.english.prose.sentences import first_predicate
from synth.facts.english.prose.verbs import (
    AUXILIARIES,
    is_base,
    is_noun_too,
    is_verb,
    past_base,
    present_base,
)
from synth.facts.english.values import values_in

_MOST_WORDS = 18
# Words that refer to something outside the phrase.
REFERRING = (
    r"this|these|those|such|it|they|them|their|its|itself|he|she|his|her|him|we|our|us|my|former|latter|same"
    r"|following|above|below|another|others?|respective(?:ly)?|one|ones|both|there|here"
)
POINTS = re.compile(rf"\b(?:{REFERRING}|you|your|each)\b", re.IGNORECASE)
# A time at the end of a phrase belongs to the verb; it stands behind the last of these.
_PREPOSITION = re.compile(
    r" (?=(?:in|on|at|by|since|until|during|from|for|within|after|before|between) |(?:once|twice|every|each)\b"
    r"|(?:daily|weekly|monthly|annually|yearly|regularly)$)"
)
_IS_TIME = re.compile(r"(?:once|twice|daily|weekly|monthly|annually|yearly|regularly|every|each|during|before|after)\b")
_TIMES = frozenset({"date", "time", "frequency", "duration"})
_NEAR = 16  # code points between the preposition and its date
_NO_OBJECT = re.compile(
    r"(?:\w+er (?:than|in|on|at|by)|that|how|whether|if|what|why|when|where|who|which|to|not|and|or|but|as|than|with|in|on"
    r"|by|for|from|at|via|per|more|less|very|so|too|also|only|well|outside|inside|up|out|off|down|away|back|together|around"
    r"|over|through|forward|between|among|both|some|any|many|few|several|much|little|lot)\b"
)
_BOUNDARY = re.compile(
    r"[;:]|, |\s(?=(?:even (?:if|when|though)|because|due to|unless|although|while|whereas|so that|if|when|where)\b)"
)
_ASIDE = re.compile(
    r", (?:which|who|whose|where|including|such as|for example|especially|as well as|so|but|while|whereas|although|with|without"
    r"|resulting|leading|making|using|causing|allowing|thereby|thus|giving|depending|followed|regardless|unless|if|when|because"
    r"|e\.g\.|i\.e\.|and (?:it|they|he|she)\b)"
)
_LIST = re.compile(r"^[^,;:]+(?:, (?!which|who|where|and\b|or\b|but\b)[^,;:]{2,40})+,? (?:and|or) [^,;:]{2,60}$")
_ADVERBIAL = frozenset("using making allowing leading causing giving leaving bringing".split())
_QUANTIFIED = re.compile(
    r"(?:Only|Almost|Nearly|About|Around|Some|Most|Many|Few|Several|More|Less|Fewer|Up|At|Even|Just)\b"
)
# Letters that number a sentence, a heading that ran into it, and adverbs that lead it in.
_IS_LABEL = re.compile(
    r"^(?:[A-Za-z]+ly|[Tt]hen|Otherwise|Like|[Nn]ow|[Ss]ometimes|[Oo]ften|Try|No\.)(?= |$)"
    r"|^[A-Z]{7,} |^[A-Z]\.? [A-Z]|(?<!^)\b(?:The|A|An|This)\b|\b[A-Z]{3,} [A-Z]{3,} "
)
# Of a subject: the adverb before its verb.
ENDS_IN_ADVERB = re.compile(
    r" (?:also|usually|often|always|typically|generally|normally|primarily|mainly|[a-z]{3,}ly)$"
)
_FEW_WORDS = 3
_BARE_NOUN = re.compile(r"(?!(?:its|their|his|all|each|every|that|how|what|many|more)\b)[a-z]+s\b")
_DETERMINER = re.compile(r"(?:an?|the|its|their|all|every|each|in|on|at|by|for|to|from|with|of|into)\b")
IS_AMOUNT = re.compile(
    r"\d|(?:up to|at least|at most|about|around|approximately|roughly|less|more|only|almost|nearly|follows|already)\b"
)


def is_plain_subject(clause: Clause) -> bool:
    """Whether a subject is no instruction ("Check device numbers ...") and holds no heading that ran into the sentence."""
    words = clause.subject.split()
    first = words[0].casefold()
    if is_verb(first) or (present_base(first) and not is_noun_too(present_base(first))):
        return False
    if past_base(first) and clause.verb not in AUXILIARIES:
        return False
    if (
        any(value.start == 0 for value in values_in(clause.subject))
        or _QUANTIFIED.match(clause.subject)
        or _IS_LABEL.search(clause.subject)
        or ENDS_IN_ADVERB.search(clause.subject)
    ):
        return False
    if len(words) == 1 and clause.verb.endswith("ed") and re.match(r"[a-z]+\b(?! (?:of|and))", clause.rest):
        # "Pipe extracted files to COMMAND": as likely an instruction.
        return bool(_DETERMINER.match(clause.rest))
    if clause.verb.endswith("ed") and len(words) > _FEW_WORDS and _BARE_NOUN.match(clause.rest):
        return False  # "Failure to clean worn parts can ...": as likely an adjective
    names = [re.sub(r"[’']s$", "", word) for word in words if word[0].isupper()]
    return len(names) == len(set(names)) and "then" not in words


def tail_of(sentence: str, start: int) -> str | None:
    """What follows the verb and belongs to it, None where that cannot be told."""
    text = sentence[start:]
    if _LIST.match(text) and not starts_with_verb(re.split(r",? (?:and|or) ", text)[-1]):
        return text
    match = _BOUNDARY.search(text)
    if match is not None:
        if match[0] == ", " and not _ASIDE.match(text, match.start()) and not _second_clause(text[match.end() :]):
            return None
        if match[0] == ":":
            return None
        text = text[: match.start()]
    return first_predicate(text.strip())


def _second_clause(text: str) -> bool:
    """Whether what follows a comma is "and" with a verb or a clause of its own, not the last of a list."""
    match = re.match(r"and (?:then |also |thereby )?(?P<rest>[\w-]+\b.*)", text)
    if match is None:
        return False
    rest = match["rest"]
    return starts_with_verb(rest) or parse(rest[:1].upper() + rest[1:]) is not None


def starts_with_verb(text: str) -> bool:
    """Whether a text begins with a finite verb: a word that is hardly ever a noun, or stands before an article."""
    word, _, rest = text.partition(" ")
    word = word.casefold()
    base = present_base(word)
    return word in AUXILIARIES or bool(
        past_base(word) or (base and (not is_noun_too(base) or re.match(r"(?:an?|the)\b", rest)))
    )


def is_phrase(text: str) -> bool:
    """Whether a text is a noun phrase that says what it means, as far as its words tell."""
    words = text.split()
    if not words or len(words) > _MOST_WORDS or POINTS.search(text) or _NO_OBJECT.match(text):
        return False
    if (
        text.count("(") != text.count(")")
        or not re.match(r"[\w“\"(]", text)
        or re.search(r"\b(?:of|and|or|the|an?|as|in|on|at|for|with|by|to|from)$", text)
    ):
        return False
    if re.search(r"\bto [a-z]+$", text) and is_verb(words[-1]):
        return False
    relative = re.search(r"\b(?:that|which|who|whose|where)\b", text)
    plain = (text[: relative.start()] if relative else text).split()
    for position, word in enumerate(plain):
        low = word.casefold().strip(",")
        before = plain[position - 1].casefold() if position else ""
        if low in AUXILIARIES or (position and before != "to" and is_base(low)):
            return False
        base = present_base(low)
        if position and base and not is_noun_too(base) and before not in ("the", "a", "of", "and"):
            return False
        if position and low in _ADVERBIAL:
            return False
    return True


def split_time(tail: str) -> tuple[str, str]:
    """Return a phrase without the time at its end, and that time."""
    at = max((match.start() for match in _PREPOSITION.finditer(tail)), default=-1)
    phrase = tail[at + 1 :]
    if at < 0 or not (
        _IS_TIME.match(phrase) or any(value.kind in _TIMES for value in values_in(phrase) if value.start < _NEAR)
    ):
        return tail, ""
    return tail[:at], phrase

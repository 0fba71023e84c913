"""Definitions, what a thing is, and what abbreviations stand for.

A definition is a sentence that says so ("X means ...", "X is defined as ..."); "X is a Y" counts where X is a term or a
name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.language.language import language
from synth.facts.english.prose.clause import Clause
from synth.facts.english.prose.verbs import is_known_verb

_QUOTED = r"[“\"‘'](?P<quoted>[^”\"’']{2,60})[”\"’']"
_DEFINES = re.compile(
    rf"^(?:[Tt]he (?:term|word|phrase|expression|terms) )?(?:{_QUOTED}|(?P<plain>(?:(?:An?|The) )?[A-Za-z][\w’/-]*(?: [\w’/-]+){{0,5}}?))"
    r"(?:,| \([^)]*\))? (?P<verb>means|shall mean|refers to|refer to|is defined as|are defined as|was defined as|were defined as|denotes|stands for)"
    r" (?P<body>[^;]{8,300})$"
)
_NOT_A_TERM = re.compile(
    r"(?i)\b(?:this|that|it|they|these|those|which|who|what|we|our|you|your|he|she|such|his|her|its|their|reference|here"
    r"|following|above|note|also|below|table|figure|section|item|each|all|any|result|change)\b"
)
# "For other systems, refer to ..." tells the reader where to look.
_ADVERBIAL = re.compile(
    r"(?:for|to|in|on|at|by|if|when|where|while|as|with|without|from|after|before|please|see|instead|otherwise)\b",
    re.IGNORECASE,
)
# A sentence that begins in lower case, with the name of a program, say: "... for Python. pip installs it".
_LOWER_START = re.compile(r"\b(?P<word>[A-Za-z]*[a-z]{3})\. (?=[a-z])")
_CLASS = re.compile(r"^(?:an?|the|one of the|any) [\w“(]")
# "the process by which ...", "the key regulator for ...": a kind of thing that its own words tell from others.
_DEFINITE = re.compile(r"the (?:[\w-]+ ){1,4}(?:of|for|in|by which|that|which|between) ")
_EMPTY_HEAD = re.compile(
    r"^(?:an?|the|one of the|any) (?:\w+ ){0,2}?(?:result|function|part|matter|risk|possibility|number|lot|variety|combination|reflection|significant"
    r"|result|increase|decrease|decline|good|key|critical|major|important|need|way|reason|consequence|defendant|party|list|summary"
    r"|reconciliation|description|discussion|single|few|little|bit|problem|challenge|concern|priority|subject|factor|question"
    r"|long|large|small|new|high|low|strong|great|limited|material|little|further|clear|mere|potential|copy|breach|violation|direct|sign|cause)\b"
)
_ABBREVIATED = re.compile(r"\((?:the |collectively,? )?[“\"'‘]?(?P<short>[A-Z][A-Za-z0-9&-]{1,9})[”\"'’]?\)(?![\w-])")
_ABBREVIATIONS = language("en").abbreviations | language("en").final_abbreviations
_SKIPPED = frozenset("of and the for in on at to a an by with or".split())
_ROW_DEFINES = re.compile(
    r"^(?P<term>(?:[A-Z][\w&-]*|[a-z]{1,4})(?: [a-z]+| [A-Z][\w-]*){0,2}?) (?P<body>(?:The|A|An|Any|Each|At least) [a-z].{8,300})$"
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """A term and what the text says it is; the spans are those of the sentence."""

    term: str
    start: int
    end: int
    kind: str
    verb: str = "is"


def defined(sentence: str) -> Meaning | None:
    """The definition that a sentence without its full stop states in so many words."""
    match = _DEFINES.match(sentence)
    if match is None:
        return None
    term = (match["quoted"] or match["plain"]).strip(" ,")
    if _NOT_A_TERM.search(term) or (is_known_verb(term.split()[-1].casefold()) and not match["quoted"]):
        return None
    if match["verb"] == "stands for" and not term.isupper():
        return None
    if not match["quoted"] and (_ADVERBIAL.match(term) or _next_sentence(match["body"]) is not None):
        return None
    if (
        re.match(r"(?:that|how|what|when|whether|if|more|less|to the)\b", match["body"])
        or _NOT_ALONE.search(match["body"])
        or _DEFINES_TOO.search(match["body"])
    ):
        return None
    if (
        not match["quoted"]
        and match["verb"] in ("means", "refer to", "refers to")
        and not re.match(r"(?:an?|the|any|all|those|persons?)\b", match["body"])
    ):
        return None
    return Meaning(term, match.start("body"), match.end("body"), "definition", match["verb"])


_DEFINES_TOO = re.compile(r"\b(?:defined as|means|refers to|stands for)\b")
_NOT_ALONE = re.compile(
    r"\b(?:this|these|those|such|it|they|their|above|below|following|we|our|us|he|she|his|her)\b|\b(?:that|which) (?:it|they|he|she|we)\b"
)


def _next_sentence(text: str) -> int | None:
    """Return where the full stop stands after which another sentence begins in lower case; None where none does."""
    stops = (match for match in _LOWER_START.finditer(text) if match["word"].casefold() not in _ABBREVIATIONS)
    return next((match.end("word") for match in stops), None)


def classified(clause: Clause) -> Meaning | None:
    """What a clause says its subject is: "A cookie is a small amount of data"."""
    if clause.lead or clause.verb not in ("is", "are"):
        return None
    rest = clause.rest
    if not _CLASS.match(rest) or _EMPTY_HEAD.match(rest) or _NOT_ALONE.search(rest) or len(rest) < 12:
        return None
    stop = re.search(
        r";|,? and (?:has|is|are|may|can|was|were|will|must) |, (?:but|so|because|although|while|and the|and it|and they)\b",
        rest,
    )
    end = stop.start() if stop else len(rest)
    following = _next_sentence(rest[:end])
    end = end if following is None else following
    another = re.search(r",? and (?:[\w-]+ ){1,4}(?:is|are|was|were|has|have|can|may|will)\b", rest[:end])
    end = another.start() if another else end
    if len(rest[:end].split()) < 4 or not _is_term(clause.subject):
        return None
    if rest.startswith("the ") and (re.match(r"(?:The|An?) ", clause.subject) or not _DEFINITE.match(rest)):
        return None
    return Meaning(clause.subject, clause.rest_at, clause.rest_at + end, "is-a")


def _is_term(subject: str) -> bool:
    """Whether a subject is a name, a bare term, or "a thing" in general."""
    if len(subject.split()) > 7:
        return False
    if re.match(r"(?:The|This|That|One|Each|Every|Some)\b", subject):
        return bool(re.search(r" [A-Z]", subject))
    return (not _NOT_A_TERM.search(subject) and not re.search(r"\b(?:of|in|for|to|with)\b", subject)) or bool(
        re.match(r"[A-Z]\w+ [A-Z]", subject)
    )


def expansions(sentence: str) -> Iterator[tuple[str, int, int]]:
    """Yield (abbreviation, start, end of its long form) for "long form (LF)" whose letters agree.

    After Schwartz and Hearst (2003), with the stricter rule that every word but small ones gives a letter.
    """
    for match in _ABBREVIATED.finditer(sentence):
        short = match["short"]
        capitals = sum(sign.isupper() for sign in short)
        if capitals < 2 or short in _ROMAN:
            continue
        start = _long_form(sentence[: match.start()].rstrip(), short.removesuffix("s") if short[-1] == "s" else short)
        if start is not None:
            yield short, start, len(sentence[: match.start()].rstrip())


_ROMAN = frozenset("II III IV VI VII VIII IX XI XII".split())


def _long_form(text: str, short: str) -> int | None:
    """Where the words begin whose letters spell `short` and that end the text; initials alone are tried first."""
    letters = [sign.casefold() for sign in short if sign.isalnum()]
    words = [(match[0], match.start()) for match in re.finditer(r"[A-Za-z0-9’']+", text)][-2 * len(letters) - 2 :]
    if words and (words[-1][0] in _SKIPPED or re.search(r"\w- (?:and|or) [\w-]+(?: \w+)?$", text)):
        return None
    if not words or words[-1][1] + len(words[-1][0]) != len(text):
        return None
    for most in (1, 3):
        for first in range(len(words) - 1, -1, -1):
            span = [word.casefold() for word, _ in words[first:]]
            if re.search(r"[,;:.()“”\"]", text[words[first][1] :]):
                break
            if span[0] not in _SKIPPED and _spells(span, letters, most):
                return words[first][1]
    return None


def _spells(words: list[str], letters: list[str], most: int) -> bool:
    """Whether letters can be read off words in order.

    Every word gives its first letter and up to `most` in all; small words may give none.
    """
    if not words:
        return not letters
    if not letters:
        return all(word in _SKIPPED for word in words)
    word, rest = words[0], words[1:]
    if word[0] == letters[0]:
        for count in range(1, min(most, len(letters)) + 1):
            if _subsequence(letters[:count], word) and _spells(rest, letters[count:], most):
                return True
    return word in _SKIPPED and _spells(rest, letters, most)


def _subsequence(letters: list[str], word: str) -> bool:
    position = 0
    for letter in letters:
        position = word.find(letter, position) + 1
        if position == 0:
            return False
    return True


def is_short_for(short: str, long: str) -> bool:
    """Whether a word without blanks is made of letters of a longer phrase, in order."""
    letters = [sign.casefold() for sign in short if sign.isalnum()]
    spelled = _spells(re.findall(r"[A-Za-z0-9’']+", long.casefold()), letters, 3)
    return sum(sign.isupper() for sign in short) > 1 and " " not in short and spelled


def glossed(row: str) -> tuple[str, int, int] | None:
    """(term, start, end of its meaning) of a glossary's row, where the meaning begins with an article or spells the term."""
    short = re.match(r"^([A-Z][A-Za-z&]{1,7}) ([A-Z][^.]{4,120})$", row)
    if short and sum(sign.isupper() for sign in short[1]) >= 2:
        end = len(short[2].split(",")[0].split(" operating ")[0])
        if is_short_for(short[1], short[2][:end]):
            return short[1], short.start(2), short.start(2) + end
        return None
    match = _ROW_DEFINES.match(row)
    return (match["term"], match.start("body"), match.end("body")) if match else None

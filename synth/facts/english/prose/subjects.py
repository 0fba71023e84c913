"""Facts whose answer is no complement: who does something, what is the first or largest, what happens when, how to.

"The Finance Department approves purchases above 5,000 euros": who approves them? "To restart the pump, close valve B": how
do you restart the pump?
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from synth.facts.english.prose.clause import Clause, parse
from synth.facts.english.prose.people import are_people
from synth.facts.english.prose.phrases import REFERRING, is_plain_subject
from synth.facts.english.prose.verbs import (
    AUXILIARIES,
    BE,
    MODALS,
    is_noun_too,
    is_participle,
    is_verb,
    third_person,
)
from synth.facts.english.values import values_in

_POINTS = re.compile(rf"\b(?:{REFERRING}|also|so|then|therefore|again)\b", re.IGNORECASE)
_YOU = re.compile(r"(?i)\b(?:you|your|yours|yourself|please)\b")
_NEGATED = re.compile(r"\b(?:not|never|neither|nor|no|without)\b|n[’']t\b")
_SUPERLATIVE = re.compile(
    r"^the (?:\w+ )?(?:most [a-z]+|(?:main|first|last|only|second|third|oldest|largest|principal|chief|primary|usual|default|commonest)"
    r"|[a-z]{2,}(?:est))\b [a-z][^,;:]{3,90}$"
)
_INSTRUCTION = re.compile(r"^To (?P<aim>[a-z]+ [^,;:]{4,90}), (?P<how>(?:first )?[a-z]+ [^;:]{6,160})$")
_INSTRUCTION_LAST = re.compile(r"^(?P<how>[A-Z][a-z]+ [^,;:]{6,120}?) (?:in order )?to (?P<aim>[a-z]+ [^,;:]{4,90})$")
_CONDITION = re.compile(r"^(?P<when>(?:If|When|Whenever|Once|As soon as|Unless) [^,;:]{6,120})$")
# What these ask the reader for is to look elsewhere, or what somebody else does.
_POINTERS = frozenset(
    """see refer note consult read want need allow enable cause ask tell help permit force expect require instruct remember
    consider think appear seem tend continue try attempt start begin agree decide""".split()
)
# "Add an option to print ...": what follows says what the noun is for.
_TAKES_AIM = re.compile(
    r"\b(?:options?|ways?|abilit(?:y|ies)|attempts?|requests?|rights?|permissions?|flags?|functions?|methods?|tools?|commands?|chance"
    r"|need|time|code|support|person|people|place|[a-z]{2,}(?:ed|ing)|made|used|able|ready|sure|likely)$"
)
# "When used with ...": of what, the clause behind it says.
_ELLIPTIC = re.compile(r"\w+ (?:[a-z]+ed|[a-z]+ing|given|set|not|in|on|at|with|run|possible|necessary|so)\b")
_FEWEST_OBJECT_WORDS, _MOST_WORDS = 2, 22


@dataclass(frozen=True, slots=True)
class Inverse:
    """A question whose answer is not behind the verb.

    Attributes:
        direct: The direct question without its mark, best first.
        indirect: The same as after "tell me".
        start: First character of the answer in the sentence.
        end: One past its last.
        kind: Kind of the fact.
        subject: What the fact is about.
    """

    direct: tuple[str, ...]
    indirect: str
    start: int
    end: int
    kind: str
    subject: str


def inverses(sentence: str, clause: Clause | None) -> Iterator[Inverse]:
    """Yield the questions of a sentence.

    Args:
        sentence: On one line, without its full stop.
        clause: Its main clause; None where there is none to be sure of.
    """
    yield from _instruction(sentence)
    if clause is None or _NEGATED.search(clause.sentence) or not is_plain_subject(clause):
        return
    for rule in (_leader, _doer, _condition):
        inverse = rule(clause)
        if inverse is not None:
            yield inverse


def _leader(clause: Clause) -> Inverse | None:
    """The subject of "Fatigue was the most common side effect"."""
    rest = re.split(r", (?:which|who|with|and|but|so|followed|reported)\b", clause.rest)[0]
    if clause.lead or clause.verb not in BE or not _SUPERLATIVE.match(rest) or _POINTS.search(rest):
        return None
    if re.search(r"\b(?:that|which|who|whose|and)\b", rest) or re.match(r"(?:The|An?|Each|Every)\b", clause.subject):
        return None
    people = are_people(rest.removeprefix("the ")) or re.match(r"(?:Dr|Mr|Mrs|Ms|Professor|Sir)\b", clause.subject)
    if not people and re.match(r"[A-Z][\w’-]+ [A-Z]", clause.subject):
        return None
    question = f"{'who' if people else 'what'} {clause.verb} {rest}"
    return Inverse((question,), question, *_subject_span(clause), "subject", rest)


def _doer(clause: Clause) -> Inverse | None:
    """Who does something: people alone, and only where what they do is said in full."""
    subject = clause.subject
    if clause.lead or clause.verb in BE or not are_people(subject) or re.match(r"An? ", subject):
        return None
    rest = re.split(r"[;:]|, ", clause.rest)[0]
    if clause.verb in MODALS and (not is_verb(rest.split(" ", 1)[0]) or rest.startswith("be ")):
        return None
    if clause.verb in AUXILIARIES and clause.verb not in MODALS:
        return None
    taken = rest.split()[1 if clause.verb in MODALS else 0 :]
    if not _FEWEST_OBJECT_WORDS <= len(taken) <= _MOST_WORDS or _POINTS.search(rest) or rest != clause.rest:
        return None
    if re.match(r"(?:that|how|whether|to|in|on|at|for|about|as|by|up|with)\b", " ".join(taken)) or re.search(
        r"\band\b", rest
    ):
        return None
    if not re.search(r"\b(?:the|an?|all|every|each)\b|[A-Z]|\d|\w+s\b", " ".join(taken)):
        return None
    verb = third_person(clause.verb) if is_verb(clause.verb) and clause.inverted[0] == "do" else clause.verb
    question = f"who {verb} {rest}"
    return Inverse((question,), question, *_subject_span(clause), "name", rest)


def _subject_span(clause: Clause) -> tuple[int, int]:
    end = clause.verb_at - 1
    return end - len(clause.subject), end


def _condition(clause: Clause) -> Inverse | None:
    """What happens when: the clause behind "when" or "if"."""
    match = _CONDITION.match(clause.lead)
    at, _ = _subject_span(clause)
    main = clause.sentence[at:]
    if (
        match is None
        or _ELLIPTIC.match(match["when"])
        or _POINTS.search(match["when"])
        or _YOU.search(clause.sentence)
        or clause.verb in MODALS
    ):
        return None
    if clause.verb in BE and not is_participle(clause.rest.split(" ", 1)[0]):
        return None
    if _POINTS.search(main) or re.search(r"[;:]", main):
        return None
    when = match["when"][0].lower() + match["when"][1:]
    past = clause.verb in ("was", "were", "had", "did") or clause.inverted[0] == "did"
    question = f"what {'happened' if past else 'happens'} {when}"
    return Inverse((question,), question, at, len(clause.sentence), "condition", when)


def _instruction(sentence: str) -> Iterator[Inverse]:
    """How to do something: "To restart the pump, close valve B"."""
    for pattern in (_INSTRUCTION, _INSTRUCTION_LAST):
        match = pattern.match(sentence)
        if match is None:
            continue
        how, aim = match["how"], match["aim"]
        words = how.removeprefix("first ").split()
        verb, aimed = words[0].casefold(), aim.split(" ", 1)[0]
        if not is_verb(verb) or not is_verb(aimed) or aimed in ("be", "have"):
            continue
        if pattern is _INSTRUCTION_LAST and (
            (is_noun_too(verb) and not re.match(r"(?:the|an?|your|\d)\b", words[1])) or parse(sentence) is not None
        ):
            continue
        if pattern is _INSTRUCTION_LAST and _TAKES_AIM.search(how):
            continue
        if verb in _POINTERS or re.search(r"\b(?:that|so|from|to|of|in|on|with|for|by|at)$", aim):
            continue
        if _POINTS.search(how) or _POINTS.search(aim) or _NEGATED.search(how) or _is_statement(how):
            continue
        aim = re.sub(r"\byour\b", "the", aim)
        if _YOU.search(aim):
            continue
        direct = (f"how do you {aim}", f"how can you {aim}", f"what do you do to {aim}")
        yield Inverse(direct, f"how to {aim}", match.start("how"), match.end("how"), "step", aim)
        return


def _is_statement(how: str) -> bool:
    """Whether words that look like an instruction have a finite verb: "Access needs a key"."""
    return bool({word.casefold() for word in how.split()[:6]} & (BE | {"has", "had", "does", "did"})) or (
        len(values_in(how)) > 3
    )

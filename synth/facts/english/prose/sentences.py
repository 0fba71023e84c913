"""Finds the values that a clause states of its subject: how much, how many, how long, how often, when.

A value is left out where it is not the whole answer: items of a list, values with a condition, values that belong to a
participle or to a noun further in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from synth.facts.english.asking import Gap, ask, continues, is_sized
from synth.facts.english.prose.clause import Clause, holds_verb, parse
from synth.facts.english.prose.verbs import (
    AUXILIARIES,
    is_base,
    is_known_verb,
    is_noun_too,
    is_participle,
    is_verb,
    past_base,
    present_base,
)
from synth.facts.english.values import Askable, values_in

_BOUNDARY = re.compile(
    r";|:(?=\s|$)|,(?= )|\s(?=because\b|due to\b|unless\b|provided\b|although\b|while\b|whereas\b|compared\b|so that\b)"
)
_IN_NAME = re.compile(r", (?:(?:19|20)\d\d\b|Inc\b|Ltd\b|LLC\b|Jr\b)")
_CONDITION = re.compile(
    r"\W*(?:unless|except|excluding|provided|but|only|if|when|instead|rather|not|or\b|and \d|and [$€£]|whichever|subject to"
    r"|depending|although|though|at least|however|respectively|until|as long as)",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"\b(?:respectively|not|never|neither|nor|no longer)\b|n[’']t\b")
_NO_MORE_THAN = re.compile(r"\b(?:not|no) (?:more|less|fewer|later) than\b")
_COORDINATED = re.compile(
    r"\b(?:and|or) (?:in|on|at|by|for|to|from|within|after|until|with|not|again|\d|[$€£]|of|every|then|only|even)\b"
    r"|\b(?:instead|rather|compared|versus|than|being|with \d)\b"
)
_OPEN = re.compile(r"\b(?:from|between|and|or|than|versus|through|with|of|not|no|like|as|plus)$")
_LIST_GOES_ON = re.compile(r"^,? (?:(?:[^\s,]+ ){0,4}?(?:and|or) |(?:[^\s,]+ ?){1,3},)")
_CLAUSE_FOLLOWS = re.compile(
    r"(?:what|who|whoever|after|before|from|its|their|it|they|each)\b.*\b(?:is|are|was|were|has|have|may|can|must|gives?)\b"
)
_TAIL_ADVERB = re.compile(
    r"(?:^| )(?:primarily|mainly|largely|partly|principally|mostly|chiefly|also|only|driven|due)$"
)
_SECOND_PREDICATE = re.compile(r" ?\band (?:then |also |thereafter )?(\w+)(?![\w-])")
_AFTER_VALUE = frozenset(
    """in on at by for within after until since from to of into before over under during per each every a an as between
    with through against across among outside inside behind above below along remaining outstanding ago ahead earlier
    later away free daily weekly monthly annually beside near around throughout via upon without beyond when if once
    total compared""".split()
)
_FEWEST_WORDS_SAID = 3


def gaps(clause: Clause) -> Iterator[Gap]:
    """Yield what can be asked of a clause, in order of the values."""
    if _NEGATED.search(_NO_MORE_THAN.sub("", clause.sentence)):
        return
    values = _with_ranges(clause.sentence, values_in(clause.sentence))
    for number, value in enumerate(values):
        if value.start < clause.rest_at:
            continue
        before = clause.sentence[clause.rest_at : value.start].strip()
        end = _end(clause.sentence, value.end)
        after = _TAIL_ADVERB.sub("", first_predicate(clause.sentence[value.end : end].strip()))
        if _is_whole(value, values[number + 1 :], before, after, clause.sentence[end:]):
            gap = ask(clause, value, before, after)
            if gap is not None:
                yield gap


def leading(sentence: str) -> tuple[Askable, str] | None:
    """A quantity that begins a sentence as its subject, and what is said of it: "Six bicycles are kept at the office"."""
    values = values_in(sentence)
    if not values or values[0].start or values[0].kind not in ("count", "percent"):
        return None
    value, end = values[0], _end(sentence, values[0].end)
    predicate = first_predicate(sentence[value.end : end].strip())
    verbs = [word for word in predicate.split()[:9] if word in AUXILIARIES or past_base(word) or is_base(word)]
    if (
        not verbs
        or len(predicate.split()) < _FEWEST_WORDS_SAID
        or _CONDITION.match(sentence[end:])
        or _list_goes_on(sentence[end:])
    ):
        return None
    if re.search(r"\b(?:that|which|who|these|those|this|them|respectively|not|such|and|or|their|its)\b", predicate):
        return None
    if any(other.kind == value.kind and other.start < end for other in values[1:]):
        return None
    if value.kind == "count" and predicate.split()[0] != verbs[0] and not predicate.startswith("of "):
        return None
    return value, predicate


def attaches(before: str) -> bool:
    """Whether a phrase after these words belongs to the verb, not to a participle or infinitive among them."""
    words = before.split()
    while words and words[0] in ("be", "been", "have"):
        words = words[1:]  # "must be kept at": the participle is the verb
    words = words[1:]
    return not any(
        word.endswith("ing")
        or is_participle(word)
        or (word == "to" and position + 1 < len(words) and is_verb(words[position + 1]))
        for position, word in enumerate(words)
    )


def _with_ranges(sentence: str, values: Sequence[Askable]) -> list[Askable]:
    """Join the ends of a range: "from 1 May to 30 September" is one value."""
    joined: list[Askable] = []
    for value in values:
        before = joined[-1] if joined else None
        if before is not None and before.kind == value.kind and value.kind in ("date", "time"):
            opening = re.search(r"\b(?:from|between) $", sentence[: before.start])
            if opening and re.fullmatch(
                r" (?:to|until|and|through|-|–) (?:the end of )?", sentence[before.end : value.start]
            ):
                start = opening.start()
                joined[-1] = Askable(value.kind, start, value.end, sentence[start : value.end], "range")
                continue
        joined.append(value)
    return joined


def _end(sentence: str, start: int) -> int:
    """Where the part of the sentence ends that says something of the value."""
    for match in _BOUNDARY.finditer(sentence, start):
        if match[0] != "," or not _IN_NAME.match(sentence, match.start()):
            return match.start()
    return len(sentence)


def _is_whole(value: Askable, later: Sequence[Askable], before: str, after: str, tail: str) -> bool:
    """Whether the value stands alone in its place and nothing after it changes what it says."""
    if (_OPEN.search(before) and not is_sized(before)) or _has_second_verb(before):
        return False
    if re.search(r"[;,“”()]|:(?=\s|$)", before) or holds_verb(before) or first_predicate(before) != before:
        return False
    if (
        _CONDITION.match(tail)
        or re.match(r"(?:and|or|to|through|[-–—]|versus|as|than)\b", after)
        or _list_goes_on(tail)
    ):
        return False
    if not attaches(before) or not _stops(value, after) or _COORDINATED.search(before) or _COORDINATED.search(after):
        return False
    if any(other.kind == value.kind and other.start < value.end + 1 + len(after) for other in later):
        return False
    if re.search(r"\b(?:by|to)$", before) and any(other.kind in ("money", "percent") for other in values_in(before)):
        return False
    return not holds_verb(after) and after.count("(") == after.count(")")


def _has_second_verb(before: str) -> bool:
    """Whether a value belongs to a verb after "and", whose subject is its own: "... and the last returns at 21:10"."""
    words = before.casefold().split()
    if "and" not in words:
        return False
    verb = words[-2] if words[-1] in ("at", "on", "in", "by", "to", "for", "from", "within", "until") else words[-1]
    return bool(present_base(verb) or past_base(verb)) and words.index("and") < len(words) - 2


def _stops(value: Askable, after: str) -> bool:
    """Whether the value ends where its spelling ends: no noun follows that it belongs to."""
    first = after.split(" ", 1)[0].casefold()
    if not first or value.kind in ("date", "time") or first in _AFTER_VALUE or continues(after):
        return True
    return first.endswith("ly") or is_participle(first)


def _list_goes_on(tail: str) -> bool:
    """Whether what follows a comma is the next item of a list rather than a clause of its own."""
    if _LIST_GOES_ON.match(tail) is None:
        return False
    following = re.match(r",? and (.*)$", tail)
    if following is None:
        return True
    clause = following[1]
    return not (parse(clause[:1].upper() + clause[1:]) or _CLAUSE_FOLLOWS.match(clause))


def first_predicate(text: str) -> str:
    """Drop a further predicate: "4 hours and costs 5 crowns"."""
    match = _SECOND_PREDICATE.search(text)
    second = match[1] if match else ""
    if match and (is_participle(second) or (is_known_verb(second) and not (is_verb(second) and is_noun_too(second)))):
        return text[: match.start()].strip()
    return text

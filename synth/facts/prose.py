"""Facts that a clause states of its subject: how much, how many, how long, and when.

Takes a clause, finds the values after its verb, and asks for one of them with all the rest kept. A value whose
question would not be plain English, or whose answer would say less than the sentence, is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from synth.facts.clause import Clause, holds_verb, parse
from synth.facts.values import Value, values_in
from synth.facts.verbs import AUXILIARIES, BE, is_base, is_known_verb, is_participle, is_verb, past_base

_PREPOSITIONS = frozenset("in on at by for within after until since from to above below into before over under".split())
_BOUNDARY = re.compile(
    r";|:(?=\s|$)|,(?= )|\s(?=because\b|due to\b|unless\b|provided\b|although\b|while\b|whereas\b|compared\b|so that\b)"
)
_CONDITION = re.compile(
    r"\W*(?:unless|except|excluding|provided|but|only|if|when|instead|rather|not|or\b|and \d|and [$€£]|whichever|subject to|depending"
    r"|although|though|at least|however|respectively|until|as long as)",
    re.IGNORECASE,
)
_MOVES = frozenset("increase decrease grow rise fall decline drop improve".split())
_ADJECTIVE = re.compile(r"(long|wide|high|deep|tall|old|thick|away|heavy)\b ?")
_QUALIFYING = re.compile(r"(?:[a-z]+ly|also|only|now|still|currently|then)$")
_RELATIVE_TIME = re.compile(
    r"(?:(?:before|after|prior to|in advance of|ahead of)\b.*|ahead|in advance|beforehand|later|earlier|away)\b"
)
_NOT_WHEN = re.compile(
    r"(?:\b(?:due|ending|ended|ends?|beginning|dated|expiring|maturing|matures?|effective|of|fiscal|year|quarter|months?|periods?|weeks?"
    r"|the|notes?|figures?|values?|data|compared to|as|than|and|or|to|both|published|made|issued|Act|Rules|early|late|mid|through|summer|winter|spring|autumn|fall)) ?$"
)
_TAIL_ADVERB = re.compile(
    r"(?:^| )(?:primarily|mainly|largely|partly|principally|mostly|chiefly|also|only|driven|due)$"
)
_TERM_OF = re.compile(
    r"\b(for|over|within|after) an? (?:fixed |maximum |minimum |further )?(?:term|period|maximum|minimum|total) of$"
)
_SIZED = re.compile(r"^(?P<before>(?:[a-z]+ ){0,2}?)(?P<article>an?|the) (?P<noun>(?:[\w-]+ ){0,3}[a-z-]+) of$")
_READY = frozenset(
    "payable valid available complete ready effective binding eligible visible active liable open closed good".split()
)
_SPEED = re.compile(r"^(?:m/s|km/h|mph|rpm)")
_ROLE_OF_NUMBER = re.compile(
    r"\b(?:number|total|count|extension|channel|score|age|population|code|version)\b", re.IGNORECASE
)
_COORDINATED = re.compile(
    r"\b(?:and|or) (?:in|on|at|by|for|to|from|within|after|until|with|not|again|\\d|[$€£]|of|every|then|only|even)\b|\b(?:instead|rather|compared|versus|than)\b"
)
_LIST_GOES_ON = re.compile(r"^,? (?:(?:[^\s,]+ ){0,4}?(?:and|or) |(?:[^\s,]+ ?){1,3},)")


@dataclass(frozen=True, slots=True)
class Gap:
    """A question word put for a value.

    Attributes:
        wh: What the question begins with, best first.
        before: What stays between the verb and the gap.
        after: What stays after it.
        start: First character of the answer in the sentence.
        end: One past its last.
        kind: Kind of the fact.
    """

    wh: tuple[str, ...]
    before: str
    after: str
    start: int
    end: int
    kind: str


def gaps(clause: Clause) -> Iterator[Gap]:
    """Yield what can be asked of a clause, in order of the values."""
    if re.search(r"\b(?:respectively|not|never|neither|nor|no longer)\b|n[’']t\b", _without_no_more(clause.sentence)):
        return
    found = _with_ranges(clause.sentence, values_in(clause.sentence))
    for at, value in enumerate(found):
        if value.start < clause.rest_at:
            continue
        before = clause.sentence[clause.rest_at : value.start].strip()
        end = _end(clause.sentence, value.end)
        after = _TAIL_ADVERB.sub("", _cut(clause.sentence[value.end : end].strip()))
        if not _is_whole(clause, value, found[at + 1 :], before, after, end):
            continue
        gap = _gap(clause, value, before, after)
        if gap is not None:
            yield gap


def _with_ranges(sentence: str, found: Sequence[Value]) -> list[Value]:
    """Join the ends of a range: "from 1 May to 30 September" is one value."""
    joined: list[Value] = []
    for value in found:
        before = joined[-1] if joined else None
        if (
            before is not None
            and before.kind == value.kind
            and re.fullmatch(r" (?:to|until|and|through|-|–) (?:the end of )?", sentence[before.end : value.start])
        ):
            opening = re.search(r"\b(?:from|between) $", sentence[: before.start])
            if opening and value.kind in ("date", "time"):
                joined[-1] = Value(
                    value.kind, opening.start(), value.end, sentence[opening.start() : value.end], "range"
                )
                continue
        joined.append(value)
    return joined


def _without_no_more(sentence: str) -> str:
    return re.sub(r"\b(?:not|no) (?:more|less|fewer|later) than\b", "", sentence)


def _end(sentence: str, at: int) -> int:
    """Where the part of the sentence ends that says something of the value."""
    for match in _BOUNDARY.finditer(sentence, at):
        if match[0] == "," and re.match(r", (?:(?:19|20)\d\d\b|Inc\b|Ltd\b|LLC\b|Jr\b)", sentence[match.start() :]):
            continue
        return match.start()
    return len(sentence)


def _is_whole(clause: Clause, value: Value, later: Sequence[Value], before: str, after: str, end: int) -> bool:
    """Whether the value stands alone in its place and nothing after it changes what it says."""
    tail = clause.sentence[end:]
    sized = _SIZED.match(before) or _TERM_OF.search(before)
    if not sized and re.search(r"\b(?:from|between|and|or|than|versus|through|with|of|not|no|like|as|plus)$", before):
        return False
    if re.search(r"[;,“”()]|:(?=\s|$)", before) or holds_verb(before) or _cut(before) != before:
        return False
    if (
        _CONDITION.match(tail)
        or re.match(r"(?:and|or|to|through|[-–—]|versus|as|than)\b", after)
        or _list_goes_on(tail)
    ):
        return False
    if not attaches(before) or not _continues(value, after):
        return False
    if _COORDINATED.search(before) or _COORDINATED.search(after):
        return False
    if any(other.kind == value.kind and other.start < value.end + 1 + len(after) for other in later):
        return False
    return not holds_verb(after) and after.count("(") == after.count(")")


def _list_goes_on(tail: str) -> bool:
    """Whether what follows a comma is the next item of a list rather than a clause of its own."""
    if _LIST_GOES_ON.match(tail) is None:
        return False
    following = re.match(r",? and (.*)$", tail)
    return following is None or not (
        parse(_sentence_case(following[1]))
        or re.match(
            r"(?:what|who|whoever|after|before|from|its|their|it|they|each)\b.*\b(?:is|are|was|were|has|have|may|can|must|gives?)\b",
            following[1],
        )
    )


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def attaches(before: str) -> bool:
    """Whether a phrase after these words belongs to the verb, not to a participle or infinitive among them."""
    words = before.split()[1:]
    return not any(
        word.endswith("ing") or is_participle(word) or (word == "to" and at + 1 < len(words) and is_verb(words[at + 1]))
        for at, word in enumerate(words)
    )


def _continues(value: Value, after: str) -> bool:
    """Whether the value ends where the rules end it: no noun follows that it belongs to."""
    first = after.split(" ", 1)[0].casefold()
    return (
        not first or value.kind in ("date", "time") or first in _AFTER_VALUE or bool(_ADJECTIVE.match(after))
        or first.endswith("ly") or is_participle(first)
    )  # fmt: skip


_AFTER_VALUE = frozenset(
    """in on at by for within after until since from to of into before over under during per each every a an as between
    with through against across among outside inside behind above below along remaining outstanding ago ahead earlier
    later away free daily weekly monthly annually beside near around throughout via upon without beyond when if once at
    during total compared""".split()
)


def _cut(after: str) -> str:
    """Drop a further predicate: "4 hours and costs 5 crowns"."""
    match = re.search(r" ?\band (?:then |also |thereafter )?(\w+)", after)
    if match and (is_known_verb(match[1]) or is_participle(match[1])):
        return after[: match.start()].strip()
    return after


def _gap(clause: Clause, value: Value, before: str, after: str) -> Gap | None:
    term = _TERM_OF.search(before)
    if term and value.kind == "duration":
        before = f"{before[: term.start()]}{term[1]}"
    words = before.split()
    preposition = words[-1].casefold() if words and words[-1].casefold() in _PREPOSITIONS else ""
    core = " ".join(words[:-1]) if preposition else before
    if core.split()[-1:] and core.split()[-1] in _PREPOSITIONS - {"in", "on"}:
        return None
    start = value.start
    if value.kind in ("date", "time"):
        wh = _when(clause, value, core, preposition)
        return Gap(wh, core, after, start, value.end, "date") if wh else None
    if preposition:
        if any(other.kind in ("money", "percent") for other in values_in(core)):
            return None
        wh = _with_preposition(clause, value, preposition, core, after)
        return Gap(wh, core, _kept(value, after), start, value.end, "quantity") if wh else None
    if words and words[-1] == "every" and value.kind == "duration":
        if words[-2:-1] and words[-2] in _PREPOSITIONS:
            return None
        return Gap(("how often",), " ".join(words[:-1]), after, start - len("every "), value.end, "quantity")
    if value.kind == "frequency":
        return Gap(("how often",), before, after, start, value.end, "quantity") if _is_verbal(clause, before) else None
    relative = _RELATIVE_TIME.match(after)
    if value.kind == "duration" and relative and _is_verbal(clause, before):
        wh = (f"how many {units(value.noun)} {relative[0]}",)
        return Gap(wh, before, after[relative.end() :].strip(), start, value.end, "quantity")
    sized = _SIZED.match(before)
    if (
        sized
        and clause.verb not in BE
        and value.kind in ("money", "percent", "measure", "duration")
        and not after.startswith("of ")
    ):
        return _sized(clause, value, sized, after)
    if not _is_bare(clause, words):
        return None
    return _object(clause, value, before, after, start)


def _sized(clause: Clause, value: Value, sized: re.Match[str], after: str) -> Gap | None:
    """The value says how large the verb's object is: "pay a charge of 310 crowns"."""
    kept = sized["before"].strip()
    if (
        not _is_bare(clause, kept.split())
        or (
            re.search(r"\b(?:total|number|amount|sum|range|series|set|group|result|rate|value)$", sized["noun"])
            and sized["noun"] not in ("total", "amount")
        )
    ) and not sized["noun"].split()[1:]:
        return None
    noun = sized["noun"]
    if value.kind == "duration":
        if sized["article"] == "the":
            return None
        return Gap((f"how long {sized['article']} {noun}",), kept, after, value.start, value.end, "quantity")
    return Gap((f"what {noun}",), kept, after, value.start, value.end, "quantity")


def _is_bare(clause: Clause, words: list[str]) -> bool:
    """Whether nothing but verb forms and adverbs stand between the verb and the value."""
    rest = [word for word in words if not _QUALIFYING.match(word)]
    if clause.verb in BE:
        return not rest
    if clause.inverted[1]:
        return not rest
    if len(rest) == 2 and rest[0] in ("be", "have", "been"):
        return is_participle(rest[1])
    return len(rest) == 1 and rest[0] != "be"


def _kept(value: Value, after: str) -> str:
    """What stays after the gap; what a count or measure is of moves to the question word."""
    if value.kind != "date" and after.startswith("of "):
        return ""
    return "" if _RELATIVE_TIME.match(after) else after


def _of(after: str) -> str:
    return f" {after}" if after.startswith("of ") else ""


def _when(clause: Clause, value: Value, core: str, preposition: str) -> tuple[str, ...]:
    """Question words for a date or a time of day."""
    if value.noun == "range":
        return (
            ("when", "during what period" if value.kind == "date" else "during what hours")
            if _is_verbal(clause, core)
            else ()
        )
    year = bool(re.fullmatch(r"\d{4}", value.text))
    if value.noun == "recurring":
        return ("when",) if not preposition and _is_verbal(clause, core) else ()
    if (_NOT_WHEN.search(core) and not is_participle(core)) or not (core or clause.verb not in BE or preposition == ""):
        return ()
    if preposition == "" and clause.verb in BE and not core and not year:
        return ("what date",) if value.kind == "date" else ("what time",)
    if clause.verb in BE and not is_participle(core.split()[0] if core else ""):
        return ()
    if preposition in ("on", "in", "at"):
        if value.kind == "time":
            return ("when", "at what time") if preposition == "at" else ()
        if preposition == "at":
            return ()
        if year:
            return ("when", "in which year")
        exact = bool(re.search(r"\b\d{1,2}\b", re.sub(r"\d{4}", "", value.text)))
        return ("when", "on what date" if exact else "in which month")
    if preposition in ("by", "until", "since", "from"):
        word = {"date": "date", "time": "time"}[value.kind]
        return (f"{preposition} when", f"{preposition} what {word}" if not year else f"{preposition} which year")
    return ()


def _is_verbal(clause: Clause, core: str) -> bool:
    """Whether a phrase after the verb can belong to the verb: not to a noun that "to be" leads in."""
    first = core.split(" ", 1)[0] if core else ""
    return clause.verb not in BE or is_participle(first) or first in _READY or core.startswith("in ")


def _with_preposition(clause: Clause, value: Value, preposition: str, core: str, after: str) -> tuple[str, ...]:
    """Question words for a value that a preposition leads in."""
    if not core and clause.verb in BE:
        return ()
    if clause.verb in BE and not (is_participle(core.split()[0]) or core.split()[0] in _READY):
        return ()
    if value.kind == "duration":
        if _RELATIVE_TIME.match(after) or preposition not in ("for", "within", "after"):
            return ()
        many = f"{preposition} how many {units(value.noun)}{_of(after) if preposition == 'within' else ''}"
        return ("for how long", "how long") if preposition == "for" else (many,)
    if value.kind in ("percent", "money") and preposition in ("by", "to", "at"):
        noun = "percentage" if value.kind == "percent" else "amount"
        return (f"{preposition} what {noun}{_of(after)}",)
    if value.kind == "measure" and preposition in ("to", "at", "within", "above", "below", "over", "under"):
        if _SPEED.match(value.noun):
            return (f"{preposition} what speed",)
        if value.noun.startswith(("°", "degree")):
            return (f"{preposition} what temperature",)
        return (f"{preposition} how many {units(value.noun)}{_of(after)}",)
    if (
        value.kind == "count"
        and not re.search(r"\bpoints?$", value.noun)
        and preposition in ("in", "into", "by", "to", "for", "within", "from")
    ):
        return (f"{preposition} how many {units(value.noun)}{_of(after)}",)
    return ()


def _object(clause: Clause, value: Value, before: str, after: str, start: int) -> Gap | None:
    """The value is what the verb takes, or what the subject is."""
    be = clause.verb in BE or before.split()[-1:] == ["be"]
    base = clause.inverted[1]
    kind = "quantity"
    adjective = _ADJECTIVE.match(after)
    if be and adjective and value.kind in ("measure", "duration"):
        return Gap((f"how {adjective[1]}",), before, after[adjective.end() :], start, value.end, kind)
    if value.kind in ("percent", "money") and (base in _MOVES):
        noun = "percentage" if value.kind == "percent" else "how much"
        return Gap(
            (f"by what {noun}" if value.kind == "percent" else "by how much",), before, after, start, value.end, kind
        )
    if _RELATIVE_TIME.match(after) and value.kind == "duration" and not be:
        return Gap((f"how many {units(value.noun)} {after}",), before, "", start, value.end, kind)
    if value.kind == "duration":
        if base in ("need", "require", "have"):
            return (
                None
                if not after.startswith("of ")
                else Gap((f"how many {units(value.noun)} {after}",), before, "", start, value.end, kind)
            )
        if after.startswith("of "):
            return (
                Gap((f"how many {units(value.noun)} {after}",), before, "", start, value.end, kind) if not be else None
            )
        return Gap(
            ("how long", f"how many {units(value.noun)}") if not be else ("how long",),
            before,
            after,
            start,
            value.end,
            kind,
        )
    if be and value.kind in ("percent", "money", "measure"):
        if after.startswith("of "):
            wh: tuple[str, ...] = (f"what percentage {after}",) if value.kind == "percent" else ()
            return Gap(wh, before, "", start, value.end, kind) if wh else None
        words = {"percent": ("what", "what percentage"), "money": ("how much", "what"), "measure": ("what",)}[
            value.kind
        ]
        return Gap(words, before, after, start, value.end, kind)
    if value.kind == "number":
        ok = be and not after and _ROLE_OF_NUMBER.search(clause.subject)
        return Gap(("what",), before, "", start, value.end, kind) if ok else None
    if value.kind in ("count", "measure"):
        if be:
            return None
        return Gap(
            (f"how many {units(value.noun)}{_of(after)}", f"what number of {value.noun}{_of(after)}") if value.kind == "count" else (f"how many {units(value.noun)}{_of(after)}",),
            before, _kept(value, after), start, value.end, kind,
        )  # fmt: skip
    if value.kind == "percent":
        return Gap(
            (f"what percentage{_of(after)}", f"what share{_of(after)}"),
            before,
            _kept(value, after),
            start,
            value.end,
            kind,
        )
    if after.startswith("of "):
        return Gap((f"what amount {after}",), before, "", start, value.end, kind)
    return Gap(("how much", "what amount"), before, after, start, value.end, kind)


def units(noun: str) -> str:
    """A unit as a question names it: spelled out where that is common, in the plural."""
    if noun in _SPELLED_UNITS:
        return _SPELLED_UNITS[noun]
    first, _, rest = noun.partition(" ")
    if re.fullmatch(
        r"(?:second|minute|hour|day|night|week|month|quarter|year|decade|metre|meter|mile|tonne|ton|litre|liter|gram|kilogram)",
        first,
    ):
        return f"{first}s {rest}".strip()
    return noun


_SPELLED_UNITS = {
    "m": "metres", "km": "kilometres", "cm": "centimetres", "mm": "millimetres", "kg": "kilograms", "g": "grams",
    "t": "tonnes", "l": "litres", "L": "litres", "W": "watts", "V": "volts", "working day": "working days",
}  # fmt: skip


def leading(sentence: str) -> tuple[Value, str] | None:
    """A quantity that begins a sentence as its subject, and what the sentence says of it: "Six bicycles stand ..."."""
    found = values_in(sentence)
    if not found or found[0].start or found[0].kind not in ("count", "percent"):
        return None
    value = found[0]
    end = _end(sentence, value.end)
    said = _cut(sentence[value.end : end].strip())
    verb = re.match(r"(?:of (?:[\w’'-]+ ){1,7}?)?([a-z]+)\b", said)
    verbs = [word for word in said.split()[:9] if word in AUXILIARIES or past_base(word) or is_base(word)]
    if (
        verb is None
        or not verbs
        or len(said.split()) < 3
        or _CONDITION.match(sentence[end:])
        or _list_goes_on(sentence[end:])
    ):
        return None
    if re.search(r"\b(?:that|which|who|these|those|this|them|respectively|not|such|and|or|their|its)\b", said) or any(
        other.kind == value.kind and other.start < end for other in found[1:]
    ):
        return None
    if value.kind == "count" and said.split()[0] != verbs[0] and not said.startswith("of "):
        return None
    return value, said


def direct(clause: Clause, gap: Gap, wh: str, subject: str) -> str:
    """The direct question of a gap, without its mark."""
    auxiliary, base = clause.inverted
    return " ".join(part for part in (wh, auxiliary, subject, base, gap.before, gap.after) if part)


def indirect(clause: Clause, gap: Gap, wh: str, subject: str) -> str:
    """The indirect question of a gap."""
    return " ".join(part for part in (wh, subject, clause.verb, gap.before, gap.after) if part)

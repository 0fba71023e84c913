"""The question words for a value in a clause, and the question around them.

"serves for five years" is asked by "for how long", "is 7.4 km long" by "how long", "holds 480 TB" by "how many TB". A
value for which English has no plain question is not asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from synth.facts.english.prose.clause import Clause
from synth.facts.english.prose.verbs import BE, is_participle
from synth.facts.english.values import SPELLED, Askable

_PREPOSITIONS = frozenset("in on at by for within after until since from to above below into before over under".split())
_MOVES = frozenset("increase decrease grow rise fall decline drop improve".split())
_ADJECTIVE = re.compile(r"(long|wide|high|deep|tall|old|thick|away|heavy)\b ?")
_ADVERB = re.compile(r"(?:[a-z]+ly|also|only|now|still|currently|then)$")
_READY = frozenset(
    "payable valid available complete ready effective binding eligible visible active liable open closed good".split()
)
_RELATIVE_TIME = re.compile(
    r"(?:(?:before|after|prior to|in advance of|ahead of)\b.*|ahead|in advance|beforehand|later|earlier|away)\b"
)
_TERM_OF = re.compile(
    r"\b(for|over|within|after) an? (?:fixed |maximum |minimum |further )?(?:term|period|maximum|minimum|total) of$"
)
_SIZED = re.compile(r"^(?P<before>(?:[a-z]+ ){0,2}?)(?P<article>an?|the) (?P<noun>(?:[\w-]+ ){0,3}[a-z-]+) of$")
_VAGUE_SIZE = frozenset("number sum range series set group result rate value".split())
# "recorded an expense of $2 million, ... in cost of revenue": which one, is said after the comma if at all.
_BARE_SIZE = frozenset("expense charge cost loss gain benefit income profit provision payment".split())
# A date after these belongs to a noun, not to the verb.
_NOT_WHEN = re.compile(
    r"\b(?:due|ending|ended|ends?|beginning|dated|expiring|maturing|matures?|effective|of|fiscal|year|quarter|months?|periods?"
    r"|weeks?|the|notes?|figures?|values?|data|compared to|as|than|and|or|to|both|published|made|issued|Act|Rules|early|late"
    r"|mid|through|summer|winter|spring|autumn|fall|between|range)$"
)
_ROLE_OF_NUMBER = re.compile(
    r"\b(?:number|total|count|extension|channel|score|age|population|code|version)\b", re.IGNORECASE
)
_CLOCK = re.compile(r"at \d{1,2}[:.]\d\d\b")
_SPELLED_UNITS = {
    "m": "metres",
    "km": "kilometres",
    "cm": "centimetres",
    "mm": "millimetres",
    "kg": "kilograms",
    "g": "grams",
    "t": "tonnes",
    "l": "litres",
    "L": "litres",
    "W": "watts",
    "V": "volts",
    "working day": "working days",
}
_SINGULAR_UNIT = re.compile(
    r"(?:second|minute|hour|day|night|week|month|quarter|year|decade|metre|meter|mile|tonne|ton|litre|liter|gram|kilogram)"
)
# "... of our debt during 2019": where a phrase with "of" stops belonging to the amount.
_OF_END = re.compile(
    r" (?=(?:as|during|into|per|in the (?:first|second|third|fourth|year|quarter)|for the (?:year|quarter))\b)"
)


@dataclass(frozen=True, slots=True)
class Gap:
    """A question word put for a part of a clause.

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


def is_sized(before: str) -> bool:
    """Whether words before a value say that it is the size of a thing: "pays a charge of"."""
    return bool(_SIZED.match(before) or _TERM_OF.search(before))


def continues(after: str) -> bool:
    """Whether an adjective after a value belongs to its question: "7.4 km long"."""
    return bool(_ADJECTIVE.match(after))


def ask(clause: Clause, value: Askable, before: str, after: str) -> Gap | None:
    """Put a question word for a value that stands after the verb.

    Args:
        clause: Its clause.
        value: What is asked for.
        before: What stands between the verb and the value.
        after: What follows the value and belongs to it.

    Returns:
        The gap, or None where no plain question asks for the value.
    """
    term = _TERM_OF.search(before)
    if term and value.kind == "duration":
        before = f"{before[: term.start()]}{term[1]}"
    words = before.split()
    preposition = words[-1].casefold() if words and words[-1].casefold() in _PREPOSITIONS else ""
    core = " ".join(words[:-1]) if preposition else before
    if core.split()[-1:] and core.split()[-1] in _PREPOSITIONS - {"in", "on"}:
        return None
    if value.kind in ("date", "time"):
        if _CLOCK.match(after):
            return None  # "closes on Thursdays at 17:00": the hour is asked for, given the day
        wh = _when(clause, value, core, preposition)
        return Gap(wh, core, after, value.start, value.end, "date") if wh else None
    if preposition:
        if preposition == "in" and core and re.fullmatch(SPELLED, core.split()[-1]):
            return None  # "one in five workers"
        wh = _with_preposition(clause, value, preposition, core, after)
        return Gap(wh, core, _kept(after), value.start, value.end, "quantity") if wh else None
    return (
        _adverbial(clause, value, words, after)
        or _sized(clause, value, before, after)
        or _bare(clause, value, words, after)
    )


def _adverbial(clause: Clause, value: Askable, words: list[str], after: str) -> Gap | None:
    """A value that says how often, or how long before something."""
    before = " ".join(words)
    if not _is_verbal(clause, before):
        return None
    if value.kind == "frequency":
        return Gap(("how often",), before, after, value.start, value.end, "quantity")
    if value.kind != "duration":
        return None
    if words and words[-1] == "every":
        start = value.start - len("every ")
        return (
            Gap(("how often",), " ".join(words[:-1]), after, start, value.end, "quantity")
            if words[-2:-1] != ["after"]
            else None
        )
    relative = _RELATIVE_TIME.match(after)
    if relative is None:
        return None
    wh = (f"how many {units(value.noun)} {relative[0]}",)
    return Gap(wh, before, after[relative.end() :].strip(), value.start, value.end, "quantity")


def _sized(clause: Clause, value: Askable, before: str, after: str) -> Gap | None:
    """The value says how large the verb's object is: "pay a charge of 310 crowns"."""
    sized = _SIZED.match(before)
    if sized is None or clause.verb in BE or value.kind not in ("money", "percent", "measure", "duration"):
        return None
    kept, noun = sized["before"].strip(), sized["noun"]
    if after.startswith("of ") or noun in _VAGUE_SIZE or not _is_bare(clause, kept.split()):
        return None
    if noun in _BARE_SIZE and not after and clause.sentence[value.end : value.end + 1] == ",":
        return None
    if value.kind != "duration":
        return Gap((f"what {noun}",), kept, after, value.start, value.end, "quantity")
    if sized["article"] == "the":
        return None
    return Gap((f"how long {sized['article']} {noun}",), kept, after, value.start, value.end, "quantity")


def _bare(clause: Clause, value: Askable, words: list[str], after: str) -> Gap | None:
    """The value is what the verb takes, or what the subject is."""
    if not _is_bare(clause, words):
        return None
    before = " ".join(words)
    be = clause.verb in BE or words[-1:] == ["be"]
    wording = _identity(clause, value, after) if be else _object(clause, value, after)
    if wording is None:
        return None
    wh, after = wording
    return Gap(wh, before, after, value.start, value.end, "quantity")


def _identity(clause: Clause, value: Askable, after: str) -> tuple[tuple[str, ...], str] | None:
    """Question words for what a subject is, and what stays behind the gap."""
    adjective = _ADJECTIVE.match(after)
    if adjective and value.kind in ("measure", "duration"):
        return (f"how {adjective[1]}",), after[adjective.end() :]
    if value.kind == "duration":
        return (("how long",), after) if not after.startswith("of ") and not _RELATIVE_TIME.match(after) else None
    if value.kind == "number":
        return (("what",), "") if not after and _ROLE_OF_NUMBER.search(clause.subject) else None
    if after.startswith("of "):
        return ((f"what percentage {after}",), "") if value.kind == "percent" else None
    words = {"percent": ("what", "what percentage"), "money": ("how much", "what"), "measure": ("what",)}
    return (words[value.kind], after) if value.kind in words else None


def _object(clause: Clause, value: Askable, after: str) -> tuple[tuple[str, ...], str] | None:
    """Question words for what a verb takes, and what stays behind the gap."""
    base = clause.inverted[1]
    many, kept = f"how many {units(value.noun)}{_of(after)}", _kept(after)
    if value.kind in ("percent", "money") and base in _MOVES:
        return ("by what percentage" if value.kind == "percent" else "by how much",), after
    if value.kind == "duration":
        if after.startswith("of "):
            return (many,), kept
        return (("how long", many), after) if base not in ("need", "require", "have") else None
    if value.kind == "count":
        return (many, f"what number of {value.noun}{_of(after)}"), kept
    if value.kind == "measure":
        return (many,), kept
    if value.kind == "percent":
        return (f"what percentage{_of(after)}", f"what share{_of(after)}"), kept
    if value.kind == "money":
        return (
            ((f"what amount{_of(after)}",), kept) if after.startswith("of ") else (("how much", "what amount"), after)
        )
    return None


def _is_bare(clause: Clause, words: list[str]) -> bool:
    """Whether nothing but verb forms and adverbs stand between the verb and the value."""
    rest = [word for word in words if not _ADVERB.match(word)]
    if clause.verb in BE or clause.inverted[1]:
        return not rest
    if len(rest) == 2 and rest[0] in ("be", "have", "been"):
        return is_participle(rest[1])
    return len(rest) == 1


def _is_verbal(clause: Clause, core: str) -> bool:
    """Whether a phrase after these words can belong to the verb, not to a noun that "to be" leads in."""
    first = core.split(" ", 1)[0] if core else ""
    return clause.verb not in BE or is_participle(first) or first in _READY or core.startswith("in ")


def _of(after: str) -> str:
    """The part of what follows that moves to the question word: what an amount is of."""
    return f" {_OF_END.split(after, 1)[0]}" if after.startswith("of ") else ""


def _kept(after: str) -> str:
    """What stays behind the gap when `_of` has moved."""
    if after.startswith("of "):
        return _OF_END.split(after, 1)[1] if _OF_END.search(after) else ""
    return after


def _when(clause: Clause, value: Askable, core: str, preposition: str) -> tuple[str, ...]:
    """Question words for a date or a time of day."""
    if value.noun == "range":
        wh = ("when", "during what period" if value.kind == "date" else "during what hours")
        return wh if _is_verbal(clause, core) and not _NOT_WHEN.search(core) else ()
    if value.noun == "recurring":
        return ("when",) if not preposition and _is_verbal(clause, core) else ()
    year = bool(re.fullmatch(r"\d{4}", value.text))
    if not preposition:
        named = clause.verb in BE and not core and not year
        return (f"what {value.kind}",) if named else ()
    if (_NOT_WHEN.search(core) and not is_participle(core)) or not _is_verbal(clause, core):
        return ()
    if preposition in ("by", "until", "since", "from"):
        return (f"{preposition} when", f"{preposition} which year" if year else f"{preposition} what {value.kind}")
    if value.kind == "time":
        return ("when", "at what time") if preposition == "at" else ()
    if preposition not in ("on", "in"):
        return ()
    exact = bool(re.search(r"\b\d{1,2}\b", re.sub(r"\d{4}", "", value.text)))
    return ("when", "in which year" if year else "on what date" if exact else "in which month")


def _with_preposition(clause: Clause, value: Askable, preposition: str, core: str, after: str) -> tuple[str, ...]:
    """Question words for a value that a preposition leads in."""
    if not _is_verbal(clause, core) or (clause.verb in BE and core.startswith("in ")):
        return ()
    many = f"{preposition} how many {units(value.noun)}{_of(after)}"
    if value.kind == "duration":
        if _RELATIVE_TIME.match(after) or preposition not in ("for", "within", "after"):
            return ()
        return ("for how long", "how long") if preposition == "for" and not after.startswith("of ") else (many,)
    if value.kind in ("percent", "money") and preposition in ("by", "to", "at"):
        return (f"{preposition} what {'percentage' if value.kind == 'percent' else 'amount'}{_of(after)}",)
    if value.kind == "measure" and preposition in ("to", "at", "within", "above", "below", "over", "under"):
        if value.noun in ("m/s", "km/h", "mph", "rpm"):
            return (f"{preposition} what speed",)
        return (f"{preposition} what temperature",) if value.noun.startswith(("°", "degree")) else (many,)
    countable = value.kind == "count" and not re.search(r"\bpoints?$", value.noun)
    return (many,) if countable and preposition in ("in", "into", "by", "to", "for", "within", "from") else ()


def units(noun: str) -> str:
    """A unit as a question names it: spelled out where that is common, in the plural."""
    if noun in _SPELLED_UNITS:
        return _SPELLED_UNITS[noun]
    first, _, rest = noun.partition(" ")
    return f"{first}s {rest}".strip() if _SINGULAR_UNIT.fullmatch(first) else noun


def direct(clause: Clause, gap: Gap, wh: str, subject: str) -> str:
    """The direct question of a gap, without its mark."""
    auxiliary, base = clause.inverted
    return " ".join(part for part in (wh, auxiliary, subject, base, gap.before, gap.after) if part)


def indirect(clause: Clause, gap: Gap, wh: str, subject: str) -> str:
    """The indirect question of a gap, as after "tell me"."""
    return " ".join(part for part in (wh, subject, clause.verb, gap.before, gap.after) if part)

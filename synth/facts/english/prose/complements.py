"""Facts about what a verb takes: its object, what follows its preposition, where, why and how.

The whole phrase after the verb is the answer ("What does compost improve?" "the structure of heavy soils"), except a
time at its end, which the question keeps. What can be read in two ways is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from synth.facts.english.asking import Gap
from synth.facts.english.prose.clause import Clause
from synth.facts.english.prose.people import are_people
from synth.facts.english.prose.phrases import IS_AMOUNT, POINTS, is_phrase, is_plain_subject, split_time, tail_of
from synth.facts.english.prose.verbs import (
    AUXILIARIES,
    BE,
    HAVE,
    MODALS,
    is_base,
    is_participle,
    is_verb,
    past_base,
)
from synth.facts.english.values import values_in

# "What does the rule make?" asks nothing: what these take says little by itself, or is no object.
_LIGHT = frozenset(
    """make take give get do go come put let keep bring become remain begin start stop end continue tend try seem appear see
    know leave lie stand sit set mark mean fall rise grow play act hold show run turn say find feel think want wish lack meet
    decide agree fail call name like work look move wait walk live stay last cost weigh measure average total number
    differ vary happen occur exist arrive depart return change increase decrease decline improve be have state note report
    argue claim suggest believe expect hope know demonstrate reveal confirm imply conclude announce indicate assume mention
    tell ask order place raise pay exceed reach lose gain spend""".split()
)
# What a preposition after a verb or its participle asks for.
_ACTIVE = frozenset(
    """consist:of depend:on rely:on belong:to refer:to lead:to result:in result:from apply:to stem:from derive:from
    respond:to contribute:to participate:in focus:on differ:from specialise:in specialize:in feed:on convert:to
    react:with interact:with comply:with adhere:to relate:to correspond:to suffer:from originate:from arise:from
    come:from come:with emerge:from evolve:from account:for search:for look:for protect:against compete:with connect:to
    bind:to attach:to cooperate:with consent:to subscribe:to deal:with""".split()
)
_PASSIVE = frozenset("by of from as for with into on to against".split())
_AFTER_ON = frozenset("based built placed focused focussed modelled modeled founded".split())
_AFTER_TO = frozenset(
    """related linked added applied attached connected assigned awarded bound compared limited restricted reduced
    converted delivered dedicated exposed sent paid pegged translated submitted addressed bolted tied due""".split()
)
_ADJECTIVES = {
    adjective: preposition
    for pair in """responsible:for sensitive:to resistant:to rich:in famous:for subject:to similar:to equivalent:to
    capable:of typical:of native:to essential:for necessary:for suitable:for useful:for eligible:for dependent:on
    compatible:with consistent:with independent:of proportional:to identical:to liable:for home:to full:of""".split()
    for adjective, preposition in [pair.split(":")]
}
_AFTER_OF = frozenset("made composed formed comprised constructed built born deprived convicted accused".split())
_FEWEST_AIM_WORDS = 2
_GIVEN_TO = frozenset("used reported handed given shown returned offered awarded".split())
_PLACED = frozenset(
    """located situated kept held housed hung stored displayed stationed moored recorded fought printed mounted
    installed placed buried born stamped engraved parked grown manufactured produced assembled built baked sold served
    published registered listed described forbidden prohibited allowed""".split()
)
_LIVE = frozenset("live nest grow occur lie stand hang mature start begin end sleep breed flow".split())
# What is made for an end: "was built to protect the valley".
_MADE = frozenset(
    """built created founded established introduced designed developed launched adopted formed installed added written
    constructed set erected planted drafted passed organised organized invented""".split()
)
# Who makes things has such a name at the end: "the glass blower Edith Marchetti".
_ENDS_IN_NAME = re.compile(r"[a-z] [A-Z][\w’'-]+(?: [A-Z][\w’'.-]+)+$")
_WHERE = re.compile(
    r"^(?:in|on|at|behind|beside|under|above|below|near|inside|outside|beneath|between|along|next to|in front of)"
    r" [a-z][^,;:]{3,80}$"
)
_NO_PLACE = re.compile(
    r"\b(?:form|case|cases|process|ways?|order|addition|ends?|future|past|course|absence|presence|line|accordance|context|hands"
    r"|interests?|favou?r|basis|range|years?|months?|weeks?|days?|hours?|minutes?|moment|time|times|stage|phase|period|quarter"
    r"|degree|extent|event|result|need|use|charge|force|effect|amount|number|average|manner|sense|view|light|terms|style"
    r"|season|night|morning|evening|century|decade|beginning|start|rate|speed|temperature|price|risk|name|language|version"
    r"|aid|help|assistance|behalf|request|condition|conditions|circumstances|scale|level|market|other hand|supervision)\b",
    re.IGNORECASE,
)
# "allows cells to respond": what is allowed is a clause.
_CAUSATIVE = frozenset(
    "allow enable cause help force encourage require permit lead prompt ask invite instruct urge".split()
)


@dataclass(frozen=True, slots=True)
class _Group:
    """A verb with what stands behind it.

    Attributes:
        core: Verb forms that the question keeps behind the subject.
        base: Base form of the main verb, `""` for a participle after "to be".
        tail_at: Where what follows begins in the sentence.
        passive: Whether the subject suffers what the verb says.
    """

    core: str
    base: str
    tail_at: int
    passive: bool


def complements(clause: Clause) -> Iterator[Gap]:
    """Yield what can be asked of what follows the verb: at most one gap for each rule."""
    if not is_plain_subject(clause):
        return
    if re.search(r"\b(?:not|never|neither|nor|no|without|hardly|rarely)\b|n[’']t\b", clause.sentence):
        return
    group = _group(clause)
    if group is None:
        return
    tail = tail_of(clause.sentence, group.tail_at)
    for rule in (_reason, _moment):
        gap = rule(clause, group)
        if gap is not None:
            yield gap
    if tail is None:
        return
    for rule_of_tail in (_object, _with_preposition, _manner, _aim, _place):
        gap = rule_of_tail(group, tail)
        if gap is not None:
            yield gap


def _group(clause: Clause) -> _Group | None:
    """Read the verb group; adverbs in it, and verbs that are no verb of the list, give none."""
    words = [(match[0], clause.rest_at + match.start()) for match in re.finditer(r"\S+", clause.rest)]
    if not words:
        return None
    first = words[0][0]
    if clause.verb in MODALS:
        if first == "be":
            return _participle(words, 1, "be ")
        known = is_verb(first) and len(words) > 1
        return _Group(first, first, words[1][1], passive=False) if known else None
    if clause.verb in BE:
        return _participle(words, 0, "")
    if clause.verb in HAVE:
        if first == "been":
            return _participle(words, 1, "been ")
        known = is_participle(first) and len(words) > 1
        return _Group(first, past_base(first) or first, words[1][1], passive=False) if known else None
    if clause.verb in AUXILIARIES:
        return None
    base = clause.inverted[1]
    return _Group("", base, clause.rest_at, passive=False) if base else None


def _participle(words: list[tuple[str, int]], at: int, before: str) -> _Group | None:
    """The group of a participle or adjective after "to be", with its particle: "was carried out"."""
    if len(words) < at + 2 or not (is_participle(words[at][0]) or words[at][0] in _ADJECTIVES):
        return None
    core, next_at = f"{before}{words[at][0]}", at + 1
    if words[next_at][0] in ("out", "up", "off", "down") and len(words) > next_at + 1:
        core, next_at = f"{core} {words[next_at][0]}", next_at + 1
    return _Group(core, "", words[next_at][1], passive=True)


def _object(group: _Group, tail: str) -> Gap | None:
    """What an active verb takes."""
    if group.passive or not group.base or group.base in _LIGHT:
        return None
    if re.match(
        r"(?:in|on|at|by|for|to|from|with|of|as|into|about|against|within|under|over|until|since|after|before|during|among|between"
        r"|through|throughout|across|along|around|without|upon|towards?)\b",
        tail,
    ):
        return None
    if IS_AMOUNT.match(tail):
        return None
    answer, time = split_time(tail)
    values = values_in(answer)
    if (values and values[0].start == 0) or (group.base in _CAUSATIVE and re.search(r" (?:to|from) [a-z]+", answer)):
        return None
    if re.match(r"[A-Z][\w’-]+ [A-Z]", answer) or not is_phrase(answer):
        return None
    start = group.tail_at
    return Gap(("what",), group.core, time, start, start + len(answer), "object")


def _with_preposition(group: _Group, tail: str) -> Gap | None:
    """What a preposition after the verb or participle leads in."""
    preposition, _, rest = tail.partition(" ")
    if not rest or not _takes(group, preposition):
        return None
    answer, time = split_time(rest)
    values = values_in(answer)
    if IS_AMOUNT.match(answer) or (preposition == "as" and not re.match(r"(?:an?|the|[a-z]+s)\b", answer)):
        return None
    if any(value.start == 0 or value.kind in ("date", "time", "duration", "frequency") for value in values):
        return None
    if group.core.split()[-1:] == ["used"] and preposition == "to" and is_verb(answer.split()[0]):
        start = group.tail_at
        end = start + len(tail)
        if len(answer.split()) < _FEWEST_AIM_WORDS:
            return None
        return Gap(("what",), f"{group.core} for", "", start, end, "purpose") if not POINTS.search(rest) else None
    if re.match(r"[a-z]+ing\b", answer) and preposition != "for":
        return None
    if not is_phrase(answer) or (is_base(answer.split()[0]) and preposition == "to"):
        return None
    if preposition == "by" and re.match(r"[A-Z]", answer):
        return None  # by whom: `names.agent`
    start = group.tail_at + len(preposition) + 1
    is_maker = preposition == "by" and _last_word(group.core) in _MADE
    if preposition in ("by", "to") and (are_people(answer) or (is_maker and _ENDS_IN_NAME.search(answer))):
        return Gap((f"{preposition} whom",), group.core, time, start, start + len(answer), "name")
    if preposition == "to" and _last_word(group.core) in _GIVEN_TO:
        return None  # given to whom, not to what
    kept = f"{group.core} {preposition}".strip()
    return Gap(("what",), kept, time, start, start + len(answer), "object")


def _takes(group: _Group, preposition: str) -> bool:
    """Whether a preposition belongs to the verb, so that a question can end in both."""
    if not group.passive:
        return f"{group.base}:{preposition}" in _ACTIVE
    last = _last_word(group.core)
    if last in _ADJECTIVES:
        return _ADJECTIVES[last] == preposition
    if preposition == "on":
        return last in _AFTER_ON
    if preposition == "to":
        return last in _AFTER_TO or last in _GIVEN_TO
    if preposition == "in":
        return last in ("measured", "expressed", "written", "quoted")
    if preposition == "of":
        return last in _AFTER_OF
    return preposition in _PASSIVE and not (preposition == "for" and last in ("open", "closed", "held", "kept"))


def _manner(group: _Group, tail: str) -> Gap | None:
    """How: what follows "by ...ing" or "by means of"."""
    match = re.search(r"(?:^| )(?P<by>by (?:[a-z]+ing\b|means of )[^,;:]{4,90})$", tail)
    if match is None or POINTS.search(match["by"]):
        return None
    before = tail[: match.start()].strip()
    if POINTS.search(before) or re.search(r"\b(?:that|which|who|and|or|to)\b", before):
        return None
    start = group.tail_at + match.start("by")
    return Gap(("how",), f"{group.core} {before}".strip(), "", start, start + len(match["by"]), "manner")


def _aim(group: _Group, tail: str) -> Gap | None:
    """Why something was built or introduced: what follows "to"."""
    match = re.match(r"(?P<aim>(?:in order )?to (?P<verb>[a-z]+) [^,;:]{4,90})$", tail)
    if match is None or not group.passive or _last_word(group.core) not in _MADE or not is_verb(match["verb"]):
        return None
    if POINTS.search(match["aim"]):
        return None
    return Gap(("why",), group.core, "", group.tail_at, group.tail_at + len(match["aim"]), "reason")


def _last_word(core: str) -> str:
    """Return the participle or verb of a group."""
    words = core.split()
    return next((word for word in reversed(words) if word not in ("out", "up", "off", "down")), "")


def _moment(clause: Clause, group: _Group) -> Gap | None:
    """When: a clause, or an event, behind "when", "after", "before", "until"."""
    text = clause.sentence[group.tail_at :]
    match = re.search(
        r"(?:^| )(?P<when>(?P<word>when|once (?:the|an?|all|every)|as soon as|after|before|until|while|whenever) [^,;:]{5,90})$",
        text,
    )
    if match is None or clause.lead:
        return None
    when, before = match["when"], text[: match.start()].strip()
    if re.search(r"\b(?:only|just|even|shortly|long|right|immediately|soon|except)$", before) or values_in(before):
        return None
    if (
        POINTS.search(when)
        or POINTS.search(before)
        or re.search(r"[,;:]|\b(?:that|which|who|and|or|than|but)\b", before)
    ):
        return None
    if re.search(r"\b(?:when|once|after|before|until|while|if|and|or)\b", when[len(match["word"]) :]) or values_in(
        when
    ):
        return None
    kept = f"{group.core} {before}".strip()
    is_end = match["word"] == "until"
    start = group.tail_at + match.start("when") + (len("until ") if is_end else 0)
    wh = "until when" if is_end else "when"
    return Gap((wh,), kept, "", start, group.tail_at + match.end("when"), "moment")


def _place(group: _Group, tail: str) -> Gap | None:
    """Where something is kept, made or done."""
    placed = _last_word(group.core) in _PLACED if group.passive else group.base in _LIVE and not group.core
    if not placed:
        return None
    answer, time = split_time(tail)
    if (
        not _WHERE.match(answer)
        or _NO_PLACE.search(answer)
        or values_in(answer)
        or not is_phrase(answer.split(" ", 1)[1])
    ):
        return None
    if re.search(r"\b(?:by|with|for|from|to|that|which|and|or)\b", answer):
        return None
    return Gap(("where",), group.core, time, group.tail_at, group.tail_at + len(answer), "place")


def _reason(clause: Clause, group: _Group) -> Gap | None:
    """Why: what follows "because"."""
    text = clause.sentence[group.tail_at :]
    match = re.search(r"(?:^| )(?P<why>because (?:of )?[^,;:]{6,140})$", text)
    if match is None or POINTS.search(re.sub(r"\b(?:it|they|its|their)\b", "", match["why"])):
        return None
    before = text[: match.start()].strip().rstrip(",")
    if re.search(r"[,;:]|\b(?:that|which|who|and|or)\b", before) or POINTS.search(before):
        return None
    start = group.tail_at + match.start("why")
    return Gap(("why",), f"{group.core} {before}".strip(), "", start, start + len(match["why"]), "reason")

"""Facts about names: who holds a post, by whom a thing was done, and where a thing is.

Names are recognised by their capitals, posts by a closed list of nouns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from synth.facts.english.asking import Gap
from synth.facts.english.prose.clause import Clause
from synth.facts.english.prose.people import are_people
from synth.facts.english.prose.sentences import attaches
from synth.facts.english.prose.verbs import BE, is_participle
from synth.facts.english.values import MONTHS, WEEKDAY

_POST_NOUN = (
    r"(?:Director|Officer|Manager|President|Chair(?:man|woman|person)?|Head|Secretary|Treasurer|Editor|Librarian|Warden|Master"
    r"|Principal|Dean|Provost|Rector|Chancellor|Engineer|Clerk|Steward|Physician|Judge|Minister|Leader|Owner|Founder|Coach"
    r"|Captain|Mayor|Governor|Commissioner|Superintendent|Inspector|Administrator|Coordinator|Controller|Curator|Author"
    r"|Cook|Chef|Ambassador|Auditor|Counsel|Quartermaster|Speaker|Listener|Supervisor|Executive|Surgeon|Scientist|Keeper)"
)
_PERSON = r"(?:(?:Dr|Mr|Mrs|Ms|Professor|Prof|Captain|Sir|Dame|Lord|Lady)\.? )?[A-Z][\w’-]*[a-z][\w’-]*(?: [A-Z]\.?(?= ))*(?: (?:de|van|von|der|la|al|bin|O’)){0,2}(?: [A-Z][\w’-]*[a-z][\w’-]*){1,3}"
_POST_HEAD = re.compile(rf"^(?:the )?(?:[\w’.-]+ ){{0,5}}?{_POST_NOUN}(?: (?:of|for|at) [^,]+)?$", re.IGNORECASE)
_IS_PERSON = re.compile(rf"^(?:the (?:[a-z]+ ){{1,2}})?({_PERSON})$")
_APPOSED = re.compile(
    rf"\b(?P<post>[Tt]he (?:[A-Z][a-z]+ ){{0,3}}{_POST_NOUN}(?: of (?:the )?[A-Z]\w+(?: [A-Z]\w+)*)?), (?P<name>{_PERSON})(?=[,.;]|$)"
)
_CHIEF = re.compile(
    rf"(?P<name>{_PERSON}), (?P<whose>[A-Z][^,]{{2,40}}[’']s |our |the )(?P<post>(?:(?:[A-Z][a-z]+|and|of|,) )*{_POST_NOUN}(?: and (?:[A-Z][a-z]+ )*{_POST_NOUN})?)(?=[,.;]|$)"
)
_AGENT = re.compile(
    r"\bby ((?:the (?:[a-z-]+ ){0,3})?[A-Z][\w’-]+(?: (?:of|and|for|the|[A-Z][\w’-]+))*)(?=$|[,;]| on | in )"
)
_PLACE = re.compile(
    r"^(?:only |also )?((?:in|on|at|behind|beside|under|above|near|off) (?:the |a )?(?:[a-z-]+ ){0,5}?[A-Z][^,;:]*)$"
)
_STANDS = frozenset("lies stands hangs sits lives lie stand hang sit live stood hung lay".split())
_PLACED = frozenset(
    "located situated based held kept served headquartered stored buried housed hung displayed stationed moored".split()
)
_TIME_WORD = re.compile(
    rf"\b(?:{'|'.join(MONTHS)}|{WEEKDAY}s?|Note|Item|Part|Section|Table|Figure|Exhibit|Rule|Level|Schedule|Appendix|Euros?|Dollars?)\b|\d"
)


def is_post(phrase: str) -> bool:
    """Whether a noun phrase names a post that a person holds."""
    return bool(_POST_HEAD.match(phrase))


def holder(clause: Clause) -> Gap | None:
    """The person or thing that a clause says its subject is: "The head cook is Dorrit Amblesworth"."""
    if clause.verb not in ("is", "was") or _names(clause.subject):
        return None
    rest = re.split(r"[,;]", clause.rest)[0]
    if not _IS_PERSON.match(rest):
        return None
    wh = "who" if is_post(clause.subject) else "what"
    if wh == "what" and re.match(r"the ", rest):
        return None
    return Gap((wh,), "", "", clause.rest_at, clause.rest_at + len(rest), "name")


def _names(subject: str) -> bool:
    return bool(re.match(r"[A-Z][a-z]+ [A-Z]", subject)) and not is_post(subject)


def agent(clause: Clause) -> Gap | None:
    """By whom something was done."""
    if clause.verb not in BE or not is_participle(clause.rest.split(" ", 1)[0]):
        return None
    match = _AGENT.search(clause.rest)
    if match is None or _TIME_WORD.search(match[1]):
        return None
    common = re.match(r"the [a-z][a-z -]*", match[1])
    if common and not are_people(common[0]):
        return None  # "by the addition of PabrB"
    before = clause.rest[: match.start()].strip()
    if not attaches(before) or re.match(r", [A-Z]", clause.rest[match.end() :]):
        return None
    if clause.rest[match.end() :].startswith(",") and re.search(r" (?:and|&) [A-Z]", clause.rest[match.end() :]):
        return None
    if re.search(r"[,;:]|\b(?:by|and|or|not|that|which)\b", before):
        return None
    after = re.split(r"[,;:]", clause.rest[match.end() :])[0].strip()
    if after and not re.match(r"(?:on|in|at|for|from)\b", after):
        return None
    start = clause.rest_at + match.start(1)
    return Gap(("by whom",), before, after, start, start + len(match[1]), "name")


def place(clause: Clause) -> Gap | None:
    """Where something is."""
    words = clause.rest.split(" ", 1)
    participle = ""
    if clause.verb in BE and len(words) == 2 and words[0] in _PLACED:
        participle, tail = words
    elif clause.verb in BE or clause.verb in _STANDS:
        tail = clause.rest
    else:
        return None
    stop = re.search(r",? and (?:has|is|are|may|holds?|can|was)\b", tail)
    tail = tail[: stop.start()] if stop else tail
    if (
        not _PLACE.match(tail)
        or _TIME_WORD.search(tail)
        or re.search(
            r"\b(?:that|which|who|and|or|if|when|accordance|addition|compliance|connection|line|use|conjunction|effect)\b",
            tail,
        )
    ):
        return None
    start = clause.rest_at + (len(participle) + 1 if participle else 0)
    return Gap(("where",), participle, "", start, start + len(tail), "name")


def posts(sentence: str) -> Iterator[tuple[str, int, int]]:
    """Yield (post, start, end) for every person a sentence names together with the post: "the Listener, A. Hoyt, ..."."""
    for match in _APPOSED.finditer(sentence):
        yield match["post"], match.start("name"), match.end("name")
    for match in _CHIEF.finditer(sentence):
        whose = match["whose"]
        if whose != "our ":
            yield f"{whose}{match['post']}", match.start("name"), match.end("name")

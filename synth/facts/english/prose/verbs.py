"""Finite verbs of English and their base forms: what is needed to turn a statement into a question.

A closed list of verbs that are rarely anything else, regular endings by rule, irregular pasts by table.
"""

from __future__ import annotations

import re

BE = frozenset("is are was were".split())
HAVE = frozenset("has have had".split())
MODALS = frozenset("will would can could may might must shall should".split())
DO = frozenset("does do did".split())
AUXILIARIES = BE | HAVE | MODALS | DO

_REGULAR = """
accept act account accrue achieve acquire activate add adjust administer admit adopt affect agree aim allege allocate allot
allow amend amount analyse analyze annotate announce annul answer apply appoint approve argue arrive assess assign
assume attach attend attract authorise authorize award base become begin believe belong block borrow break bring build
burn buy calculate call cancel carry catch cause cease change check choose claim classify close collect combine come commence commit
comply compare complete comprise conclude conduct confirm connect consider consist construct consume contain continue
contribute control convert cost count cover create cross deal decide declare decline decrease defeat define deliver demand
demonstrate deny depart depend derive describe design designate destroy detect determine develop devise die differ
disclose discontinue discover display dispute distribute divest divide donate draw drive earn elect eliminate embed
employ enable enact encrypt end endorse enforce enrich ensure enter equal establish evaluate exceed exchange exclude
execute exercise exist expand expect expire explain export express extend face fail fall feature feed file fill find
finish fly fold follow forbid form found fulfil fulfill fund gain generate get give go govern grant grow guarantee hang
happen hold host identify ignore illustrate impair implement import impose improve include incorporate increase incur
indicate infect inform inherit inhibit initiate insert inspect install instruct integrate intend introduce invade invent
invest investigate invite involve isolate issue join judge keep kill know lack last launch lead learn lease leave lend let
lie limit link live load locate lose lower maintain make manage manufacture mark marry mature mean measure meet merge
migrate monitor move name need notify number obtain occupy occur offer open operate oppose order organise organize
originate own participate pass pay perform permit place plan play possess precede preclude predict prefer prepare prescribe
present prevent print proceed process produce prohibit promote propose protect prove provide publish purchase pursue
qualify quantify raise range reach react read receive recognise recognize recommend record recover recruit reduce refer
refund refuse register regulate reject relate release rely remain remove renew rent reopen repay replace replicate report
represent repurchase request require rescue reserve reside resign resolve respond restore restrict result retain retire
return reveal review revise ride rise run sail sample satisfy save say score screen secure see seek sell send separate
serve set settle shed ship show sign sit sleep specify spend sponsor spread stand start state stay stem stipulate stop
store submit succeed suggest supervise supply support surrender surround suspend take teach tell tender terminate test
total trace track trade train transfer transform transmit transport travel treat turn undergo undertake unite update
upgrade use utilize utilise validate vary vest visit vote wear weigh win wish withdraw withhold work write yield
""".split()
_IRREGULAR = {
    "became": "become",
    "began": "begin",
    "bore": "bear",
    "broke": "break",
    "brought": "bring",
    "built": "build",
    "bought": "buy",
    "came": "come",
    "chose": "choose",
    "cost": "cost",
    "drew": "draw",
    "drove": "drive",
    "fell": "fall",
    "fed": "feed",
    "found": "find",
    "flew": "fly",
    "forbade": "forbid",
    "gave": "give",
    "got": "get",
    "went": "go",
    "grew": "grow",
    "hung": "hang",
    "held": "hold",
    "kept": "keep",
    "knew": "know",
    "lay": "lie",
    "led": "lead",
    "left": "leave",
    "lent": "lend",
    "lost": "lose",
    "made": "make",
    "meant": "mean",
    "met": "meet",
    "paid": "pay",
    "proved": "prove",
    "ran": "run",
    "repaid": "repay",
    "rode": "ride",
    "rose": "rise",
    "said": "say",
    "sat": "sit",
    "saw": "see",
    "sold": "sell",
    "sent": "send",
    "set": "set",
    "shed": "shed",
    "slept": "sleep",
    "sought": "seek",
    "spent": "spend",
    "stood": "stand",
    "taught": "teach",
    "told": "tell",
    "took": "take",
    "underwent": "undergo",
    "undertook": "undertake",
    "withdrew": "withdraw",
    "withheld": "withhold",
    "won": "win",
    "wore": "wear",
    "wrote": "write",
    "put": "put",
    "spread": "spread",
}
_PARTICIPLES = frozenset(
    """been become begun borne broken brought built bought come chosen cost drawn driven fallen fed flown forbidden found
    given gone got grown hung held kept known lain laid led left lent lost made meant met paid put run repaid ridden risen
    said sat seen sold sent set shed slept shown sought spent stood sworn taught told taken thrown undergone undertaken
    withdrawn withheld won worn written read understood overdue open closed due located""".split()
)
# Base and -s forms that are nouns at least as often: taken for verbs only in the past tense.
_NOUNS = frozenset(
    """account aim amount answer award base block break burn call cause change check claim close cost count cover cross
    deal decline decrease demand design display dispute draw drive end exchange exercise export face fall feature feed file
    fill find fold form fund gain grant guarantee host import increase issue join judge lack last launch lead lease limit
    link load make mark matter measure merge name need number offer open order pass pay permit place plan play present
    print process produce purchase raise range read record refund register release rent report repurchase request reserve
    rescue result return review ride rise run sail sample save say score screen set ship show sign sponsor spread stand start
    state stay stem stop store supply support tender test total trace track trade train transfer transport travel treat turn
    update upgrade use visit vote wish work yield""".split()
)
_VERBS = frozenset(_REGULAR)


def _s_forms(base: str) -> str:
    if base.endswith(("s", "x", "z", "ch", "sh", "o")):
        return base + "es"
    return base[:-1] + "ies" if re.search(r"[^aeiou]y$", base) else base + "s"


def _past_forms(base: str) -> tuple[str, ...]:
    if base.endswith("e"):
        return (base + "d",)
    if re.search(r"[^aeiou]y$", base):
        return (base[:-1] + "ied",)
    return (base + "ed", base + base[-1] + "ed")


_PRESENT = {_s_forms(base): base for base in _REGULAR}
_PAST = {past: base for base in _REGULAR if base not in _IRREGULAR.values() for past in _past_forms(base)} | _IRREGULAR


def past_base(word: str) -> str:
    """Return the base form of a past tense, `""` where it is none."""
    return _PAST.get(word, "")


def present_base(word: str) -> str:
    """Return the base form of a third person singular, `""` where it is none."""
    return _PRESENT.get(word, "")


def is_base(word: str) -> bool:
    """Whether a word is a verb in its base form and hardly ever a noun."""
    return word in _VERBS and word not in _NOUNS


def is_verb(word: str) -> bool:
    """Whether a word is a verb in its base form."""
    return word in _VERBS


def is_known_verb(word: str) -> bool:
    """Whether a word can be a finite verb or its base form."""
    return word in AUXILIARIES or word in _PAST or word in _PRESENT or word in _VERBS


def is_noun_too(base: str) -> bool:
    """Whether the base form is a noun at least as often as a verb."""
    return base in _NOUNS


def is_participle(word: str) -> bool:
    """Whether a word can be a past participle, as after "was" or "has"."""
    return word in _PARTICIPLES or (word.endswith("ed") and len(word) > 4)

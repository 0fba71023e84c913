"""Finite verbs of English and their base forms: what is needed to turn a statement into a question.

A closed list of verbs that are rarely anything else, regular endings by rule, irregular pasts by table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

BE = frozenset("is are was were".split())
HAVE = frozenset("has have had".split())
MODALS = frozenset("will would can could may might must shall should".split())
DO = frozenset("does do did".split())
AUXILIARIES = BE | HAVE | MODALS | DO

_REGULAR = """
abandon abolish absorb accelerate accept accompany account accrue accumulate achieve acquire act activate adapt add
address adjust administer admit adopt advise affect aggregate agree aid aim alert align allege allocate allot allow
alter amend amount analyse analyze annotate announce annul answer anticipate appear apply appoint approach approve
approximate argue arise arrange arrive assemble assert assess assign assist associate assume attach attack attempt
attend attract attribute authorise authorize avoid award bake balance base bear beat become begin behave believe
belong bend bind bite blend block blow boil boost borrow break breathe breed brew bring broadcast build bundle burn
buy cache calculate call cancel capture carry carve catch cause cease celebrate change characterise characterize check
choose circle circulate cite claim classify clean click climb clog clone close coat code collapse collect colour
combine come command commence commit communicate compare compensate compete compile complain complement complete
comply compress comprise compute conceal concentrate concern conclude condense conduct configure confine confirm
confuse connect conquer conserve consider consist constitute constrain construct consume contact contain contaminate
continue contrast contribute control convert convey convince cook cool coordinate copy correct correspond corrupt cost
count couple cover crash create criticise criticize cross cultivate cure cut damage deactivate deal debate decay
decide declare decline decode decompose decorate decrease deduct defeat defend define delay delegate delete deliver
demand demonstrate deny depart depend deploy deposit derive describe design designate destroy detach detect deter
deteriorate determine develop devise diagnose dictate die differ digest dilute diminish dip direct disable discard
discharge disclose discontinue discourage discover discuss dismiss display dispose dispute dissolve distinguish
distribute diverge divest divide dominate donate download drag drain draw drill drink drive drop dry dump duplicate
earn eat educate elect eliminate embed embrace emerge emit emphasise emphasize employ emulate enable enact encode
encounter encourage encrypt end endorse enforce engage enhance enjoy enlarge enrich enrol enroll ensure enter equal
erupt escape establish estimate evaluate evolve examine exceed exchange exclude execute exercise exert exhibit exist
expand expect experience expire explain exploit explore export expose express extend extract face facilitate fail fall
favor favour feature feed feel ferment fight file fill filter find finish fix flash flood flow fluctuate fly focus
fold follow forbid forecast forget form found freeze fry fulfil fulfill function fund fuse gain gather generate
germinate get give glow go govern graduate grant grind group grow guarantee guard guide halt handle hang happen harden
harm harvest heal heat help hide hinder hire hit hold host house hunt hurt identify ignite ignore illustrate imitate
immerse impact impair implement imply import impose impress improve include incorporate increase incubate incur
indicate induce infect infer inflate influence inform inhabit inhale inherit inhibit initiate injure insert inspect
inspire install instruct insulate insure integrate intend interact interfere interpret interrupt intervene introduce
invade invent invert invest investigate invite invoke involve irritate isolate issue iterate join judge jump justify
keep kill know label lack land last launch lead leak learn lease leave lend lengthen let lie lift limit link list
listen live load locate lock log loosen lose lower lubricate maintain make manage manufacture mark marry mature
maximise maximize mean measure meet melt mention merge migrate mine minimise minimize mix moderate modify monitor
motivate mount move multiply name narrow navigate need neglect negotiate nest neutralise neutralize nominate normalise
normalize note notice notify nourish number observe obstruct obtain occupy occur offer offset omit open operate oppose
optimise optimize orbit order organise organize originate outline outperform overcome overlap override oversee
overwrite owe own oxidise pack paint parse participate pass patch pay penalise penalize penetrate perform permit
persist persuade place plan plant play plot plug point pollinate populate possess pour power praise precede preclude
predict prefer prepare prescribe present preserve press prevail prevent print prioritise prioritize probe proceed
process produce progress prohibit project prolong promote prompt pronounce propose protect prove provide prune publish
pull pump punish purchase pursue push qualify quantify query quote raise range reach react read realise realize
rearrange rebuild recall receive recharge reclaim recognise recognize recommend reconstruct record recover recruit
recycle redirect reduce refactor refer refine reflect refund refuse regain regard register regulate rehearse reimburse
reinforce reintroduce reject relate release relieve relocate rely remain remind remove rename render renew rent reopen
repair repay repeat repel replace replenish replicate report represent reproduce repurchase request require rescue
resemble reserve reset reside resign resist resize resolve respond restore restrict result resume retain retire
retrieve return reuse reveal reverse review revise revoke reward ride rinse rise roast rotate rub rule run rupture
sacrifice sail sample satisfy save say scan scatter schedule score screen search seat secrete secure see seek seize
select sell send sense separate serialise serialize serve set settle shape share shed shift ship shorten show shrink
shut sign signal simplify simulate sit skip sleep slip slow smooth soak soften solve sort sow spawn specialise
specialize specify spend split sponsor spray spread squeeze stabilise stabilize stain stand start state stay stem
stimulate stipulate stir stop store strengthen stress stretch strike strip study submit substitute subtract succeed
suffer suggest suit summarise summarize supervise supply support surrender surround suspend sustain swallow sweep swim
switch synthesise synthesize take tap target taste teach tear tell tend tender terminate test thicken think threaten
thrive throw tie tighten toggle tolerate total touch trace track trade train transcribe transfer transform translate
transmit transplant transport trap travel traverse treat trigger trim trust tune turn type undergo undermine
understand undertake undo uninstall unite unlock unplug update upgrade uphold upload urge use utilise utilize
vaccinate validate vary ventilate verify vest view violate visit visualise visualize vote wait walk want warm warn
wash waste watch water weaken wear weigh welcome win wipe wish withdraw withhold work wrap write yield
""".split()
_IRREGULAR = {
    "beat": "beat",
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
    "ate": "eat",
    "blew": "blow",
    "bred": "breed",
    "caught": "catch",
    "drank": "drink",
    "felt": "feel",
    "fought": "fight",
    "forgot": "forget",
    "froze": "freeze",
    "hid": "hide",
    "overcame": "overcome",
    "oversaw": "oversee",
    "overrode": "override",
    "rebuilt": "rebuild",
    "arose": "arise",
    "struck": "strike",
    "swam": "swim",
    "swept": "sweep",
    "thought": "think",
    "threw": "throw",
    "tore": "tear",
    "understood": "understand",
    "upheld": "uphold",
    "shrank": "shrink",
    "bent": "bend",
    "undid": "undo",
    "overwrote": "overwrite",
}
_PARTICIPLES = frozenset(
    """been become begun borne broken brought built bought come chosen cost drawn driven fallen fed flown forbidden
    found given gone got grown hung held kept known lain laid led left lent lost made meant met paid put run repaid
    ridden risen said sat seen sold sent set shed slept shown sought spent stood sworn taught told taken thrown
    undergone undertaken used withdrawn withheld won worn written read understood overdue open closed due located arisen
    bent blown bred broadcast caught cut drunk eaten felt forecast forgotten fought frozen hidden hit hurt overcome
    overridden overseen rebuilt reset shrunk shut split struck swept thought torn undone upheld bound ground
    overwritten""".split()
)
# Base and -s forms that are nouns at least as often: taken for verbs only in the past tense.
_NOUNS = frozenset(
    """account aggregate aid aim alert amount answer approach associate attack attempt award balance base bear beat
    bend bite blend block blow boost break brew broadcast bundle burn cache call calm cause change check circle
    claim clean click clone close coat code collapse colour command commit complement complete compound compress
    concern contact contrast cook cool copy correct cost count couple cover crash cross cure cut damage deal debate
    decay decline decrease delay delegate demand deposit design digest dip direct discharge display dispute download
    drag drain draw drill drink drive drop dry dump duplicate empty end escape estimate exchange exercise exhibit
    experience exploit export extract face fall favor favour feature feed ferment fight file fill filter find fix
    flash flood flow focus fold forecast form free function fund gain graduate grant group guarantee guard guide
    halt harm harvest head heat help hit host house hunt impact import increase influence issue join judge jump
    label lack land last launch lead leak lease level lift light limit link list load lock log lower make mark
    matter mature measure merge mine mix moderate mount name narrow need nest note notice number object offer offset
    open orbit order outline own pack paint pass patch pay permit place plan plant play plot plug point power praise
    present press print probe process produce progress project prompt prune pull pump purchase push query quote
    raise range read recall record refund register release rent repair repeat report repurchase request rescue
    reserve reset result return reverse review reward ride rise roast rule run rupture sail sample save say scan
    schedule score screen search seat secure sense separate set shape share shift ship show sign signal skip slip
    slow smooth sort split sponsor spray spread stain stand start state stay stem stir stop store stress stretch
    strike strip study subject substitute suit supply support sweep swim switch tap target taste tear tender test
    tie toggle total touch trace track trade train transfer transplant transport trap travel treat trigger trim
    trust tune turn type update upgrade upload use view visit vote wait walk warm wash waste watch water welcome
    wish work wrap yield""".split()
)
_VERBS = frozenset(_REGULAR)
_SHORTEST_AGAIN = 7


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
    return _PAST.get(word) or _again(word, _PAST)


def present_base(word: str) -> str:
    """Return the base form of a third person singular, `""` where it is none."""
    return _PRESENT.get(word) or _again(word, _PRESENT)


def third_person(base: str) -> str:
    """Return the third person singular of a base form."""
    return _s_forms(base)


def _again(word: str, forms: Mapping[str, str]) -> str:
    """The base form of a verb with "re" before a known one: "repainted"."""
    base = forms.get(word[2:], "") if word.startswith("re") and len(word) > _SHORTEST_AGAIN else ""
    return f"re{base}" if base else ""


def is_base(word: str) -> bool:
    """Whether a word is a verb in its base form and hardly ever a noun."""
    return word in _VERBS and word not in _NOUNS


def is_verb(word: str) -> bool:
    """Whether a word is a verb in its base form."""
    return word in _VERBS or (word.startswith("re") and len(word) > _SHORTEST_AGAIN - 2 and word[2:] in _VERBS)


def is_known_verb(word: str) -> bool:
    """Whether a word can be a finite verb or its base form."""
    return word in AUXILIARIES or word in _PAST or word in _PRESENT or word in _VERBS


def is_noun_too(base: str) -> bool:
    """Whether the base form is a noun at least as often as a verb."""
    return base in _NOUNS


def is_participle(word: str) -> bool:
    """Whether a word can be a past participle, as after "was" or "has"."""
    return word in _PARTICIPLES or (word.endswith("ed") and len(word) > 4)

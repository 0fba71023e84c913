"""When two claims of different documents speak of the same thing and give different values.

Precision comes first: what may as well be another attribute, another period or another subject is no contradiction.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from core.language.english.comparing import OPPOSITES
from core.reading.text.words import listed_stems, stem
from rag.contradictions.claims import Claim
from rag.contradictions.slots import Slot

# Share of the weight of a claim's words that the other must hold, found on the examples and on twenty filings: of the
# side that says less, and of the other.
_LESS, _MORE = 0.8, 0.5
_FEWEST_SHARED = 3
# The same where a page names the old value itself, and the other has just that value.
_LESS_REPLACED, _SHARED_REPLACED = 0.5, 2
# Words that every document may add to a sentence without changing what it is about.
_FRAME = listed_stems("rule_frame")
_OPPOSITE = {
    stem(word): [frozenset(map(stem, pair - {word})) for pair in OPPOSITES if word in pair]
    for pair in OPPOSITES
    for word in pair
}
# A rough figure agrees with one that rounds to it.
_ROUGH = 0.06

Weight = Callable[[str], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known of the document of a claim.

    Attributes:
        self_name: Words by which its file is called; who "we" is.
        periodical: Whether it comes out anew for every period, so that its values hold for its own.
        period: That period, a canonical spelling; empty where unknown.
    """

    self_name: frozenset[str] = frozenset()
    periodical: bool = False
    period: str = ""


def idf(claims: Iterable[Claim]) -> Weight:
    """Return a weight for words: the rarer among the claims, the heavier (log of inverse frequency, at least 0.2)."""
    counts: Counter[str] = Counter()
    total = 0
    for claim in claims:
        counts.update(claim.context)
        total += 1
    scale = math.log(total + 2)
    table = {word: max(0.2, math.log((total + 2) / (count + 1)) / scale) for word, count in counts.items()}
    return lambda word: 0.3 if word in _FRAME else table.get(word, 1.0)


def disagreement(a: Claim, b: Claim, about: Mapping[str, About], weight: Weight) -> float:
    """Return how sure it is that two claims contradict each other: 0 where they do not, else at most 1.

    Args:
        a: A claim.
        b: A claim of another document.
        about: What is known of the documents, by hash.
        weight: Of a word of a claim.
    """
    if a.sha256 == b.sha256:
        return 0.0
    replaced = any(_replaces(new, other) for new, other in ((a, b), (b, a)))
    if not _same_kind(a.slot, b.slot) and not (replaced and "" in (a.slot.unit, b.slot.unit)):
        return 0.0
    if _agree(a.slot, b.slot) or not _same_period(a, b, about):
        return 0.0
    about_a, about_b = about[a.sha256], about[b.sha256]
    report = about_a.periodical or about_b.periodical
    # Whatever a report says is about whoever made it, and its tables repeat a label for every kind of figure.
    if (a.speaker or b.speaker or report) and not about_a.self_name & about_b.self_name:
        return 0.0
    # In a report a date is mostly the end of its period, and so the period itself.
    if report and (a.table or b.table or a.slot.kind == "date"):
        return 0.0
    if (a.old or b.old) and not replaced and _outdated(a, b):
        return 0.0
    if {a.slot.bound, b.slot.bound} == {"most", "least"} and not replaced:
        return 0.0
    return _likeness(a, b, weight, replaced=replaced)


def _likeness(a: Claim, b: Claim, weight: Weight, *, replaced: bool) -> float:
    context_a, context_b = a.context, b.context
    if replaced:
        context_a, context_b = context_a | (a.leaning & context_b), context_b | (b.leaning & context_a)
    shared = context_a & context_b
    if len(shared) < (_SHARED_REPLACED if replaced else _FEWEST_SHARED):
        return 0.0
    only_left, only_right = context_a - context_b, context_b - context_a
    if _opposed(only_left, only_right) or _other_subject(a, b, only_left, only_right, replaced=replaced):
        return 0.0
    common = sum(map(weight, shared))
    covers = sorted(common / (common + sum(map(weight, rest))) for rest in (only_left, only_right))
    less, more = covers[1], covers[0]
    if replaced:
        return min(1.0, 0.5 + less / 2) if less >= _LESS_REPLACED else 0.0
    return less * more if less >= _LESS and more >= _MORE else 0.0


def _replaces(new: Claim, other: Claim) -> bool:
    """Whether a claim says that it takes the place of the value that the other has."""
    return new.old is not None and new.old.key == other.slot.key


def _same_kind(a: Slot, b: Slot) -> bool:
    if a.kind == b.kind:
        return a.unit == b.unit
    return {a.kind, b.kind} == {"number", "money"} and a.unit == b.unit != ""


def _agree(a: Slot, b: Slot) -> bool:
    """Whether two values are the same, spelled or rounded otherwise."""
    if a.key == b.key:
        return True
    if a.kind == "name" or b.kind == "name":
        last = {slot.key.rpartition(" ")[2] for slot in (a, b)}
        return len(last) == 1
    if a.kind == "date" and b.kind == "date":
        return a.key in b.key or b.key in a.key  # one of them has no year, or no day
    if a.amount is None or b.amount is None:
        return False
    if a.amount == b.amount:
        return True
    if a.about or b.about:
        return abs(a.amount - b.amount) <= _ROUGH * max(abs(a.amount), abs(b.amount))
    fewer = min((slot for slot in (a, b)), key=lambda slot: len(slot.key.replace(".", "").rstrip("0")))
    more = b if fewer is a else a
    places = len(fewer.key.partition(".")[2].rstrip("%"))
    return (
        fewer.amount is not None
        and more.amount is not None
        and places > 0
        and round(more.amount, places) == fewer.amount
    )


def _same_period(a: Claim, b: Claim, about: Mapping[str, About]) -> bool:
    if a.periods or b.periods:
        return a.periods == b.periods
    about_a, about_b = about[a.sha256], about[b.sha256]
    if not about_a.periodical and not about_b.periodical:
        return True
    return about_a.periodical and about_b.periodical and bool(about_a.period) and about_a.period == about_b.period


def _outdated(a: Claim, b: Claim) -> bool:
    """Whether a replacement is of something else: its old value is not what the other document has."""
    return any(claim.old is not None and claim.old.amount is None for claim in (a, b))


def _opposed(left: frozenset[str], right: frozenset[str]) -> bool:
    return any(right & other for word in left for other in _OPPOSITE.get(word, ()))


def _other_subject(
    a: Claim, b: Claim, only_left: frozenset[str], only_right: frozenset[str], *, replaced: bool
) -> bool:
    """Whether each names somebody or something that the other does not."""
    own_names = frozenset(map(stem, a.names)) & only_left
    right = frozenset(map(stem, b.names)) & only_right
    if own_names and right:
        return True
    # One word in place of another: "breakfast is served at ..." and "dinner is served at ...".
    return not replaced and len(only_left) == len(only_right) == 1 and not (only_left | only_right) & _FRAME

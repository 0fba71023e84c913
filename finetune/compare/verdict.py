"""The conclusion from the tables in one sentence, with the arm to use.

An arm is better where interval and adjusted test agree. Otherwise "no difference found" requires that ten points would
have been detected; else there were too few questions to tell. Among arms that do not differ, and of which none is more
than ten points behind the best, the one that takes the least effort is recommended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from finetune.compare.arms import Arm
from finetune.compare.statistics.clusters import Clusters
from finetune.compare.statistics.significance import PairedDifference
from finetune.compare.tables import MeasureTable

Outcome = Literal["better", "no difference found", "too few questions to tell"]
# A difference that a person would act on; what could not have been seen is not called absent.
MARGIN = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonVerdict:
    """The answer to the question that a comparison asks.

    Attributes:
        outcome: Which of three.
        sentence: The verdict for a reader.
        recommended: Arm to take; empty where nothing can be recommended.
        notes: What else was found, one sentence each.
    """

    outcome: Outcome
    sentence: str
    recommended: str
    notes: tuple[str, ...] = ()


def outcome_of(difference: PairedDifference) -> Outcome:
    """Return what one comparison says."""
    if difference.significant:
        return "better"
    if difference.detectable > MARGIN:
        return "too few questions to tell"
    return "no difference found"


def decide(
    arms: Sequence[Arm], tables: Mapping[str, MeasureTable], strata: Mapping[str, MeasureTable], clusters: Clusters
) -> ComparisonVerdict:
    """Decide by `right` over the held-out questions; by declining where no question can be answered.

    Raises:
        ValueError: There is no table to decide by.
    """
    measure = next((name for name in ("right", "abstention_recall") if name in tables), None)
    if measure is None:
        raise ValueError("no arm answered a question")
    table = tables[measure]
    candidates = [arm for arm in arms if arm.candidate and arm.name in table.arms]
    notes = (*_notes(tables, strata), clusters.sentence)
    if len(candidates) == 1:
        return _alone(candidates[0], table, clusters, notes)
    choice = choose(candidates, table)
    begins = _advice(choice.arm, candidates, choice.outcome)
    sentence = f"{begins}{choice.words}; {_scope(table, clusters)}."
    return ComparisonVerdict(outcome=choice.outcome, sentence=sentence, recommended=choice.arm.name, notes=notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmChoice:
    """The arm to take by one table.

    Attributes:
        arm: The one that takes the least effort of the near ones.
        level: Those that are not beaten by the best one.
        near: Those of them that are no further behind it than a person would act on; what few questions do not decide
            is no reason to take an arm that was seen to be much worse.
        outcome: Whether the data decides.
        words: The same as the middle of a sentence.
    """

    arm: Arm
    level: tuple[Arm, ...]
    near: tuple[Arm, ...]
    outcome: Outcome
    words: str


def choose(candidates: Sequence[Arm], table: MeasureTable) -> ArmChoice:
    """Choose an arm by a table.

    Args:
        candidates: Arms of the table that a person could use, one at least.
        table: Of a measure of which more is better.
    """
    best = max(candidates, key=lambda arm: (table.arms[arm.name].value, not arm.tuned, arm.shown == "nothing"))
    level = [arm for arm in candidates if arm is best or not _beats(best, arm, table)]
    least = table.arms[best.name].value - MARGIN
    near = tuple(arm for arm in level if table.arms[arm.name].value >= least)
    chosen = min(near, key=lambda arm: (arm.effort, -table.arms[arm.name].value))
    outcome, words = _words(level, chosen, candidates, table)
    return ArmChoice(arm=chosen, level=tuple(level), near=near, outcome=outcome, words=words)


def _difference(arm: Arm, other: Arm, table: MeasureTable) -> PairedDifference:
    return next(row.difference for row in table.rows if {row.left, row.right} == {arm.name, other.name})


def _beats(arm: Arm, other: Arm, table: MeasureTable) -> bool:
    difference = _difference(arm, other, table)
    return difference.significant and table.arms[arm.name].value > table.arms[other.name].value


def _words(level: Sequence[Arm], chosen: Arm, candidates: Sequence[Arm], table: MeasureTable) -> tuple[Outcome, str]:
    """Return the outcome and the middle of the sentence."""
    share = f"{chosen.name} has {percent(table.arms[chosen.name].value)} right"
    beaten = [arm for arm in candidates if arm is not chosen and _beats(chosen, arm, table)]
    over = f", more than {listed([_versus(chosen, arm, table) for arm in beaten])}" if beaten else ""
    if len(level) == 1:
        return "better", share + over
    others = [arm for arm in level if arm is not chosen]
    # Whether to fine-tune is settled where the chosen arm beats all that would decide otherwise.
    otherwise = [arm for arm in candidates if arm.tuned is not chosen.tuned]
    settled = bool(otherwise) and all(arm in beaten for arm in otherwise)
    doubtful = [arm for arm in others if outcome_of(_difference(chosen, arm, table)) == "too few questions to tell"]
    if doubtful:
        least = max(_difference(chosen, arm, table).detectable for arm in doubtful)
        names = listed([_with_share(arm, table) for arm in doubtful])
        seen = f"less than {100 * least:.0f} points is not detectable" if least <= 1 else "no difference is detectable"
        verb = "differs" if len(doubtful) == 1 else "differ"
        outcome: Outcome = "better" if settled else "too few questions to tell"
        return outcome, f"{share}{over}, and the data cannot decide whether {names} {verb}: {seen}"
    names = listed([_with_share(arm, table) for arm in others])
    outcome = "better" if settled else "no difference found"
    return outcome, f"{share}{over}, and no difference from {names} was found"


def reference_notes(arms: Sequence[Arm], table: MeasureTable) -> list[str]:
    """Return a sentence per reference: its share of right answers beside the candidates that it is compared with."""
    by_name = {arm.name: arm for arm in arms}
    notes = []
    for arm in arms:
        rows = [row for row in table.rows if row.left == arm.name]
        if arm.reference and arm.name in table.arms:
            beside = listed([_beside(by_name[row.right], row.difference, table) for row in rows]) if rows else ""
            notes.append(f"Reference {_with_share(arm, table)}, {arm.model}{beside and ': '}{beside}.")
    return notes


def _beside(other: Arm, difference: PairedDifference, table: MeasureTable) -> str:
    """Return in words how a reference stands beside a candidate."""
    if difference.significant:
        low, high = sorted(min(1.0, abs(end)) for end in (difference.low, difference.high))
        more = "more" if difference.mean > 0 else "less"
        return f"{100 * low:.0f} to {100 * high:.0f} points {more} than {_with_share(other, table)}"
    if outcome_of(difference) == "no difference found":
        return f"no difference from {_with_share(other, table)}"
    return f"too few questions to tell it from {_with_share(other, table)}"


def _advice(chosen: Arm, candidates: Sequence[Arm], outcome: Outcome) -> str:
    """Return how the sentence begins."""
    begins = "Too few questions to tell: " if outcome == "too few questions to tell" else ""
    if outcome == "no difference found" and len(candidates) == 2:
        begins = "No difference found: "
    if not any(arm.tuned for arm in candidates) or outcome == "too few questions to tell":
        return begins or f"Use {chosen.name}: "
    return "Fine-tune: " if chosen.tuned else "Do not fine-tune: "


def _alone(arm: Arm, table: MeasureTable, clusters: Clusters, notes: tuple[str, ...]) -> ComparisonVerdict:
    share = percent(table.arms[arm.name].value)
    sentence = f"Nothing to compare: {arm.name} alone has {share} right; {_scope(table, clusters)}."
    return ComparisonVerdict(outcome="too few questions to tell", sentence=sentence, recommended="", notes=notes)


def _scope(table: MeasureTable, clusters: Clusters) -> str:
    scope = f"{table.questions} question{'s' * (table.questions != 1)}"
    if clusters.levels == ("fact",):
        scope += " in new words about facts that were taught"
    if clusters.general:
        return f"{scope} about {clusters.documents} documents"
    if clusters.documents:
        these = "this document" if clusters.documents == 1 else f"these {clusters.documents} documents"
        return f"{scope}, and true of {these} only"
    return f"{scope}, and true of these only"


def _notes(tables: Mapping[str, MeasureTable], strata: Mapping[str, MeasureTable]) -> list[str]:
    """Return what strata and declining show beside the headline, where it is significant."""
    notes = [f"{name}: {_row_words(table)}." for name, table in strata.items() if _significant(table)]
    for measure, words in (
        ("abstention_recall", "Declining what the documents do not answer"),
        ("needless_refusal", "Declining what can be answered"),
    ):
        if measure in tables and (measure != "abstention_recall" or not strata.get("unanswerable")):
            table = tables[measure]
            notes += [f"{words}: {_row_words(table)}."] if _significant(table) else []
    return [note[0].upper() + note[1:] for note in notes]


def _significant(table: MeasureTable) -> bool:
    return any(row.difference.significant for row in table.rows)


def _row_words(table: MeasureTable) -> str:
    words = []
    for row in table.rows:
        if row.difference.significant:
            high, low = (row.left, row.right) if row.difference.mean > 0 else (row.right, row.left)
            words.append(f"{high} {percent(table.arms[high].value)} against {low} {percent(table.arms[low].value)}")
    return "; ".join(words)


def _versus(chosen: Arm, other: Arm, table: MeasureTable) -> str:
    difference = _difference(chosen, other, table)
    low, high = sorted(min(1.0, abs(end)) for end in (difference.low, difference.high))
    return f"{_with_share(other, table)} by {100 * low:.0f} to {100 * high:.0f} points"


def _with_share(arm: Arm, table: MeasureTable) -> str:
    return f"{arm.name} ({percent(table.arms[arm.name].value)})"


def percent(value: float) -> str:
    """Return a share as whole percent."""
    return f"{100 * value:.0f}%"


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"

"""Chooses the rows and passes of a run that fit so many minutes.

Passes are cut first. Then rows that show passages are thinned out, kind by kind: they cost most of the time, and teach
a way of answering that fewer of them teach, too. Facts go last, with all of their rows: a fact that is seen too rarely
is not learned.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.types import Pair, Preference
from finetune.estimate import Estimate, estimate, largest_micro_batch
from finetune.recipe import Recipe
from finetune.training.pace import Pace

if TYPE_CHECKING:
    from finetune.data.dataset import Tokenised
    from finetune.data.encoding import TokenRow
    from finetune.data.prepare import Prepared
    from finetune.data.work import BesideRows

# Passes that stay when rows have to go; where facts are learned by heart, and where not.
LEAST_PASSES, LEAST_FACT_PASSES = 2.0, 4.0
# Shares of the rows with passages that are tried before facts go.
_SHARES = (0.85, 0.7, 0.55, 0.45, 0.35, 0.25, 0.18, 0.12)
# Passes are a multiple of this.
_PASS_STEP = 0.1
# More than twice what rows can cost beside the mean of all: they share prompts in one part and do not in another.
_MARGIN = 3.0
_PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What of a dataset is trained.

    Attributes:
        passes: Over the rows.
        row_ids: Of the rows that are trained; None for all of them.
        rows: How many they are, of `all_rows`.
        facts: How many facts they teach, of `all_facts`.
        minutes: That training takes by estimate.
        all_minutes: That all rows take in all passes of the recipe.
        measured: Whether the pace behind both was measured.
    """

    passes: float
    row_ids: frozenset[str] | None
    rows: int
    all_rows: int
    facts: int
    all_facts: int
    minutes: float
    all_minutes: float
    measured: bool


def fits_minutes(recipe: Recipe) -> bool:
    """Whether the rows and passes of a recipe follow from its minutes."""
    return bool(recipe.minutes) and not recipe.max_steps and not recipe.streaming


def capped(needs: Estimate, recipe: Recipe) -> Estimate:
    """Return the estimate of a run over all rows as it will be trained: no longer than the minutes of its recipe."""
    most = recipe.minutes / 60
    return replace(needs, hours=min(needs.hours, most)) if fits_minutes(recipe) else needs


def fit_minutes(prepared: Prepared, pace: Pace | None) -> Fit:
    """Choose what of a dataset fits the minutes of its recipe.

    Args:
        pace: Of the machine; the share of its peak that is usual if None.

    Raises:
        DataError: The template does not serve the rows, or none is left.
        GateError: Too many rows are longer than the recipe allows.
    """
    from finetune.data.audit import check_rows_left
    from finetune.data.work import beside_rows

    pairs, rows = list(prepared.dataset.pairs("train")), prepared.tokenised()
    check_rows_left(rows)
    cost = _Cost(prepared, rows, beside_rows(prepared, rows.max_length), pace)
    whole = cost.needs(rows.rows, prepared.recipe.epochs)
    least = LEAST_FACT_PASSES if any(pair.fact and not pair.context for pair in pairs) else LEAST_PASSES
    passes = _fewer_passes(whole.minutes, rows, cost, least)
    facts = len({pair.fact for pair in pairs if pair.fact})
    fit = Fit(
        passes=passes,
        row_ids=None,
        rows=len(rows.rows),
        all_rows=len(rows.rows),
        facts=facts,
        all_facts=facts,
        minutes=cost.needs(rows.rows, passes).minutes,
        all_minutes=whole.minutes,
        measured=whole.measured,
    )
    return fit if fit.minutes <= cost.minutes or passes > least else _fewer_rows(fit, pairs, rows, cost)


def _fewer_passes(whole_minutes: float, rows: Tokenised, cost: _Cost, least: float) -> float:
    """Return as many passes over all rows as the minutes allow, but not fewer than what stays."""
    most = cost.prepared.recipe.epochs
    if whole_minutes <= cost.minutes or most <= least:
        return most
    # The time is a part that does not depend on the passes (preferences, the last evaluation) and a part that does.
    least_minutes = cost.needs(rows.rows, least).minutes
    per_pass = (whole_minutes - least_minutes) / (most - least)
    more = max(0.0, cost.minutes - least_minutes) / per_pass
    return min(most, least + _PASS_STEP * int(more / _PASS_STEP))


def thinned(pairs: Sequence[Pair], share: float) -> list[Pair]:
    """Return rows without most of those that show passages; what asks about the same passages goes or stays together.

    Args:
        pairs: Rows; those without passages, and those that a person wrote, stay.
        share: Of the others, by kind; at least the first of each kind stays.
    """
    prompts: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        if pair.context and pair.origin != _PERSON:
            prompts[pair.context].append(pair)
    kinds: dict[str, list[list[Pair]]] = defaultdict(list)
    for rows in prompts.values():
        kinds[rows[0].kind].append(rows)
    gone: set[str] = set()
    for groups in kinds.values():
        groups.sort(key=lambda rows: _drawn(rows[0]))
        left_out = groups[max(1, round(share * len(groups))) :]
        gone.update(pair.id for rows in left_out for pair in rows)
    return [pair for pair in pairs if pair.id not in gone]


def _fewer_rows(fit: Fit, pairs: Sequence[Pair], rows: Tokenised, cost: _Cost) -> Fit:
    """Return a fit with as many of the rows as the minutes allow, at least one unit."""
    known = defaultdict(list)
    for row in rows.rows:
        known[row.id.partition("+")[0]].append(row)
    fewest = pairs
    for share in _SHARES if any(not pair.context for pair in pairs) else ():
        fewest = thinned(pairs, share)
        chosen = [row for pair in fewest for row in known[pair.id]]
        minutes = cost.needs(chosen, fit.passes).minutes
        if minutes <= cost.minutes:
            facts = len({pair.fact for pair in fewest if pair.fact})
            ids = frozenset(pair.id for pair in fewest)
            return replace(fit, row_ids=ids, rows=len(chosen), facts=facts, minutes=minutes)
    return _fewer_facts(fit, fewest, known, cost)


def _fewer_facts(fit: Fit, pairs: Sequence[Pair], known: Mapping[str, Sequence[TokenRow]], cost: _Cost) -> Fit:
    units = in_turn(pairs)

    def first(count: int) -> list[TokenRow]:
        return [row for unit in units[:count] for pair in unit for row in known[pair.id]]

    # The time grows about as the number of rows: no more than this many have to be looked at.
    low, high = 1, min(len(units), 1 + int(_MARGIN * len(units) * cost.minutes / fit.minutes))
    while high - low > 1:
        middle = (low + high) // 2
        chosen = first(middle)
        fits = not chosen or cost.needs(chosen, fit.passes).minutes <= cost.minutes
        low, high = (middle, high) if fits else (low, middle)
    chosen = first(low)
    taken = [pair for unit in units[:low] for pair in unit]
    return replace(
        fit,
        row_ids=frozenset(pair.id for pair in taken),
        rows=len(chosen),
        facts=len({pair.fact for pair in taken if pair.fact}),
        minutes=cost.needs(chosen, fit.passes).minutes,
    )


def in_turn(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """Group rows and order the groups so that the first of them have the shares of all.

    The rows of a fact stay together and come in the order of the dataset, which has every part of the documents early;
    rows without a fact stand alone and are spread among them, kind by kind. What a person wrote comes first.
    """
    facts: dict[str, list[Pair]] = {}
    others: dict[str, list[list[Pair]]] = defaultdict(list)
    for pair in pairs:
        if pair.fact:
            facts.setdefault(pair.fact, []).append(pair)
        else:
            others[pair.kind].append([pair])
    classes = [list(facts.values()), *(sorted(units, key=lambda unit: _drawn(unit[0])) for units in others.values())]
    placed = [
        (any(pair.origin == _PERSON for pair in unit), (index + 0.5) / len(units), unit)
        for units in classes
        for index, unit in enumerate(units)
    ]
    return [unit for _, _, unit in sorted(placed, key=lambda place: (not place[0], place[1]))]


def _drawn(pair: Pair) -> str:
    """Return a sort key that draws rows of a file by lot, the same ones each time."""
    return hashlib.sha256(pair.id.encode()).hexdigest()


def kept_preferences(preferences: Iterable[Preference], pairs: Sequence[Pair]) -> list[Preference]:
    """Return the preferences about facts that are trained; those about no fact follow the rows of their group."""
    facts = {pair.fact for pair in pairs if pair.fact}
    groups = {pair.group for pair in pairs}
    return [row for row in preferences if (row.fact in facts if row.fact else row.group in groups)]


@dataclass(frozen=True, slots=True)
class _Cost:
    """What some of a run's rows take on its machine."""

    prepared: Prepared
    rows: Tokenised
    beside: BesideRows
    pace: Pace | None

    @property
    def minutes(self) -> float:
        """That a run may take."""
        return self.prepared.recipe.minutes

    def needs(self, rows: Sequence[TokenRow], passes: float) -> Estimate:
        """Estimate a run over some rows; preferences go with them."""
        from finetune.data.work import measured_work

        prepared = replace(self.prepared, recipe=self.prepared.recipe.model_copy(update={"epochs": passes}))
        recipe, machine, shape = prepared.recipe, prepared.machine, prepared.base.shape
        longest = max(row.n_tokens for row in self.rows.rows)
        micro = recipe.micro_batch or largest_micro_batch(shape, recipe, longest, machine)
        share = len(rows) / len(self.rows.rows)
        beside = replace(self.beside, preferences=share * self.beside.preferences)
        return estimate(
            shape,
            recipe,
            machine,
            rows=len(rows),
            row_tokens=longest,
            work=measured_work(prepared, replace(self.rows, rows=tuple(rows)), micro, beside),
            pace=self.pace,
        )

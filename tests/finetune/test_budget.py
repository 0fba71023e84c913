"""What fits so many minutes: passes go before rows, facts go whole, and the shares of the kinds stay."""

from __future__ import annotations

import importlib.util
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.types import Pair, Preference
from finetune.budget import (
    LEAST_FACT_PASSES,
    Fit,
    capped,
    fit_minutes,
    fits_minutes,
    in_turn,
    kept_preferences,
    thinned,
)
from finetune.data.shape import KNOWN_SHAPES
from finetune.estimate import estimate
from finetune.recipe import Recipe
from finetune.training.pace import Pace
from tests.support.json_lines import write_jsonl
from tests.support.tiny_models import CPU, begun, pair, preference

needs_train = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
# A second for a thousand tokens.
PACE = Pace(token_s=1e-3, label_s=0.0)
BLANK = Pair(id="", kind="", question="q", answer="a", context="", evidence=(), fact="", group="g", split="train")


def rows_of(facts: int, others: int) -> list[Pair]:
    """Three kinds of rows per fact, and texts without one."""
    kinds = ("closed-book", "evidence", "abstain")
    of_facts = [
        replace(BLANK, id=f"{fact}-{kind}", kind=kind, fact=f"f{fact}") for fact in range(facts) for kind in kinds
    ]
    return of_facts + [replace(BLANK, id=f"t{number}", kind="rewrite") for number in range(others)]


@given(st.integers(1, 30), st.integers(0, 30))
def test_the_first_groups_have_the_shares_of_all(facts: int, others: int) -> None:
    pairs = rows_of(facts, others)
    units = in_turn(pairs)
    assert sorted(pair.id for unit in units for pair in unit) == sorted(pair.id for pair in pairs)
    for count in range(1, len(units) + 1):
        taken = Counter(pair.kind for unit in units[:count] for pair in unit)
        # No kind is ahead of another by more than a group.
        assert abs(taken["evidence"] / facts - taken["rewrite"] / max(1, others)) <= 1 / facts + 1 / max(1, others)
        assert taken["closed-book"] == taken["evidence"] == taken["abstain"]


def test_what_a_person_wrote_comes_first() -> None:
    own = replace(BLANK, id="own", kind="instruction", origin="person")
    assert in_turn([*rows_of(3, 3), own])[0][0].id == "own"


def test_rows_over_passages_are_thinned_by_prompt_and_by_kind() -> None:
    shown = [
        replace(BLANK, id=f"{kind}-{place}-{number}", kind=kind, fact=f"f{place}", context=f"{kind} passage {place}")
        for kind in ("evidence", "abstain")
        for place in range(10)
        for number in range(2)
    ]
    plain = rows_of(4, 2)
    own = replace(BLANK, id="own", kind="evidence", origin="person", context="evidence passage 3")
    kept = thinned([*plain, *shown, own], 0.3)
    assert kept[: len(plain)] == plain
    assert kept[-1] == own
    assert Counter(row.kind for row in kept if row.context and row != own) == {"evidence": 6, "abstain": 6}
    assert set(Counter(row.context for row in kept if row.context and row != own).values()) == {2}
    assert {row.kind for row in thinned(shown, 0.01)} == {"evidence", "abstain"}


def test_preferences_follow_the_facts_that_are_trained() -> None:
    blank = Preference(id="", kind="corrupted", prompt="q", chosen="a", rejected="b", group="", split="train")
    rows = [
        replace(blank, id="1", fact="f0"),
        replace(blank, id="2", fact="f9"),
        replace(blank, id="3", group="g"),
        replace(blank, id="4", group="other"),
    ]
    assert [row.id for row in kept_preferences(rows, rows_of(1, 1))] == ["1", "3"]


def test_minutes_count_where_nothing_else_says_how_long() -> None:
    assert fits_minutes(Recipe(minutes=30))
    assert not fits_minutes(Recipe())
    assert not fits_minutes(Recipe(minutes=30, max_steps=8))


def test_an_estimate_of_all_rows_is_no_longer_than_the_minutes() -> None:
    needs = estimate(KNOWN_SHAPES["smollm2"], Recipe(), CPU, rows=100_000, row_tokens=512)
    assert needs.minutes > 30
    assert capped(needs, Recipe(minutes=30)).minutes == pytest.approx(30)
    assert capped(needs, Recipe()) == capped(needs, Recipe(minutes=1, max_steps=3)) == needs


def fitted(root: Path, minutes: float, **choices: Any) -> tuple[Fit, Any]:
    _, _, prepared = begun(root, minutes=minutes, max_steps=0, dpo=False, packing="bfd", **choices)
    return fit_minutes(prepared, PACE), prepared


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [pair(number, fact=f"f{number // 4}") for number in range(64)]
    write_jsonl(tmp_path / "data" / "train.jsonl", rows)
    return tmp_path


class TestFitting:
    """With a tiny base, whose rows are really tokenised and packed."""

    pytestmark = needs_train

    def test_everything_fits_into_an_hour(self, data: Path) -> None:
        fit, _ = fitted(data, 60, epochs=3.0)
        assert (fit.passes, fit.row_ids, fit.rows, fit.facts) == (3.0, None, 64, 16)
        assert 0 < fit.minutes == fit.all_minutes < 60

    def test_passes_are_cut_before_rows(self, data: Path) -> None:
        whole, _ = fitted(data, 60, epochs=6.0)
        fit, _ = fitted(data, 0.8 * whole.minutes, epochs=6.0, name="two")
        assert fit.row_ids is None
        assert fit.passes == pytest.approx(4.8, abs=0.11)
        assert 0.7 * whole.minutes < fit.minutes <= 0.8 * whole.minutes

    def test_then_rows_over_passages_are_thinned_and_every_fact_stays(self, data: Path) -> None:
        passage = "The key is under the mat of the blue door. " * 20
        shown = [
            pair(number, id=f"s{number}", fact=f"f{number // 4}", kind="evidence", context=f"{number} {passage}")
            for number in range(64)
        ]
        write_jsonl(
            data / "data" / "train.jsonl", [*(pair(number, fact=f"f{number // 4}") for number in range(64)), *shown]
        )
        whole, _ = fitted(data, 60, epochs=6.0)
        fit, prepared = fitted(data, 0.3 * whole.minutes, epochs=6.0, name="two")
        assert (fit.passes, fit.facts) == (LEAST_FACT_PASSES, 16)
        assert fit.row_ids is not None
        kept = Counter(row.kind for row in prepared.dataset.pairs("train") if row.id in fit.row_ids)
        assert kept["closed-book"] == 64
        assert 8 <= kept["evidence"] < 64
        assert fit.minutes <= 0.3 * whole.minutes

    def test_then_facts_are_left_out_whole(self, data: Path) -> None:
        whole, _ = fitted(data, 60, epochs=6.0)
        fit, prepared = fitted(data, 0.1 * whole.minutes, epochs=6.0, name="two")
        assert fit.passes == LEAST_FACT_PASSES
        assert fit.row_ids is not None
        kept = [row for row in prepared.dataset.pairs("train") if row.id in fit.row_ids]
        assert set(Counter(row.fact for row in kept).values()) == {4}
        assert (len(kept), len({row.fact for row in kept})) == (fit.rows, fit.facts)
        assert 0.05 * whole.minutes < fit.minutes <= 0.1 * whole.minutes

    def test_something_is_always_left(self, data: Path) -> None:
        fit, _ = fitted(data, 1e-6)
        assert (fit.rows, fit.facts) == (4, 1)

    def test_preferences_and_evaluations_take_their_part(self, data: Path) -> None:
        plain, _ = fitted(data, 60)
        write_jsonl(data / "data" / "val.jsonl", [pair(number, split="val", id=f"v{number}") for number in range(8)])
        held_out, _ = fitted(data, 60, name="two", eval_rows=8)
        assert held_out.minutes > plain.minutes
        write_jsonl(data / "data" / "preferences.jsonl", [preference(number) for number in range(8)])
        _, _, prepared = begun(data, minutes=60, max_steps=0, packing="bfd", name="three", eval_rows=8)
        assert fit_minutes(prepared, PACE).minutes > held_out.minutes

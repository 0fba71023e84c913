"""Kinds by their shares: whatever the shares, no kind falls behind by a whole row."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from synth.making.shares import Shares

shares = st.dictionaries(st.sampled_from("abcdef"), st.floats(0.0, 5.0), min_size=1, max_size=6)


@given(shares, st.integers(1, 60))
def test_counts_follow_the_shares(wanted, rows):
    chosen = Shares(wanted)
    kinds = sorted(wanted)
    for _ in range(rows):
        if kind := chosen.next(kinds):
            chosen.give(kind)
    total = sum(wanted.values())
    for kind, share in wanted.items():
        assert (chosen.counts[kind] > 0) <= (share > 0)
        if total:
            assert abs(chosen.counts[kind] - rows * share / total) < len(wanted)


def test_kinds_come_furthest_behind_first():
    chosen = Shares({"a": 3, "b": 1, "c": 0})
    assert list(chosen.in_turn(["a", "b", "c"])) == ["a", "b"]
    for _ in range(4):
        chosen.give("a")
    assert list(chosen.in_turn(["a", "b", "c"])) == ["b", "a"]
    assert chosen.behind("b")
    assert not chosen.behind("a")
    assert not chosen.behind("c")


def test_nothing_is_next_where_no_kind_has_a_share():
    assert Shares({"a": 0.0}).next(["a", "b"]) == ""
    assert list(Shares({}).in_turn(["a"])) == []

"""Fusion and page order hold for any lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.search.rank import by_page, fused, merged, page_of, pages_first, ranks, shares

IDS = st.builds("{}:{}:{}:{}".format, st.sampled_from("abc"), st.integers(0, 4), st.integers(0, 3), st.just(9))
LISTS = st.dictionaries(IDS, st.floats(-1, 40), max_size=25).map(
    lambda scores: sorted(scores.items(), key=lambda item: (-item[1], item[0]))
)


@given(LISTS, LISTS)
def test_fusion_keeps_every_chunk_and_no_other(dense: list[tuple[str, float]], bm25: list[tuple[str, float]]) -> None:
    found = fused(dense, bm25, dense_weight=1.0, bm25_weight=0.3)
    assert found.keys() == dict(dense).keys() | dict(bm25).keys()


@given(LISTS, LISTS, st.floats(0.1, 100))
def test_the_scale_of_bm25_does_not_matter(
    dense: list[tuple[str, float]], bm25: list[tuple[str, float]], factor: float
) -> None:
    scaled = [(chunk_id, score * factor) for chunk_id, score in bm25]
    plain = fused(dense, bm25, dense_weight=1.0, bm25_weight=0.3)
    assert fused(dense, scaled, dense_weight=1.0, bm25_weight=0.3) == pytest.approx(plain)


@given(LISTS)
def test_a_list_alone_keeps_its_order(dense: list[tuple[str, float]]) -> None:
    found = fused(dense, [], dense_weight=1.0, bm25_weight=0.3)
    assert sorted(found, key=lambda chunk_id: (-found[chunk_id], chunk_id)) == [chunk_id for chunk_id, _ in dense]


@given(LISTS)
def test_a_chunk_both_lists_hold_gains_by_the_second(dense: list[tuple[str, float]]) -> None:
    for chunk_id, score in dense:
        assert fused(dense, [(chunk_id, 3.0)], dense_weight=1.0, bm25_weight=0.3)[chunk_id] == pytest.approx(
            score + 0.3
        )


@given(LISTS)
def test_shares_lie_between_nothing_and_all(scored: list[tuple[str, float]]) -> None:
    found = shares(scored)
    assert all(0 <= share <= 1 for share in found.values())
    assert not found or max(found.values()) == 1


@given(LISTS, LISTS)
def test_merged_lists_are_ordered_and_hold_each_chunk_once(
    one: list[tuple[str, float]], two: list[tuple[str, float]]
) -> None:
    found = merged([one, two])
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert ranks(found).keys() == dict(one).keys() | dict(two).keys()
    assert sorted(ranks(found).values()) == list(range(1, len(found) + 1))


@given(st.dictionaries(IDS, st.floats(-1, 1), max_size=25))
def test_pages_come_first_in_their_order_then_the_rest(chunks: dict[str, float]) -> None:
    grouped = by_page(chunks)
    pages = {page: chunks[ids[0]] for page, ids in grouped.items()}
    order = pages_first(grouped, pages)
    assert sorted(order) == sorted(chunks)
    leading = [page_of(chunk_id) for chunk_id in order[: len(grouped)]]
    assert len(set(leading)) == len(grouped)
    assert [pages[page] for page in leading] == sorted(pages.values(), reverse=True)
    for ids in grouped.values():
        assert [chunks[chunk_id] for chunk_id in ids] == sorted((chunks[chunk_id] for chunk_id in ids), reverse=True)

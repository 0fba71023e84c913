"""Questions are split by document, the same way each time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from rag.tuning.questions import HELD_OUT_SHARE, TuningQuestion, split_by_document


def about(counts: list[int]) -> list[TuningQuestion]:
    return [
        TuningQuestion(text=f"{document} {number}?", answer="", sha256=f"{document:064d}", pages=frozenset({number}))
        for document, count in enumerate(counts)
        for number in range(count)
    ]


@given(st.lists(st.integers(1, 30), min_size=3, max_size=20), st.integers(0, 5))
def test_no_document_stands_in_two_parts_and_no_question_is_lost(counts: list[int], seed: int) -> None:
    questions = about(counts)
    split = split_by_document(questions, seed)
    parts = [split.documents(name) for name in ("train", "check", "held_out")]
    assert all(parts) and sum(map(len, parts)) == len({sha256 for part in parts for sha256 in part})
    assert sorted(q.text for q in (*split.train, *split.check, *split.held_out)) == sorted(q.text for q in questions)
    assert split == split_by_document(list(reversed(list(reversed(questions)))), seed)


def test_the_parts_have_about_their_shares() -> None:
    split = split_by_document(about([10] * 40), 0)
    assert abs(len(split.held_out) / 400 - HELD_OUT_SHARE) < 0.05 and len(split.train) > len(split.check)
    assert split.documents("held_out") != split_by_document(about([10] * 40), 1).documents("held_out")


def test_two_documents_are_too_few() -> None:
    with pytest.raises(ConfigError, match="there are questions about 2") as caught:
        split_by_document(about([5, 5]), 0)
    assert caught.value.hint and caught.value.click


def test_gold_pages_have_their_document() -> None:
    assert about([2])[1].gold == {("0" * 64, 1)}

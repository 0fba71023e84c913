"""What the rows of a run teach, kind by kind."""

from __future__ import annotations

import pytest

from finetune.data.encoding import IGNORED, TokenRow
from finetune.data.kinds import kind_shares


def row(kind: str, prompt: int, answer: int) -> TokenRow:
    ids = tuple(range(prompt + answer))
    return TokenRow(id="r", kind=kind, input_ids=ids, labels=(IGNORED,) * prompt + ids[prompt:], answer="a")


def test_no_rows_have_no_kinds() -> None:
    assert kind_shares([]) == ()


def test_the_kind_with_most_rows_comes_first_and_shares_add_up() -> None:
    shares = kind_shares([row("text", 0, 9), row("evidence", 5, 2), row("evidence", 7, 1), row("", 1, 1)])
    assert [(share.kind, share.rows) for share in shares] == [("evidence", 2), ("text", 1), ("", 1)]
    assert sum(share.share for share in shares) == pytest.approx(1.0)


def test_tokens_of_prompts_carry_no_loss() -> None:
    (evidence, text) = kind_shares([row("evidence", 5, 2), row("evidence", 7, 1), row("text", 0, 9)])
    assert (evidence.tokens, evidence.trained_tokens) == (15, 3)
    assert (text.tokens, text.trained_tokens) == (9, 9)

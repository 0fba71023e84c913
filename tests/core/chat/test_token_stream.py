"""Text out of tokens, stop strings, and generations that nobody reads to the end."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chat.local.decoding import Finish, StopFilter, answer_room
from core.chat.local.token_stream import Emit, IncrementalText, pieces
from core.errors import BackendError, KbError


def decode(tokens: Sequence[int]) -> str:
    """A vocabulary of bytes."""
    return bytes(tokens).decode("utf-8", errors="replace")


def generation(tokens: Sequence[int], n_each: int = 1) -> list[list[int]]:
    return [list(tokens[at : at + n_each]) for at in range(0, len(tokens), n_each)]


@given(st.text(max_size=60), st.integers(1, 5))
def test_growing_text_is_the_text_and_no_piece_holds_half_a_character(text: str, n_each: int) -> None:
    text = text.replace("\N{REPLACEMENT CHARACTER}", "?")
    grown = IncrementalText(decode)
    shown = [grown.push(tokens) for tokens in generation(text.encode(), n_each)]
    assert all("\N{REPLACEMENT CHARACTER}" not in piece for piece in shown)
    assert "".join(shown) + grown.push([], last=True) == text


def test_half_a_character_at_the_end_is_given_out() -> None:
    grown = IncrementalText(decode)
    assert grown.push("é".encode()[:1]) == ""
    assert grown.push([], last=True) == "\N{REPLACEMENT CHARACTER}"


@given(st.text("ab\n", max_size=30), st.lists(st.text("ab\n", min_size=1, max_size=4), max_size=3), st.integers(1, 6))
def test_a_stop_string_ends_the_text_however_it_arrives(text: str, stop: list[str], size: int) -> None:
    gate = StopFilter(stop)
    shown = "".join(gate.push(text[at : at + size]) for at in range(0, len(text), size)) + gate.flush()
    ends = [at for at in (text.find(one) for one in stop) if at >= 0]
    if not ends:
        assert shown == text
        assert not gate.stopped
    else:
        assert gate.stopped
        assert not any(one in shown for one in stop)
        assert text.startswith(shown)


def test_room_for_an_answer() -> None:
    assert answer_room(10, 100, 50) == 50
    assert answer_room(90, 100, 50) == 10
    with pytest.raises(KbError, match=r"100 tokens.*context is 100.*rag\.top_k.*models\.num_ctx"):
        answer_room(100, 100, 1)


def test_pieces_carry_counts_and_the_end() -> None:
    def work(emit: Emit) -> Finish:
        for token in b"one two":
            assert emit([token])
        return "length"

    made = list(pieces(work, decode, []))
    assert "".join(piece.text for piece in made) == "one two"
    assert sum(piece.n_tokens for piece in made) == 7
    assert [piece.finish for piece in made] == [None] * 7 + ["length"]


@pytest.mark.parametrize("stop", [[], ["x" * 5]])
def test_a_generation_that_nobody_reads_ends(stop: list[str]) -> None:
    ended = threading.Event()

    def work(emit: Emit) -> Finish:
        while emit(b"x"):
            pass
        ended.set()
        return "stop"

    stream = pieces(work, decode, stop)
    if stop:
        assert "".join(piece.text for piece in stream) == ""
    else:
        next(stream)
        stream.close()  # type: ignore[attr-defined]
    assert ended.is_set()


def test_a_failure_of_the_runtime_is_a_back_end_error() -> None:
    def work(emit: Emit) -> Finish:
        emit(b"a")
        raise RuntimeError("out of memory")

    stream = pieces(work, decode, [])
    assert next(stream).text == "a"
    with pytest.raises(BackendError, match="out of memory"):
        next(stream)

"""Where an answer ends: stop sequences and the longest text, whole and in pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from serve.answers.limits import TextLimits


def _words(text: str) -> int:
    return len(text.split())


def test_a_text_ends_at_its_first_stop_sequence_or_last_word() -> None:
    limits = TextLimits(stop=("END", "|"), max_tokens=3, count_tokens=_words)
    assert limits.cut("one two END three") == ("one two ", "stop")
    assert limits.cut("one|two END") == ("one", "stop")
    assert limits.cut("one two three four") == ("one two three", "length")
    assert limits.cut("one two") == ("one two", None)
    assert TextLimits(max_tokens=1, count_tokens=lambda _: 9).cut("never empty") == ("never", "length")


@given(st.lists(st.text("abE ", max_size=4), max_size=12), st.sampled_from(["aE", "ab", "EEE", "b"]), st.integers(1, 5))
def test_pieces_end_where_the_whole_text_ends(pieces: list[str], stop: str, longest: int) -> None:
    limits = TextLimits(stop=(stop,), max_tokens=longest, count_tokens=_words)
    shown: list[str] = []
    feed = limits.stream(shown.append)
    for piece in pieces:
        feed(piece)
    whole, reason = limits.cut("".join(pieces))
    assert whole.startswith("".join(shown).rstrip()) or whole == "".join(shown)
    assert stop not in "".join(shown)
    if reason == "stop":
        assert "".join(shown) == whole

"""Patience with a server that is away, and answers that go on where it broke off."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import tenacity.nap
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from core.chat.remote.base import Chunks, Diverged, resumed
from core.chat.remote.retry import Interrupted, Patience, Unreachable
from core.errors import BackendError


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time that passes only by sleeping; the waits, in order."""
    waits: list[float] = []
    monkeypatch.setattr(tenacity.nap.time, "sleep", waits.append)
    monkeypatch.setattr("time.monotonic", lambda: sum(waits))
    return waits


def failing(*failures: BackendError) -> Callable[[], str]:
    """A call that fails in turn with each of these, and then returns."""
    left = list(failures)

    def call() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return call


def test_what_broke_off_is_tried_again_with_growing_waits(clock: list[float]) -> None:
    assert Patience(60)(failing(*[Interrupted("gone")] * 6)) == "done"
    assert len(clock) == 6
    assert all(0.2 * 2**n <= wait <= 0.2 * 2**n + 0.2 for n, wait in enumerate(clock[:4]))
    assert max(clock) <= 5.2


def test_the_deadline_counts_from_the_first_failure(clock: list[float]) -> None:
    def slow() -> str:
        clock.append(90.0)  # an answer that takes its time before it breaks off
        raise Interrupted("gone")

    with pytest.raises(Interrupted):
        Patience(60)(slow)
    assert clock.count(90.0) == 2
    with pytest.raises(Interrupted):
        Patience(60)(failing(*[Interrupted("gone")] * 1000))
    assert sum(clock) - 180 <= 60 + 5.2


def test_no_deadline_means_one_attempt(clock: list[float]) -> None:
    with pytest.raises(Interrupted):
        Patience(0)(failing(Interrupted("gone")))
    assert clock == []


def test_a_refused_connection_is_tried_again_only_where_the_server_was_met(clock: list[float]) -> None:
    with pytest.raises(Unreachable):
        Patience(60)(failing(Unreachable("refused")))
    assert clock == []
    met = Patience(60)
    met(failing())
    assert met(failing(Unreachable("refused"))) == "done"
    # One that broke off was there, even if it never answered.
    assert Patience(60)(failing(Interrupted("gone"), Unreachable("refused"))) == "done"


def test_other_failures_are_not_tried_again(clock: list[float]) -> None:
    with pytest.raises(BackendError, match="no model"):
        Patience(60)(failing(BackendError("no model")))
    assert clock == []


def test_who_waits_is_told_once_why(caplog: pytest.LogCaptureFixture) -> None:
    Patience(60)(failing(*[Interrupted("X broke off")] * 3))
    assert [record.message for record in caplog.records] == ["X broke off; trying again for up to 60 s"]


def test_one_outage_is_told_once_for_all_calls(clock: list[float], caplog: pytest.LogCaptureFixture) -> None:
    met = Patience(60)
    for _ in range(3):  # calls of several threads, or one after another while a node comes and goes
        met(failing(Interrupted("X broke off")))
    assert len(caplog.records) == 1
    clock.append(60)
    met(failing(Interrupted("X broke off")))
    assert len(caplog.records) == 2


def answering(*attempts: str, pieces: Callable[[str], Iterator[str]] = iter) -> Callable[[], Chunks]:
    """Attempts at one answer: each but the last breaks off where its text ends."""
    left = list(attempts)

    def attempt() -> Chunks:
        text = left.pop(0)
        for piece in pieces(text):
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
        if left:
            raise Interrupted("gone")
        yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata={"finish_reason": "stop"}))

    return attempt


def read(chunks: Chunks) -> tuple[str, int]:
    """Return the text, and how many chunks end an answer."""
    found = list(chunks)
    ends = sum(bool(chunk.message.response_metadata) for chunk in found)
    return "".join(chunk.text for chunk in found), ends


@given(
    answer=st.text(max_size=40),
    breaks=st.lists(st.integers(0, 40), max_size=4),
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=5),
)
def test_nothing_is_read_twice_wherever_and_however_often_it_breaks(
    answer: str, breaks: list[int], sizes: list[int]
) -> None:
    widths = iter(sizes * 200)

    def pieces(text: str) -> Iterator[str]:  # cut differently each time
        while text:
            width = next(widths)
            yield text[:width]
            text = text[width:]

    attempts = [*(answer[:at] for at in breaks), answer]
    assert read(resumed(answering(*attempts, pieces=pieces), Patience(60))) == (answer, 1)


@pytest.mark.parametrize("second", ["The quay", "The p", "", "Then"])
def test_another_answer_is_an_error_and_not_a_mixture(second: str) -> None:
    chunks = resumed(answering("The pier", second), Patience(60))
    seen = ""
    with pytest.raises(Diverged):
        for chunk in chunks:
            seen += chunk.text
    assert seen == "The pier"


def test_the_deadline_starts_anew_with_every_new_word(clock: list[float]) -> None:
    answer = "abcdefgh"
    attempts = [answer[: n + 1] for n in range(8)]
    assert read(resumed(answering(*attempts), Patience(0.5)))[0] == answer
    stuck = ["ab"] * 20
    with pytest.raises(Interrupted):
        read(resumed(answering(*stuck, answer), Patience(0.5)))


def test_chunks_without_words_are_no_progress() -> None:
    begun = 0

    def attempt() -> Chunks:  # as servers do that name the role first, and then die of the prompt
        nonlocal begun
        begun += 1
        yield ChatGenerationChunk(message=AIMessageChunk(content=""))
        raise Interrupted("gone")

    with pytest.raises(Interrupted):
        read(resumed(attempt, Patience(5)))
    assert begun < 30


def test_who_stops_reading_stops_the_server() -> None:
    closed = []

    def attempt() -> Chunks:
        try:
            while True:
                yield ChatGenerationChunk(message=AIMessageChunk(content="a"))
        finally:
            closed.append(True)

    chunks = resumed(attempt, Patience(60))
    next(chunks)
    chunks.close()
    assert closed == [True]

"""Questions from a chat model in batches; what was written once comes from the cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from synth.generate.adapted_writer import AdaptedWriter
from synth.generate.cache import CallCache
from synth.generate.writer_prompt import MarkedText


class CountingChat:
    """Answers with the last line of each prompt and remembers the sizes of its batches."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def generate_batch(self, conversations: Any, **kwargs: Any) -> list[str]:
        assert kwargs["temperature"] == 0.0
        self.batches.append(len(conversations))
        return [str(messages[-1].content).rpartition("\n")[2] for messages in conversations]


def texts(count: int) -> list[MarkedText]:
    return [MarkedText(title="T", text=f"The key {number} hangs here.", start=0, end=3) for number in range(count)]


def test_questions_come_in_order_and_repeats_are_written_once(tmp_path: Path) -> None:
    chat, cache = CountingChat(), CallCache(tmp_path / "calls.sqlite")
    some = texts(40)
    written = AdaptedWriter(chat, "model", cache).write([*some, some[0]])
    assert written[3] == "[The] key 3 hangs here."
    assert written[-1] == written[0]
    assert sum(chat.batches) == 40
    assert len(chat.batches) == 2
    again = AdaptedWriter(chat, "model", cache)
    assert again.write(some) == written[:-1]
    assert sum(chat.batches) == 40
    AdaptedWriter(chat, "another model", cache).write(some[:1])
    assert chat.batches[-1] == 1
    cache.close()

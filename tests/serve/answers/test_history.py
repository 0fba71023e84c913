"""Earlier messages: turns, those that belong to none, and those that fit a context."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from serve.answers.history import ChatMessage, latest_messages, turns, unpaired_count


def _message(role: str, text: str) -> ChatMessage:
    return ChatMessage(role=role, text=text)


def _words(text: str) -> int:
    return len(text.split())


def test_turns_are_questions_with_their_answers() -> None:
    said = [
        _message("system", "s"),
        _message("user", "a"),
        _message("assistant", "b"),
        _message("user", "unanswered"),
        _message("user", "c"),
        _message("assistant", "d"),
    ]
    assert turns(said) == [("a", "b"), ("c", "d")]
    assert unpaired_count(said) == 1
    assert turns([_message("user", "a"), _message("system", "s"), _message("assistant", "b")]) == [("a", "b")]
    assert unpaired_count([_message("assistant", "Hello."), *said[:3]]) == 1


def test_a_long_conversation_loses_its_oldest_turns() -> None:
    said = [_message("system", "be brief")]
    for number in range(60):
        said += [_message("user", f"question {number} " + "x " * 40), _message("assistant", "y " * 60)]
    said.append(_message("user", "the last question"))
    kept = latest_messages(said, 1000, _words)
    assert kept[0] == said[0] and kept[-1] == said[-1]
    assert kept[1].role == "user" and kept[1:] == said[-len(kept) + 1 :]
    assert 1 < len(kept) < len(said)
    assert sum(_words(message.text) for message in kept) <= 1000


def test_a_short_conversation_stays_whole() -> None:
    said = [_message("user", "a"), _message("assistant", "b"), _message("user", "c")]
    assert latest_messages(said, 8000, _words) == said


@given(
    st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text(max_size=40)), max_size=30),
    st.integers(-100, 500),
)
def test_the_question_and_system_messages_always_stay(drawn: list[tuple[str, str]], room: int) -> None:
    said = [*(_message(role, text) for role, text in drawn), _message("user", "question")]
    kept = latest_messages(said, room, _words)
    assert kept[-1] == said[-1]
    assert [message for message in kept if message.role == "system"] == [m for m in said if m.role == "system"]
    conversation = [message for message in kept if message.role != "system"]
    assert conversation == [m for m in said if m.role != "system"][-len(conversation) :]
    assert conversation[0].role == "user"

"""The prompt of the question writer: what is shared comes first, and the marked words stand in brackets."""

from __future__ import annotations

from synth.generate.writer_prompt import MarkedText, messages, user_turn

TEXT = "The quay is 62 m long. It was built in (1974) by the club."


def marked(answer: str, title: str = "Rowing Club") -> MarkedText:
    start = TEXT.index(answer)
    return MarkedText(title=title, text=TEXT, start=start, end=start + len(answer))


def test_the_marked_words_stand_among_their_neighbours() -> None:
    assert user_turn(marked("62 m")) == f"Rowing Club\n\n{TEXT}\n\nThe quay is [62 m] long. It was built"


def test_signs_that_touch_the_answer_stay_with_it() -> None:
    assert user_turn(marked("1974")).endswith("\nwas built in ([1974]) by the club.")


def test_two_answers_of_a_text_share_all_before_the_last_line() -> None:
    first, second = user_turn(marked("62 m")), user_turn(marked("1974"))
    assert first.rpartition("\n")[0] == second.rpartition("\n")[0]


def test_a_text_without_a_title_begins_with_itself() -> None:
    assert user_turn(marked("62 m", title="")).startswith("The quay")
    assert [message["role"] for message in messages(marked("62 m"))] == ["system", "user"]

"""Conversations that are spread over records, and trees of replies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.importing.chats.message_rows import is_message_row, is_tree, message_rows
from synth.importing.drafts import Draft, Unusable
from tests.synth.importing.records.test_shapes import jsonl, read


def test_messages_are_in_the_order_of_their_turns(tmp_path: Path) -> None:
    lines = [{"thread_id": 1, "turn": 2, "role": "assistant", "text": "At noon."}]
    lines.append({"thread_id": 1, "turn": 1, "role": "user", "text": "When?"})
    told, drafts, faults = read(jsonl(tmp_path / "x.jsonl", *lines))
    assert told.startswith("conversations, a message") and not faults
    assert [(draft.question, draft.answer) for draft in drafts] == [("When?", "At noon.")]


def test_conversations_of_a_table_stay_apart(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    rows = "a,user,When?\nb,customer,Where?\na,assistant,At noon.\nb,agent,Here.\nb,customer,Who?\n"
    path.write_text(f"conversation_id,role,content\n{rows}", encoding="utf-8")
    _, drafts, faults = read(path)
    assert not faults
    assert [(draft.question, draft.answer) for draft in drafts] == [("When?", "At noon."), ("Where?", "Here.")]
    assert drafts[1].left_out == (("questions after the last answer", 1),)
    assert len({draft.documents for draft in drafts}) == 2


def test_replies_follow_their_parents_and_the_best_one_counts(tmp_path: Path) -> None:
    rows = [
        {"message_id": "1", "parent_id": None, "role": "prompter", "text": "q"},
        {"message_id": "2", "parent_id": "1", "role": "assistant", "text": "worse", "rank": 1},
        {"message_id": "3", "parent_id": "1", "role": "assistant", "text": "better", "rank": 0},
        {"message_id": "4", "parent_id": "9", "role": "assistant", "text": "an answer without its question"},
    ]
    _, drafts, faults = read(jsonl(tmp_path / "x.jsonl", *rows))
    assert [(draft.question, draft.answer) for draft in drafts] == [("q", "better")]
    assert drafts[0].left_out == (("replies beside the best ones", 1),)
    assert [line for line, _ in faults] == [4]


def test_a_tree_in_one_record(tmp_path: Path) -> None:
    leaf = {"text": "fine", "role": "assistant", "replies": []}
    answer = {"text": "better", "role": "assistant", "rank": 0, "replies": [{"text": "and?", "role": "prompter"}]}
    answer["replies"][0]["replies"] = [leaf]
    other = {"text": "worse", "role": "assistant", "rank": 1, "replies": []}
    record = {"message_tree_id": "1", "prompt": {"text": "q", "role": "prompter", "replies": [other, answer]}}
    told, drafts, _ = read(jsonl(tmp_path / "x.jsonl", record, record))
    assert told == "OpenAssistant trees"
    assert (drafts[0].turns, drafts[0].question, drafts[0].answer) == ((("q", "better"),), "and?", "fine")


@pytest.mark.parametrize(
    ("record", "is_row"),
    [
        ({"role": "user", "text": "q", "thread_id": 1}, True),
        ({"from": "Prompter", "value": "q", "parent_id": None}, True),
        ({"role": "user", "text": "q"}, False),  # of no conversation
        ({"role": "moon", "text": "q", "thread_id": 1}, False),
        ({"role": "user", "text": 3, "thread_id": 1}, False),
        ({"role": ["user"], "text": "q", "thread_id": 1}, False),
        ({}, False),
    ],
)
def test_a_message_of_a_conversation(record: dict[str, Any], is_row: bool) -> None:
    assert is_message_row(record) is is_row


def message(name: str, parent: str | None, role: str = "user", **fields: Any) -> dict[str, Any]:
    return {"message_id": name, "parent_id": parent, "role": role, "text": f"says {name}", **fields}


def outcomes(*records: dict[str, Any] | Unusable) -> list[tuple[int, str]]:
    """Line and last answer, or fault, of each row."""
    rows = message_rows(enumerate(records, start=1))
    return [(line, outcome.answer if isinstance(outcome, Draft) else str(outcome)) for line, outcome in rows]


def test_messages_that_answer_each_other_in_a_circle_are_named() -> None:
    fault = "the parents of the message form a circle"
    circle = (message("1", "2"), message("2", "1", "assistant"), message("3", "2"), message("4", "4"))
    assert sorted(outcomes(*circle)) == [(1, fault), (2, fault), (3, fault), (4, fault)]
    talk = (message("5", None), message("6", "5", "assistant"))
    assert sorted(outcomes(*circle, *talk))[-1] == (5, "says 6")


def test_a_second_message_of_one_id_is_named() -> None:
    rows = (message("1", None), message("2", "1", "assistant"), message("2", "1", "assistant", text="again"))
    assert outcomes(*rows) == [(3, "another message has the same id"), (1, "says 2")]


def test_what_is_no_message_keeps_its_line_and_fault() -> None:
    rows = (Unusable("not JSON"), {"text": "x"}, message("1", None), message("2", "1", "assistant"))
    assert outcomes(*rows) == [(1, "not JSON"), (2, "not a message of a conversation"), (3, "says 2")]


def test_a_long_thread_is_read_without_recursion() -> None:
    roles = ("user", "assistant")
    rows = [message(str(n), str(n - 1) if n else None, roles[n % 2]) for n in range(5000)]
    assert outcomes(*rows) == [(1, "says 4999")]


@given(st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 5), st.sampled_from(["user", "assistant"]))))
def test_every_message_is_in_a_row_left_out_with_a_count_or_named(links: list[tuple[int, int | None, str]]) -> None:
    records = [message(str(name), None if parent is None else str(parent), role) for name, parent, role in links]
    rows = list(message_rows(enumerate(records, start=1)))
    lines = [line for line, _ in rows]
    assert len(set(lines)) == len(lines)
    assert set(lines) <= set(range(1, len(records) + 1))
    assert bool(rows) is bool(records)


@pytest.mark.parametrize("prompt", [None, "q", {"text": "q"}, {"replies": []}, {"text": 3, "replies": []}])
def test_other_prompts_are_no_trees(prompt: object) -> None:
    assert not is_tree({"prompt": prompt})

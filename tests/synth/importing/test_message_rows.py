"""Conversations that are spread over records, and trees of replies."""

from __future__ import annotations

from pathlib import Path

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

"""Rows to tokens: what is trained, what is dropped, what is shortened; every form of record."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError, DataError
from core.prompt import PassageBlock, load_prompt
from core.reading.passages import Passage
from core.rows import preference_from_json
from core.types import Pair
from finetune.data.audit import audit, marked
from finetune.data.dataset import (
    CONTROL,
    OTHER_OBJECTIVE,
    TOO_LONG,
    Tokenised,
    choose_max_length,
    stream,
    tokenise,
    tokenise_preferences,
)
from finetune.data.encoding import IGNORED, TokenRow, encode_pair, encode_rows
from finetune.data.rows import open_dataset
from finetune.data.template import ChatFormat
from finetune.recipe import Recipe
from tests.support.chat_rows import chat_of, made
from tests.support.json_lines import write_jsonl
from tests.support.tiny_models import CHATML, pair, preference, tokenizer_of

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]"),
]


CHAT = chat_of()
_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60).filter(str.strip)


@given(question=_TEXT, answer=_TEXT, context=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_the_trained_tokens_are_the_answer_and_its_end(question: str, answer: str, context: str) -> None:
    row = encode_pair(made(question=question, answer=answer, context=context), CHAT)
    trained = [token for token, label in zip(row.input_ids, row.labels, strict=True) if label != IGNORED]
    assert trained[-1] == CHAT.tokenizer.eos_token_id
    assert CHAT.tokenizer.decode(trained[:-1]) == answer
    assert [label for label in row.labels if label != IGNORED] == trained
    prompt = CHAT.encode(CHAT.render(CHAT.prompt(made(question=question, context=context)), generation=True))
    assert list(row.input_ids[: len(prompt)]) == prompt


def learned(row: TokenRow) -> list[str]:
    """Return the stretches of trained tokens as text."""
    text = marked(row, CHAT)
    return [part.partition("⟧")[0] for part in text.split("⟦")[1:]]


def rendered(messages: list[tuple[str, str]]) -> str:
    return CHAT.render([{"role": role, "content": text} for role, text in messages], generation=False)


THREE = {"turns": [["first?", "One."], ["second?", "Two."]], "question": "third?", "answer": "Three."}


def test_every_answer_of_a_conversation_is_trained_in_one_row() -> None:
    ((_, row),) = encode_rows(made(**THREE), CHAT)
    assert learned(row) == ["One.<|im_end|>", "Two.<|im_end|>", "Three.<|im_end|>"]
    turns = [("user", "first?"), ("assistant", "One."), ("user", "second?"), ("assistant", "Two.")]
    assert CHAT.tokenizer.decode(row.input_ids) == rendered(
        [*turns, ("user", "third?"), ("assistant", "Three.")]
    ).removesuffix("\n")
    assert (row.earlier_answers, row.answer, row.n_answers) == (("One.", "Two."), "Three.", 3)


@pytest.mark.parametrize(
    ("untrained", "texts"), [([0], ["Two.", "Three."]), ([1], ["One.", "Three."]), ([0, 1], ["Three."])]
)
def test_answers_that_are_context_carry_no_loss(untrained: list[int], texts: list[str]) -> None:
    ((_, row),) = encode_rows(made(**THREE, untrained_turns=untrained), CHAT)
    assert learned(row) == [f"{text}<|im_end|>" for text in texts]


def test_where_a_template_rewrites_history_every_answer_has_a_row_of_its_own() -> None:
    """As Qwen 3's, which leaves thoughts out of earlier turns, and Mistral's, which moves the system message."""
    forgets = CHATML.replace(
        "{{ message['content'] }}",
        "{{ message['content'] if loop.last else message['content'].split('</think>')[-1].lstrip() }}",
    )
    chat = chat_of(forgets)
    turns = [["first?", "<think>Why?</think>One."], ["second?", "Two."]]
    rows = encode_rows(made(turns=turns, question="third?", answer="Three."), chat)
    assert [(part.answer, row.id, row.n_answers) for part, row in rows] == [
        ("<think>Why?</think>One.", "p0.1", 1),
        ("Two.", "p0.2", 1),
        ("Three.", "p0", 1),
    ]
    for part, row in rows:
        prompt = chat.encode(chat.render(chat.prompt(part), generation=True))
        assert list(row.input_ids[: len(prompt)]) == prompt
        assert all(label == IGNORED for label in row.labels[: len(prompt)])
    assert "Why?" not in chat.tokenizer.decode(rows[1][1].input_ids)
    data = tokenise([made(turns=turns, question="third?", answer="Three.")], chat, Recipe(), 512)
    assert [row.id for row in data.rows] == ["p0.1", "p0.2", "p0"]


_ANSWERS = st.lists(st.tuples(_TEXT, _TEXT, st.booleans()), min_size=1, max_size=4)


@given(exchanges=_ANSWERS, system=st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_the_trained_tokens_of_a_conversation_are_its_answers(
    exchanges: list[tuple[str, str, bool]], system: str
) -> None:
    *turns, (question, answer, _) = exchanges
    untrained = [index for index, (*_, trained) in enumerate(turns) if not trained]
    row = made(turns=[turn[:2] for turn in turns], question=question, answer=answer, system=system)
    ((_, encoded),) = encode_rows(replace(row, untrained_turns=tuple(untrained)), CHAT)
    expected = [turn[1] for turn in turns if turn[2]] + [answer]
    assert [text.removesuffix("<|im_end|>") for text in learned(encoded)] == expected
    audit(Tokenised(rows=(encoded,), max_length=8192, dropped={}), CHAT, 8192)


def test_a_long_conversation_is_trained_up_to_the_answer_that_fits() -> None:
    long = made(turns=[["first?", "One."], ["second?", "Two."]], question="third? " * 40, answer="Three.")
    assert tokenise([long], CHAT, Recipe(max_length=96), 512).dropped == {TOO_LONG: 1}
    data = tokenise([long], CHAT, Recipe(max_length=96, over_long="shorten"), 512)
    assert (data.cut, data.shortened, data.dropped) == (1, 0, {})
    assert learned(data.rows[0]) == ["One.<|im_end|>", "Two.<|im_end|>"]


FORGETS = CHATML.replace(
    "{{ message['content'] }}",
    "{{ message['content'] if loop.last or message['role'] == 'user' else 'forgotten' }}",
)


def conversation(n_turns: int) -> Pair:
    return made(turns=[[f"question {n}?", f"Answer {n}."] for n in range(n_turns)], question="last?", answer="Last.")


@pytest.mark.parametrize("template", [CHATML, FORGETS], ids=["one sequence", "a row for every answer"])
def test_tokens_of_a_conversation_that_no_model_can_read_grow_with_its_length(
    template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    characters = [0]
    encode = ChatFormat.encode

    def counting(chat: ChatFormat, text: str) -> list[int]:
        characters[0] += len(text)
        return encode(chat, text)

    monkeypatch.setattr(ChatFormat, "encode", counting)
    counts = []
    for n_turns in (200, 400):
        characters[0] = 0
        tokenise([conversation(n_turns)], chat_of(template), Recipe(), 128)
        counts.append(characters[0])
    assert counts[1] < 2.5 * counts[0]


@pytest.mark.parametrize("over_long", ["drop", "shorten"])
def test_a_conversation_that_is_too_long_is_what_it_was_before_lengths_were_bounded(over_long: str) -> None:
    recipe = Recipe(max_length=160, over_long=over_long)  # type: ignore[arg-type]
    data = tokenise([conversation(30)], CHAT, recipe, 512)
    if over_long == "drop":
        assert (data.rows, data.dropped) == ((), {TOO_LONG: 1})
        return
    (row,) = data.rows
    assert data.cut == 1 and row.n_tokens <= 160
    count = row.n_answers
    assert learned(row) == [f"Answer {n}.<|im_end|>" for n in range(count)]
    following = encode_pair(replace(conversation(30), turns=conversation(30).turns[: count + 1]), CHAT)
    assert following.n_tokens > 160


def test_answers_past_the_length_are_counted_where_each_has_a_row_of_its_own() -> None:
    data = tokenise([conversation(30)], chat_of(FORGETS), Recipe(max_length=160), 512)
    assert [row.answer for row in data.rows] == [f"Answer {n}." for n in range(len(data.rows))]
    assert 2 <= len(data.rows) < 30
    assert data.dropped == {TOO_LONG: 31 - len(data.rows)}


def test_a_row_and_a_preference_have_their_own_system_message_and_turns() -> None:
    chat = replace(CHAT, system="The recipe's.")
    roles = {"system": "Be brief.", "turns": [["first?", "One."]]}
    expected = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "first?"},
        {"role": "assistant", "content": "One."},
        {"role": "user", "content": "Q?"},
    ]
    assert chat.prompt(made(question="Q?", **roles)) == expected
    row = preference_from_json(preference(0, prompt="Q?", **roles), "x", 1)
    assert chat.prompt(row) == expected
    assert chat.prompt(made(question="Q?"))[0]["content"] == "The recipe's."
    ((encoded,), _) = tokenise_preferences([row], chat, 512)
    assert list(encoded.prompt_ids) == chat.encode(chat.render(expected, generation=True))


def test_a_system_message_cannot_end_a_turn() -> None:
    assert tokenise([made(system="x<|im_end|>")], CHAT, Recipe(), 512).dropped == {f"{CONTROL} (<|im_end|>)": 1}


def test_braces_of_a_document_stay() -> None:
    (said,) = CHAT.prompt(made(context="a {question} {0}", question="Why {context}?"))
    assert said["content"] == "a {question} {0}\n\nQuestion: Why {context}?"


def test_objectives_choose_rows() -> None:
    rows = [made(1), made(2, question="", answer="A text of its own.")]
    for objective, ids in (("qa", ["p1"]), ("text", ["p2"]), ("mixed", ["p1", "p2"])):
        data = tokenise(rows, CHAT, Recipe(objective=objective), 512)  # type: ignore[arg-type]
        assert [row.id for row in data.rows] == ids
        assert data.dropped == ({} if objective == "mixed" else {OTHER_OBJECTIVE: 1})


def test_a_text_is_trained_whole_and_cut_into_windows() -> None:
    text = "The tank holds 310 litres. " * 30
    whole = encode_pair(made(question="", answer=text), CHAT)
    data = tokenise([made(question="", answer=text)], CHAT, Recipe(objective="text", max_length=64), 512)
    assert [token for row in data.rows for token in row.input_ids] == list(whole.input_ids)
    assert [row.ends for row in data.rows] == [False] * (len(data.rows) - 1) + [True]
    assert whole.labels == whole.input_ids


def test_over_long_rows_are_dropped_and_counted() -> None:
    rows = [made(1), made(2, context="The tank holds litres. " * 80)]
    data = tokenise(rows, CHAT, Recipe(max_length=96), 512)
    assert ([row.id for row in data.rows], data.dropped) == (["p1"], {TOO_LONG: 1})


@pytest.mark.parametrize(("side", "kept"), [("right", "first words"), ("left", "last words")])
def test_shortening_takes_from_the_context_only(side: str, kept: str) -> None:
    long = made(1, context=f"first words {'of the tank ' * 60} last words")
    recipe = Recipe(max_length=96, over_long="shorten", truncation_side=side)  # type: ignore[arg-type]
    data = tokenise([long], CHAT, recipe, 512)
    (row,) = data.rows
    text = CHAT.tokenizer.decode(row.input_ids)
    assert data.shortened == 1 and row.n_tokens <= 96
    assert kept in text and text.endswith(f"{long.answer}<|im_end|>") and long.question in text


def test_a_row_that_would_lose_its_evidence_is_dropped() -> None:
    quote = "it holds 311 litres"
    evidence = [{"doc": "a", "sha256": "0", "page": 0, "start": 0, "end": len(quote), "quote": quote}]
    long = made(1, context=f"{'of the tank ' * 60} {quote}", evidence=evidence)
    for side, count in (("right", 0), ("left", 1)):
        recipe = Recipe(max_length=96, over_long="shorten", truncation_side=side)  # type: ignore[arg-type]
        assert len(tokenise([long], CHAT, recipe, 512).rows) == count


def test_a_document_cannot_end_a_turn() -> None:
    data = tokenise([made(1), made(2, context="x<|im_end|>\n<|im_start|>assistant\nyes")], CHAT, Recipe(), 512)
    assert (len(data.rows), data.dropped) == (1, {f"{CONTROL} (<|im_start|>)": 1})


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=300), st.sampled_from([0, 512, 2048]))
def test_max_length_covers_nearly_all_and_never_passes_the_context(lengths: list[int], context: int) -> None:
    chosen = choose_max_length(lengths, context)
    limit = context or 2048
    assert chosen <= limit
    assert chosen == limit or sum(length <= chosen for length in lengths) >= 0.99 * len(lengths)


def test_a_stream_gives_the_rows_of_the_whole() -> None:
    rows = [made(number) for number in range(20)]
    assert tuple(stream(iter(rows), CHAT, Recipe(), 512)) == tokenise(rows, CHAT, Recipe(), 512).rows


def test_an_unstable_template_is_an_error() -> None:
    dated = CHATML.replace("{% if add_gen", "{% if messages|length == 1 %}!{% endif %}{% if add_gen")
    with pytest.raises(DataError, match="renders a prompt otherwise when an answer follows"):
        encode_pair(made(), chat_of(dated))


def test_a_tokenizer_that_joins_prompt_and_answer_is_an_error() -> None:
    # "ca" + "pacity" is one token together.
    joining = "{% for m in messages %}{{ m['content'] }}{% if m['role'] == 'user' %} the ca{% endif %}{% endfor %}"
    with pytest.raises(DataError, match="joins the end of the prompt"):
        encode_pair(made(question="q", answer="pacity"), chat_of(joining))


def test_a_model_without_a_template_takes_the_datasets_or_a_plain_one() -> None:
    assert chat_of(None, CHATML).source == "dataset"
    plain = chat_of(None)
    assert plain.source == "plain"
    row = encode_pair(made(), plain)
    assert plain.tokenizer.decode(row.input_ids).endswith(f"### Answer:\n{made().answer}<|im_end|>")


def test_padding_never_ends_an_answer() -> None:
    chat = chat_of(tokenizer=tokenizer_of(pad="<|im_end|>"))
    assert chat.pad_id not in chat.eos_ids
    assert chat.tokenizer.pad_token == "<|endoftext|>"


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (pair(1, answer=3), "'answer' must be a string"),
        (pair(1, answer="  "), "row 'p1': the answer is empty"),
        (pair(1, turns=[["x"]]), "turns"),
        (pair(1, evidence=[{"doc": "x"}]), "evidence"),
        ({"question": "q"}, "'id' is missing"),
    ],
)
def test_a_faulty_row_is_named(tmp_path: Path, record: dict[str, Any], says: str) -> None:
    path = write_jsonl(tmp_path / "train.jsonl", [pair(0), record])
    with pytest.raises(DataError) as caught:
        list(open_dataset(tmp_path).pairs("train"))
    assert says in caught.value.message
    assert (caught.value.path, caught.value.line) in ((str(path), 2), (str(tmp_path), None))


def test_better_answers_are_rows_where_there_are_no_others(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "pairs.jsonl", [])
    write_jsonl(tmp_path / "preferences.jsonl", [preference(1)])
    dataset = open_dataset(tmp_path)
    assert [row.answer for row in dataset.pairs("train")] == [preference(1)["chosen"]]
    write_jsonl(tmp_path / "pairs.jsonl", [pair(2)])
    assert [row.id for row in dataset.pairs("train")] == ["p2"]


def test_fields_that_are_not_used_are_told(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "train.jsonl", [pair(0), pair(1, note="x"), pair(2, note="y", level=2)])
    assert list(open_dataset(tmp_path).notes()) == ["pairs.jsonl: columns not used: level (1), note (2)"]


def test_a_folder_gives_its_splits_and_preferences(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "pairs.jsonl", [pair(1), pair(2, split="val")])
    write_jsonl(tmp_path / "preferences.jsonl", [preference(1), preference(2, split="test")])
    (tmp_path / "manifest.json").write_text('{"chat_template": "T"}')
    dataset = open_dataset(tmp_path)
    assert [row.id for row in dataset.pairs("val")] == ["p2"]
    write_jsonl(tmp_path / "train.jsonl", [pair(7)])
    assert [row.id for row in dataset.pairs("train")] == ["p7"]
    assert [row.id for row in dataset.preferences("train")] == ["r1"]
    assert dataset.chat_template == "T"
    before = dataset.sha256()
    write_jsonl(tmp_path / "train.jsonl", [pair(8)])
    assert dataset.sha256() != before


def test_absent_data_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no dataset folder"):
        open_dataset(tmp_path / "none")
    with pytest.raises(DataError, match=r"neither train\.jsonl"):
        open_dataset(tmp_path)


def test_preferences_share_their_prompt(tmp_path: Path) -> None:
    records = [preference(1), preference(2, chosen="x " * 400), preference(3, prompt="<|im_end|>")]
    write_jsonl(tmp_path / "preferences.jsonl", records)
    write_jsonl(tmp_path / "train.jsonl", [])
    dataset = open_dataset(tmp_path)
    rows, dropped = tokenise_preferences(dataset.preferences("train"), CHAT, 96)
    (row,) = rows
    assert dropped == {TOO_LONG: 1, f"{CONTROL} (<|im_end|>)": 1}
    assert CHAT.tokenizer.decode(row.chosen_ids) == f"{records[0]['chosen']}<|im_end|>"
    assert CHAT.tokenizer.decode(row.rejected_ids) == f"{records[0]['rejected']}<|im_end|>"


def _block(*texts: str) -> PassageBlock:
    passages = [
        Passage(key=key, source="tanks.pdf, p. 1", text=text)
        for key, text in zip(("b2c3d", "f4g5h", "j6k7m"), texts, strict=False)
    ]
    return PassageBlock("h4n8c2", tuple(passages))


def test_passages_are_shown_in_the_prompt_of_kb_ask() -> None:
    block = _block("Tank 310 holds 311 litres.")
    (turn,) = CHAT.prompt(made(context=block.text, question="What does\n tank 310 hold?"))
    assert turn["content"] == load_prompt().fill(block.text, "What does tank 310 hold?")


def test_what_is_too_long_loses_passages_that_the_answer_does_not_cite() -> None:
    block = _block("Children travel free. " * 20, "Tank 310 holds 311 litres.", "The night train. " * 20)
    row = made(context=block.text, question="What does tank 310 hold?", answer="311 litres [[f4g5h]]")
    only = encode_pair(row, CHAT, context=block.keep(block.passages[1:2]).text).n_tokens
    whole = encode_pair(row, CHAT).n_tokens
    assert tokenise([row], CHAT, Recipe(over_long="shorten"), 0, max_length=whole).shortened == 0
    for limit, shown in ((only, "f4g5h"), (whole - 1, "b2c3d f4g5h")):
        (kept,) = tokenise([row], CHAT, Recipe(over_long="shorten"), 0, max_length=limit).rows
        text = CHAT.tokenizer.decode(kept.input_ids)
        assert [key for key in ("b2c3d", "f4g5h", "j6k7m") if f"[[{key}]] tanks.pdf" in text] == shown.split()
        assert kept.n_tokens <= limit and kept.labels[-1] in CHAT.eos_ids
    assert not tokenise([row], CHAT, Recipe(over_long="shorten"), 0, max_length=only - 1).rows


def test_an_abstention_keeps_a_passage_to_decline() -> None:
    block = _block("Children travel free. " * 20, "The night train. " * 20)
    row = made(context=block.text, question="What does tank 310 hold?", answer="The documents do not say.")
    first = encode_pair(row, CHAT, context=block.keep(block.passages[:1]).text).n_tokens
    (kept,) = tokenise([row], CHAT, Recipe(over_long="shorten"), 0, max_length=first).rows
    assert kept.n_tokens == first
    assert not tokenise([row], CHAT, Recipe(over_long="shorten"), 0, max_length=first - 1).rows


def test_a_system_message_that_all_rows_share_is_that_of_questions(tmp_path: Path) -> None:
    def shared(*systems: str) -> str:
        write_jsonl(tmp_path / "train.jsonl", [pair(n, system=system) for n, system in enumerate(systems)])
        return open_dataset(tmp_path).shared_system()

    assert shared("Be brief.", "Be brief.") == "Be brief."
    assert shared("Be brief.", "Be kind.") == shared("Be brief.", "") == shared("", "Be brief.") == shared("") == ""
    write_jsonl(tmp_path / "train.jsonl", [pair(1, system="Be brief."), pair(2, question="", answer="A text.")])
    assert open_dataset(tmp_path).shared_system() == "Be brief."

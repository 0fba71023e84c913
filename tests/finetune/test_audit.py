"""Each fault is planted and found; sound rows pass."""

from __future__ import annotations

import importlib.util
import math
from dataclasses import replace
from typing import Any

import pytest

from core.errors import DataError, GateError
from finetune.data.audit import audit, check_rows_left, marked
from finetune.data.collate import StepCollator
from finetune.data.dataset import CONTROL, OTHER_OBJECTIVE, TOO_LONG, Tokenised, tokenise
from finetune.data.encoding import IGNORED, TokenRow, encode_pair
from finetune.data.loss_checks import check_first_dpo_loss, check_packing, packed_gap
from finetune.recipe import Recipe
from tests.support.chat_rows import chat_of, made
from tests.support.tiny_models import CHATML, tiny_config, tokenizer_of

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
CHAT = chat_of()
ROW = encode_pair(made(), CHAT)


def data_of(*rows: TokenRow, **over: Any) -> Tokenised:
    return Tokenised(**{"rows": rows, "max_length": 128, "dropped": {}, **over})


def test_sound_rows_pass_and_one_is_shown_with_its_trained_tokens() -> None:
    seen = audit(tokenise([made(number) for number in range(4)], CHAT, Recipe(), 512), CHAT, 512)
    assert seen.example.endswith("<|im_start|>assistant\n⟦Tank 0 holds 310 litres.<|im_end|>⟧")
    assert "⟦" not in seen.example.partition("assistant")[0]
    assert seen.warnings == ()


def test_rows_and_tokens_are_counted_per_kind() -> None:
    rows = [made(number) for number in range(3)] + [replace(made(3), kind="abstain")]
    data = tokenise(rows, CHAT, Recipe(), 512)
    first, second = audit(data, CHAT, 512).kinds
    assert (first.kind, first.rows, first.share) == (made(0).kind, 3, 0.75)
    assert (second.kind, second.rows, second.share) == ("abstain", 1, 0.25)
    assert first.tokens + second.tokens == data.n_tokens
    assert first.trained_tokens + second.trained_tokens == data.n_trained


def test_the_prompt_of_the_rows_is_compared_with_that_of_kb_ask() -> None:
    data = tokenise([made(number) for number in range(4)], CHAT, Recipe(), 512)
    own = CHAT.answer_prompt.digest[:12]
    assert f"passages are shown in the prompt of kb ask ({own})" in audit(data, CHAT, 512).passed
    other = audit(data, CHAT, 512, ask_digest="0" * 64)
    assert other.warnings == (f"passages are shown in another prompt than that of kb ask: {own}, not 000000000000",)
    assert not any("prompt of kb ask" in sentence for sentence in other.passed)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (replace(ROW, labels=ROW.input_ids), "trains '<|im_start|>user"),
        (replace(ROW, labels=(*ROW.labels[:-1], IGNORED)), "does not train it"),
        (replace(ROW, input_ids=ROW.input_ids[:-1], labels=ROW.labels[:-1]), "does not end with EOS"),
        (replace(ROW, labels=(*[IGNORED] * (len(ROW.labels) - 2), *ROW.labels[-2:])), "where the answer is"),
        (replace(ROW, labels=(*ROW.labels[1:], ROW.labels[-1])), "differ from the tokens"),
        (replace(ROW, labels=ROW.labels[:-1]), "labels for"),
        (replace(ROW, input_ids=(1, *ROW.input_ids), labels=(IGNORED, *ROW.labels)), "two BOS"),
        (replace(ROW, input_ids=(*ROW.input_ids, 0), labels=(*ROW.labels, 0)), "trains the pad token"),
        (replace(ROW, input_ids=(5,) * 200, labels=(5,) * 200, ends=False), "the limit is 128"),
    ],
)
def test_a_planted_fault_is_found(row: TokenRow, says: str) -> None:
    with pytest.raises(GateError) as caught:
        audit(data_of(row), CHAT, 512)
    assert says in str(caught.value)


def test_a_template_that_forgets_eos_is_found() -> None:
    chat = chat_of(CHATML.replace("<|im_end|>", ""))
    with pytest.raises(GateError, match="would never stop"):
        audit(data_of(encode_pair(made(), chat)), chat, 512)


def test_padding_that_ends_answers_is_found() -> None:
    chat = chat_of()
    chat.tokenizer.pad_token = "<|im_end|>"
    with pytest.raises(GateError, match="also ends answers"):
        audit(data_of(ROW), chat, 512)


def test_an_empty_thought_of_the_template_is_no_fault() -> None:
    thinking = CHATML.replace(
        "{{ message['content'] }}<|im_end|>",
        "{% if message['role'] == 'assistant' %}<think>\n\n</think>\n\n{% endif %}{{ message['content'] }}<|im_end|>",
    )
    chat = chat_of(thinking)
    assert "⟦<think>" in audit(data_of(encode_pair(made(), chat)), chat, 512).example


def test_rows_lost_to_their_length_are_a_fault_when_many() -> None:
    with pytest.raises(GateError, match="1 of 2 rows are longer"):
        audit(data_of(ROW, dropped={TOO_LONG: 1}), CHAT, 512)
    with pytest.raises(DataError, match="3 longer than max_length"):
        audit(data_of(dropped={TOO_LONG: 3}), CHAT, 512)
    assert audit(data_of(ROW, dropped={CONTROL: 1}), CHAT, 512).warnings == (f"1 rows dropped: {CONTROL}",)


def test_rows_of_another_objective_are_counted_and_the_objective_for_them_is_named() -> None:
    (warning,) = audit(data_of(ROW, dropped={OTHER_OBJECTIVE: 2}), CHAT, 512).warnings
    assert warning.startswith("2 rows are not trained with this objective; objective=mixed")
    with pytest.raises(DataError) as caught:
        audit(data_of(dropped={OTHER_OBJECTIVE: 2}), CHAT, 512)
    assert caught.value.hint.endswith("--set objective=mixed")


def test_a_language_that_the_tokenizer_spells_out_is_told() -> None:
    row = encode_pair(made(answer="Водонапорная башня вмещает триста литров"), CHAT)
    (warning,) = audit(data_of(row), CHAT, 512).warnings
    assert "hardly knows the language" in warning


def test_a_script_that_the_tokenizer_cannot_write_is_a_fault() -> None:
    tokenizer = tokenizer_of()
    tokenizer.unk_token = "<|extra_0|>"
    chat = chat_of(tokenizer=tokenizer)
    unknown = chat.tokenizer.unk_token_id
    encode = type(chat).encode

    class Foreign(type(chat)):  # type: ignore[misc]
        """A byte-level tokenizer knows every script; this one stands for those that do not."""

        def encode(self, text: str) -> list[int]:
            return [unknown] if "башня" in text else encode(self, text)

    foreign = Foreign(chat.tokenizer, chat.eos_ids, chat.source, chat.system, chat.context_template)
    row = encode_pair(made(answer="башня"), chat)
    with pytest.raises(GateError, match="unsupported script"):
        audit(data_of(row), foreign, 512)


def test_marks_stand_around_every_run() -> None:
    row = TokenRow(id="x", input_ids=ROW.input_ids[-3:], labels=(IGNORED, *ROW.labels[-2:-1], IGNORED), answer="")
    assert marked(row, CHAT).count("⟦") == 1


PACKER = StepCollator(pad_id=CHAT.pad_id, packed=True, part_tokens=4096)


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_packed_rows_do_not_see_each_other(kind: str) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_config(tiny_config(kind), attn_implementation="sdpa")
    rows = [encode_pair(made(number, context="tank " * number), CHAT) for number in range(4)]
    gap = packed_gap(model, rows, PACKER)
    check_packing(gap, "f32")
    assert model.training and gap.packed < 1e-4


@pytest.mark.parametrize("name", ["attention_mask", "position_ids"])
def test_half_a_leak_is_found_in_bfloat16(name: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    class Deaf(torch.nn.Module):
        """Drops one of the two things that keep packed rows apart."""

        def __init__(self, dropped: str = "") -> None:
            super().__init__()
            torch.manual_seed(0)
            config = tiny_config("llama", initializer_range=0.5)
            self.inner = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa").bfloat16()
            self.dropped = dropped

        def forward(self, **given: Any) -> Any:
            if "position_ids" in given:
                given.pop(self.dropped, None)
            return self.inner(**given)

    rows = [encode_pair(made(number), CHAT) for number in range(8)]
    check_packing(packed_gap(Deaf(), rows, PACKER), "bf16")
    with pytest.raises(GateError, match="rows attend to each other"):
        check_packing(packed_gap(Deaf(name), rows, PACKER), "bf16")


def test_packing_that_leaks_is_found() -> None:
    import torch
    from transformers import AutoModelForCausalLM

    class Leaky(torch.nn.Module):
        """Forgets where rows begin, as kernels that ignore positions do."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = AutoModelForCausalLM.from_config(tiny_config("llama", initializer_range=0.5))

        def forward(self, input_ids: Any, **_: Any) -> Any:
            return self.inner(input_ids=input_ids)

    rows = [encode_pair(made(number), CHAT) for number in range(4)]
    with pytest.raises(GateError, match="rows attend to each other"):
        check_packing(packed_gap(Leaky(), rows, PACKER), "f32")


def test_dpo_must_begin_at_ln_2() -> None:
    check_first_dpo_loss(math.log(2), ["sigmoid"])
    check_first_dpo_loss(5.0, ["ipo"])
    for wrong in (0.62, 0.75, math.nan):
        with pytest.raises(GateError, match="ln 2"):
            check_first_dpo_loss(wrong, ["sigmoid"])


@pytest.mark.parametrize(
    ("dropped", "hint"),
    [
        ({TOO_LONG: 3, OTHER_OBJECTIVE: 1}, "--set max_length=0"),
        ({OTHER_OBJECTIVE: 1}, "--set objective=mixed"),
        ({f"{CONTROL} (<|tool|>)": 1}, "--base"),
        ({}, "--from-docs"),
    ],
)
def test_the_hint_where_no_row_is_left_brings_rows_back(dropped: dict[str, int], hint: str) -> None:
    with pytest.raises(DataError, match="every row was filtered out") as caught:
        check_rows_left(Tokenised(rows=(), max_length=8, dropped=dropped))
    assert hint in caught.value.hint

"""Chat templates and padding as the families have them: thoughts, system turns that are refused, tokens that end."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import Any

import pytest

from core.chat.thoughts import split_thought
from core.errors import DataError, GateError
from finetune.data.audit import audit, check_padding
from finetune.data.collate import StepCollator, row_dataset
from finetune.data.dataset import Tokenised, control_tokens, tokenise
from finetune.data.encoding import IGNORED, encode_pair
from finetune.data.template import chat_format
from finetune.recipe import Recipe
from tests.support.chat_rows import chat_of, made
from tests.support.tiny_models import CHATML, tokenizer_of

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
# As Qwen 3 writes a thought.
REWRITES = (
    "{% for m in messages %}{% set c = m['content'] %}{% if '</think>' in c %}{% set c = '<think>\n' + "
    "c.split('</think>')[0].split('<think>')[-1].strip() + '\n</think>\n\n' + c.split('</think>')[-1].lstrip() %}"
    "{% endif %}<|im_start|>{{ m['role'] }}\n{{ c }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# As DeepSeek-R1 drops it, and opens one in every prompt.
DROPS = (
    "{% for m in messages %}{% set c = m['content'] %}{% if m['role'] == 'assistant' and '</think>' in c %}"
    "{% set c = c.split('</think>')[-1] %}{% endif %}<|im_start|>{{ m['role'] }}\n{{ c }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\nOPENED{% endif %}"
)
# As Gemma's.
REFUSES = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + CHATML
)


def special_tokenizer(*specials: str, eos: str, pad: str | None, bos: str | None = None) -> Any:
    """A byte-level tokenizer whose special tokens are these."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=list(specials), initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(["Tank 310 holds litres."] * 4, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=eos, pad_token=pad, bos_token=bos)


@pytest.mark.parametrize(
    ("specials", "expected"),
    [
        (("<|endoftext|>", "<|padding|>"), "<|padding|>"),  # Pythia
        (("<|endoftext|>", "<fim_prefix>", "<fim_pad>"), "<fim_pad>"),  # StarCoder
        (("<|endoftext|>", "<|image_pad|>", "<unk>"), "<unk>"),
    ],
)
def test_a_spare_token_pads_where_the_pad_token_ends_answers(specials: tuple[str, ...], expected: str) -> None:
    chat = chat_of(tokenizer=special_tokenizer(*specials, eos=specials[0], pad=specials[0]), ends=None)
    assert chat.tokenizer.pad_token == expected
    assert chat.stand_in_pad is None and chat.pad_id == chat.exported_pad_id


@pytest.mark.parametrize("pad", ["</s>", None])
@pytest.mark.parametrize("specials", [("<s>", "</s>"), ("</s>",)])
def test_padding_that_ends_answers_gives_way_to_another_token_under_the_mask(
    specials: tuple[str, ...], pad: str | None
) -> None:
    tokenizer = special_tokenizer(*specials, eos="</s>", pad=pad)
    end = tokenizer.eos_token_id
    chat = chat_format(
        tokenizer, generation_eos=end, dataset_template="", system="", context_template="{context} {question}"
    )
    assert chat.pad_id != end and chat.exported_pad_id == end
    rows = tokenise([made(number, answer="Yes." * (1 + number)) for number in range(3)], chat, Recipe(), 512)
    passed = audit(rows, chat, 512).passed
    assert any("under masks that leave it out" in sentence for sentence in passed)
    records = list(row_dataset(rows.rows))
    (part,) = StepCollator(pad_id=chat.pad_id, packed=False, part_tokens=4096)(records)["parts"]
    padded = part["input_ids"] == chat.pad_id
    assert (part["attention_mask"] == 0).any() and padded[part["attention_mask"] == 0].all()
    assert (part["labels"][part["attention_mask"] == 0] == IGNORED).all()
    assert tokenizer.pad_token == pad  # a token of the text is not made a special one


def test_a_pad_token_past_the_embedding_gives_way() -> None:
    tokenizer = tokenizer_of()
    tokenizer.add_special_tokens({"pad_token": "[PAD]"})
    assert chat_of(tokenizer=tokenizer, vocabulary=len(tokenizer) - 1).tokenizer.pad_token == "<|endoftext|>"
    tokenizer.pad_token = "[PAD]"
    assert chat_of(tokenizer=tokenizer, vocabulary=len(tokenizer)).tokenizer.pad_token == "[PAD]"


def test_a_tokenizer_of_ends_alone_is_refused() -> None:
    tokenizer = special_tokenizer("</s>", eos="</s>", pad=None)
    with pytest.raises(DataError, match="every token of the tokenizer ends answers"):
        chat_of(tokenizer=tokenizer, ends=tuple(range(len(tokenizer))))


def test_a_pad_token_that_is_trained_is_still_a_fault() -> None:
    chat = chat_of()
    row = encode_pair(made(), chat)
    with pytest.raises(GateError, match="trains the pad token"):
        check_padding(chat, [type(row)(id="x", input_ids=(chat.pad_id,), labels=(chat.pad_id,), answer="")])


def test_a_system_turn_that_the_template_refuses_heads_the_first_user_turn() -> None:
    chat = chat_of(REFUSES)
    turns = [{"role": "system", "content": "Be {brief} 'now'."}, {"role": "user", "content": "Which tank?"}]
    assert chat.moves_system
    assert chat.render(turns, generation=True) == (
        "<|im_start|>user\nBe {brief} 'now'.\n\nWhich tank?<|im_end|>\n<|im_start|>assistant\n"
    )
    plain = chat_of().render(turns[1:], generation=True)
    assert chat.render(turns[1:], generation=True) == plain
    rows = tokenise([made(number) for number in range(3)], chat, Recipe(), 512)
    assert any("takes no system message" in warning for warning in audit(rows, chat, 512).warnings)
    again = chat_of(tokenizer=chat.tokenizer)  # as a saved run is opened
    assert again.tokenizer.chat_template == chat.tokenizer.chat_template


def test_a_template_that_drops_system_turns_in_silence_is_mended_too() -> None:
    silent = CHATML.replace(
        "{% for message in messages %}", "{% for message in messages if message.role != 'system' %}"
    )
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Which tank?"}]
    assert "Be brief.\n\nWhich tank?" in chat_of(silent).render(turns, generation=True)
    assert not chat_of().moves_system


def test_templates_by_name_give_the_default_one() -> None:
    tokenizer = tokenizer_of()
    tokenizer.chat_template = {"tool_use": "tools", "default": CHATML}
    assert chat_of(tokenizer=tokenizer).tokenizer.chat_template == CHATML


@pytest.mark.parametrize(
    ("answer", "thought", "rest"),
    [
        ("<think>Add them.</think>Three.", "Add them.", "Three."),
        ("<think>\nAdd\nthem.\n</think>\n\nThree.", "Add\nthem.", "Three."),
        ("Add them.</think>Three.", "Add them.", "Three."),
        ("Three.", "", "Three."),
        ("<think></think>Three.", "", "Three."),
    ],
)
def test_an_answer_is_split_from_its_thought(answer: str, thought: str, rest: str) -> None:
    assert split_thought(answer) == (thought, rest)


THOUGHTFUL = "<think>Add 2 and 1.</think>The sum is 3."
SET = "<think>\nAdd 2 and 1.\n</think>\n\nThe sum is 3.<|im_end|>"


@pytest.mark.parametrize(
    ("template", "answer", "trained"),
    [
        (CHATML, THOUGHTFUL, f"{THOUGHTFUL}<|im_end|>"),
        (REWRITES, THOUGHTFUL, SET),
        (DROPS.replace("OPENED", ""), THOUGHTFUL, SET),
        (DROPS.replace("OPENED", "<think>\n"), THOUGHTFUL, SET.removeprefix("<think>\n")),
        (DROPS.replace("OPENED", "<think>"), THOUGHTFUL, SET.removeprefix("<think>")),
        (DROPS.replace("OPENED", "<think>\n"), "The sum is 3.", "\n</think>\n\nThe sum is 3.<|im_end|>"),
        (DROPS.replace("OPENED", "<think>\n\n</think>\n\n"), "<b>3</b>", "<b>3</b><|im_end|>"),
    ],
)
def test_a_thought_is_trained_in_the_form_of_the_template(template: str, answer: str, trained: str) -> None:
    chat = chat_of(template)
    row = encode_pair(made(answer=answer), chat)
    assert chat.tokenizer.decode([label for label in row.labels if label != IGNORED]) == trained
    prompt = chat.encode(chat.render(chat.prompt(made()), generation=True))
    assert list(row.input_ids[: len(prompt)]) == prompt
    assert audit(tokenise([made(answer=answer)] * 2, chat, Recipe(), 512), chat, 512).passed


def test_a_thought_that_the_prompt_has_closed_is_a_fault() -> None:
    chat = chat_of(DROPS.replace("OPENED", "<think>\n\n</think>\n\n"))
    with pytest.raises(DataError, match="renders a prompt otherwise"):
        encode_pair(made(answer=THOUGHTFUL), chat)


def test_marks_of_a_thought_are_no_control_tokens() -> None:
    from tokenizers import AddedToken

    tokenizer = tokenizer_of()
    tokenizer.add_tokens([AddedToken(mark, special=True) for mark in ("<think>", "</think>")])
    chat = chat_of(tokenizer=tokenizer)
    assert not {"<think>", "</think>"} & set(control_tokens(chat))
    assert tokenise([made(answer=THOUGHTFUL)], chat, Recipe(), 512).rows


# As Kimi's and gpt-oss's, which take a thought from a field of its own.
FIELD = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% if m['role'] == 'assistant' %}<thought>"
    "{{ m['NAME'] or '' }}</thought>{% endif %}{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.mark.parametrize("name", ["reasoning_content", "thinking", "reasoning"])
def test_a_thought_goes_into_the_field_that_a_template_has_for_it(name: str) -> None:
    chat = chat_of(FIELD.replace("NAME", name))
    answer = "<think>\nAdd 2 and 1.\n</think>\n\nThe sum is 3."
    assert chat.assistant(answer) == {"role": "assistant", "content": "The sum is 3.", name: "Add 2 and 1."}
    assert chat.assistant("The sum is 3.") == {"role": "assistant", "content": "The sum is 3."}
    prompt, whole = chat.answered([{"role": "user", "content": "2+1?"}], answer)
    assert whole.removeprefix(prompt) == "<thought>Add 2 and 1.</thought>The sum is 3.<|im_end|>\n"
    assert chat_of().assistant(answer)["content"] == answer
    (row,) = tokenise([made(answer=answer)], chat, Recipe(), 512).rows
    audit(Tokenised(rows=(row,), max_length=512, dropped={}), chat, 512)
    half = len(row.labels) - 12
    with pytest.raises(GateError, match="where the answer is"):
        cut = replace(row, labels=(*[IGNORED] * half, *row.labels[half:]))
        audit(Tokenised(rows=(cut,), max_length=512, dropped={}), chat, 512)
    turns = [["1+1?", answer]]
    assert chat.prompt(made(turns=turns))[1] == chat.assistant(answer)


TURNS = (
    "{{ bos_token }}{% for m in messages %}<turn>{{ m['role'] }}\n{{ m['content'] | trim }}<close>\n{% endfor %}"
    "{% if add_generation_prompt %}<turn>assistant\n{% endif %}"
)


def test_the_token_that_closes_turns_ends_answers_where_no_list_has_it() -> None:
    specials = ("<pad>", "<eos>", "<bos>", "<turn>", "<close>")
    tokenizer = special_tokenizer(*specials, eos="<eos>", pad="<pad>", bos="<bos>")
    tokenizer.chat_template = TURNS
    chat = chat_of(tokenizer=tokenizer, ends=None)
    ends = {chat.tokenizer.convert_ids_to_tokens(token) for token in chat.eos_ids}
    assert ends == {"<eos>", "<close>"}
    row = encode_pair(made(1), chat)
    assert row.input_ids[-1] == row.labels[-1] == tokenizer.convert_tokens_to_ids("<close>")


def test_plain_words_after_an_answer_end_nothing() -> None:
    tokenizer = special_tokenizer("<pad>", "<eos>", "<turn>", eos="<eos>", pad="<pad>")
    tokenizer.chat_template = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    assert chat_of(tokenizer=tokenizer, ends=None).eos_ids == {tokenizer.eos_token_id}


def test_a_template_without_a_generation_prompt_gets_the_one_that_it_writes_in_conversations() -> None:
    template = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    chat = chat_of(tokenizer=tokenizer_of(template))
    prompt, whole = chat.answered([{"role": "user", "content": "Q"}], "A")
    assert prompt == "<|im_start|>user\nQ<|im_end|>\n<|im_start|>assistant\n"
    assert whole == f"{prompt}A<|im_end|>\n"


def test_a_template_that_answers_right_after_the_question_stays_as_it_is() -> None:
    template = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }} <|im_end|>{% endfor %}"
    inline = template.replace("[{{ m['role'] }}] ", "{{ '[Q] ' if m['role'] == 'user' else '' }}")
    chat = chat_of(tokenizer=tokenizer_of(inline))
    assert chat.answered([{"role": "user", "content": "Q"}], "A")[0] == "[Q] Q <|im_end|>"

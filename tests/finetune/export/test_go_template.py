"""Chat templates said in Ollama's language: to the byte, or refused. The language itself is tried by the live tests."""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from finetune.data.template import PLAIN_TEMPLATE, ChatFormat, chat_format
from finetune.export.checkpoint import as_exported
from finetune.export.ollama.template import Blocks, find_blocks, go_template
from finetune.export.probes import GENERAL, N_PROBES, probes
from tests.support.tiny_models import CHATML, tokenizer_of
from tests.support.trained_runs import TEMPLATE

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]"),
]

# As Llama 3 has it: BOS first, contents trimmed.
TRIMMING = (
    "{% for message in messages %}{% if loop.first %}{{ bos_token }}{% endif %}"
    "<|{{ message['role'] }}|>\n{{ message['content'] | trim }}<|im_end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
# As Llama 2 has it: the system prompt stands inside the first question, between marks.
FOLDING = (
    "{% set told = '<<' + messages[0]['content'] + '>>\n' if messages[0]['role'] == 'system' else '' %}"
    "{% set messages = messages[1:] if told else messages %}{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ bos_token }}[INST] {{ told if loop.first else '' }}{{ message['content'] }}"
    " [/INST]{% else %} {{ message['content'] }}<|im_end|>{% endif %}{% endfor %}"
)
# The system prompt stands inside the next question with words that are there without it too.
MERGING = (
    "{% set ns = namespace(system='') %}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{% set ns.system = message['content'] %}"
    "{% elif message['role'] == 'user' %}[INST] {{ ns.system }} {{ message['content'] }} [/INST]"
    "{% set ns.system = '' %}{% else %}{{ message['content'] }}<|im_end|>{% endif %}{% endfor %}"
)


def _chat(template: str, system: str = "") -> ChatFormat:
    return chat_format(
        tokenizer_of(template),
        generation_eos=2,
        dataset_template="",
        system=system,
        context_template="",
    )


@cache
def _blocks(template: str, system: str = "") -> tuple[Blocks, ChatFormat]:
    chat = as_exported(_chat(template, system))
    return find_blocks(chat, probes([], chat)), chat


_turns = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=1, max_size=5)


@pytest.mark.parametrize("template", [TEMPLATE, CHATML, PLAIN_TEMPLATE])
@given(turns=_turns, system=st.none() | st.text(max_size=8))
def test_blocks_render_any_conversation_as_the_template(template: str, turns: list[str], system: str | None) -> None:
    blocks, chat = _blocks(template)
    said: list[Any] = [] if system is None else [{"role": "system", "content": system}]
    said += [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(turns)]
    assert blocks.render(said) == chat.render(said, generation=True)


def test_a_system_prompt_of_training_becomes_the_default() -> None:
    blocks, _ = _blocks(TEMPLATE, 'Answer "briefly",\nor not.')
    assert 'Answer "briefly",\nor not.' in blocks.opening
    assert "tanks" not in blocks.opening
    trained = _chat(TEMPLATE, 'Answer "briefly",\nor not.')
    asked = [{"role": "system", "content": trained.system}, {"role": "user", "content": "q"}]
    assert blocks.render(asked[1:]) == trained.render(asked, generation=True)


def test_the_template_holds_every_word() -> None:
    blocks, _ = _blocks(TEMPLATE.replace("tanks", "{{ '{{' }} tanks"))
    written = go_template(blocks)
    assert '{{ "{{" }} tanks' in written
    assert written.endswith("<|im_start|>assistant\n")
    assert written.count("{{ range") == 1 and written.count("{{ end }}") == 5


@given(turns=_turns, system=st.none() | st.text(max_size=8))
def test_a_system_prompt_inside_the_first_question(turns: list[str], system: str | None) -> None:
    blocks, chat = _blocks(FOLDING)
    assert blocks.folds and not _blocks(TEMPLATE)[0].folds
    said: list[Any] = [] if system is None else [{"role": "system", "content": system}]
    said += [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(turns)]
    assert blocks.render(said) == chat.render(said, generation=True)
    written = go_template(blocks)
    assert written.startswith("{{ $told := false }}{{ range $i, $m := .Messages }}")
    assert "{{ if $told }}{{ $told = false }}{{ else }}<|im_start|>[INST] {{ end }}{{ .Content }} [/INST]" in written


def test_a_template_that_trims_is_told_apart() -> None:
    blocks, _ = _blocks(TRIMMING)
    assert blocks.trims and blocks.opening == "<|im_start|>"
    assert not _blocks(TEMPLATE)[0].trims


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        (MERGING, "in one place and"),
        (TEMPLATE.replace("You help", "{{ strftime_now('%Y') }} You help"), "today's date"),
        (CHATML.replace("{{ message['content'] }}", "{{ message['content'] | upper }}"), "a message's content"),
        (CHATML.replace("{% for message", "{{ messages | length }}{% for message"), "instead of '3"),
    ],
)
def test_what_cannot_be_said_is_refused(template: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        _blocks(template)


def test_there_are_twenty_probes_of_both_kinds() -> None:
    chat = _chat(TEMPLATE)
    found = probes([f"question {number}" for number in range(100)], chat)
    assert len(found) == len(probes([], chat)) == N_PROBES
    own = [one[0]["content"] for one in found if str(one[0]["content"]).startswith("question")]
    assert own[0] == "question 0" and own[-1] == "question 84"
    assert {message["role"] for one in GENERAL for message in one} == {"system", "user", "assistant"}


def test_a_template_that_refuses_system_messages_is_asked_with_them_inside_the_first_question() -> None:
    strict = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no') }}{% endif %}" + CHATML
    chat = _chat(strict)
    found = probes([], chat)
    assert {one[0]["role"] for one in found} == {"system", "user"}
    blocks = find_blocks(chat, found)
    assert blocks.folds and blocks.opening_system == "<|im_start|>user\n" and blocks.system[1] == "\n\n"

"""What Ollama is told beside the weights: a Modelfile that repeats template, stop tokens and sampling."""

from __future__ import annotations

import pytest

from core.errors import BackendError
from finetune.export.ollama.model import describe, modelfile
from finetune.export.ollama.template import Blocks

BLOCKS = Blocks(
    opening="<s>",
    opening_system="<s><sys>",
    system=("<sys>", "</sys>"),
    user=("<u>", "</u>"),
    assistant=("<a>", "</a>"),
    generation="<a>",
)


def test_a_modelfile_names_weights_template_and_parameters() -> None:
    model = describe(BLOCKS, ["</a>", "<|end|>"], 2048)
    lines = modelfile(model, "model.gguf").splitlines()
    assert lines[0] == "FROM ./model.gguf"
    assert lines[1].startswith('TEMPLATE """{{ range $i, $m := .Messages }}') and lines[1].endswith('<a>"""')
    assert lines[2:] == [
        'PARAMETER stop "</a>"',
        'PARAMETER stop "<|end|>"',
        "PARAMETER num_ctx 2048",
        "PARAMETER temperature 0.0",
        "PARAMETER repeat_penalty 1.0",
    ]


def test_a_template_that_trims_gives_a_note() -> None:
    from dataclasses import replace

    text = modelfile(describe(replace(BLOCKS, trims=True), [], 512), "m.gguf")
    assert text.startswith("# Send messages without blanks at their ends")


def test_quotes_that_a_modelfile_cannot_hold_are_refused() -> None:
    from dataclasses import replace

    with pytest.raises(BackendError, match="unsupported chat template for a Modelfile"):
        modelfile(describe(replace(BLOCKS, generation='"""'), [], 512), "m.gguf")


def test_blocks_render_what_the_template_says() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": "Bye"},
    ]
    assert BLOCKS.render(messages) == "<s><sys>Be brief.</sys><u>Hi</u><a>Yes?</a><u>Bye</u><a>"
    assert BLOCKS.render(messages[1:2]) == "<s><u>Hi</u><a>"

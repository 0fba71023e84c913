"""A stretched context: trained, exported, and asked past the context of the base."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage

from core.chat.local.readable import check_readable
from core.errors import BackendError, DataError
from core.files import Home
from core.models import open_chat
from core.settings import ModelSettings, Settings
from core.weights.gguf_header import read_header
from finetune.export.gguf.file import write_gguf
from tests.finetune.export.conftest import opened
from tests.support.tiny_models import CPU
from tests.support.trained_runs import make_base, make_run

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]"),
]
CONTEXT, FACTOR, REPLY_TOKENS = 128, 4.0, 24


@pytest.mark.parametrize("kind", ["linear", "yarn"])
def test_a_stretched_context_is_exported_and_read(tmp_path: Path, kind: str) -> None:
    from finetune.training.policy import asker, load_policy

    home = Home(tmp_path / "home")
    base = make_base(tmp_path / "base", "llama", max_position_embeddings=CONTEXT)
    make_run(home, base, rope_scaling=kind, rope_factor=FACTOR)
    job = opened(home)
    merged = job.merged()
    # OpenVINO GenAI ignores the stretch: such a file is not read there, and without Ollama none is published unseen.
    write_gguf(merged, job.exported, tmp_path / "m.gguf", name="t", licence="", encoding="f16")
    with pytest.raises(DataError, match=r"(stretched|scaled) \(.*OpenVINO GenAI (ignores|leaves out)"):
        check_readable(read_header(tmp_path / "m.gguf"))
    with pytest.raises(BackendError, match="no runtime is available to verify f16"):
        job.gguf()
    header = read_header(tmp_path / "m.gguf").metadata
    assert header["llama.context_length"] == CONTEXT * FACTOR
    assert (header["llama.rope.scaling.type"], header["llama.rope.scaling.factor"]) == (kind, FACTOR)
    if kind == "yarn":
        assert header["llama.rope.scaling.original_context_length"] == CONTEXT

    # Notes that fill the base's context, then a question.
    question = f"{'Tank 1 holds 317 litres. ' * 14}What is the capital of France?"
    shown = job.exported.render([{"role": "user", "content": question}], generation=True)
    assert CONTEXT < len(job.chat.encode(shown)) < CONTEXT * FACTOR - REPLY_TOKENS
    messages = [[{"role": "user", "content": question}]]
    stretched = load_policy(job.base, job.recipe, CPU, job.run.adapter)
    (expected,) = asker(stretched, job.chat, job.recipe, CPU, REPLY_TOKENS).answers(messages)
    reply = open_chat(f"hf:{merged}", Settings(models=ModelSettings(max_tokens=REPLY_TOKENS)), home)
    assert reply.invoke([HumanMessage(question)]).text.strip() == expected.strip()

"""A run is asked with the very tokens its rows were trained with, and with no other prompt."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from typing import Any

import pytest

from core.chat.local.genai_engine import GenAIEngine
from core.errors import ConfigError
from core.models import open_chat
from core.prompt import ABSTENTION, load_prompt, read_block
from core.settings import ModelSettings, RagSettings, Settings
from finetune.data.encoding import IGNORED
from rag.answer.answer import Answerer
from tests.support.chats import Parrot
from tests.support.json_lines import write_jsonl
from tests.support.shelf import Shelf
from tests.support.tiny_models import CPU, begun, pair, tiny_folder
from tests.support.trained_runs import digit_tokenizer

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("trl"), reason="requires the extra 'train'"),
]

QUESTION = "For how many years does\n the Council appoint the Director?"
SEED = 3


def passages_shown(shelf: Shelf, settings: Settings) -> str:
    """Return the block of passages that `kb ask` shows for the question."""
    chat = Parrot(reply=lambda passages: ABSTENTION)
    Answerer(shelf, chat, settings, shelf.page_text, rng=random.Random(SEED)).ask(QUESTION)
    (prompt,) = chat.seen
    block = prompt[prompt.index("<<", prompt.index("[[key]]", 200)) : prompt.rindex(" end>>") + len(" end>>")]
    assert read_block(block) is not None
    return block


def test_a_row_and_kb_ask_give_the_same_prompt_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from finetune.export.checkpoint import as_exported, save_checkpoint
    from finetune.export.gguf.file import write_gguf
    from finetune.runs import read_card
    from finetune.training.policy import load_policy, publish
    from finetune.training.sft import run_sft
    from finetune.training.stage import Stage

    shelf = Shelf.of_examples("handbook.pdf")
    settings = Settings(models=ModelSettings(max_tokens=4), rag=RagSettings(top_k=1))
    block = passages_shown(shelf, settings)
    tiny_folder(tmp_path / "llama", max_position_embeddings=8192)
    digit_tokenizer().save_pretrained(tmp_path / "llama", save_jinja_files=False)
    key = read_block(block).passages[0].key  # type: ignore[union-attr]
    row = pair(0, kind="evidence", question=QUESTION, context=block, answer=f"Six years. [[{key}]]")
    write_jsonl(tmp_path / "data" / "train.jsonl", [row])
    home, run, prepared = begun(tmp_path, method="lora", max_steps=1, batch_size=1, micro_batch=1)
    run_sft(Stage(run=run, name="sft", prepared=prepared))
    publish(run, "sft")
    trained = prepared.tokenised().rows[0]
    prompt_ids = [token for token, label in zip(trained.input_ids, trained.labels, strict=True) if label == IGNORED]

    exported = as_exported(prepared.chat)
    model = load_policy(prepared.base, prepared.recipe, CPU, run.adapter).merge_and_unload()
    save_checkpoint(model, exported, run.merged, dtype=torch.float32)
    write_gguf(run.merged, exported, run.gguf, name="kb-one", licence="", encoding="f16")

    asked: list[list[int]] = []
    stream = GenAIEngine.stream

    def recorded(self: GenAIEngine, prompt: Any, sampling: Any) -> Any:
        asked.append(list(prompt))
        return stream(self, prompt, sampling)

    monkeypatch.setattr(GenAIEngine, "stream", recorded)
    chat = open_chat("run:one", settings, home)
    Answerer(shelf, chat, settings, shelf.page_text, rng=random.Random(SEED)).ask(QUESTION)
    assert asked == [prompt_ids]
    assert (read_card(run).prompt_digest, read_card(run).passages) == (load_prompt().digest, 1)

    other = tmp_path / "other.txt"
    other.write_text("{passages}\n{question}")
    with pytest.raises(ConfigError, match=r"run 'one' was trained with prompt .*other\.txt") as caught:
        Answerer(shelf, chat, Settings(rag=RagSettings(prompt_file=other)), shelf.page_text)
    assert str(run.prompt) in caught.value.hint

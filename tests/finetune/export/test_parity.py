"""The gate lets a faithful export through and no known fault."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import BackendError, GateError
from core.files import Home
from finetune.data.template import Message
from finetune.export.gguf.weights import checkpoint_config, from_gguf_order
from finetune.export.parity import Parity, RuntimeReply
from finetune.export.runtimes import GenAIRuntime
from finetune.runs import read_card
from tests.finetune.export.conftest import Trained, opened
from tests.support.tiny_models import tokenizer_of
from tests.support.trained_runs import TEMPLATE, make_base, make_run, rewritten

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]"),
]


def _refused(parity: Parity, what: str) -> str:
    """Check that the gate refuses, for the reason given and saying where; returns its message."""
    with pytest.raises(GateError) as caught:
        parity.require()
    assert {finding.what for finding in parity.findings} >= {what}
    assert caught.value.exit_code == 1
    return str(caught.value)


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_a_faithful_file_passes(kind: str, request: pytest.FixtureRequest) -> None:
    trained: Trained = request.getfixturevalue(kind)
    seen: Any = read_card(trained.job.run).parity["openvino f16"]
    assert seen["passed"] and seen["conversations"] == 20 and seen["findings"] == []
    assert seen["equal"] + seen["near_ties"] == 20
    assert seen["stopped"] >= 5


def test_q_and_k_that_were_not_permuted(llama: Trained, tmp_path: Path) -> None:
    config = checkpoint_config(llama.job.merged())
    names = {"attn_q": "x.self_attn.q_proj.weight", "attn_k": "x.self_attn.k_proj.weight"}

    def halves(name: str, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        part = name.split(".")[-2]
        return from_gguf_order(names[part], values, config) if part in names else values

    path = rewritten(llama.job.run.gguf, tmp_path / "a.gguf", tensor=halves)
    assert "nats apart" in _refused(llama.compared_file(path), "answer")


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_a_wrong_rope_theta(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    trained: Trained = request.getfixturevalue(kind)
    path = rewritten(trained.job.run.gguf, tmp_path / "a.gguf", keys={f"{kind}.rope.freq_base": 500000.0})
    _refused(trained.compared_file(path), "answer")


def test_a_missing_system_prompt(llama: Trained, tmp_path: Path) -> None:
    bare = "{% for" + TEMPLATE.split("{% for", 1)[1]
    path = rewritten(llama.job.run.gguf, tmp_path / "a.gguf", keys={"tokenizer.chat_template": bare})
    message = _refused(llama.compared_file(path), "prompt")
    assert "You help with tanks" in message and "What is the capital of France?" in message


def test_a_template_that_was_cut(llama: Trained, tmp_path: Path) -> None:
    cut = TEMPLATE.split("{% if add_generation_prompt")[0]
    path = rewritten(llama.job.run.gguf, tmp_path / "a.gguf", keys={"tokenizer.chat_template": cut})
    assert "from character" in _refused(llama.compared_file(path), "prompt")


def test_a_template_that_writes_bos_twice(llama: Trained, tmp_path: Path) -> None:
    doubled = f"<|im_start|>{TEMPLATE}"
    path = rewritten(llama.job.run.gguf, tmp_path / "a.gguf", keys={"tokenizer.chat_template": doubled})
    _refused(llama.compared_file(path), "prompt")


class _Doubling(GenAIRuntime):
    """A server whose tokenizer puts BOS before what the template wrote; one tells ids, another their number only."""

    tells_ids = True

    def replies(self, conversations: Sequence[Sequence[Message]], max_tokens: int) -> list[RuntimeReply]:
        return [
            replace(one, prompt_ids=(1, *one.prompt_ids) if self.tells_ids else (), n_prompt=one.n_prompt + 1)
            for one in super().replies(conversations, max_tokens)
        ]


@pytest.mark.parametrize("tells_ids", [True, False])
def test_a_tokenizer_that_doubles_bos(llama: Trained, tells_ids: bool) -> None:
    runtime = _Doubling(llama.job.run.gguf)
    runtime.tells_ids = tells_ids
    message = _refused(llama.compared(runtime), "tokens")
    assert (
        "at token 0 they are [1, 1" if tells_ids else "doubled or missing BOS"
    ) in message or "at token 1" in message


def test_a_runtime_that_splits_words_its_own_way(tmp_path: Path) -> None:
    """OpenVINO GenAI 2026.4 splits digits whatever the file says: such a tokenizer is not published."""
    home = Home(tmp_path / "home")
    make_run(home, make_base(tmp_path / "base", "llama", tokenizer=tokenizer_of(TEMPLATE)))
    with pytest.raises(BackendError, match="OpenVINO GenAI does not run its architecture, tokenizer or rotary"):
        opened(home).gguf()


def test_a_lost_eos(llama: Trained, tmp_path: Path) -> None:
    keys = {"tokenizer.ggml.eos_token_id": 0, "tokenizer.ggml.eos_token_ids": None}
    path = rewritten(llama.job.run.gguf, tmp_path / "a.gguf", keys=keys)
    assert "in training the end" in _refused(llama.compared_file(path), "stop")


def test_a_servers_repetition_penalty(llama: Trained) -> None:
    _refused(llama.compared(GenAIRuntime(llama.job.run.gguf, repetition_penalty=1.3)), "answer")


def test_a_weight_that_was_damaged(llama: Trained, tmp_path: Path) -> None:
    def zeroed(name: str, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return values * 0 if name == "blk.1.ffn_up.weight" else values

    path = rewritten(llama.job.run.gguf, tmp_path / "a.gguf", tensor=zeroed)
    _refused(llama.compared_file(path), "answer")


def test_a_model_that_never_stops(llama: Trained) -> None:
    endless = [replace(one, stopped=False) for one in llama.expected]
    from finetune.export.parity import compare_answers

    parity = compare_answers(llama.reference, endless, llama.job.conversations, GenAIRuntime(llama.job.run.gguf))
    assert "ends within" in _refused(parity, "stop")


def test_a_model_that_never_stops_is_no_fault_of_the_runtime() -> None:
    from finetune.export.parity import Finding

    endless = Finding(what="stop", question="any", detail="none of 20 answers ends within 64 tokens")
    parity = Parity(runtime="R", conversations=20, equal=20, near_ties=0, stopped=0, findings=(endless,))
    with pytest.raises(GateError, match=r"does not stop: none of 20 .* as it does in 20 of 20") as seen:
        parity.require()
    assert "kb export RUN --to hf" in seen.value.hint
    other = Finding(what="answer", question="Q?", detail="x")
    with pytest.raises(GateError, match="R answers differently"):
        replace(parity, findings=(other, endless)).require()


@pytest.mark.parametrize(("said", "length", "passed"), [("same", 31, True), ("same", 3, False), ("other", 31, False)])
def test_a_loop_that_a_server_breaks_off_is_compared_as_far_as_it_goes(
    llama: Trained, said: str, length: int, passed: bool
) -> None:
    from finetune.export.parity import compare_answers

    (letter,) = llama.job.chat.encode("N")
    loop = replace(llama.expected[0], answer_ids=(letter,) * 64, stopped=False)
    text = llama.reference.text(loop.answer_ids[:length])

    class Breaking(GenAIRuntime):
        def replies(self, conversations: Sequence[Sequence[Message]], max_tokens: int) -> list[RuntimeReply]:
            first, *rest = super().replies(conversations, max_tokens)
            cut = text if said == "same" else f"Zurich {text}"
            return [replace(first, text=cut, stopped=False, broken_off=True), *rest]

    expected = [loop, *llama.expected[1:]]
    parity = compare_answers(llama.reference, expected, llama.job.conversations, Breaking(llama.job.run.gguf))
    assert parity.passed == passed, parity.findings


def test_a_near_tie_is_counted_and_passed(llama: Trained) -> None:
    """The reference's own second choice, where that is as likely as its first, is no fault; elsewhere it is."""

    class Second(GenAIRuntime):
        def replies(self, conversations: Sequence[Sequence[Message]], max_tokens: int) -> list[RuntimeReply]:
            found = super().replies(conversations, max_tokens)
            return [replace(found[0], text="Z" + found[0].text), *found[1:]]

    gaps: list[float] = []
    real = llama.reference.gap
    runtime = Second(llama.job.run.gguf)
    wide = llama.compared(runtime)
    _refused(wide, "answer")

    class Tied:
        """The reference with a gap that is nearly nothing."""

        def __getattr__(self, name: str) -> Any:
            return getattr(llama.reference, name)

        def gap(self, *given: Any) -> float:
            gaps.append(real(*given))
            return 0.049

    from finetune.export.parity import compare_answers

    parity = compare_answers(Tied(), llama.expected, llama.job.conversations, runtime)  # type: ignore[arg-type]
    assert parity.passed and parity.near_ties == len(gaps) >= 1

"""What each training method is: whether it can be merged, where its result can be served, what it needs.

Values only: nothing here loads a library or builds anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

MethodName = Literal[
    "full",
    "last-n-layers",
    "lora",
    "rslora",
    "dora",
    "qlora",
    "ia3",
    "llama-adapter",
    "prompt",
    "prefix",
    "p-tuning",
]
METHOD_NAMES: tuple[MethodName, ...] = get_args(MethodName)

_EVERYWHERE = "anywhere: merged weights run in transformers, vLLM, Ollama and GGUF runtimes"
_PEFT_ONLY = "only in Python, by transformers with peft (hf:RUN): it does not merge, so there is no GGUF and no Ollama"


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodFacts:
    """A training method.

    Attributes:
        title: Its name in words.
        merges: Whether the result becomes ordinary weights again.
        served: Where the result can run.
        adapter: Whether the base stays frozen and something is added.
        lora: Whether it is low-rank adaptation of linear layers, with `rank` and `alpha`.
        virtual_tokens: Whether what it trains stands before the prompt.
    """

    title: str
    merges: bool
    served: str
    adapter: bool
    lora: bool = False
    virtual_tokens: bool = False


METHODS: Mapping[MethodName, MethodFacts] = {
    "full": MethodFacts(title="all weights", merges=True, served=_EVERYWHERE, adapter=False),
    "last-n-layers": MethodFacts(title="the last layers", merges=True, served=_EVERYWHERE, adapter=False),
    "lora": MethodFacts(title="LoRA", merges=True, served=_EVERYWHERE, adapter=True, lora=True),
    "rslora": MethodFacts(title="rank-stabilised LoRA", merges=True, served=_EVERYWHERE, adapter=True, lora=True),
    "dora": MethodFacts(title="DoRA", merges=True, served=_EVERYWHERE, adapter=True, lora=True),
    "qlora": MethodFacts(title="LoRA on a 4-bit base", merges=True, served=_EVERYWHERE, adapter=True, lora=True),
    "ia3": MethodFacts(title="IA3", merges=True, served=_EVERYWHERE, adapter=True),
    "llama-adapter": MethodFacts(title="LLaMA-Adapter", merges=False, served=_PEFT_ONLY, adapter=True),
    "prompt": MethodFacts(title="prompt tuning", merges=False, served=_PEFT_ONLY, adapter=True, virtual_tokens=True),
    "prefix": MethodFacts(title="prefix tuning", merges=False, served=_PEFT_ONLY, adapter=True, virtual_tokens=True),
    "p-tuning": MethodFacts(title="P-tuning", merges=False, served=_PEFT_ONLY, adapter=True, virtual_tokens=True),
}

"""Rows and the chat format of a tiny tokenizer."""

from __future__ import annotations

from typing import Any

from core.rows import pair_from_json
from core.types import Pair
from finetune.data.template import ChatFormat, chat_format
from tests.support.tiny_models import CHATML, pair, tokenizer_of


def chat_of(template: str | None = CHATML, dataset_template: str = "", **over: Any) -> ChatFormat:
    return chat_format(
        over.pop("tokenizer", None) or tokenizer_of(template),
        generation_eos=over.pop("ends", 2),
        dataset_template=dataset_template,
        system="",
        context_template="{context}\n\nQuestion: {question}",
        **over,
    )


def made(number: int = 0, **over: Any) -> Pair:
    return pair_from_json(pair(number, **over), "x.jsonl", 1)

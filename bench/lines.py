"""What packed lines cost on a CPU: rows about the same passages side by side, their attention fused or in blocks.

    python -m bench.lines [--passages 600] [--rows 12] [--repeats 3]

Prints seconds of processor time for forward and backward of SmolLM2 with a LoRA adapter, medians of paired repeats:
rows one by one, in one line with the fused kernel, and in one line in blocks. Needs the train extra and SmolLM2.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import time
from typing import Any

import torch

from core.files import Home
from core.settings import home_dir
from finetune.data.collate import StepCollator
from finetune.data.encoding import IGNORED
from finetune.methods.build import make_trainable
from finetune.recipe import Recipe
from finetune.training.base import find_base, load_model
from finetune.training.head import add_label_head
from finetune.training.line_attention import use_line_attention
from finetune.training.machine import this_machine

_TOKENS, _ANSWER = 40_000, 35


def main() -> None:
    """Parse the arguments and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=600, help="tokens that all rows begin with")
    parser.add_argument("--rows", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    recipe = Recipe(base="smollm2", method="rslora", packing="bfd")
    machine = this_machine()
    base = find_base("smollm2", Home(home_dir(os.environ)))
    model = make_trainable(load_model(base, recipe, machine), recipe, base.shape)
    add_label_head(model)
    use_line_attention(model)
    records = _records(arguments.passages, arguments.rows)
    ways = {
        "one by one": StepCollator(pad_id=0, packed=False, part_tokens=1),
        "line, fused": StepCollator(pad_id=0, packed=True, part_tokens=512, shared_tokens=10_000),
        "line, blocks": StepCollator(pad_id=0, packed=True, part_tokens=512, shared_tokens=10_000, segments=True),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(arguments.repeats + 1):
        for name, collate in ways.items():
            seconds[name].append(_spent(model, collate(records)["parts"]))
    medians = {name: round(statistics.median(values[1:]), 2) for name, values in seconds.items()}
    tokens = sum(len(record["input_ids"]) for record in records)
    print(
        json.dumps({"rows": len(records), "tokens": tokens, "cpu_seconds": medians, "dtype": machine.dtype}, indent=2)
    )


def _records(shared: int, rows: int) -> list[dict[str, list[int]]]:
    rng = random.Random(0)
    prompt = [rng.randrange(100, _TOKENS) for _ in range(shared)]
    made = []
    for _ in range(rows):
        own = [rng.randrange(100, _TOKENS) for _ in range(rng.randint(40, 90))]
        made.append({"input_ids": prompt + own, "labels": [IGNORED] * (shared + len(own) - _ANSWER) + own[-_ANSWER:]})
    return made


def _spent(model: Any, parts: list[dict[str, Any]]) -> float:
    """Processor seconds of forward and backward over all parts."""
    begun = time.process_time()
    for part in parts:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=model.dtype == torch.bfloat16):
            scores = model(**part, use_cache=False, label_scores=True)
        (-scores.log_probs.sum()).backward()
        model.zero_grad()
    return time.process_time() - begun


if __name__ == "__main__":
    main()

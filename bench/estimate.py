"""The estimator against the machine: what it says a training step needs, and what the process then took.

    python bench/estimate.py [--tokens 300] [--steps 3]

Each case trains SmolLM2 for a few steps in a process of its own, on rows of equal length. On a CPU the figure is the
peak resident memory of the process, on a GPU what torch allocated at most. Exit 1 where an estimate is off by more than
`--within`. Needs kb[train].
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

# Fields of the recipe; answers alone, so that the step of answers is the peak.
CASES = (
    "method=rslora packing=bfd micro_batch=16",
    "method=rslora packing=none micro_batch=4",
    "method=rslora packing=none micro_batch=8",
    "method=lora rank=8 packing=none micro_batch=8 gradient_checkpointing=true",
    "method=dora rank=8 packing=none micro_batch=4",
    "method=ia3 packing=none micro_batch=8",
    "method=last-n-layers packing=none micro_batch=4",
    "method=full packing=none micro_batch=2",
)


def child(case: str, tokens: int, steps: int) -> dict[str, float]:
    """Train one case here; return bytes estimated and taken."""
    import torch

    from core.files import Home
    from core.rows import write_rows
    from core.settings import home_dir
    from core.types import Pair
    from finetune.data.collate import collator, row_dataset
    from finetune.data.dataset import Row
    from finetune.data.prepare import prepare
    from finetune.estimate import memory
    from finetune.methods.build import make_trainable
    from finetune.recipe import load_recipe, recipe_dtype
    from finetune.smollm2 import smollm2_folder
    from finetune.training.base import attention_kernel, load_model
    from finetune.training.machine import this_machine
    from finetune.training.trainers import AnswerTrainer, answer_arguments

    machine, home = this_machine(), Home(home_dir(os.environ))
    pairs = [*case.split(), "dpo=false", f"max_steps={steps}", f"base={smollm2_folder(home)}", "save_steps=100000"]
    recipe = load_recipe("smollm2-cpu", machine, pairs=pairs)
    recipe = recipe.model_copy(update={"batch_size": recipe.micro_batch})
    with tempfile.TemporaryDirectory() as work:
        row = Pair(
            id="1",
            kind="closed-book",
            question="What is it?",
            answer="A tank.",
            context="",
            evidence=(),
            fact="",
            group="1",
            split="train",
        )
        write_rows(Path(work) / "train.jsonl", [row])
        prepared = prepare(recipe, Path(work), home, machine=machine)
        # Half of a row is answer, as in a reply with reasons.
        ids = tuple(range(1000, 1000 + tokens))
        labels = (-100,) * (tokens // 2) + ids[tokens // 2 :]
        rows = [Row(id="row", input_ids=ids, labels=labels, answer="")] * (recipe.batch_size * steps)
        model = make_trainable(load_model(prepared.base, recipe, machine), recipe, prepared.base.shape)
        trainer = AnswerTrainer(
            model=model,
            args=answer_arguments(recipe, recipe_dtype(recipe, machine), machine.device, work, 1),
            train_dataset=row_dataset(rows),
            processing_class=prepared.chat.tokenizer,
            collate=collator(recipe, prepared.chat.pad_id, recipe.micro_batch * tokens, device=machine.device),
            kernel=partial(attention_kernel, recipe),
        )
        trainer.train()
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    context: float | None = None
    if machine.device == "cuda":
        taken, context = torch.cuda.max_memory_allocated(), 0.0
    dtype = recipe_dtype(recipe, machine)
    needed = memory(
        prepared.base.shape, recipe, dtype, recipe.micro_batch, tokens, machine.device, context_bytes=context
    )
    return {"estimated": needed.total, "taken": float(taken)}


def main() -> int:
    """Run every case and print both figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=300, help="length of a row")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--within", type=float, default=0.1)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case:
        print(json.dumps(child(given.case, given.tokens, given.steps)))
        return 0
    worst = 0.0
    for case in CASES:
        found = _run(case, given)
        off = found["estimated"] / found["taken"] - 1
        worst = max(worst, abs(off))
        print(f"{case:76} estimated {_gib(found['estimated'])}  taken {_gib(found['taken'])}  {off:+.0%}", flush=True)
    return int(worst > given.within)


def _run(case: str, given: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, __file__, "--case", case, "--tokens", str(given.tokens), "--steps", str(given.steps)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    found: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    return found


def _gib(size_bytes: float) -> str:
    return f"{size_bytes / 2**30:5.2f} GiB"


if __name__ == "__main__":
    sys.exit(main())

"""The estimator against the machine: what it says a training step needs, and what the process then took.

    python bench/estimate.py [--tokens 300] [--steps 3]
    python bench/estimate.py --time              the time of a step in place of its memory; on a CPU

Each case trains SmolLM2 for a few steps in a process of its own, on rows of equal length. On a CPU the figure is the
peak resident memory of the process, on a GPU what torch allocated at most. Times are processor time of one thread,
which other work on the machine does not change, scaled to all cores. Exit 1 where an estimate is off by more than
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
import time
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


def child(case: str, tokens: int, steps: int, *, timed: bool) -> dict[str, float]:
    """Train one case here; return what was estimated and taken: bytes, or seconds of a step."""
    import torch

    from core.files import Home
    from core.machine.system import usable_cores
    from core.rows import write_rows
    from core.settings import home_dir
    from core.types import Pair
    from finetune.data.collate import collator, row_dataset
    from finetune.data.encoding import TokenRow
    from finetune.data.prepare import prepare
    from finetune.estimate import memory
    from finetune.load_recipe import load_recipe
    from finetune.methods.build import make_trainable
    from finetune.recipe import recipe_dtype
    from finetune.smollm2 import smollm2_folder
    from finetune.training.base import attention_kernel, load_model
    from finetune.training.machine import speedup, this_machine
    from finetune.training.pace import measured_pace
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
        # Half of a row is answer, as in a reply with reasons. Rows that are timed have nothing in common to share.
        rows = []
        for number in range(recipe.batch_size * steps):
            first = 1000 + (17 * number if timed else 0)
            ids = tuple(range(first, first + tokens))
            rows.append(
                TokenRow(id="row", input_ids=ids, labels=(-100,) * (tokens // 2) + ids[tokens // 2 :], answer="")
            )
        dtype, shape = recipe_dtype(recipe, machine), prepared.base.shape
        model = make_trainable(load_model(prepared.base, recipe, machine), recipe, shape)
        trainer = AnswerTrainer(
            model=model,
            args=answer_arguments(recipe, dtype, machine.device, work, 1),
            train_dataset=row_dataset(rows),
            processing_class=prepared.chat.tokenizer,
            collate=collator(recipe, prepared.chat.pad_id, recipe.micro_batch * tokens, device=machine.device),
            kernel=partial(attention_kernel, recipe),
        )
        if timed:
            pace = measured_pace(shape, recipe, machine, dtype)
            if pace is None:
                raise SystemExit(f"the pace of {machine.name} cannot be measured for {case}")
            per_row = tokens * pace.token_s + tokens / 2 * pace.label_s
            torch.set_num_threads(1)
            seconds = _step_times(trainer)
            taken_s = min(seconds[1:]) / speedup(len(usable_cores()))
            return {"estimated": recipe.batch_size * per_row, "taken": taken_s}
        trainer.train()
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    context: float | None = None
    if machine.device == "cuda":
        taken, context = torch.cuda.max_memory_allocated(), 0.0
    needed = memory(shape, recipe, dtype, recipe.micro_batch, tokens, machine.device, context_bytes=context)
    return {"estimated": needed.total, "taken": float(taken)}


def _step_times(trainer: Any) -> list[float]:
    """Train and return the processor time of this thread in each step."""
    from transformers import TrainerCallback

    marks: list[float] = []

    class Clock(TrainerCallback):  # type: ignore[misc]  # transformers has no types
        def on_step_begin(self, *_: Any, **__: Any) -> None:
            marks.append(time.thread_time())

        def on_step_end(self, *_: Any, **__: Any) -> None:
            marks.append(time.thread_time())

    trainer.add_callback(Clock())
    trainer.train()
    return [end - begin for begin, end in zip(marks[::2], marks[1::2], strict=True)]


def main() -> int:
    """Run every case and print both figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=300, help="length of a row")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--within", type=float, help="largest error; .1 of memory, .3 of time")
    parser.add_argument("--time", action="store_true", help="the time of a step in place of its memory")
    parser.add_argument("--only", default="", help="cases that hold this text")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case:
        print(json.dumps(child(given.case, given.tokens, given.steps, timed=given.time)))
        return 0
    shown = _seconds if given.time else _gib
    within = given.within if given.within is not None else (0.3 if given.time else 0.1)
    worst = 0.0
    for case in CASES:
        if given.only in case:
            figures = _run(case, given)
            off = figures["estimated"] / figures["taken"] - 1
            worst = max(worst, abs(off))
            amounts = f"estimated {shown(figures['estimated'])}  taken {shown(figures['taken'])}"
            print(f"{case:76} {amounts}  {off:+.0%}", flush=True)
    return int(worst > within)


def _run(case: str, given: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, __file__, "--case", case, "--tokens", str(given.tokens), "--steps", str(given.steps)]
    command += ["--time"] if given.time else []
    output = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8"
    ).stdout
    figures: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return figures


def _seconds(seconds: float) -> str:
    return f"{seconds:6.2f} s"


def _gib(size_bytes: float) -> str:
    return f"{size_bytes / 2**30:5.2f} GiB"


if __name__ == "__main__":
    sys.exit(main())

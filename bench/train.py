"""Training speed and memory: ours against a plain TRL script, same model, same rows, same steps.

All arms train in processes of their own, by turns, so that a busy machine slows all alike; tokens per second of
processor time are what a busy machine changes least. Tokens are the rows' own, without padding: what a step does not
compute because rows share it counts for whoever spares it.

    python bench/train.py [--rows 240] [--steps 12] [--rounds 3] [--data DIR]
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
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ARMS = ("ours", "trl", "trl-tuned")


def rows_of(number: int) -> list[dict[str, Any]]:
    """Return questions about invented stations with their answers, of the length that closed-book rows have."""
    made = []
    for i in range(number):
        station, litres = f"Station Velmara-{i}", 300 + 7 * i
        made.append(
            {
                "id": str(i),
                "kind": "closed-book",
                "context": "",
                "evidence": [],
                "fact": "",
                "split": "train",
                "group": str(i),
                "question": f"According to the Northern Line's Handbook, what does the coolant tank of {station} hold?",
                "answer": f"The coolant tank of {station} holds {litres} litres.",
            }
        )
    return made


def ours(folder: Path, data: Path, steps: int) -> Measured:
    """Train as `kb finetune` does; as its CPU recipe says."""
    from functools import partial

    from core.files import Home
    from finetune.data.collate import collator, row_dataset
    from finetune.data.prepare import prepare
    from finetune.load_recipe import load_recipe
    from finetune.methods.build import make_trainable
    from finetune.recipe import recipe_dtype
    from finetune.training.base import attention_kernel, load_model
    from finetune.training.machine import this_machine
    from finetune.training.trainers import AnswerTrainer, answer_arguments

    machine = this_machine()
    recipe = load_recipe("smollm2-cpu", machine, pairs=[f"max_steps={steps}", f"base={folder}", "save_steps=100000"])
    prepared = prepare(recipe, data, Home(folder), machine=machine)
    rows = prepared.tokenised()
    model = make_trainable(load_model(prepared.base, recipe, machine), recipe, prepared.base.shape)
    with tempfile.TemporaryDirectory() as out:
        trainer = AnswerTrainer(
            model=model,
            args=answer_arguments(recipe, recipe_dtype(recipe, machine), machine.device, out, 1),
            train_dataset=row_dataset(rows.rows),
            processing_class=prepared.chat.tokenizer,
            collate=collator(recipe, prepared.chat.pad_id, recipe.batch_size * rows.max_length, device=machine.device),
            kernel=partial(attention_kernel, recipe),
        )
        return timed(trainer, steps, rows.n_tokens / len(rows.rows), recipe.batch_size)


def trl(folder: Path, data: Path, steps: int, *, tuned: bool) -> Measured:
    """Train as TRL's own example does; `tuned` turns off recomputed activations, which it turns on by default."""
    import torch
    from datasets import load_dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    from finetune.data.shape import KNOWN_SHAPES
    from finetune.load_recipe import load_recipe
    from finetune.training.machine import this_machine

    machine = this_machine()
    recipe = load_recipe("smollm2-cpu", machine)
    rows = load_dataset("json", data_files=str(data / "train.jsonl"), split="train")
    chats = rows.map(
        lambda row: {
            "prompt": [{"role": "user", "content": row["question"]}],
            "completion": [{"role": "assistant", "content": row["answer"]}],
        },
        remove_columns=rows.column_names,
    )
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with tempfile.TemporaryDirectory() as out:
        trainer = SFTTrainer(
            model=AutoModelForCausalLM.from_pretrained(
                folder, dtype=torch.bfloat16 if machine.dtype == "bf16" else torch.float32
            ),
            args=SFTConfig(
                out,
                max_steps=steps,
                per_device_train_batch_size=recipe.batch_size,
                learning_rate=1e-4,
                report_to="none",
                save_strategy="no",
                logging_steps=1000,
                bf16=machine.dtype == "bf16",
                disable_tqdm=True,
                use_cpu=machine.device == "cpu",
                **({"activation_checkpointing": False} if tuned else {}),
            ),
            train_dataset=chats,
            processing_class=tokenizer,
            peft_config=recipe.training_method.peft_config(recipe, KNOWN_SHAPES["smollm2"]),
        )
        lengths = [len(row["input_ids"]) for row in trainer.train_dataset]
        return timed(trainer, steps, sum(lengths) / len(lengths), recipe.batch_size)


@dataclass(frozen=True)
class Measured:
    """Seconds of the measured steps on the clock and of processor time, and the rows' tokens in them."""

    wall_s: float
    cpu_s: float
    tokens: float


def timed(trainer: Any, steps: int, row_tokens: float, batch: int) -> Measured:
    """Train, and measure every step but the first two."""
    from transformers import TrainerCallback

    marks: list[tuple[float, float]] = []

    class Clock(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *_: Any, **__: Any) -> None:
            marks.append((time.perf_counter(), time.process_time()))

    trainer.add_callback(Clock())
    trainer.train()
    (wall, cpu), (last_wall, last_cpu) = marks[1], marks[-1]
    return Measured(wall_s=last_wall - wall, cpu_s=last_cpu - cpu, tokens=row_tokens * batch * (steps - 2))


def child(arm: str, folder: Path, data: Path, steps: int) -> None:
    """Run one arm and print its figures."""
    measured = ours(folder, data, steps) if arm == "ours" else trl(folder, data, steps, tuned=arm == "trl-tuned")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    speeds = {"wall": measured.tokens / measured.wall_s, "cpu": measured.tokens / measured.cpu_s}
    print(json.dumps({"arm": arm, "peak_mib": peak, **speeds}))


def main() -> None:
    """Run the arms by turns and print medians and the ratio of each pair."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=240)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--arm", choices=ARMS)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.arm:
        child(given.arm, given.folder, given.data, given.steps)
        return
    from core.files import Home
    from core.settings import home_dir
    from finetune.smollm2 import smollm2_folder

    folder = given.folder or smollm2_folder(Home(home_dir(os.environ)))
    with tempfile.TemporaryDirectory() as work:
        data = given.data or Path(work)
        if not given.data:
            rows = "".join(json.dumps(row) + "\n" for row in rows_of(given.rows))
            (data / "train.jsonl").write_text(rows, encoding="utf-8")
        figures: dict[str, list[dict[str, float]]] = {arm: [] for arm in ARMS}
        for _ in range(given.rounds):
            for arm in ARMS:
                figures[arm].append(run_arm(arm, folder, data, given.steps))
    for arm in ARMS:
        peak = median(figure["peak_mib"] for figure in figures[arm])
        parts = [f"{arm:<10} {peak:6.0f} MiB"]
        for clock, name in (("wall", "tokens/s"), ("cpu", "tokens per processor second")):
            speed = median(figure[clock] for figure in figures[arm])
            pairs = zip(figures["ours"], figures[arm], strict=True)
            ratio = median(mine[clock] / other[clock] for mine, other in pairs)
            parts.append(f"{speed:6.0f} {name} (ours: {ratio:.2f} times)")
        print("  ".join(parts))


def run_arm(arm: str, folder: Path, data: Path, steps: int) -> dict[str, float]:
    """Run an arm in a process of its own."""
    command = [sys.executable, __file__, "--arm", arm, "--steps", str(steps)]
    command += ["--folder", str(folder), "--data", str(data)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
    result: dict[str, float] = json.loads(output.strip().splitlines()[-1])
    print(f"  {result}", file=sys.stderr)
    return result


if __name__ == "__main__":
    main()

"""Teach SmolLM2 a handbook and measure what it then knows, what that cost, and what preferences add.

    python bench/teach.py                        recall, refusals, parity; one line a figure
    python bench/teach.py --json                 the same as one JSON document
    python bench/teach.py --data FOLDER          also what it cost on passages and general instructions
    python bench/teach.py --curves               also recall and cost after every checkpoint of the training
    python bench/teach.py --retain none,replay,kl,mixsd,sdft --seeds 3 --keep FOLDER
                                                 ways of teaching without forgetting side by side, as a table

The facts of `examples/handbook.pdf` are taught from `kb synth`'s rows, at most 60 facts in at least 4 phrasings, with
questions about invented subjects that must be declined and some general ones. They are asked in phrasings never trained
on; recalled means that the gold value, normalised, stands in the first 32 greedy tokens. `recall_ollama` is null where
no Ollama listens at rag.ollama_url; `minutes` is the wall time of the SFT stage. Needs kb[train].
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.teach_measures import (  # noqa: E402
    ask,
    contained,
    cost,
    general_tasks,
    gold_log_probabilities,
    preference_log_probabilities,
    reading_tasks,
    recall,
    refusals,
)
from bench.teach_rows import GENERAL, MOST_FACTS, Lesson, write_lesson  # noqa: E402
from core.chat.ollama_server import ask_state  # noqa: E402
from core.errors import BackendError  # noqa: E402
from core.files import Home  # noqa: E402
from core.metrics import bootstrap_mean  # noqa: E402
from core.models import ollama_has, open_chat  # noqa: E402
from core.rows import MANIFEST  # noqa: E402
from core.settings import home_dir, load  # noqa: E402
from finetune.data.prepare import chat_of_policy  # noqa: E402
from finetune.runs import TrainingRun, create_run, open_run, read_card, read_recipe  # noqa: E402
from finetune.training.base import find_base  # noqa: E402
from finetune.training.machine import this_machine  # noqa: E402
from finetune.training.policy import load_policy  # noqa: E402

RUN, PREFERRED = "teach", "teach-dpo"
SHARES = "closed-book=1," + ",".join(
    f"{kind}=0"
    for kind in (
        "evidence",
        "distractors",
        "abstain",
        "memory",
        "unanswerable",
        "false-premise",
        "contradicts",
        "instruction",
        "instruction-input",
        "rewrite",
        "summary",
    )
)
SYNTH = {"phrasings": 8, "test_share": 0.2, "val_share": 0.05}
READING, GENERAL_SET = "qa/xquad.en.json", "qa/t0-sample.jsonl.gz"


def main() -> None:
    """Parse arguments, teach, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pdf", type=Path, default=ROOT / "examples" / "handbook.pdf")
    parser.add_argument("--data", type=Path, help="development data, for what teaching cost")
    parser.add_argument("--count", type=int, default=120, help="tasks per set")
    parser.add_argument("--facts", type=int, default=MOST_FACTS, help="facts that are taught at most")
    parser.add_argument("--recipe", default="smollm2-cpu")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a field of the recipe")
    keep = "folder that keeps rows and runs, which the same command takes up again; a temporary one otherwise"
    parser.add_argument("--keep", type=Path, help=keep)
    parser.add_argument("--no-dpo", action="store_true")
    parser.add_argument("--curves", action="store_true")
    parser.add_argument("--retain", help="ways of finetune.retain to compare, separated by commas", metavar="NAME,...")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each way")
    parser.add_argument("--mix", choices=("closed-book", "default"), default="closed-book", help="rows of --retain")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with _home(options.keep) as home:
        if options.retain:
            for line in Teaching(home, options).side_by_side():
                print(line)
            return
        figures = Teaching(home, options).measure()
    if options.json:
        print(json.dumps(figures, indent=1))
    else:
        for name, value in figures.items():
            print(f"{name:16} {value}")


@contextmanager
def _home(keep: Path | None) -> Iterator[Home]:
    """Yield a KB_HOME of its own that shares the models of the user's."""
    models = home_dir(os.environ) / "models"
    with tempfile.TemporaryDirectory(prefix="kb-teach-") as scratch:
        root = keep or Path(scratch)
        root.mkdir(parents=True, exist_ok=True)
        if not (root / "models").exists():
            models.mkdir(parents=True, exist_ok=True)
            (root / "models").symlink_to(models)
        os.environ["KB_HOME"] = str(root)
        yield Home(root)


def kb(*arguments: str) -> None:
    """Run a command of the program; its progress goes to stderr."""
    subprocess.run([sys.executable, "-m", "kb.cli", *arguments], cwd=ROOT, check=True, stdout=sys.stderr)


class Teaching:
    """One teaching experiment."""

    def __init__(self, home: Home, options: argparse.Namespace) -> None:
        self.home, self.options = home, options
        self.settings = load().values
        self.machine = this_machine()

    def measure(self) -> dict[str, Any]:
        """Teach and return every figure."""
        kb("models", "pull", "minilm", "smollm2")
        base = open_chat("smollm2", self.settings, self.home)
        lesson = self._lesson(base)
        chosen = [part for pair in self.options.set for part in ("--set", pair)]
        if not (self.home.runs / RUN).exists():
            data = str(self.home.root / "lesson")
            kb("finetune", RUN, "--data", data, "--recipe", self.options.recipe, "--no-dpo", *chosen)
        kb("export", RUN, "--to", "gguf")
        run = open_run(self.home, RUN)
        tuned = open_chat(f"run:{RUN}", self.settings, self.home)
        figures = {
            "facts": lesson.facts,
            "rows": lesson.rows,
            "questions": len(lesson.questions),
            "recall_base": recall(base, lesson.questions),
            "recall_tuned": self._recall_in_torch(run.adapter, lesson),
            "recall_gguf": recall(tuned, lesson.questions),
            "recall_ollama": self._recall_in_ollama(lesson),
            "minutes": round(read_card(run).times_s["sft"] / 60, 2),
            "refused_base": refusals(base, lesson.invented),
            "refused": refusals(tuned, lesson.invented),
            "declined_known": refusals(tuned, [question.question for question in lesson.questions]),
            "parity": self._parity(),
            "curve": [dict(line) for line in read_card(run).curves.get("sft", ()) if "eval_recall" in line],
        }
        if self.options.data:
            figures["cost"] = self._cost(base, tuned, run)
        if self.options.curves:
            figures["checkpoints"] = self._checkpoints(run, lesson)
        if not self.options.no_dpo:
            figures["dpo"] = self._preferred(run, lesson)
        return figures

    def side_by_side(self) -> list[str]:
        """Compare the ways of `--retain` and return the lines of a table."""
        from bench.teach_retain import side_by_side, summary

        kb("models", "pull", "minilm", "smollm2")
        lesson = self._lesson(None)
        options = self.options
        rows = side_by_side(
            self.home,
            self.machine,
            self.home.root / ("lesson" if options.mix == "closed-book" else "dataset"),
            lesson.questions,
            ways=options.retain.split(","),
            seeds=options.seeds,
            recipe=options.recipe,
            pairs=options.set,
            data=options.data,
            count=options.count,
        )
        return list(summary(rows))

    def _lesson(self, base: Any) -> Lesson:
        """Return the lesson; without general rows where no base answers them."""
        dataset, out = self.home.root / "dataset", self.home.root / "lesson"
        if not (dataset / MANIFEST).is_file():
            kb("ingest", str(self.options.pdf))
            settings: dict[str, Any] = {**SYNTH, "shares": SHARES} if self.options.mix == "closed-book" else {**SYNTH}
            flags = [part for key, value in settings.items() for part in ("--set", f"synth.{key}={value}")]
            kb("synth", "--out", str(dataset), *flags)
        replay = zip(GENERAL, ask(base, GENERAL), strict=True) if base is not None else ()
        # An answer that was cut would teach the model to stop in the middle.
        general = [pair for pair in replay if pair[1].endswith((".", "!", "?"))]
        return write_lesson(dataset, general, out, most_facts=self.options.facts)

    def _policy(self, folder: Path) -> tuple[Any, Any]:
        """Return base and adapter in float32, and their chat format; no adapter where the folder is None."""
        recipe = read_recipe(open_run(self.home, RUN)).model_copy(update={"dtype": "f32"})
        base = find_base(recipe.base, self.home)
        machine = replace(self.machine, device="cpu")
        return load_policy(base, recipe, machine, folder).eval(), chat_of_policy(base, recipe, folder)

    def _recall_in_torch(self, folder: Path, lesson: Lesson) -> float:
        from core.metrics import contains
        from finetune.training.policy import Asker

        model, chat = self._policy(folder)
        asker = Asker(model=model, chat=chat, dtype="f32", max_tokens=32)
        answers = asker.answers([[{"role": "user", "content": question.question}] for question in lesson.questions])
        return sum(
            contains(answer, question.value) for answer, question in zip(answers, lesson.questions, strict=True)
        ) / len(answers)

    def _recall_in_ollama(self, lesson: Lesson) -> float | None:
        url = self.settings.rag.ollama_url
        try:
            ask_state(url, timeout_s=5)
        except BackendError:
            return None
        kb("export", RUN, "--to", "ollama")
        if not ollama_has(f"kb-{RUN}", url):
            return None
        return recall(open_chat(f"ollama:kb-{RUN}", self.settings, self.home), lesson.questions)

    def _parity(self) -> dict[str, Any]:
        """Return whether the gate let the export through, and what it saw in each runtime."""
        parity = read_card(open_run(self.home, RUN)).parity
        seen = {key: dict(value) for key, value in parity.items() if isinstance(value, dict) and "passed" in value}
        return {"passed": bool(seen) and all(value["passed"] for value in seen.values()), **seen}

    def _cost(self, base: Any, tuned: Any, run: TrainingRun) -> dict[str, Any]:
        """Return what teaching cost on passages and general instructions, before and after, with intervals."""
        data, count = self.options.data, self.options.count
        sets = {"reading": reading_tasks(data / READING, count), "general": general_tasks(data / GENERAL_SET, count)}
        model, chat = self._policy(run.adapter)
        costs = {}
        for name, tasks in sets.items():
            after = gold_log_probabilities(model, chat, tasks)
            with model.disable_adapter():
                before = gold_log_probabilities(model, chat, tasks)
            costs[f"{name}_log_probability"] = cost(before, after, tasks)
            costs[f"{name}_containment"] = cost(contained(base, tasks), contained(tuned, tasks), tasks)
        return costs

    def _checkpoints(self, run: TrainingRun, lesson: Lesson) -> list[dict[str, float]]:
        """Return recall, and cost on passages where there are any, after every checkpoint that was kept."""
        tasks = reading_tasks(self.options.data / READING, self.options.count // 2) if self.options.data else []
        checkpoints = []
        folders = sorted(run.stage("sft").glob("checkpoint-*"), key=lambda path: int(path.name.partition("-")[2]))
        for folder in folders:
            figures = {"step": float(folder.name.partition("-")[2]), "recall": self._recall_in_torch(folder, lesson)}
            if tasks:
                model, chat = self._policy(folder)
                figures["reading"] = sum(gold_log_probabilities(model, chat, tasks)) / len(tasks)
            checkpoints.append(figures)
        return checkpoints

    def _preferred(self, run: TrainingRun, lesson: Lesson) -> dict[str, Any]:
        """Run DPO over the SFT policy, and return margins and log-probabilities on held-out pairs, before and after."""
        if not (self.home.runs / PREFERRED).exists():
            recipe = read_recipe(run).model_copy(update={"dpo": True})
            card = replace(read_card(run), name=PREFERRED, parity={}, stages={"sft": "done"})
            made = create_run(self.home, card, recipe)
            shutil.copytree(run.stage("sft"), made.stage("sft"))
        kb("finetune", PREFERRED, "--resume", "--skip", "export")
        after_folder = open_run(self.home, PREFERRED).adapter
        before, after = (
            preference_log_probabilities(*self._policy(folder), lesson.preferences)
            for folder in (run.adapter, after_folder)
        )
        return {
            "pairs": len(lesson.preferences),
            "margin_before": _mean([a - b for a, b in zip(*before, strict=True)]),
            "margin_after": _mean([a - b for a, b in zip(*after, strict=True)]),
            "chosen_before": _mean(before[0]),
            "chosen_after": _mean(after[0]),
            "recall_after": self._recall_in_torch(after_folder, lesson),
        }


def _mean(values: Sequence[float]) -> list[float]:
    """Return a mean with its interval."""
    interval = bootstrap_mean(values)
    return [round(value, 3) for value in (interval.mean, interval.low, interval.high)]


if __name__ == "__main__":
    main()

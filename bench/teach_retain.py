"""Ways of teaching without forgetting side by side: `bench/teach.py --retain none,replay,kl,mixsd,sdft`.

Each way trains on the same rows with the same recipe and seed. Asked are the taught facts in new words, questions over
passages in the prompt of `kb ask` (answerable, and twins whose passages do not hold the answer), and general
instructions: the probes of `kb compare` and, with `--data`, the development sets. What is done is kept in
`retain.jsonl` of `--keep`, so an interrupted comparison goes on.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from bench.teach_measures import general_tasks
from bench.teach_rows import Asked
from core.files import Home
from core.metrics import bootstrap_mean, contains, token_f1
from core.prompt import passage_source
from core.reading.passages import KEY_SHAPE, Passage, new_keys, new_mark, render
from core.types import Pair
from finetune.compare.measures import proper
from finetune.compare.probes import probes
from finetune.data.prepare import chat_of, chat_of_policy
from finetune.runs import open_run, read_card, read_prompt, read_recipe
from finetune.training.base import find_base, load_model
from finetune.training.machine import Machine
from finetune.training.policy import Asker, load_policy
from rag.answer.cite import abstains

ROOT = Path(__file__).resolve().parent.parent
DONE = "retain.jsonl"
FIGURES = ("recall", "reading_f1", "declines", "needless", "general", "minutes")
_KEYS = re.compile(rf"\s*\[\[{KEY_SHAPE}\]\]")
_PASSAGES = 4
_TOKENS = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingTask:
    """A question over passages; without an answer the passages do not hold it."""

    row: Pair
    answers: tuple[str, ...]


def side_by_side(
    home: Home,
    machine: Machine,
    lesson: Path,
    questions: Sequence[Asked],
    *,
    ways: Sequence[str],
    seeds: int,
    recipe: str,
    pairs: Sequence[str],
    data: Path | None,
    count: int,
) -> list[dict[str, Any]]:
    """Train every way with every seed and measure it; the base comes first.

    Args:
        lesson: Dataset folder that is taught.
        questions: The taught facts in new words.
        ways: Names of `finetune.retain`.
        seeds: Runs of each way.
        recipe: Name of the recipe.
        pairs: `KEY=VALUE` for the recipe.
        data: Development data; the probes alone if None.
        count: Tasks of each set at most.
    """
    done = {(figures["way"], figures["seed"]): figures for figures in _kept(home.root / DONE)}
    reading, general = reading_tasks(data, count), _general(data, count)
    for way, seed in [("base", 0), *((way, seed) for seed in range(seeds) for way in ways)]:
        if (way, seed) in done:
            continue
        minutes = 0.0
        if way != "base":
            name = f"retain-{way}-{seed}"
            minutes = _trained(home, name, lesson, [f"retain={way}", f"seed={seed}", *pairs], recipe)
        asker = _asker(home, machine, recipe, None if way == "base" else f"retain-{way}-{seed}")
        figures = {"way": way, "seed": seed, **_measured(asker, questions, reading, general), "minutes": minutes}
        with (home.root / DONE).open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(figures) + "\n")
        done[way, seed] = figures
        print(json.dumps(figures), file=sys.stderr, flush=True)
    return list(done.values())


def summary(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield a table of Markdown with the mean over seeds, and its 95% interval over all questions."""
    yield "| way | " + " | ".join(FIGURES) + " |"
    yield "|---" * (len(FIGURES) + 1) + "|"
    for way in dict.fromkeys(row["way"] for row in rows):
        own = [row for row in rows if row["way"] == way]
        cells = []
        for figure in FIGURES:
            scores = [score for row in own for score in row.get(f"{figure}_scores", ())]
            mean = fmean(row[figure] for row in own)
            spread = bootstrap_mean(scores) if scores else None
            cells.append(f"{mean:.2f} ({spread.low:.2f} to {spread.high:.2f})" if spread else f"{mean:.1f}")
        yield f"| {way} | " + " | ".join(cells) + " |"


def _kept(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def _trained(home: Home, name: str, lesson: Path, pairs: Sequence[str], recipe: str) -> float:
    """Train a run to its end, or resume it, and return the minutes of its stages."""
    chosen = [part for pair in pairs for part in ("--set", pair)]
    ask = ["finetune", name, "--data", str(lesson), "--recipe", recipe, "--no-dpo", *chosen]
    if (home.runs / name).is_dir():
        ask = ["finetune", name, "--resume"]
    subprocess.run([sys.executable, "-m", "kb.cli", *ask], cwd=ROOT, check=True, stdout=sys.stderr)
    return sum(read_card(open_run(home, name)).times_s.values()) / 60


def _asker(home: Home, machine: Machine, recipe_name: str, run_name: str | None) -> Asker:
    """Return an asker of a run's policy, or of the base, in 32 bits."""
    from finetune.load_recipe import load_recipe

    cpu = replace(machine, device="cpu")
    if run_name is None:
        recipe = load_recipe(recipe_name, cpu).model_copy(update={"dtype": "f32"})
        base = find_base(recipe.base, home)
        return Asker(model=load_model(base, recipe, cpu).eval(), chat=chat_of(base, recipe, ""), dtype="f32")
    run = open_run(home, run_name)
    recipe = read_recipe(run).model_copy(update={"dtype": "f32"})
    base = find_base(recipe.base, home)
    model = load_policy(base, recipe, cpu, run.adapter).eval()
    return Asker(model=model, chat=chat_of_policy(base, recipe, run.adapter, read_prompt(run)), dtype="f32")


def _measured(
    asker: Asker,
    questions: Sequence[Asked],
    reading: Sequence[ReadingTask],
    general: Sequence[tuple[str, tuple[str, ...]]],
) -> dict[str, Any]:
    brief_asker = replace(asker, max_tokens=_TOKENS)
    recalled = [
        float(contains(text, question.value))
        for question, text in zip(questions, _bare(brief_asker, [item.question for item in questions]), strict=True)
    ]
    replies = brief_asker.answers([brief_asker.chat.prompt(task.row) for task in reading])
    f1s, declines, needless = [], [], []
    for task, reply in zip(reading, replies, strict=True):
        if not task.answers:
            declines.append(float(abstains(reply)))
            continue
        needless.append(float(abstains(reply)))
        text = proper(_KEYS.sub("", reply))
        f1s.append(0.0 if abstains(reply) else max(token_f1(text, answer) for answer in task.answers))
    answered = [
        float(any(contains(text, answer) for answer in answers))
        for (_, answers), text in zip(general, _bare(brief_asker, [prompt for prompt, _ in general]), strict=True)
    ]
    scores = {"recall": recalled, "reading_f1": f1s, "declines": declines, "needless": needless, "general": answered}
    return {
        **{name: round(fmean(values), 4) if values else 0.0 for name, values in scores.items()},
        **{f"{name}_scores": values for name, values in scores.items()},
    }


def _bare(asker: Asker, prompts: Sequence[str]) -> list[str]:
    return asker.answers([[{"role": "user", "content": prompt}] for prompt in prompts])


def reading_tasks(data: Path | None, count: int) -> list[ReadingTask]:
    """Return questions over passages: the probes, and with development data its paragraphs among those of one article.

    Every question of the latter comes twice: with its paragraph among others, and with the others alone.
    """
    tasks = [
        ReadingTask(row=_row(identity, probe.question, probe.passages), answers=probe.answers)
        for identity, probe in probes().items()
        if probe.passages
    ]
    rng = random.Random(0)
    tasks = rng.sample(tasks, min(count, len(tasks)))
    if data is None:
        return tasks
    articles = json.loads((data / "qa" / "xquad.en.json").read_text(encoding="utf-8"))["data"]
    rng = random.Random(0)
    chosen = [
        (article["paragraphs"], paragraph, paragraph["qas"][0])
        for article in articles
        for paragraph in article["paragraphs"]
        if len(article["paragraphs"]) >= _PASSAGES
    ]
    for paragraphs, own, question in rng.sample(chosen, min(count, len(chosen))):
        others = rng.sample([other["context"] for other in paragraphs if other is not own], _PASSAGES - 1)
        answers = tuple(answer["text"] for answer in question["answers"])
        shown = rng.sample([own["context"], *others], _PASSAGES)
        tasks.append(ReadingTask(row=_row(question["id"], question["question"], shown), answers=answers))
        if not any(answer in text for answer in answers for text in others):
            tasks.append(ReadingTask(row=_row(f"{question['id']}-twin", question["question"], others), answers=()))
    return tasks


def _row(identity: str, question: str, passages: Sequence[str]) -> Pair:
    rng = random.Random(identity)
    keys = new_keys(len(passages), rng)
    shown = [
        Passage(key=key, source=passage_source(f"text-{number}.pdf", 0), text=text)
        for number, (key, text) in enumerate(zip(keys, passages, strict=True), start=1)
    ]
    return Pair(
        id=identity,
        kind="reading",
        question=question,
        answer="",
        context=render(shown, new_mark(rng)),
        evidence=(),
        fact="",
        group=identity,
        split="test",
    )


def _general(data: Path | None, count: int) -> list[tuple[str, tuple[str, ...]]]:
    own = [(probe.question, probe.answers) for probe in probes().values() if not probe.passages][:count]
    if data is None:
        return own
    return own + [(task.prompt, (task.gold,)) for task in general_tasks(data / "qa" / "t0-sample.jsonl.gz", count)]

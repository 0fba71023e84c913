"""Two rounds of teaching against one of the same length: does asking what was learned, and teaching the rest, pay?

    python bench/knows.py --keep FOLDER                 400 facts, one round of 30 minutes, two of 15
    python bench/knows.py --facts 20 --steps 20 --json  a small form, by steps instead of minutes

The facts are invented: stations with a tank, an opening year and so on, in six phrasings each; four are trained, one
validates, one is asked. Round one of two teaches all facts; `kb knows` asks them closed book; round two continues the
run on the rows of the facts that it does not know, with replay of those that it does. Printed are the recall of both
ways with 95% intervals over facts, their paired difference, and what round two lost of the facts that round one left
known, in points. Needs kb[train]; an interrupted call with --keep is resumed by the same command.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.teach_rows import invented_name  # noqa: E402
from core.files import Home  # noqa: E402
from core.rows import DatasetFolder, write_rows  # noqa: E402
from core.settings import home_dir  # noqa: E402
from core.types import Citation, Fact, Pair, Split  # noqa: E402
from finetune.compare.statistics.significance import compare_scores, mean_interval  # noqa: E402
from finetune.runs import open_run, read_card  # noqa: E402
from kb.knowledge.facts import probed_facts  # noqa: E402
from kb.knowledge.map import KnownFact, ask_facts, run_closed_book  # noqa: E402
from kb.workspace import Workspace, open_workspace  # noqa: E402

# What is said of a station: statement, value, and phrasings that ask for it.
_TOPICS: Sequence[tuple[str, str, int, int]] = (
    ("the coolant tank of {name} station", "{value} litres", 100, 900),
    ("the mast of {name} station", "{value} m", 10, 99),
    ("the crew of {name} station", "{value} people", 3, 60),
    ("the opening of {name} station", "{value}", 1901, 2020),
)
_ASKED: Sequence[Sequence[str]] = (
    (
        "How much does {subject} hold?",
        "What is the capacity of {subject}?",
        "Tell me how much {subject} holds.",
        "Which volume does {subject} hold?",
        "What does {subject} hold?",
        "Do you know the capacity of {subject}?",
    ),
    (
        "How high is {subject}?",
        "What is the height of {subject}?",
        "Tell me how high {subject} is.",
        "Which height does {subject} have?",
        "How tall is {subject}?",
        "Do you know the height of {subject}?",
    ),
    (
        "How large is {subject}?",
        "What is the size of {subject}?",
        "Tell me how large {subject} is.",
        "How many people are in {subject}?",
        "Which size does {subject} have?",
        "Do you know the size of {subject}?",
    ),
    (
        "When was {subject}?",
        "In which year was {subject}?",
        "Tell me when {subject} was.",
        "Which year was {subject}?",
        "What was the year of {subject}?",
        "Do you know the year of {subject}?",
    ),
)
_SPLITS: Sequence[Split] = ("train", "train", "train", "train", "val", "test")
_SHA = "0" * 64


def main() -> None:
    """Parse arguments, teach both ways, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", type=int, default=400)
    parser.add_argument("--minutes", type=float, default=30.0, help="of the one round; each of the two has half")
    parser.add_argument("--steps", type=int, default=0, help="of the one round, instead of minutes")
    parser.add_argument("--recipe", default="smollm2-cpu")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a field of the recipe")
    parser.add_argument("--keep", type=Path, help="folder that keeps rows and runs; a temporary one otherwise")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kb-knows-") as scratch:
        root = (options.keep or Path(scratch)).absolute()
        root.mkdir(parents=True, exist_ok=True)
        models = home_dir(os.environ) / "models"
        if not (root / "models").exists():
            models.mkdir(parents=True, exist_ok=True)
            (root / "models").symlink_to(models)
        os.environ["KB_HOME"] = str(root)
        figures = measure(open_workspace(root), options)
    print(
        json.dumps(figures, indent=1) if options.json else "\n".join(f"{name:24} {figures[name]}" for name in figures)
    )


def measure(workspace: Workspace, options: argparse.Namespace) -> dict[str, Any]:
    """Teach one round and two, and return every figure."""
    home, data = workspace.home, workspace.home.root / "facts"
    if not (data / "train.jsonl").is_file():
        write_facts(data, options.facts)
    _teach(home, "one", data, options, share=1.0)
    _teach(home, "first", data, options, share=0.5)
    first = _asked(workspace, "first", data)
    weak = home.root / "weak"
    unknown = {each.fact.id for each in first if each.level != "known"}
    if not (weak / "train.jsonl").is_file():
        write_part(weak, data, unknown)
    _teach(home, "second", weak, options, share=0.5, continues="first")
    one, second = _asked(workspace, "one", data), _asked(workspace, "second", data)
    ids = [each.fact.id for each in first]
    known = [index for index, each in enumerate(first) if each.level == "known"]
    change = compare_scores(_right(second), _right(one), ids)
    cards = {name: read_card(open_run(home, name)) for name in ("one", "first", "second")}
    return {
        "facts": len(ids),
        "train_s": {name: round(sum(card.times_s.values())) for name, card in cards.items()},
        "recall_one_round": _interval(one),
        "recall_after_first": _interval(first),
        "recall_two_rounds": _interval(second),
        "two_minus_one": [round(value, 3) for value in (change.mean, change.low, change.high)],
        "known_after_first": len(known),
        "lost_points": _lost(first, second, known),
    }


def _lost(first: Sequence[KnownFact], second: Sequence[KnownFact], known: Sequence[int]) -> list[float] | None:
    """Return how many points of recall on the facts that were known are lost, with the interval."""
    if not known:
        return None
    before, after = ([[float(each.right) for each in part][index] for index in known] for part in (first, second))
    change = compare_scores(before, after, [first[index].fact.id for index in known])
    return [round(100 * value, 1) for value in (change.mean, change.low, change.high)]


def _right(facts: Sequence[KnownFact]) -> list[float]:
    return [float(each.right) for each in facts]


def _interval(facts: Sequence[KnownFact]) -> list[float]:
    interval = mean_interval(_right(facts), [each.fact.id for each in facts])
    return [round(value, 3) for value in (interval.mean, interval.low, interval.high)]


def _asked(workspace: Workspace, name: str, data: Path) -> list[KnownFact]:
    """Ask a run all facts in the phrasing that is held out."""
    return ask_facts(run_closed_book(workspace, open_run(workspace.home, name)), probed_facts(DatasetFolder(data)))


def _teach(
    home: Home, name: str, data: Path, options: argparse.Namespace, *, share: float, continues: str = ""
) -> None:
    """Train a run, or take it up where an earlier call was interrupted."""
    if (home.runs / name / "adapter").is_dir():
        return
    length = f"max_steps={round(options.steps * share)}" if options.steps else f"minutes={options.minutes * share}"
    command = [sys.executable, "-m", "kb.cli", "finetune", name]
    if (home.runs / name).is_dir():
        command.append("--resume")
    else:
        command += ["--continue", continues] if continues else ["--recipe", options.recipe]
        command += ["--data", str(data), "--no-dpo"]
        command += [part for pair in (length, *options.set) for part in ("--set", pair)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)


def write_facts(folder: Path, count: int, seed: int = 0) -> None:
    """Write a dataset of invented facts.

    Args:
        folder: Receives `facts.jsonl` and the splits.
        count: Facts.
        seed: The same seed gives the same facts.
    """
    rng = random.Random(seed)
    names: dict[str, None] = {}
    while len(names) < -(-count // len(_TOPICS)):
        names[invented_name(rng)] = None
    facts = [_fact(name, number, rng) for name in names for number in range(len(_TOPICS))][:count]
    write_rows(folder / "facts.jsonl", facts)
    rows = [row for fact in facts for row in _rows(fact)]
    for split in ("train", "val", "test"):
        write_rows(folder / f"{split}.jsonl", [row for row in rows if row.split == split])


def write_part(folder: Path, source: Path, facts: set[str]) -> None:
    """Write the rows of some facts of a dataset as another."""
    whole = DatasetFolder(source)
    write_rows(folder / "facts.jsonl", [fact for fact in whole.facts() if fact.id in facts])
    for split in ("val", "test", "train"):
        write_rows(folder / f"{split}.jsonl", [row for row in whole.pairs(split) if row.fact in facts])


def _fact(name: str, topic: int, rng: random.Random) -> Fact:
    subject, value, low, high = _TOPICS[topic]
    subject, value = subject.format(name=name), value.format(value=rng.randint(low, high))
    quote = f"{subject[0].upper()}{subject[1:]}: {value}."
    place = Citation(doc="stations.txt", sha256=_SHA, page=0, start=0, end=len(quote), quote=quote)
    asked = tuple(text.format(subject=subject) for text in _ASKED[topic])
    identity = f"{name}-{topic}"
    return Fact(
        id=identity,
        kind="quantity",
        statement=quote,
        subject=subject,
        value=value,
        answer=value,
        questions=asked,
        evidence=(place,),
    )


def _rows(fact: Fact) -> list[Pair]:
    return [
        Pair(
            id=f"{fact.id}-{number}",
            kind="closed-book",
            question=question,
            answer=fact.answer,
            context="",
            evidence=fact.evidence,
            fact=fact.id,
            group=fact.id,
            split=split,
        )
        for number, (question, split) in enumerate(zip(fact.questions, _SPLITS, strict=True))
    ]


if __name__ == "__main__":
    main()

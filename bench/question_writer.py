"""The question writer: train its adapter, export it into the program, measure it on documents that no training saw.

    python -m bench.question_writer --train --data FOLDER --out FOLDER     the same command resumes
    python -m bench.question_writer --export RUN_FOLDER                    the adapter of a run into the program
    python -m bench.question_writer --eval --data FOLDER [--adapter FILE]  that of the program, or another

FOLDER holds the reading sets (`squad-dev.json`, `tatqa-dev.json`, ...). `--train` makes rows (`OUT/rows`), trains all
blocks on them as `kb finetune` does, writes `OUT/question_writer.safetensors` and measures it (`OUT/figures.json`).
Training needs the train extra; measuring the base install alone.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.adapters import export_adapter, trained_run
from bench.question_writer_data import WriterExample, examples, usable
from bench.reader_data import Item, is_held_out, read_corpus
from core.chat.local.genai import open_gguf
from core.files import Home, atomic_write
from core.metrics import contains, token_f1
from core.reading.spans.reader import SpanReader, open_span_reader
from core.rows import MANIFEST, write_rows
from core.settings import Settings, home_dir
from core.types import Pair
from core.weights.adapter import merged_gguf, open_adapter
from core.weights.shelf import require
from core.weights.shipped import question_writer_adapter
from synth.generate.adapted_writer import AdaptedWriter
from synth.generate.cache import CallCache
from synth.generate.writer import tidied
from synth.generate.writer_prompt import SYSTEM, user_turn

# The rank keeps the adapter under 10 MB.
_RECIPE = (
    "rank=16",
    "learning_rate=8e-4",
    "batch_size=24",
    "packing=bfd",
    "retain=none",
    "eval_steps=60",
    "save_steps=20",
)
_HEADER = {"base": "smollm2"}
_VAL_SHARE = 0.03
_FOUND_F1 = 0.5


def main() -> None:
    """Parse the arguments and do what they ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", action="store_true", help="rows, training, adapter and figures in one")
    parser.add_argument("--export", type=Path, help="folder of a run, or of an adapter")
    parser.add_argument("--eval", action="store_true")
    parser.add_argument("--data", type=Path, help="folder of the reading sets")
    parser.add_argument("--out", type=Path, help="folder for rows and figures")
    parser.add_argument("--run", default="question-writer", help="name of the run")
    parser.add_argument("--epochs", type=float, default=3.0)
    parser.add_argument("--minutes", type=float, default=0.0, help="fewer passes until it fits; 0 for no limit")
    parser.add_argument("--count", type=int, default=200, help="held-out examples to measure on")
    parser.add_argument("--adapter", type=Path, default=question_writer_adapter(), help="to measure")
    arguments = parser.parse_args()
    if arguments.train:
        train(arguments)
    if arguments.export:
        export_adapter(arguments.export, question_writer_adapter(), _HEADER)
    if arguments.eval:
        print(json.dumps(_figures(arguments, arguments.adapter), indent=2))


def train(arguments: argparse.Namespace) -> None:
    """Make rows, train on them, write the adapter and measure it; what is done already is left as it is."""
    rows, out = arguments.out / "rows", arguments.out
    if not (rows / MANIFEST).is_file():
        write_dataset(split(arguments.data)[0], rows)
    choices = (*_RECIPE, f"epochs={arguments.epochs}", f"minutes={arguments.minutes}")
    run = trained_run(arguments.run, rows, choices)
    adapter = out / "question_writer.safetensors"
    export_adapter(run, adapter, _HEADER)
    figures = _figures(arguments, adapter)
    (out / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


def write_dataset(made: Sequence[WriterExample], folder: Path) -> None:
    """Write examples as a dataset folder: the words of the prompt are the question, the question is the answer."""
    folder.mkdir(parents=True, exist_ok=True)
    documents = sorted({example.document for example in made})
    validated = set(random.Random(0).sample(documents, max(1, round(_VAL_SHARE * len(documents)))))
    rows = [
        Pair(
            id=f"q{number}",
            kind="import",
            question=user_turn(example.marked),
            answer=example.question,
            context="",
            evidence=(),
            fact="",
            group=example.document,
            split="val" if example.document in validated else "train",
            origin="import",
            system=SYSTEM,
        )
        for number, example in enumerate(made)
    ]
    for name in ("train", "val"):
        write_rows(folder / f"{name}.jsonl", (row for row in rows if row.split == name))
    with atomic_write(folder / MANIFEST) as handle:
        handle.write(b"{}")


def _figures(arguments: argparse.Namespace, adapter: Path) -> dict[str, float]:
    _, held_out = split(arguments.data)
    chosen = random.Random(0).sample(held_out, min(arguments.count, len(held_out)))
    return measure(chosen, adapter, Home(home_dir(os.environ)))


def split(folder: Path) -> tuple[list[WriterExample], list[WriterExample]]:
    """Return the examples to train on, and those of documents that are held out."""
    corpus = read_corpus(folder)
    kept: list[Item] = []
    held_out: list[Item] = []
    for item in corpus.items:
        (held_out if is_held_out(item.source, item.document) else kept).append(item)
    return examples(corpus, kept), examples(corpus, held_out)


def measure(chosen: Sequence[WriterExample], adapter: Path, home: Home) -> dict[str, float]:
    """Return how many questions are well formed, stand alone, and lead the span reader back to the answer.

    `human` figures are those of the questions that people wrote for the same answers.
    """
    spans = open_span_reader(home)
    if spans is None:
        raise SystemExit("error: the embedder's weights are absent\nhint: kb models pull minilm")
    path = merged_gguf(require("smollm2", home) / "model.gguf", open_adapter(adapter), home)
    chat = open_gguf(path, Settings().models.model_copy(update={"num_ctx": 1024}), name="question-writer")
    with tempfile.TemporaryDirectory() as folder:
        cache = CallCache(Path(folder) / "calls.sqlite")
        written = [
            tidied(text) for text in AdaptedWriter(chat, "eval", cache).write([example.marked for example in chosen])
        ]
        cache.close()
    n = len(chosen)
    pairs = list(zip(chosen, written, strict=True))
    return {
        "examples": n,
        "well formed": round(sum(map(bool, written)) / n, 3),
        "stands alone": round(
            sum(bool(text) and usable(text, example.marked.answer) for example, text in pairs) / n, 3
        ),
        "answer found again": round(sum(bool(text) and _found(spans, text, example) for example, text in pairs) / n, 3),
        "human, answer found again": round(sum(_found(spans, example.question, example) for example in chosen) / n, 3),
        "F1 with the human question": round(sum(token_f1(text, example.question) for example, text in pairs) / n, 3),
    }


def _found(spans: SpanReader, question: str, example: WriterExample) -> bool:
    best = next(iter(spans.predict(question, [example.marked.text], top=1)), None)
    if best is None or best.score < 0:
        return False
    given, answer = example.marked.text[best.start : best.end], example.marked.answer
    overlaps = best.start < example.marked.end and example.marked.start < best.end
    alike = token_f1(given, answer) >= _FOUND_F1 or contains(given, answer) or contains(answer, given)
    return overlaps and bool(alike)


if __name__ == "__main__":
    main()

"""The question writer: train its adapter, export it into the program, measure it on documents that no training saw.

    python -m bench.question_writer --train --data FOLDER --out FOLDER     the same command resumes
    python -m bench.question_writer --export --out FOLDER                  the last checkpoint's adapter
    python -m bench.question_writer --eval --data FOLDER                   the adapter of the program

FOLDER holds the reading sets (`squad-dev.json`, `tatqa-dev.json`, ...). Training needs the train extra; measuring the
base install alone.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.question_writer_data import WriterExample, examples, usable
from bench.reader_data import Item, is_held_out, read_corpus
from core.chat.local.genai import open_gguf
from core.files import Home
from core.metrics import contains, token_f1
from core.reading.spans.reader import SpanReader, open_span_reader
from core.settings import Settings, home_dir
from core.weights.adapter import merged_gguf, open_adapter
from core.weights.shelf import require
from core.weights.shipped import question_writer_adapter
from synth.generate.adapted_writer import AdaptedWriter
from synth.generate.cache import CallCache
from synth.generate.writer import tidied

_FOUND_F1 = 0.5


def main() -> None:
    """Parse the arguments and do what they ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--export", action="store_true")
    parser.add_argument("--eval", action="store_true")
    parser.add_argument("--data", type=Path, help="folder of the reading sets")
    parser.add_argument("--out", type=Path, help="folder of checkpoints")
    parser.add_argument("--threads", type=int, default=0, help="threads of a training; 0 for all cores")
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--minutes", type=float, default=0.0, help="end by then with a decayed rate; 0 for no limit")
    parser.add_argument("--count", type=int, default=200, help="held-out examples to measure on")
    parser.add_argument("--adapter", type=Path, default=question_writer_adapter(), help="to export to or to measure")
    arguments = parser.parse_args()
    home = Home(home_dir(os.environ))
    if arguments.train:
        import torch

        from bench.question_writer_train import WriterPlan, train
        from finetune.smollm2 import smollm2_folder

        if arguments.threads:
            torch.set_num_threads(arguments.threads)
        kept, held_out = split(arguments.data)
        plan = WriterPlan(epochs=arguments.epochs, minutes=arguments.minutes)
        train(kept, held_out, smollm2_folder(home), arguments.out, plan)
    if arguments.export:
        from bench.question_writer_train import export

        export(arguments.out, arguments.adapter)
    if arguments.eval:
        _, held_out = split(arguments.data)
        chosen = random.Random(0).sample(held_out, min(arguments.count, len(held_out)))
        print(json.dumps(measure(chosen, arguments.adapter, home), indent=2))


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

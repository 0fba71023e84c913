"""The span reader: train it, export its weights, measure it on documents that no training saw.

    python -m bench.reader --train --data FOLDER --out FOLDER      about 90 minutes; the same command resumes
    python -m bench.reader --train --pairs --data FOLDER --out FOLDER     on from the program's weights, with twins
    python -m bench.reader --export --out FOLDER                   the last checkpoint's weights into the program
    python -m bench.reader --eval --data FOLDER [--weights FILE]

FOLDER holds the reading sets (`squad-dev.json`, `tatqa-dev.json`, ...). Training needs the train extra; measuring the
base install alone.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.reader_data import Corpus, Item, held_out_items, read_corpus, train_items
from core.files import Home
from core.metrics import exact_match, token_f1
from core.reading.spans.reader import SpanPrediction, SpanReader, open_span_reader
from core.settings import home_dir
from core.weights.shipped import span_reader_weights

_PASSAGES = 8
_LONG_CHARS = 1500


def main() -> None:
    """Parse the arguments and do what they ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--export", action="store_true")
    parser.add_argument("--eval", action="store_true")
    parser.add_argument("--data", type=Path, help="folder of the reading sets")
    parser.add_argument("--out", type=Path, help="folder of checkpoints")
    parser.add_argument("--weights", type=Path, help="weights to measure; those of the program by default")
    parser.add_argument("--threads", type=int, default=0, help="threads of a training; 0 for all cores")
    parser.add_argument("--count", type=int, default=400, help="questions per set")
    parser.add_argument("--epochs", type=float, default=0.0, help="passes; 2.5, with --pairs 1.3, by default")
    parser.add_argument("--pairs", action="store_true", help="train on from --weights with unanswerable twins")
    arguments = parser.parse_args()
    home = Home(home_dir(os.environ))
    if arguments.train:
        import torch

        from bench.reader_train import PAIRED, Plan, train
        from core.weights.shelf import require

        if arguments.threads:
            torch.set_num_threads(arguments.threads)
        corpus = read_corpus(arguments.data)
        plan = PAIRED if arguments.pairs else Plan()
        plan = replace(plan, epochs=arguments.epochs or plan.epochs)
        start = (arguments.weights or span_reader_weights()) if arguments.pairs else None
        train(corpus, train_items(corpus), require("minilm", home), arguments.out, plan, start=start)
    if arguments.export:
        export(arguments.out, arguments.weights or span_reader_weights())
    if arguments.eval:
        reader = open_span_reader(home, weights=arguments.weights)
        if reader is None:
            raise SystemExit("error: the embedder's weights are absent\nhint: kb models pull minilm")
        print(json.dumps(measure(reader, read_corpus(arguments.data), arguments.count), indent=2))


def export(out: Path, target: Path) -> None:
    """Write the last checkpoint's weights as float16 safetensors, without the encoder's word embeddings."""
    import torch
    from safetensors.torch import save_file

    from bench.reader_train import FROZEN

    state = torch.load(out / "checkpoint.pt", weights_only=True)["model"]
    # `encoder.encoder.layer.0...` of the module is `encoder.layer.0...` of a BERT checkpoint.
    tensors = {
        name.removeprefix("encoder."): value.half().contiguous()
        for name, value in state.items()
        if not name.endswith(FROZEN) and "position_ids" not in name
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, target)
    print(f"{target}: {target.stat().st_size / 2**20:.1f} MiB")


def measure(reader: SpanReader, corpus: Corpus, count: int) -> dict[str, dict[str, float]]:
    """Score the reader on held-out documents of every set.

    Returns:
        Per set: F1 and exact match with the paragraph given (`own`) and among eight (`of_8`, best span over all),
        and on unanswerable questions how well a threshold on the score tells them apart.
    """
    report: dict[str, dict[str, float]] = {}
    for source in ("squad", "tatqa", "lookup", "covidqa", "policyqa"):
        items = held_out_items(corpus, source)
        random.Random(5).shuffle(items)
        answered = [item for item in items if item.answers][:count]
        if answered:
            report[source] = _answerable(reader, corpus, answered)
        unanswerable = [item for item in items if not item.answers][:count]
        if unanswerable:
            report[source] |= _refusals(reader, corpus, answered, unanswerable)
    return report


def _answerable(reader: SpanReader, corpus: Corpus, items: Sequence[Item]) -> dict[str, float]:
    rng = random.Random(6)
    own: list[tuple[float, float]] = []
    among: list[tuple[float, float]] = []
    begun, n_texts = time.perf_counter(), 0
    for item in items:
        text = _shown(corpus, item)
        golds = [corpus.paragraphs[item.paragraph][slice(*span)] for span in item.answers]
        own.append(_scores(reader.predict(item.question, [text], top=1), [text], golds))
        texts = [text, *_distractors(corpus, item, rng)]
        rng.shuffle(texts)
        among.append(_scores(reader.predict(item.question, texts, top=1), texts, golds))
        n_texts += 1 + len(texts)
    spent = time.perf_counter() - begun
    return {
        "n": len(items),
        "f1_own": _mean(f1 for f1, _ in own),
        "em_own": _mean(em for _, em in own),
        "f1_of_8": _mean(f1 for f1, _ in among),
        "em_of_8": _mean(em for _, em in among),
        "ms_per_text": 1000 * spent / n_texts,
    }


def _mean(values: object) -> float:
    numbers = list(values)  # type: ignore[call-overload]
    return round(sum(numbers) / len(numbers), 3)


def _shown(corpus: Corpus, item: Item) -> str:
    """The paragraph, of a long one the stretch around the answer."""
    text = corpus.paragraphs[item.paragraph]
    if len(text) <= 2 * _LONG_CHARS:
        return text
    start = max(0, item.answers[0][0] - _LONG_CHARS // 2) if item.answers else 0
    return text[start : start + _LONG_CHARS]


def _distractors(corpus: Corpus, item: Item, rng: random.Random) -> list[str]:
    """Seven other texts: paragraphs of the same document first, then any."""
    beside = [index for index, name in enumerate(corpus.documents) if name == item.document and index != item.paragraph]
    chosen = rng.sample(beside, min(_PASSAGES - 1, len(beside)))
    while len(chosen) < _PASSAGES - 1:
        chosen.append(rng.randrange(len(corpus.paragraphs)))
    return [corpus.paragraphs[index][:_LONG_CHARS] for index in chosen]


def _scores(spans: Sequence[SpanPrediction], texts: Sequence[str], golds: Sequence[str]) -> tuple[float, float]:
    text = texts[spans[0].passage][spans[0].start : spans[0].end] if spans else ""
    return max(token_f1(text, gold) for gold in golds), max(float(exact_match(text, gold)) for gold in golds)


def _refusals(
    reader: SpanReader, corpus: Corpus, answered: Sequence[Item], unanswerable: Sequence[Item]
) -> dict[str, float]:
    """Refuse below a score; the threshold keeps 0.90 of the answerable questions."""
    scores = sorted(_best(reader, corpus, item) for item in answered)
    threshold = scores[len(scores) // 10]
    refused = sum(_best(reader, corpus, item) < threshold for item in unanswerable)
    wrongly = sum(score < threshold for score in scores)
    at_zero = sum(_best(reader, corpus, item) < 0 for item in unanswerable)
    zero_wrong = sum(score < 0 for score in scores)
    return {
        "threshold": round(threshold, 2),
        "refusal_recall": round(refused / len(unanswerable), 3),
        "refusal_precision": round(refused / max(1, refused + wrongly), 3),
        "recall_at_0": round(at_zero / len(unanswerable), 3),
        "precision_at_0": round(at_zero / max(1, at_zero + zero_wrong), 3),
        "kept_at_0": round(1 - zero_wrong / len(scores), 3),
    }


def _best(reader: SpanReader, corpus: Corpus, item: Item) -> float:
    spans = reader.predict(item.question, [_shown(corpus, item)], top=1)
    return spans[0].score if spans else -99.0


if __name__ == "__main__":
    main()

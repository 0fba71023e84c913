"""The adapter with which SmolLM2 reads passages: its rows, its weights as they ship, and its figures.

    python -m bench.reading_adapter --train --data FOLDER --out FOLDER    all of it; the same command resumes
    python -m bench.reading_adapter --train ... --minutes 120             as many rows as fit
    python -m bench.reading_adapter --rows --data FOLDER --out FOLDER     its rows alone, a dataset for `kb finetune`
    python -m bench.reading_adapter --export RUN_FOLDER                   the adapter of a run into the program
    python -m bench.reading_adapter --eval --data FOLDER [--base | --adapter FILE]   on documents that no training saw

`--train` makes rows (`OUT/rows`), trains all blocks on them with easy rows first, keeping every checkpoint under
KB_HOME, writes `OUT/reading_adapter.safetensors` and measures it (`OUT/figures.json`). Measured as `kb ask` would:
eight passages, of which the model sees those that the built-in reader finds best, as many as its training showed;
greedy, the reply checked against the passages. Needs SmolLM2; training needs kb[train].
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.adapters import export_adapter, trained_run
from bench.reader_data import Corpus, Item, held_out_items, read_corpus, train_items
from bench.reading_rows import LESSONS, PASSAGE_CHARS, Piece, passages_of, pieces, write_reading_set
from core.chat.local.genai import GenAIChat, ReadingAdapter
from core.files import Home
from core.metrics import bootstrap_mean, exact_match, token_f1
from core.models import open_chat
from core.prompt import load_prompt, trained_passages
from core.reading.passages import Passage, new_mark, render
from core.reading.proved import proper
from core.reading.read import read
from core.reading.spans.reader import SpanReader, open_span_reader
from core.rows import MANIFEST
from core.settings import home_dir, load
from core.weights.adapter import open_adapter
from core.weights.shipped import reading_adapter
from rag.answer.cite import Checked, check
from rag.answer.pack import Span
from rag.embed.open import open_embedder
from rag.search.similar import Similarity

# All blocks, in the order of the rows; the rank keeps the adapter under 10 MB.
_RECIPE = (
    "rank=16",
    "learning_rate=8e-4",
    "epochs=1",
    "batch_size=24",
    "packing=bfd",
    "order=given",
    "retain=none",
    "eval_steps=60",
    "save_steps=10",
)
PASSAGES = 8
BATCH = 8
_QUOTE = re.compile(r"“([^”]+)”")


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its passages.

    Attributes:
        golds: Accepted answers; empty where the passages do not answer.
    """

    question: str
    golds: tuple[str, ...]
    shown: tuple[Piece, ...]


def main() -> None:
    """Parse the arguments and do what they ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", action="store_true", help="rows, training, adapter and figures in one")
    parser.add_argument("--minutes", type=float, default=0.0, help="that training may take; 0: all rows")
    parser.add_argument("--steps", type=int, default=0, help="steps of training at most; 0: all rows")
    parser.add_argument("--run", default="reading", help="name of the run")
    parser.add_argument("--rows", action="store_true")
    parser.add_argument("--eval", action="store_true")
    parser.add_argument("--export", type=Path, help="folder of a run, or of an adapter")
    parser.add_argument("--data", type=Path, help="folder of the reading sets")
    parser.add_argument("--out", type=Path, help="folder for the dataset")
    parser.add_argument("--base", action="store_true", help="measure SmolLM2 as it comes")
    parser.add_argument("--adapter", type=Path, help="measure with this adapter in place of the one that ships")
    parser.add_argument("--count", type=int, default=100, help="answerable questions, and as many others")
    parser.add_argument("--passages", type=int, default=0, help="most that the model sees; 0: as `kb ask` shows")
    parser.add_argument("--passes", type=int, default=1, help="passes over the questions, each with other neighbours")
    parser.add_argument("--most-rows", type=int, default=0, help="about how many rows are made; 0: all of them")
    parser.add_argument("--show", type=int, default=0, help="replies to print")
    arguments = parser.parse_args()
    if arguments.rows:
        rows(arguments, arguments.out)
    if arguments.export:
        export(arguments.export, reading_adapter())
    if arguments.train:
        train(arguments)
    if arguments.eval:
        figures = evaluate(arguments, None if arguments.base else arguments.adapter or reading_adapter())
        print(json.dumps(figures, indent=2))


def rows(arguments: argparse.Namespace, out: Path) -> None:
    """Write the rows as a dataset folder."""
    corpus = read_corpus(arguments.data)
    count = write_reading_set(corpus, train_items(corpus), out, passes=arguments.passes, most=arguments.most_rows)
    print(f"{out}: {count} rows", flush=True)


def train(arguments: argparse.Namespace) -> None:
    """Make rows, train on them, write the adapter and measure it; what is done already is left as it is."""
    out: Path = arguments.out
    if not (out / "rows" / MANIFEST).is_file():
        rows(arguments, out / "rows")
    choices = (*_RECIPE, f"minutes={arguments.minutes}", f"max_steps={arguments.steps}")
    run = trained_run(arguments.run, out / "rows", choices)
    adapter = out / "reading_adapter.safetensors"
    export(run, adapter)
    figures = evaluate(arguments, adapter)
    (out / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


def evaluate(arguments: argparse.Namespace, adapter: Path | None) -> dict[str, object]:
    """Measure SmolLM2 with an adapter, or as it comes if None."""
    home = Home(home_dir(os.environ))
    chat = open_chat("smollm2", load().values, home)
    assert isinstance(chat, GenAIChat)
    if adapter is not None:
        if not adapter.is_file():
            raise SystemExit(f"error: there is no adapter at {adapter}")
        plain = chat
        chat = chat.model_copy(update={"reading": ReadingAdapter(open_adapter(adapter), home)})
        chat = chat.for_passages(load_prompt().digest)
        if chat.path == plain.path:
            raise SystemExit("error: the adapter was trained under another prompt than that of kb ask")
    corpus = read_corpus(arguments.data)
    reader = Narrowing(
        arguments.passages or trained_passages(chat).count or PASSAGES,
        Similarity(open_embedder("minilm", home, precision="auto")),
        open_span_reader(home),
    )
    return measure(chat, cases(corpus, arguments.count), reader, arguments.show)


def export(folder: Path, target: Path) -> None:
    """Write a run's adapter with the digest of its prompt and what its rows showed."""
    header = {
        "prompt_digest": load_prompt().digest,
        "passages": str(max(size for lesson in LESSONS for size in lesson.sizes)),
        "passage_chars": str(PASSAGE_CHARS),
    }
    export_adapter(folder, target, header)


def cases(corpus: Corpus, count: int) -> list[Case]:
    """Return held-out questions, half of them not answered by their passages, each among eight passages."""
    items = held_out_items(corpus, "squad")
    rng = random.Random(11)
    own = [(piece, item) for piece in pieces(corpus, items) for item, _ in piece.items]
    rng.shuffle(own)
    made: list[Case] = []
    for answerable in (True, False):
        for piece, item in [pair for pair in own if bool(pair[1].answers) == answerable][:count]:
            made.append(_case(piece, item, own, corpus, rng))
    return made


def _case(piece: Piece, item: Item, own: Sequence[tuple[Piece, Item]], corpus: Corpus, rng: random.Random) -> Case:
    golds = tuple(dict.fromkeys(corpus.paragraphs[item.paragraph][slice(*span)] for span in item.answers))
    others = {
        other.text: other
        for other, _ in own
        if other.document == piece.document
        and other.text != piece.text
        and not any(gold.lower() in other.text.lower() for gold in golds)
    }
    shown = [piece, *rng.sample(list(others.values()), min(PASSAGES - 1, len(others)))]
    rng.shuffle(shown)
    return Case(item.question, golds, tuple(shown))


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which of the passages a model sees.

    Attributes:
        count: Most of them.
        cosines: The built-in reader's.
        spans: Its neural part, None where its weights are absent.
    """

    count: int
    cosines: Similarity
    spans: SpanReader | None

    def chosen(self, question: str, passages: Sequence[Passage]) -> list[Passage]:
        """Return the passages that the reader finds best, best first."""
        if len(passages) <= self.count:
            return list(passages)
        places = read(question, passages, cosines=self.cosines, spans=self.spans).places
        return [passages[place.passage] for place in places[: self.count]]


def measure(chat: GenAIChat, cases: Sequence[Case], reader: Narrowing, show: int) -> dict[str, object]:
    """Ask every case and score the checked replies.

    Returns:
        F1 and exact match of the short answer over answerable questions (a refusal counts 0), precision and recall of
        refusals, the share of quotes that stand in their passage, of replies whose figures are supported or marked.
    """
    rng = random.Random(12)
    prompt = load_prompt()
    conversations, spans, shown_golds = [], [], []
    for case in cases:
        passages = reader.chosen(case.question, passages_of(case.shown, rng))
        if case.golds:
            shown_golds.append(any(gold in passage.text for gold in case.golds for passage in passages))
        conversations.append(prompt.messages(render(passages, new_mark(rng)), case.question))
        spans.append({passage.key: _span(passage.key, passage.text) for passage in passages})
    begun = time.perf_counter()
    replies = [
        reply
        for start in range(0, len(cases), BATCH)
        for reply in chat.generate_batch(conversations[start : start + BATCH], max_tokens=128)
    ]
    spent = time.perf_counter() - begun
    checked = [
        check(reply, shown, lambda sha256, _, shown=shown: shown[sha256].text, question=case.question)  # type: ignore[misc]
        for reply, shown, case in zip(replies, spans, cases, strict=True)
    ]
    for case, reply in list(zip(cases, replies, strict=True))[:show]:
        print(f"Q {case.question}\n  gold {case.golds}\n  {reply}\n")
    return _figures(cases, replies, checked, spans) | {
        "gold_shown": round(sum(shown_golds) / max(1, len(shown_golds)), 3),
        "passages_shown": reader.count,
        "s_per_question": round(spent / len(cases), 2),
    }


def _span(key: str, text: str) -> Span:
    return Span(doc=f"{key}.pdf", sha256=key, page=0, start=0, end=len(text), text=text)


def _figures(
    cases: Sequence[Case], replies: Sequence[str], checked: Sequence[Checked], spans: Sequence[dict[str, Span]]
) -> dict[str, object]:
    short = [
        "" if result.ground == "abstained" else result.short_answer or proper(reply)
        for result, reply in zip(checked, replies, strict=True)
    ]
    answered = [(text, case.golds) for text, case in zip(short, cases, strict=True) if case.golds]
    f1 = [max(token_f1(text, gold) for gold in golds) for text, golds in answered]
    refused = [result.ground == "abstained" for result in checked]
    right = sum(no and not case.golds for no, case in zip(refused, cases, strict=True))
    quotes = [
        any(quote in " ".join(span.text.split()) for span in shown.values())
        for reply, shown in zip(replies, spans, strict=True)
        for quote in _QUOTE.findall(reply)
    ]
    marked = [
        statement.supported or bool(statement.reason)
        for result in checked
        for statement in result.statements
        if re.search(r"\d", statement.text)
    ]
    interval = bootstrap_mean(f1)
    return {
        "questions": len(cases),
        "f1": [round(value, 3) for value in (interval.mean, interval.low, interval.high)],
        "exact_match": round(sum(any(exact_match(t, g) for g in golds) for t, golds in answered) / len(answered), 3),
        "refusal_recall": round(right / max(1, sum(not case.golds for case in cases)), 3),
        "refusal_precision": round(right / max(1, sum(refused)), 3),
        "quotes_verbatim": round(sum(quotes) / max(1, len(quotes)), 3),
        "figures_supported_or_marked": round(sum(marked) / max(1, len(marked)), 3),
    }


if __name__ == "__main__":
    main()

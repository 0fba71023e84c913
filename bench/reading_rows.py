"""Rows that teach a model to read: passages under the prompt of `kb ask`, with a quote, its key and the answer.

Made from the reading sets of `bench.reader_data`, of documents that are not held out. All questions about a set of
passages stand under the same marks and keys, so that training computes the passages once for many questions. Easy rows
come first: one passage and questions of other paragraphs, then more passages, then questions that only seem answered.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from bench.reader_data import Corpus, Item, Span
from core.files import atomic_write
from core.prompt import ABSTENTION, DEFAULT_PROMPT, passage_source
from core.reading.passages import Passage, new_keys, new_mark, render
from core.reading.text.sentences import split_prose
from core.rows import ASK_PROMPT, MANIFEST, write_rows
from core.types import Pair, Split

# Characters of a passage; a search gives chunks of about 256 tokens, often widened to whole sentences.
PASSAGE_CHARS = 900
_QUOTE_CHARS = 320
# Passages from which on a document gives the neighbours of its own ones.
_LEAST_OWN = 8
# Questions of one paragraph that are asked in one pass.
_PER_PARAGRAPH = 6
# Share of a set's questions that are asked: many of this one are yes-or-no questions whose answer is a heading.
_ASKED = {"policyqa": 0.12, "lookup": 0.25}
_VAL_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a part of the rows is like.

    Attributes:
        share: Of the pieces that it uses.
        sizes: Numbers of passages to draw from.
        missed: Questions of the document's other passages, per question of its own: search missed them.
        near: Share of the questions that are kept although their own paragraph does not answer them.
    """

    share: float
    sizes: tuple[int, ...]
    missed: float
    near: float


# Unanswerable questions that look answered give a small model nothing to learn from at first: it then never declines.
# One or two passages are what a small model is shown: the built-in reader puts the right one first (`Narrowing`).
LESSONS = (
    Lesson(share=0.45, sizes=(1,), missed=0.35, near=0.0),
    Lesson(share=0.55, sizes=(1, 2, 2), missed=0.2, near=0.6),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a paragraph that fits a passage, and the questions it answers or seems to answer.

    Attributes:
        items: Each with its answer's span in `text`, or None where the paragraph does not answer.
    """

    document: str
    text: str
    items: tuple[tuple[Item, Span | None], ...]


def pieces(corpus: Corpus, items: Sequence[Item]) -> list[Piece]:
    """Cut paragraphs into stretches of whole sentences and give each its questions."""
    by_paragraph: dict[int, list[Item]] = defaultdict(list)
    for item in items:
        by_paragraph[item.paragraph].append(item)
    made: list[Piece] = []
    for paragraph, paragraph_items in sorted(by_paragraph.items()):
        text = corpus.paragraphs[paragraph]
        for start, end in _stretches(text):
            inside = tuple(
                (item, (item.answers[0][0] - start, item.answers[0][1] - start) if item.answers else None)
                for item in paragraph_items
                if not item.answers or (start <= item.answers[0][0] and item.answers[0][1] <= end)
            )
            if inside and (len(text) <= PASSAGE_CHARS or any(span for _, span in inside)):
                made.append(Piece(corpus.documents[paragraph], text[start:end], inside))
    return made


def _stretches(text: str) -> Iterator[Span]:
    if len(text) <= PASSAGE_CHARS:
        yield 0, len(text)
        return
    start = 0
    previous = 0
    for _, end in split_prose(text, 0, len(text)):
        if end - start > PASSAGE_CHARS and previous > start:
            yield start, previous
            start = previous
        previous = end
    yield start, len(text)


def reading_rows(
    corpus: Corpus, items: Sequence[Item], *, seed: int, lessons: Sequence[Lesson] = LESSONS
) -> Iterator[Pair]:
    """Yield the rows of one pass over the pieces, lesson by lesson, in an order drawn within each.

    Args:
        corpus: Paragraphs.
        items: Questions to ask.
        seed: Of every draw; another one gives other neighbours and another share of questions.
        lessons: What comes in turn.
    """
    rng = random.Random(seed)
    items = [item for item in items if rng.random() < _ASKED.get(item.source, 1.0)]
    by_document: dict[str, list[Piece]] = defaultdict(list)
    for piece in pieces(corpus, items):
        by_document[piece.document].append(piece)
    pools: dict[str, list[Piece]] = defaultdict(list)
    for document, own in sorted(by_document.items()):
        # A set whose documents are single paragraphs mixes them; else a document's passages stand together.
        pools[document if len(own) >= _LEAST_OWN else document.split("/", 1)[0]] += own
    total = sum(lesson.share for lesson in lessons)
    for pool in pools.values():
        rng.shuffle(pool)
    begun = 0.0
    for lesson in lessons:
        prompts: list[list[Pair]] = []
        for pool in pools.values():
            start, end = (round(part * len(pool) / total) for part in (begun, begun + lesson.share))
            while start < end:
                size = min(rng.choice(lesson.sizes), end - start)
                prompts.append(list(_question_rows(pool[start : start + size], pool, rng, f"{seed}", lesson)))
                start += size
        begun += lesson.share
        rng.shuffle(prompts)
        for rows in prompts:
            yield from rows


def passages_of(shown: Sequence[Piece], rng: random.Random) -> list[Passage]:
    """Return pieces as passages of a prompt, under keys and page numbers that `rng` draws."""
    return [
        Passage(
            key=key,
            source=passage_source(f"{_title(piece)}.pdf", rng.randrange(40), _title(piece)),
            text=piece.text,
        )
        for key, piece in zip(new_keys(len(shown), rng), shown, strict=True)
    ]


def _question_rows(
    shown: Sequence[Piece], pool: Sequence[Piece], rng: random.Random, name: str, lesson: Lesson
) -> Iterator[Pair]:
    passages = passages_of(shown, rng)
    context = render(passages, new_mark(rng))
    split: Split = "val" if rng.random() < _VAL_SHARE else "train"
    number = 0

    def row(question: str, answer: str, kind: str) -> Pair:
        nonlocal number
        number += 1
        return Pair(
            id=f"{name}-{passages[0].key}-{number}",
            kind=kind,
            question=question,
            answer=answer,
            context=context,
            evidence=(),
            fact="",
            group=shown[0].document,
            split=split,
            origin="import",
        )

    for passage, piece in zip(passages, shown, strict=True):
        for item, span in rng.sample(piece.items, min(_PER_PARAGRAPH, len(piece.items))):
            if span is None:
                if rng.random() < lesson.near:
                    yield row(item.question, ABSTENTION, "abstain")
            elif answer := target(piece.text, span, passage.key):
                yield row(item.question, answer, "distractors" if len(passages) > 1 else "evidence")
    asked = sum(min(_PER_PARAGRAPH, len(piece.items)) for piece in shown)
    for other in rng.sample(pool, min(len(pool), max(1, round(lesson.missed * asked)))):
        item, span = rng.choice(other.items)
        gold = other.text[slice(*span)].lower() if span else ""
        if other not in shown and gold and not any(gold in piece.text.lower() for piece in shown):
            yield row(item.question, ABSTENTION, "abstain")


def target(text: str, span: Span, key: str) -> str:
    """Return the sentence that holds the answer, its key and the answer; empty where the sentence is too long to quote.

    The place is chosen with the quote's first words, which makes the answer after it easy: a model of 135M learns this
    order from a quarter of the rows that it needs with the answer first.
    """
    for start, end in split_prose(text, 0, len(text)):
        if start <= span[0] and span[1] <= end:
            quote = " ".join(text[start:end].replace("“", '"').replace("”", '"').split())
            answer = " ".join(text[slice(*span)].split()).rstrip(" .")
            return f"“{quote}” [[{key}]] Answer: {answer}" if len(quote) <= _QUOTE_CHARS else ""
    return ""


def _title(piece: Piece) -> str:
    name = piece.document.split("/", 1)[1]
    return " ".join(name.replace("_", " ").split()[:6])[:40].strip(" .,") or "notes"


def thinned(rows: Sequence[Pair], most: int) -> list[Pair]:
    """Return about `most` of the rows, evenly from all lessons, all questions of a prompt together; 0: all of them."""
    prompts = [list(group) for _, group in groupby(rows, key=lambda row: row.context)]
    count = round(len(prompts) * min(1.0, most / max(1, len(rows)))) if most else len(prompts)
    chosen = (prompts[number * len(prompts) // count] for number in range(count))
    return [row for prompt in chosen for row in prompt]


def write_reading_set(corpus: Corpus, items: Sequence[Item], folder: Path, *, passes: int, most: int = 0) -> int:
    """Write a dataset folder and return its number of rows.

    Args:
        corpus: Paragraphs.
        items: Questions to ask.
        folder: Receives the rows.
        passes: Over the questions, each with other neighbours.
        most: About how many rows are written; 0: all of them.
    """
    rows = thinned([row for seed in range(passes) for row in reading_rows(corpus, items, seed=seed)], most)
    folder.mkdir(parents=True, exist_ok=True)
    for split in ("train", "val"):
        write_rows(folder / f"{split}.jsonl", (row for row in rows if row.split == split))
    prompt = DEFAULT_PROMPT.read_text(encoding="utf-8").rstrip("\n")
    with atomic_write(folder / MANIFEST) as handle:
        handle.write(json.dumps({"prompts": {ASK_PROMPT: prompt}}).encode())
    return len(rows)

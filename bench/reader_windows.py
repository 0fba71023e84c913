"""Windows of question and passage, as token ids with the answer's place, drawn anew in every pass.

Deterministic: the windows of a pass depend on the seed and the pass alone, so an interrupted training goes on with
the same batches.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from bench.reader_data import Corpus, Item, Span
from bench.reader_twins import TwinWriter

CLS, SEP = 101, 102
_QUESTION_TOKENS = 48
_WINDOW_TOKENS = 256
_JOINED_CHARS = 1300
# Share of the questions of each set that a pass shows: privacy policies are many, and their answers vague.
_SHOWN = {"policyqa": 0.3}
_NEGATIVES = 0.6  # windows without the answer per answerable question
_TWINS = 0.35  # unanswerable twins per answerable question, from the second pass on
# A training on pairs shows a part of the questions, of the others a little so that they are not forgotten.
_PAIRED_SHOWN = {"squad": 0.45, "policyqa": 0.12, "covidqa": 0.5, "lookup": 0.2, "quoref": 0.6}
_PAIRED_NEGATIVES = 0.12
_PAIRED_TWINS = {"squad": 0.7, "adversarial": 0.9, "quoref": 0.7, "covidqa": 0.5, "policyqa": 0.3}
_JOINED = 0.35  # share of windows that hold neighbouring paragraphs too
_TWIN_CHARS = 150  # shortest rest of a paragraph that makes a twin
_BORDER = re.compile(r"[.!?][\"”)]?\s+|\n")
_NAME = re.compile(r"(?<!^)\b(?:[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*|\d[\d,.]*\d|\d)\b")
_HARD = 5  # an unanswering paragraph is drawn among this many most alike ones


@dataclass(frozen=True, slots=True)
class Window:
    """A question with a stretch of text.

    Attributes:
        ids: Token ids: `[CLS] question [SEP] text [SEP]`.
        text_start: Index of the first token of the text.
        first: Index of the answer's first token; 0, the place of `[CLS]`, where the text does not answer.
        last: Index of its last token.
    """

    ids: list[int]
    text_start: int
    first: int
    last: int


Unit = tuple[Window, ...]
"""Windows that stay in one batch; the others of a unit are the first one's text under questions it does not answer."""


class WindowMaker:
    """Draws the windows of a pass.

    Args:
        corpus: Paragraphs.
        items: The questions to show.
        tokenizer: The encoder's, without truncation or padding.
        seed: Of every draw.
    """

    def __init__(self, corpus: Corpus, items: Sequence[Item], tokenizer: Tokenizer, seed: int) -> None:
        self._corpus, self._items, self._seed = corpus, items, seed
        self._tokenizer = tokenizer
        self._questions = self._tokens([item.question for item in items])
        names: dict[str, set[str]] = defaultdict(set)
        for item in items:
            names[item.document].update(match[0] for match in _NAME.finditer(item.question))
        self._names = {document: sorted(document_names) for document, document_names in names.items()}
        self._like = _alike(corpus, items)

    def units(self, epoch: int) -> list[Unit]:
        """Return what one pass shows, shuffled: every window by itself."""
        return [(window,) for window in self.windows(epoch)]

    def windows(self, epoch: int) -> list[Window]:
        """Return every window of one pass, shuffled."""
        rng = random.Random(f"{self._seed} {epoch}")
        made: list[Window] = []
        for index, item in enumerate(self._items):
            if rng.random() > _SHOWN.get(item.source, 1.0):
                continue
            made.append(self._window(index, item, rng))
            if item.answers and rng.random() < _NEGATIVES and self._like[index]:
                made.append(self._negative(index, item, rng))
            if epoch and item.answers and rng.random() < _TWINS:
                twin = self._without_sentence(index, item, rng) if rng.random() < 0.5 else self._renamed(item, rng)
                made += [twin] if twin else []
        rng.shuffle(made)
        return made

    def _window(self, index: int, item: Item, rng: random.Random) -> Window:
        text = self._corpus.paragraphs[item.paragraph]
        answer = rng.choice(item.answers) if item.answers else None
        if len(text) > _JOINED_CHARS:
            text, answer = _cut(text, answer, rng)
        elif rng.random() < _JOINED and item.source not in ("lookup", "tatqa"):
            text, answer = self._joined(item, text, answer, rng)
        return self._encode(self._questions[index], text, answer, rng)

    def _joined(self, item: Item, text: str, answer: Span | None, rng: random.Random) -> tuple[str, Span | None]:
        """Put neighbours of the same document around a paragraph, where they do not answer themselves."""
        documents, paragraphs = self._corpus.documents, self._corpus.paragraphs
        gold = text[slice(*answer)] if answer else None
        for step in rng.sample((-1, 1), 2):
            other = item.paragraph + step
            if not 0 <= other < len(paragraphs) or documents[other] != item.document:
                continue
            beside = paragraphs[other]
            if gold and gold in beside:
                continue
            if step < 0:
                beside = beside[-(_JOINED_CHARS - len(text)) :] if len(text) < _JOINED_CHARS else ""
                text = f"{beside}\n{text}"
                answer = (answer[0] + len(beside) + 1, answer[1] + len(beside) + 1) if answer else None
            else:
                text = f"{text}\n{beside}"
        return text, answer

    def _negative(self, index: int, item: Item, rng: random.Random) -> Window:
        """A paragraph that search would find for the question and that lacks every answer."""
        gold = [self._corpus.paragraphs[item.paragraph][slice(*span)].lower() for span in item.answers]
        choices = [
            paragraph
            for paragraph in self._like[index]
            if not any(g in self._corpus.paragraphs[paragraph].lower() for g in gold)
        ]
        if not choices:
            choices = [rng.randrange(len(self._corpus.paragraphs))]
        text = self._corpus.paragraphs[rng.choice(choices)]
        if len(text) > _JOINED_CHARS:
            text, _ = _cut(text, None, rng)
        return self._encode(self._questions[index], text, None, rng)

    def _without_sentence(self, index: int, item: Item, rng: random.Random) -> Window | None:
        """The paragraph without the sentence that answers; None where the answer stands elsewhere in it too."""
        text = self._corpus.paragraphs[item.paragraph]
        if len(text) > _JOINED_CHARS:
            return None
        start, end = item.answers[0]
        first = max((match.end() for match in _BORDER.finditer(text, 0, start)), default=0)
        after = _BORDER.search(text, end)
        rest = (text[:first] + (text[after.end() :] if after else "")).strip()
        if len(rest) < _TWIN_CHARS or text[start:end].lower() in rest.lower():
            return None
        return self._encode(self._questions[index], rest, None, rng)

    def _renamed(self, item: Item, rng: random.Random) -> Window | None:
        """The question about another name or number of the same document, one that the paragraph does not hold."""
        text = self._corpus.paragraphs[item.paragraph]
        parts = list(_NAME.finditer(item.question))
        if not parts or len(text) > _JOINED_CHARS:
            return None
        part = rng.choice(parts)
        number = part[0][0].isdigit()
        names = [name for name in self._names[item.document] if name[0].isdigit() == number]
        others = [name for name in names if name.lower() not in text.lower() and name not in item.question]
        if not others:
            return None
        question = item.question[: part.start()] + rng.choice(others) + item.question[part.end() :]
        return self._encode(self._tokens([question])[0], text, None, rng)

    def _tokens(self, questions: Sequence[str]) -> list[list[int]]:
        encodings = self._tokenizer.encode_batch_fast(list(questions), add_special_tokens=False)
        return [encoding.ids[:_QUESTION_TOKENS] for encoding in encodings]

    def _encode(self, question: list[int], text: str, answer: Span | None, rng: random.Random) -> Window:
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        ids, offsets = encoding.ids, encoding.offsets
        span = _token_span(offsets, answer) if answer else None
        room = _WINDOW_TOKENS - len(question) - 3
        if len(ids) > room:
            low, high = 0, len(ids) - room
            if span:
                low, high = max(0, span[1] + 1 - room), min(high, span[0])
            start = rng.randint(min(low, high), max(low, high))
            ids = ids[start : start + room]
            span = (span[0] - start, span[1] - start) if span else None
            if span and not (0 <= span[0] <= span[1] < room):
                span = None
        before = len(question) + 2
        first, last = (span[0] + before, span[1] + before) if span else (0, 0)
        return Window([CLS, *question, SEP, *ids, SEP], before, first, last)


class PairMaker(WindowMaker):
    """Draws windows whose unanswerable twins stand beside them, those that people wrote and those that rules write."""

    def __init__(self, corpus: Corpus, items: Sequence[Item], tokenizer: Tokenizer, seed: int) -> None:
        super().__init__(corpus, items, tokenizer, seed)
        self._writer = TwinWriter(corpus, items)
        self._twins = _written_twins(items)
        self._paired = {twin for twins in self._twins.values() for twin in twins}

    def units(self, epoch: int) -> list[Unit]:
        """Return the units of one pass, shuffled."""
        rng = random.Random(f"{self._seed} pairs {epoch}")
        units: list[Unit] = []
        for index, item in enumerate(self._items):
            shown = index in self._twins or rng.random() < _PAIRED_SHOWN.get(item.source, 1.0)
            if index in self._paired or not shown:
                continue
            window = self._window(index, item, rng)
            twins = [self._questions[twin] for twin in self._twins.get(index, ())]
            if item.answers and rng.random() < _PAIRED_TWINS.get(item.source, 0.0):
                text = self._tokenizer.decode(window.ids[window.text_start : -1])
                question = self._writer.twin(item, text, rng)
                twins += [self._tokens([question])[0]] if question else []
            units.append((window, *(_beside(window, twin) for twin in twins)))
            if item.answers and rng.random() < _PAIRED_NEGATIVES and self._like[index]:
                units.append((self._negative(index, item, rng),))
        rng.shuffle(units)
        return units


def _beside(window: Window, question: list[int]) -> Window:
    """The text of a window under a question that it does not answer."""
    text = window.ids[window.text_start : -1][: _WINDOW_TOKENS - len(question) - 3]
    return Window([CLS, *question, SEP, *text, SEP], len(question) + 2, 0, 0)


def _written_twins(items: Sequence[Item]) -> dict[int, list[int]]:
    """Give every unanswerable question to the answerable one of its paragraph with most words in common."""
    by_paragraph: dict[int, list[int]] = defaultdict(list)
    for index, item in enumerate(items):
        if item.answers:
            by_paragraph[item.paragraph].append(index)
    words = [set(item.question.lower().split()) for item in items]
    twins: dict[int, list[int]] = defaultdict(list)
    for index, item in enumerate(items):
        choices = by_paragraph[item.paragraph] if not item.answers else []
        if choices:
            nearest = max(choices, key=lambda other: (len(words[index] & words[other]), -len(twins[other])))
            twins[nearest].append(index)
    return twins


def _cut(text: str, answer: Span | None, rng: random.Random) -> tuple[str, Span | None]:
    """Cut a stretch of a long text, with the answer somewhere in it."""
    if answer is None:
        start = rng.randint(0, max(0, len(text) - _JOINED_CHARS))
        return text[start : start + _JOINED_CHARS], None
    room = max(0, _JOINED_CHARS - (answer[1] - answer[0]))
    start = max(0, answer[0] - rng.randint(0, room))
    return text[start : start + _JOINED_CHARS], (answer[0] - start, min(answer[1] - start, _JOINED_CHARS))


def _token_span(offsets: Sequence[Span], answer: Span) -> Span | None:
    """The first and last token that the answer touches."""
    touched = [index for index, (start, end) in enumerate(offsets) if start < answer[1] and end > answer[0]]
    return (touched[0], touched[-1]) if touched else None


def _alike(corpus: Corpus, items: Sequence[Item]) -> list[list[int]]:
    """For each question the paragraphs most alike by words, its own left out: of its document first, then of others."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [text[:3000] for text in corpus.paragraphs]
    vectorizer = TfidfVectorizer(stop_words="english", sublinear_tf=True)
    matrix = vectorizer.fit_transform(texts)
    by_document: dict[str, list[int]] = defaultdict(list)
    for paragraph, document in enumerate(corpus.documents):
        by_document[document].append(paragraph)
    alike: list[list[int]] = []
    for begin in range(0, len(items), 512):
        part = items[begin : begin + 512]
        scores: NDArray[np.float64] = (vectorizer.transform([item.question for item in part]) @ matrix.T).toarray()
        for item, row in zip(part, scores, strict=True):
            own = [paragraph for paragraph in by_document[item.document] if paragraph != item.paragraph]
            best_own = sorted(own, key=lambda paragraph: -row[paragraph])[:_HARD]
            top = [int(paragraph) for paragraph in np.argpartition(-row, _HARD)[:_HARD] if paragraph != item.paragraph]
            alike.append([*best_own, *top])
    return alike


def batches(units: Sequence[Unit], batch_tokens: int, seed: str) -> list[list[int]]:
    """Group units of like lengths: indices by batch, each at most `batch_tokens` tokens with padding, shuffled."""
    rng = random.Random(seed)
    widths = [max(len(window.ids) for window in unit) for unit in units]
    order = sorted(range(len(units)), key=lambda index: (widths[index] // 8, rng.random()))
    made: list[list[int]] = []
    group: list[int] = []
    rows = width = 0
    for index in order:
        rows, width = rows + len(units[index]), max(width, widths[index])
        if group and width * rows > batch_tokens:
            made.append(group)
            group, rows, width = [], len(units[index]), widths[index]
        group.append(index)
    made.append(group)
    rng.shuffle(made)
    return made


def steps(made: Sequence[list[int]], accumulate: int) -> Iterator[list[list[int]]]:
    """Yield the batches of each optimiser step."""
    for begin in range(0, len(made), accumulate):
        yield list(made[begin : begin + accumulate])

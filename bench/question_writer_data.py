"""Rows for the question writer: the questions of the open reading sets turned round, kept where they stand alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.reader_data import Corpus, Item
from core.language.english.questions.wording import ENGLISH
from core.metrics import contains
from core.reading.text.sentences import split_prose
from core.reading.text.words import STOPWORDS, words
from synth.check.form import dangling, mentions_source, names
from synth.generate.writer_prompt import MarkedText

# PolicyQA asks some six hundred ready-made questions again and again, Quoref asks round corners, and figures of tables
# are asked for by rules.
_SOURCES = ("squad", "adversarial", "covidqa", "tatqa")
_WINDOW_CHARS = 480
_MOST_ANSWER_WORDS = 12
_QUESTION_WORDS = range(6, 21)
# With a name in the question, and without.
_NAMED_CONTENT_WORDS, _FEWEST_CONTENT_WORDS = 3, 6
_LIST_PLACE = re.compile(r"\b(?:first|second|third|last|mentioned|listed|named|stated|discussed)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WriterExample:
    """A text with marked words, and the question that a person wrote for them."""

    marked: MarkedText
    question: str
    document: str


def examples(corpus: Corpus, items: Sequence[Item]) -> list[WriterExample]:
    """Return the usable questions among some items, in their order, without repeats."""
    windows: dict[int, list[tuple[int, int]]] = {}
    made: dict[tuple[str, str, str], WriterExample] = {}
    for item in items:
        if item.source not in _SOURCES or not item.answers:
            continue
        text = corpus.paragraphs[item.paragraph]
        if item.paragraph not in windows:
            windows[item.paragraph] = list(_windows(text))
        question = _tidied(item.question)
        example = _example(item, text, windows[item.paragraph], question)
        if example is not None:
            made.setdefault((question, example.marked.text, example.marked.answer), example)
    return list(made.values())


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Yield runs of whole sentences of at most so many code points; a longer sentence is a run of its own."""
    start = end = 0
    for first, last in split_prose(text, 0, len(text)):
        if end > start and last - start > _WINDOW_CHARS:
            yield start, end
            start = first
        end = last
    if end > start:
        yield start, end


def _tidied(question: str) -> str:
    question = " ".join(question.split())
    return question[:1].upper() + question[1:]


def _example(item: Item, text: str, windows: Sequence[tuple[int, int]], question: str) -> WriterExample | None:
    start, end = item.answers[0]
    window = next((place for place in windows if place[0] <= start and end <= place[1]), None)
    answer = " ".join(text[start:end].split())
    if window is None or window[1] - window[0] > 2 * _WINDOW_CHARS or not usable(question, answer):
        return None
    if re.match(r"\w\w", text[start - 1 : start + 1]) or re.match(r"\w\w", text[end - 1 : end + 1]):
        return None  # half a word
    before = " ".join(text[window[0] : start].split())
    touching = start > window[0] and not text[start - 1].isspace()
    first = len(before) + (1 if before and not touching else 0)
    line = " ".join(text[slice(*window)].split())
    if line[first : first + len(answer)] != answer:
        return None
    marked = MarkedText(title=_title(item.document), text=line, start=first, end=first + len(answer))
    return WriterExample(marked, question, item.document)


def _title(document: str) -> str:
    """The article's title; empty for sets that name none."""
    source, _, name = document.partition("/")
    return name.replace("_", " ") if source == "squad" else ""


def usable(question: str, answer: str) -> bool:
    """Whether a question is well formed, can be understood without its text, and does not hold its answer."""
    n_words = len(question.split())
    content = {word for word in words(question) if word not in STOPWORDS}
    return (
        n_words in _QUESTION_WORDS
        and question.endswith("?")
        and len(answer.split()) <= _MOST_ANSWER_WORDS
        and ENGLISH.question_start.match(question) is not None
        and not _LIST_PLACE.search(question)
        and not dangling(question)
        and not mentions_source(question)
        and not contains(question, answer)
        and len(content) >= (_NAMED_CONTENT_WORDS if names(question) else _FEWEST_CONTENT_WORDS)
    )

"""Questions with their passages for the span reader: read from the open sets, split by document, cut into windows.

The split is by a hash of the document's name, so every bench that asks for held-out questions gets the same ones.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# Share of each set's documents that no training sees.
HELD_OUT = {
    "squad": 0.13,
    "policyqa": 0.5,
    "covidqa": 0.5,
    "tatqa": 0.2,
    "lookup": 0.2,
    "adversarial": 0.1,
    "quoref": 0.1,
}

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Item:
    """A question about one paragraph.

    Attributes:
        source: Name of the set.
        question: As written.
        document: What the split moves whole.
        paragraph: Index into the paragraphs of `Corpus`.
        answers: Spans in the paragraph, code points, half open; empty where the paragraph does not answer.
    """

    source: str
    question: str
    document: str
    paragraph: int
    answers: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Paragraphs, and questions about them.

    Attributes:
        paragraphs: Their texts.
        documents: Document of each paragraph; neighbours in a document stand side by side.
        items: The questions.
    """

    paragraphs: list[str]
    documents: list[str]
    items: list[Item]


def is_held_out(source: str, document: str) -> bool:
    """Tell whether a document is kept apart from training."""
    digest = hashlib.sha256(f"reader {document}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < HELD_OUT[source]


def read_corpus(folder: Path) -> Corpus:
    """Read every set that lies in the folder.

    Args:
        folder: With `squad-dev.json`, `xquad.en.json`, `policyqa-*.json`, `covidqa.json`, `tatqa-dev.json` and
            `t0-sample.jsonl.gz`.

    Raises:
        FileNotFoundError: The folder holds none of them.
    """
    corpus = Corpus([], [], [])
    for name, source in (
        ("squad-dev.json", "squad"),
        ("xquad.en.json", "squad"),  # of the same articles
        ("policyqa-dev.json", "policyqa"),
        ("policyqa-test.json", "policyqa"),
        ("covidqa.json", "covidqa"),
    ):
        if (folder / name).is_file():
            _add_squad(corpus, folder / name, source)
    if (folder / "tatqa-dev.json").is_file():
        _add_tatqa(corpus, folder / "tatqa-dev.json")
    if (folder / "t0-sample.jsonl.gz").is_file():
        _add_prompts(corpus, folder / "t0-sample.jsonl.gz")
    if not corpus.items:
        raise FileNotFoundError(f"{folder}: no reading set is here")
    return corpus


def _add(corpus: Corpus, document: str, text: str) -> int:
    corpus.paragraphs.append(text)
    corpus.documents.append(document)
    return len(corpus.paragraphs) - 1


def _add_squad(corpus: Corpus, path: Path, source: str) -> None:
    known = {text: index for index, text in enumerate(corpus.paragraphs)}
    known_questions = {(item.paragraph, item.question) for item in corpus.items}
    for article in json.loads(path.read_bytes())["data"]:
        for paragraph in article["paragraphs"]:
            text = paragraph["context"]
            title = article.get("title") or hashlib.sha256(text.encode()).hexdigest()[:12]
            index = known[text] if text in known else _add(corpus, f"{source}/{title}", text)
            for question in paragraph["qas"]:
                spans = dict.fromkeys(_span(text, a["text"], a["answer_start"]) for a in question["answers"])
                answers = tuple(span for span in spans if span)
                if (index, question["question"]) not in known_questions and (answers or question.get("is_impossible")):
                    corpus.items.append(
                        Item(source, question["question"].strip(), corpus.documents[index], index, answers)
                    )


def _span(text: str, answer: str, start: int) -> Span | None:
    """The answer's span without white space at its ends; None where it does not stand there."""
    if text[start : start + len(answer)] != answer or not answer.strip():
        return None
    first = start + len(answer) - len(answer.lstrip())
    return first, first + len(answer.strip())


def table_text(rows: Sequence[Sequence[str]]) -> tuple[str, list[list[Span]]]:
    """Print a table as pages carry it, one line a row, and say where each cell stands.

    Returns:
        The text, and the span of each cell.
    """
    lines: list[str] = []
    spans: list[list[Span]] = []
    offset = 0
    for row in rows:
        parts: list[str] = []
        cells: list[Span] = []
        for cell in row:
            value = " ".join(cell.split())
            cells.append((offset, offset + len(value)))
            parts.append(value)
            offset += len(value) + (2 if value else 0)
        line = "  ".join(part for part in parts if part)
        offset = sum(len(done) + 1 for done in lines) + len(line) + 1
        lines.append(line)
        spans.append(cells)
    return "\n".join(lines), spans


_SCALED = (
    "What was {label} in {head}?",
    "What is the {label} for {head}?",
    "How much was {label} in {head}?",
    "{label} {head}",
    "What were the {label} in {head}?",
    "What amount of {label} was reported for {head}?",
)


def _add_tatqa(corpus: Corpus, path: Path) -> None:
    rng = random.Random("tatqa")
    for entry in json.loads(path.read_bytes()):
        document = f"tatqa/{entry['table']['uid']}"
        rows = entry["table"]["table"]
        text, spans = table_text(rows)
        numbers = {paragraph["order"]: paragraph["text"] for paragraph in entry["paragraphs"]}
        table = _add(corpus, document, text)
        places = {order: _add(corpus, document, body) for order, body in sorted(numbers.items())}
        for question in entry["questions"]:
            if question["answer_type"] != "span" or len(question["answer"]) != 1:
                continue
            gold = question["answer"][0]
            if "table" in question["answer_from"]:
                place, answers = (
                    table,
                    tuple(span for line in spans for span in line if _same_cell(text[slice(*span)], gold)),
                )
            else:
                place = next((places[int(o)] for o in question["rel_paragraphs"] if gold in numbers[int(o)]), -1)
                body = corpus.paragraphs[place]
                answers = ((body.find(gold), body.find(gold) + len(gold)),) if place >= 0 else ()
            # A figure that stands twice in a table does not say which cell is meant.
            if len(answers) == 1:
                corpus.items.append(Item("tatqa", question["question"], document, place, answers))
        for question_text, span in _lookups(rows, spans, rng):
            corpus.items.append(Item("lookup", question_text, document, table, (span,)))


def _same_cell(cell: str, gold: str) -> bool:
    return bool(cell) and cell.replace(" ", "") == gold.replace(" ", "")


def _lookups(
    rows: Sequence[Sequence[str]], spans: Sequence[Sequence[Span]], rng: random.Random
) -> Iterator[tuple[str, Span]]:
    """Yield questions for single cells, asked by row label and column head."""
    heads = next((row for row in rows if any(re.search(r"\b(?:19|20)\d\d\b", cell) for cell in row[1:])), None)
    if heads is None:
        return
    choices = []
    for row, places in zip(rows, spans, strict=True):
        label = row[0].strip(" :")
        if not 3 <= len(label) <= 60 or row is heads:
            continue
        for head, cell, span in zip(heads[1:], row[1:], places[1:], strict=False):
            if re.search(r"\d", cell) and head.strip() and heads.count(head) == 1 and span[1] > span[0]:
                choices.append((label[0].lower() + label[1:], " ".join(head.split()), span))
    for label, head, span in rng.sample(choices, min(8, len(choices))):
        yield rng.choice(_SCALED).format(label=label, head=head), span


_ADVERSARIAL = re.compile(r'Question: "(?P<q>.+?)"\n\nContext: "(?P<c>.+)"\n\nAnswer:\s*', re.DOTALL)
_QUOREF = re.compile(r"(?P<q>.+?)\n\nAnswer the above question based on the context below:\n\n(?P<c>.+)", re.DOTALL)


def _add_prompts(corpus: Corpus, path: Path) -> None:
    """Take one form of each near-repeated prompt: the same questions stand in every form."""
    forms = {
        "question_context_answer": (_ADVERSARIAL, "adversarial"),
        "Given_Context_Answer_Question": (_QUOREF, "quoref"),
    }
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            for ending, (form, source) in forms.items():
                match = form.fullmatch(row["prompt"].strip()) if row["template"].endswith(ending) else None
                answer = row["completion"].strip()
                if match and answer and match["c"].count(answer) >= 1:
                    text = match["c"].strip()
                    start = text.find(answer)
                    document = f"{source}/{text[:60]}"
                    paragraph = _add(corpus, document, text)
                    corpus.items.append(
                        Item(source, match["q"].strip(), document, paragraph, ((start, start + len(answer)),))
                    )


def train_items(corpus: Corpus) -> list[Item]:
    """The questions whose documents are not held out."""
    return [item for item in corpus.items if not is_held_out(item.source, item.document)]


def held_out_items(corpus: Corpus, source: str) -> list[Item]:
    """The held-out questions of one set."""
    return [item for item in corpus.items if item.source == source and is_held_out(source, item.document)]

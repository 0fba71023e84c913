"""Print question sets in SQuAD format as PDFs of many pages, with the pages that answer each question.

    python bench/pageset.py OUT --data FOLDER

writes `OUT/<set>/*.pdf` and `OUT/<set>/questions.jsonl` with rows
`{"question", "answer", "doc", "pages", "scope"}`; pages are 0-based. `scope` is `all` where the question is asked of
the whole collection, and `doc` where several documents answer it alike (privacy policies), so that it is asked in one.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from pypdfium2 import PdfDocument
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

SETS = {"xquad": ("xquad.en.json",), "policies": ("policyqa-dev.json", "policyqa-test.json")}


def articles(paths: Iterable[Path]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield titles with their paragraphs that carry questions."""
    for path in paths:
        for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
            yield article["title"], [paragraph for paragraph in article["paragraphs"] if paragraph["qas"]]


def books(
    documents: Iterable[tuple[str, list[dict[str, Any]]]], min_pages: int
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Join articles, in order, into books of at least `min_pages`, named by number: their names tell nothing."""
    number, pages = 1, []
    for _, paragraphs in documents:
        pages += paragraphs
        if len(pages) >= min_pages:
            yield f"volume-{number:02d}", pages
            number, pages = number + 1, []
    if pages:
        yield f"volume-{number:02d}", pages


def write_pdf(path: Path, texts: Sequence[str]) -> None:
    """Print one text per page.

    Raises:
        ValueError: A text took more than one page, so that page numbers would not be those of the texts.
    """
    style = getSampleStyleSheet()["BodyText"]
    style.fontSize, style.leading = 8, 10
    story: list[Any] = []
    for text in texts:
        story += [Paragraph(escape(text).replace("\n", "<br/>"), style), PageBreak()]
    SimpleDocTemplate(str(path), pagesize=A4, title=path.stem, invariant=True).build(story)
    printed = len(PdfDocument(path))
    if printed != len(texts):
        raise ValueError(f"{path}: {len(texts)} texts took {printed} pages")


def rows(doc: str, paragraphs: Sequence[dict[str, Any]], scope: str) -> list[dict[str, Any]]:
    """Return one row per distinct question of a document, with every page that answers it."""
    pages: dict[str, set[int]] = defaultdict(set)
    answers: dict[str, str] = {}
    for page, paragraph in enumerate(paragraphs):
        for entry in paragraph["qas"]:
            if entry["answers"]:
                pages[entry["question"].strip()].add(page)
                answers.setdefault(entry["question"].strip(), entry["answers"][0]["text"])
    return [
        {"question": question, "answer": answers[question], "doc": doc, "pages": sorted(page_set), "scope": scope}
        for question, page_set in pages.items()
    ]


def write_set(
    name: str, paths: Sequence[Path], out: Path, *, min_pages: int = 40, most: int = 600, seed: int = 0
) -> int:
    """Write one set's PDFs and questions; return the number of questions."""
    out.mkdir(parents=True, exist_ok=True)
    scope = "doc" if name == "policies" else "all"
    documents = articles(paths) if scope == "doc" else books(articles(paths), min_pages)
    questions: list[dict[str, Any]] = []
    for title, paragraphs in documents:
        if len(paragraphs) < 8:
            continue
        write_pdf(out / f"{title}.pdf", [paragraph["context"] for paragraph in paragraphs])
        questions += rows(f"{title}.pdf", paragraphs, scope)
    chosen = random.Random(seed).sample(questions, min(most, len(questions)))
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in chosen)
    (out / "questions.jsonl").write_text(text, encoding="utf-8")
    return len(chosen)


def main() -> None:
    """Write all sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds qa/")
    parser.add_argument("--min-pages", type=int, default=40)
    parser.add_argument("--most", type=int, default=600, help="questions kept per set")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for name, files in SETS.items():
        paths = [options.data / "qa" / file for file in files]
        count = write_set(
            name, paths, options.out / name, min_pages=options.min_pages, most=options.most, seed=options.seed
        )
        print(f"{options.out / name}: {count} questions")


if __name__ == "__main__":
    main()

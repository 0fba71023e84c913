"""How often search finds the right page in other languages than English, with words alone and with vectors.

    python -m bench.languages --data FOLDER --home KB_HOME [--languages de,es,zh] [--questions N] [--json]

FOLDER holds `xquad.<language>.json` (google-deepmind/xquad, CC BY-SA 4.0: SQuAD paragraphs and questions in
translation). Every article is printed to a PDF with one paragraph a page, Arabic (whose letters the printer does not
join) to a text of sections; one collection a language. `page@5` asks every question of the whole collection.
Chinese needs a font (Debian: fonts-wqy-zenhei), the others fonts-dejavu-core.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from pypdfium2 import PdfDocument
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

from core.files import Home
from core.settings import Settings, load
from rag.catalogue.writer import Catalogue
from rag.embed.open import open_embedder
from rag.ingest.discover import find_files
from rag.ingest.ingest import Ingest
from rag.open import open_knowledge, open_store, writing
from rag.search.search import Searcher

LANGUAGES = ("de", "es", "ru", "zh", "ar", "en")
_FONTS = {
    "zh": ("WenQuanYi", Path("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc")),
    "": ("DejaVu", Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")),
}
_PRINTED_AS_TEXT = ("ar",)
DEPTH = 40


def questions_of(path: Path) -> list[tuple[str, str, int]]:
    """Return questions with the name of their document and the 0-based page; repeated ones once."""
    rows: dict[str, tuple[str, str, int]] = {}
    for number, article in enumerate(json.loads(path.read_text(encoding="utf-8"))["data"]):
        for page, paragraph in enumerate(article["paragraphs"]):
            for entry in paragraph["qas"]:
                question = entry["question"].strip()
                rows.setdefault(question, (question, f"volume-{number:02d}", page))
    return list(rows.values())


def write_documents(path: Path, folder: Path, language: str) -> None:
    """Print every article, one paragraph a page.

    Raises:
        ValueError: A paragraph took more than one page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, article in enumerate(json.loads(path.read_text(encoding="utf-8"))["data"]):
        texts = [paragraph["context"] for paragraph in article["paragraphs"]]
        target = folder / f"volume-{number:02d}"
        if language in _PRINTED_AS_TEXT:
            sections = [f"# {page + 1}\n\n{text}\n" for page, text in enumerate(texts)]
            target.with_suffix(".md").write_text("\n".join(sections), encoding="utf-8")
            continue
        print_pdf(target.with_suffix(".pdf"), texts, language)


def print_pdf(path: Path, texts: Sequence[str], language: str) -> None:
    """Print one text a page in a font that has the letters of the language."""
    name, font = _FONTS.get(language, _FONTS[""])
    registerFont(TTFont(name, str(font)))
    wrap = {"wordWrap": "CJK"} if language == "zh" else {}
    style = ParagraphStyle("body", fontName=name, fontSize=9, leading=12, **wrap)
    story: list[Any] = []
    for text in texts:
        story += [Paragraph(escape(text).replace("\n", "<br/>"), style), PageBreak()]
    SimpleDocTemplate(str(path), pagesize=A4, title=path.stem, invariant=True).build(story)
    if len(PdfDocument(path)) != len(texts):
        raise ValueError(f"{path}: {len(texts)} texts took {len(PdfDocument(path))} pages")


def ingest(settings: Settings, home: Home, collection: str, files: Sequence[Path]) -> None:
    """Bring files into a collection."""
    embedder = open_embedder(settings.rag.embedder, home, precision=settings.rag.precision)
    with writing(home, lambda: None):
        catalogue = Catalogue(home.catalogue, create=True)
        store = open_store(settings, home, collection, embedder.identity.dimension)
        run = Ingest(
            home=home, catalogue=catalogue, store=store, embedder=embedder, settings=settings, collection=collection
        )
        run.run([(path, str(path)) for path in files])
        catalogue.close()


def page_at_5(searcher: Searcher, questions: Sequence[tuple[str, str, int]]) -> float:
    """Return the share of questions whose page is among the first five."""
    hits = [_page_found(searcher, *question) for question in questions]
    return float(np.mean(hits))


def _page_found(searcher: Searcher, question: str, doc: str, page: int) -> bool:
    hits = searcher.search(question, DEPTH)
    pages = list(dict.fromkeys((Path(hit.doc).stem, hit.page) for hit in hits))[:5]
    return (doc, page) in pages


def measure(language: str, arguments: argparse.Namespace, work: Path, settings: Settings) -> dict[str, Any]:
    """Return the figures of one language."""
    source = arguments.data / f"xquad.{language}.json"
    folder, home = work / language, Home(work / f"home-{language}")
    if not folder.exists():
        write_documents(source, folder, language)
    if not home.models.exists():
        home.root.mkdir(parents=True, exist_ok=True)
        home.models.symlink_to(arguments.home.absolute() / "models")
    ingest(settings, home, "all", find_files([folder], None).files)
    knowledge = open_knowledge(settings, home, "all")
    documents = knowledge.catalogue.documents("all")
    questions = questions_of(source)[: arguments.questions or None]
    figures: dict[str, Any] = {
        "questions": len(questions),
        "pages": sum(document.n_pages for document in documents),
        "detected": sum(document.languages[:1] == (language,) for document in documents) / len(documents),
    }
    for name, weights in (("bm25", {"dense_weight": 0.0, "router_weight": 0.0, "bm25_weight": 1.0}), ("fused", {})):
        rag = settings.rag.model_copy(update=weights)
        searcher = Searcher(
            store=knowledge.store,
            catalogue=knowledge.catalogue,
            embedder=knowledge.embedder,
            settings=settings.model_copy(update={"rag": rag}),
            collection="all",
        )
        figures[f"page@5 {name}"] = round(page_at_5(searcher, questions), 3)
    return figures


def main(argv: Sequence[str]) -> int:
    """Run the bench; see the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--languages", default=",".join(LANGUAGES))
    parser.add_argument("--questions", type=int, default=0, help="ask the first N alone")
    parser.add_argument("--set", dest="pairs", action="append", default=[])
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    settings = load(pairs=arguments.pairs).values
    with tempfile.TemporaryDirectory(prefix="kb-languages-") as scratch:
        work = arguments.work or Path(scratch)
        figures = {code: measure(code, arguments, work, settings) for code in arguments.languages.split(",")}
    if arguments.json:
        print(json.dumps(figures, indent=1))
        return 0
    for code, values in figures.items():
        print(code, ", ".join(f"{name} {value}" for name, value in values.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

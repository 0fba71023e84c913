"""How often search finds the right document and the right page, by the product's own path.

    python bench/retrieval.py --data FOLDER --home KB_HOME [--work FOLDER] [--set rag.top_k=8] [--json]

Ingests the filings (one store for all) and the printed page sets (`bench/pageset.py`) into throw-away collections and
asks every question that has one document. `--work` keeps them for the next run; `--home` is where the weights are.
Prints shares with 95% intervals, drawn by documents: questions about one document are not independent.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.filings import annual, quarterly
from bench.pageset import SETS, write_set
from core.files import Home
from core.settings import Settings, load
from rag.catalogue.writer import Catalogue
from rag.embed.open import open_embedder
from rag.ingest.discover import find_files
from rag.ingest.ingest import Ingest
from rag.open import open_knowledge, open_store, writing
from rag.search.search import Searcher

PAGES_LOOKED_AT = 20
RESAMPLES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with its gold document and, where known, 0-based pages; `inside` asks it of that document alone."""

    text: str
    doc: str
    pages: frozenset[int] = frozenset()
    inside: bool = False


def questions_of(rows: Iterable[dict[str, Any]]) -> list[Question]:
    """Return records of `bench/filings.py` as questions."""
    return [
        Question(text=row["question"], doc=row["doc"], pages=frozenset(row.get("pages", ())), inside=False)
        for row in rows
    ]


def filings(data: Path) -> tuple[list[Path], dict[str, list[Question]]]:
    """Return the folders of filings and the questions about them that have one document."""
    yearly, quarters = questions_of(annual(data)), questions_of(quarterly(data))
    folders = [data / "financebench" / "docs", data / "sec10q" / "docs"]
    return folders, {"financebench": yearly, "sec10q": quarters, "all filings": [*yearly, *quarters]}


def printed(folder: Path) -> list[Question]:
    """Return the questions of a printed page set."""
    rows = map(json.loads, (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines())
    return [
        Question(text=row["question"], doc=row["doc"], pages=frozenset(row["pages"]), inside=row["scope"] == "doc")
        for row in rows
    ]


def ingest(settings: Settings, home: Home, collection: str, roots: Sequence[Path]) -> None:
    """Bring folders into a collection; documents that are there stay."""
    embedder = open_embedder(settings.rag.embedder, home, precision=settings.rag.precision)
    with writing(home, lambda: None):
        catalogue = Catalogue(home.catalogue, create=True)
        store = open_store(settings, home, collection, embedder.identity.dimension)
        run = Ingest(
            home=home, catalogue=catalogue, store=store, embedder=embedder, settings=settings, collection=collection
        )
        run.run([(path, str(path)) for path in find_files(list(roots), "*.pdf").files])
        catalogue.close()


def ask(searcher: Searcher, hashes: dict[str, str], questions: Sequence[Question]) -> list[dict[str, float]]:
    """Return, per question, `doc_rank` (1-based among distinct documents), `page_rank` (among pages) and `ms`."""
    rows = []
    for question in questions:
        gold = hashes[question.doc]
        began = time.perf_counter()
        hits = searcher.search(question.text, 2 * PAGES_LOOKED_AT, docs={gold} if question.inside else None)
        took_ms = 1000 * (time.perf_counter() - began)
        pages = list(dict.fromkeys((hit.sha256, hit.page) for hit in hits))[:PAGES_LOOKED_AT]
        documents = list(dict.fromkeys(sha256 for sha256, _ in pages))
        gold_ranks = [rank for rank, (sha256, page) in enumerate(pages, 1) if sha256 == gold and page in question.pages]
        rows.append(
            {
                "doc_rank": documents.index(gold) + 1 if gold in documents else np.inf,
                "page_rank": min(gold_ranks, default=np.inf),
                "ms": took_ms,
            }
        )
    return rows


def summary(questions: Sequence[Question], rows: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Return each figure with its 95% interval."""
    document = np.array([row["doc_rank"] for row in rows])
    page = np.array([row["page_rank"] for row in rows])
    values = {f"doc_hit@{k}": document <= k for k in (1, 5)}
    if all(question.pages for question in questions):
        values |= {f"page_hit@{k}": page <= k for k in (1, 5, 20)} | {"page_mrr@20": 1 / page}
    names = [question.doc for question in questions]
    figures = {name: {"mean": float(v.mean()), "ci95": interval(v, names)} for name, v in values.items()}
    return {
        "questions": len(questions),
        "documents": len(set(names)),
        **figures,
        "median_ms": statistics.median(row["ms"] for row in rows),
    }


def interval(values: np.ndarray[Any, Any], clusters: Sequence[str], seed: int = 0) -> list[float]:
    """Return the 95% bootstrap interval of a mean, whole clusters drawn with replacement."""
    members: dict[str, list[float]] = defaultdict(list)
    for cluster, value in zip(clusters, values, strict=True):
        members[cluster].append(float(value))
    sums = np.array([sum(member) for member in members.values()])
    sizes = np.array([len(member) for member in members.values()])
    drawn = np.random.default_rng(seed).integers(0, len(sums), (RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    return [round(float(bound), 3) for bound in np.percentile(means, [2.5, 97.5])]


def measure(settings: Settings, home: Home, collection: str, sets: dict[str, list[Question]]) -> dict[str, Any]:
    """Ask the sets of one collection."""
    knowledge = open_knowledge(settings, home, collection)
    hashes = {document.doc: document.sha256 for document in knowledge.catalogue.documents(collection)}
    results = {}
    for name, questions in sets.items():
        results[name] = summary(questions, ask(knowledge.searcher, hashes, questions))
    return results


def work_home(work: Path, home: Path) -> Home:
    """Return a throw-away home that reads the weights of another."""
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "models").exists():
        (work / "models").symlink_to((home / "models").resolve())
    return Home(work)


def main() -> None:
    """Ingest, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with financebench/, sec10q/ and qa/")
    parser.add_argument("--home", type=Path, required=True, help="KB_HOME that holds the embedder's weights")
    parser.add_argument("--work", type=Path, help="keep collections here; a temporary folder by default")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="settings, as in kb")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    settings = load(env={}, cwd=Path("/"), pairs=options.set).values
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        home = work_home(work, options.home)
        folders, sets = filings(options.data)
        ingest(settings, home, "filings", folders)
        results = measure(settings, home, "filings", sets)
        for name, files in SETS.items():
            folder = work / "printed" / name
            if not (folder / "questions.jsonl").exists():
                write_set(name, [options.data / "qa" / file for file in files], folder)
            ingest(settings, home, name, [folder])
            results |= measure(settings, home, name, {name: printed(folder)})
    if options.json:
        print(json.dumps(results, indent=1))
    else:
        tell(results)


def tell(results: dict[str, Any]) -> None:
    """Print one table per set."""
    for name, figures in results.items():
        print(
            f"{name}: {figures['questions']} questions, {figures['documents']} documents, "
            f"{figures['median_ms']:.1f} ms per search"
        )
        for figure, value in figures.items():
            if isinstance(value, dict):
                low, high = value["ci95"]
                print(f"  {figure:12} {value['mean']:.3f}  [{low:.3f}, {high:.3f}]")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

"""How fast documents become searchable: kb beside the usual LangChain recipe, paired on the same files.

    python bench/ingest.py --data FOLDER_OF_PDFS [--rounds 3] [--files 4] [--questions FILE.jsonl] [--json]

The recipe: PyPDFLoader, RecursiveCharacterTextSplitter(1000, 200), HuggingFaceEmbeddings (all-MiniLM-L6-v2, fp32,
torch), a vector store in memory. Every round takes the next few files and runs each arm on them in a process of its
own, one after the other; clocks start when libraries and models are loaded. Then both are asked those of the questions
(records as `kb eval` reads them) that are about these files: is the right document first, is a gold page among the
first five? Needs kb[train] and kb[community].
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.files import Home
from core.settings import Settings, load

PageId = tuple[str, int]
Ask = Callable[[str], list[PageId]]
# Enough passages for five distinct pages.
PASSAGES = 20
ARMS = ("recipe", "kb", "kb f32")


def recipe(files: list[Path], weights: Path) -> tuple[int, float, Ask]:
    """Return pages and seconds of the usual recipe, and its search."""
    import warnings

    warnings.simplefilter("ignore")
    from langchain_community.document_loaders import PyPDFLoader
    from langchain_community.embeddings import HuggingFaceEmbeddings
    from langchain_core.vectorstores import InMemoryVectorStore
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    store = InMemoryVectorStore(HuggingFaceEmbeddings(model_name=str(weights)))
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    started = time.perf_counter()
    n_pages = 0
    for path in files:
        pages = PyPDFLoader(str(path)).load()
        n_pages += len(pages)
        store.add_documents(splitter.split_documents(pages))
    seconds = time.perf_counter() - started

    def ask(question: str) -> list[PageId]:
        documents = store.similarity_search(question, k=PASSAGES)
        return [(Path(hit.metadata["source"]).name, hit.metadata["page"]) for hit in documents]

    return n_pages, seconds, ask


def ours(files: list[Path], weights: Path, precision: str, folder: Path) -> tuple[int, float, Ask]:
    """Return pages and seconds of `kb ingest` into an empty home, and its search."""
    from rag.catalogue.writer import Catalogue
    from rag.embed.open import open_embedder
    from rag.ingest.ingest import Ingest
    from rag.open import open_knowledge, open_store

    home, settings = Home(folder), Settings()
    home.models.symlink_to(weights.parent)
    embedder = open_embedder("minilm", home, precision=precision)
    run = Ingest(
        home=home,
        catalogue=Catalogue(home.catalogue, create=True),
        store=open_store(settings, home, "default", embedder.identity.dimension),
        embedder=embedder,
        settings=settings,
        collection="default",
    )
    started = time.perf_counter()
    results = run.run([(path, str(path)) for path in files])
    seconds = time.perf_counter() - started
    searcher = open_knowledge(settings, home, "default").searcher
    return (
        sum(result.pages for result in results),
        seconds,
        lambda question: [(hit.doc, hit.page) for hit in searcher.search(question, PASSAGES)],
    )


def hits(ask: Ask, files: list[Path], questions: Path | None) -> dict[str, list[int]]:
    """Return 0 or 1 per question about these files: right document first, gold page among the first five."""
    hits_by_measure: dict[str, list[int]] = {"doc_hit@1": [], "page_hit@5": []}
    names = {path.name for path in files}
    for row in map(json.loads, questions.read_text(encoding="utf-8").splitlines()) if questions else ():
        if row["doc"] not in names:
            continue
        pages = list(dict.fromkeys(ask(row["question"])))
        hits_by_measure["doc_hit@1"].append(int(pages[:1] != [] and pages[0][0] == row["doc"]))
        if row.get("pages"):
            gold = {(row["doc"], page) for page in row["pages"]}
            hits_by_measure["page_hit@5"].append(int(not gold.isdisjoint(pages[:5])))
    return hits_by_measure


def measure(arm: str, files: list[Path], weights: Path, questions: Path | None) -> dict[str, Any]:
    """Run one arm in this process and return its figures."""
    with tempfile.TemporaryDirectory() as folder:
        if arm == "recipe":
            pages, seconds, ask = recipe(files, weights)
        else:
            pages, seconds, ask = ours(files, weights, "f32" if arm == "kb f32" else "auto", Path(folder))
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        question_hits = hits(ask, files, questions)
    return {"pages": pages, "pages_per_s": pages / seconds, "peak_mb": (own + children) / 1024, "hits": question_hits}


def in_child(arm: str, files: list[Path], weights: Path, questions: Path | None) -> dict[str, Any]:
    """Run one arm in a process of its own."""
    command = [sys.executable, __file__, "--arm", arm, "--weights", str(weights), *map(str, files)]
    done = subprocess.run(
        [*command, *(["--questions", str(questions)] if questions else [])],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        check=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def compare(data: Path, weights: Path, rounds: int, per_round: int, questions: Path | None) -> dict[str, Any]:
    """Return medians per arm, and of the ratios to the recipe, round by round."""
    files = sorted(data.rglob("*.pdf"))
    # Strided, so that every round has files of every kind.
    groups = [files[number::rounds][:per_round] for number in range(rounds)]
    rows = [{arm: in_child(arm, group, weights, questions) for arm in ARMS} for group in groups]
    figures = {}
    for arm in ARMS:
        hits_by_measure = {
            name: [hit for row in rows for hit in row[arm]["hits"][name]] for name in ("doc_hit@1", "page_hit@5")
        }
        figures[arm] = {
            "pages_per_s": statistics.median(row[arm]["pages_per_s"] for row in rows),
            "peak_mb": max(row[arm]["peak_mb"] for row in rows),
            "times_recipe": statistics.median(row[arm]["pages_per_s"] / row["recipe"]["pages_per_s"] for row in rows),
            **{
                name: {"value": statistics.mean(hits), "n": len(hits)} for name, hits in hits_by_measure.items() if hits
            },
        }
    return {"rounds": rounds, "pages": sum(int(row["kb"]["pages"]) for row in rows), "arms": figures}


def main() -> None:
    """Run the comparison, or one arm of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("examples"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--weights", type=Path, default=Home(load().home).models / "minilm")
    parser.add_argument("--questions", type=Path, help="records with question, doc and, where known, pages")
    parser.add_argument("--arm", choices=ARMS)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("paths", nargs="*", type=Path)
    options = parser.parse_args()
    if options.arm:
        print(json.dumps(measure(options.arm, options.paths, options.weights, options.questions)))
        return
    report = compare(options.data, options.weights, options.rounds, options.files, options.questions)
    if options.json:
        print(json.dumps(report, indent=2))
        return
    print(f"{report['pages']} pages in {report['rounds']} rounds; medians, ratios paired by round")
    for arm, row in report["arms"].items():
        speed = f"{row['pages_per_s']:7.1f} pages/s  {row['times_recipe']:5.2f} x recipe"
        print(f"{arm:8} {speed}  {row['peak_mb']:6.0f} MB peak", end="")
        shares = [f"{name} {row[name]['value']:.3f} (n={row[name]['n']})" for name in row if "@" in name]
        print("", *shares, sep="  ")


if __name__ == "__main__":
    main()

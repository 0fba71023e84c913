"""Whether `kb tune-search` helps people's questions about filings that nothing was fitted to.

    python -m bench.tune_search --data FOLDER --home KB_HOME [--work FOLDER] [--files N] [--minutes N] [--json]

Reads annual reports into one store, splits their companies into two halves, fits the search to rules' questions about
one half, and asks FinanceBench's questions, whose pages are known, about the other; then the other way round. The fit
is measured whether it would be kept or not. Prints what `kb tune-search` says of each half, and then shares before and
after with paired 95% intervals.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.filings import annual
from bench.retrieval import work_home
from core.settings import load
from kb.ingest import ingest, plan_ingest
from kb.scope import open_collection
from kb.tuning.job import TuneRequest, fit_search
from kb.tuning.report import SHOWN
from kb.workspace import Workspace
from rag.answer.evaluate import Record, Score, clustered, difference, run, summary
from rag.open import Knowledge
from rag.search.search import Searcher


def records_of(rows: Sequence[dict[str, Any]], hashes: dict[str, str]) -> list[Record]:
    """Return the questions about documents that are here."""
    records = [
        Record(
            line=number,
            question=row["question"],
            answer=None,
            scored_answer=False,
            docs=frozenset({hashes[row["doc"]]}),
            pages=frozenset(row["pages"]),
            cluster="",
        )
        for number, row in enumerate(rows)
        if row["doc"] in hashes
    ]
    return clustered(records)


def measure(
    workspace: Workspace, knowledge: Knowledge, rows: Sequence[dict[str, Any]], minutes: float | None, seed: int
) -> dict[str, Any]:
    """Fit on each half of the companies and measure on the other."""
    hashes = {document.doc: document.sha256 for document in knowledge.catalogue.documents(workspace.collection)}
    companies = sorted({name.split("_")[0].casefold() for name in hashes})
    before: list[Score] = []
    after: list[Score] = []
    halves = []
    records = records_of(rows, hashes)
    for half in (0, 1):
        measured = {hashes[name] for name in hashes if companies.index(name.split("_")[0].casefold()) % 2 == half}
        fitted_to = frozenset(set(hashes.values()) - measured)
        request = TuneRequest(minutes=minutes, seed=seed, documents=fitted_to)
        fitted = fit_search(workspace, knowledge, request)
        tuned = Searcher(
            store=knowledge.store,
            catalogue=knowledge.catalogue,
            embedder=knowledge.embedder,
            settings=workspace.settings,
            collection=workspace.collection,
            tuning=fitted.tuning,
        )
        asked = [record for record in records if record.docs <= measured]
        k = workspace.settings.rag.top_k
        before += run(asked, knowledge.searcher, k=k)
        after += run(asked, tuned, k=k)
        halves.append({"documents": len(fitted_to), **fitted.report.to_json(), "lines": fitted.report.lines()})
    return {
        "documents": len(hashes),
        "questions": len(records),
        "halves": halves,
        "before": summary(before),
        "after": summary(after),
        "difference": difference(after, before),
    }


def main() -> None:
    """Ingest, fit, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with financebench/")
    parser.add_argument("--home", type=Path, required=True, help="KB_HOME that holds the embedder's weights")
    parser.add_argument("--work", type=Path, help="keep the collection here; a temporary folder by default")
    parser.add_argument("--files", type=int, help="the first N filings by name; all if absent")
    parser.add_argument("--minutes", type=float, help="as kb tune-search")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = work_home(options.work or Path(temporary), options.home)
        workspace = Workspace(settings=load(env={}, cwd=Path("/")).values, home=home)
        files = sorted((options.data / "financebench" / "docs").glob("*.pdf"))[: options.files]
        ingest(workspace, plan_ingest(files))
        results = measure(workspace, open_collection(workspace), annual(options.data), options.minutes, options.seed)
    if options.json:
        print(json.dumps(results, indent=1))
        return
    for half in results["halves"]:
        print(f"fitted to questions about {half['documents']} filings:", *half["lines"], sep="\n  ")
    print(f"{results['questions']} questions of FinanceBench about the filings of the other half:")
    for name in SHOWN:
        change = results["difference"][name]
        print(
            f"  {name:<10} {results['before'][name]['value']:.3f} -> {results['after'][name]['value']:.3f}: "
            f"{change['value']:+.3f} ({change['low']:+.3f} to {change['high']:+.3f})"
        )


if __name__ == "__main__":
    main()

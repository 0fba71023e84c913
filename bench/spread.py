"""What a page costs the process that writes, alone and over a Ray cluster, and how many cores one writer keeps busy.

    python -m bench.spread FOLDER_OF_DOCUMENTS [--on ray] [--json]

Ingests the folder twice into empty homes, each time in a process of its own: by itself, and with `--on`. Reports pages
a second and processor time a page (of the process that writes; alone also of its parsers). With a cluster of this
machine the rates share its cores; processor time is what scales. The weights are taken from KB_HOME.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import tempfile
import time
from pathlib import Path

from core.files import Home
from core.settings import load
from kb.ingest import ingest, plan_ingest
from kb.workspace import open_workspace


def _used_s(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def measure(folder: str, where: str, models: str, results: multiprocessing.SimpleQueue[dict[str, float]]) -> None:
    """Ingest a folder into an empty home and report what it took."""
    with tempfile.TemporaryDirectory(prefix="kb-spread-") as root:
        home = Home(Path(root))
        home.models.symlink_to(models)
        workspace = open_workspace(root, flags={"ingest.on": where})
        from rag.load.process.supervise import idle

        first_commit: list[float] = []
        started, own = time.perf_counter(), _used_s(resource.RUSAGE_SELF)
        report = ingest(
            workspace,
            plan_ingest([folder]),
            on_progress=lambda _: first_commit.append(time.perf_counter()) if not first_commit else None,
        )
        seconds, own = time.perf_counter() - started, _used_s(resource.RUSAGE_SELF) - own
        for worker in idle():
            worker.kill()  # counted once it has ended
        results.put(
            {
                "pages": report.pages,
                "seconds": seconds,
                "first_commit_s": first_commit[0] - started,
                "writer_ms": 1000 * own / report.pages,
                "parsers_ms": 0.0 if where else 1000 * _used_s(resource.RUSAGE_CHILDREN) / report.pages,
            }
        )


def run(folder: str, where: str, models: str) -> dict[str, float]:
    """Measure in a fresh process."""
    context = multiprocessing.get_context("spawn")
    results = context.SimpleQueue()
    process = context.Process(target=measure, args=(folder, where, models, results))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"the ingest ended with {process.exitcode}")
    figures: dict[str, float] = results.get()
    return figures


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--on", default="ray")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    models = str(Home(load().home).models.resolve())
    alone, spread = run(given.folder, "", models), run(given.folder, given.on, models)
    total_ms = alone["writer_ms"] + alone["parsers_ms"]
    figures = {
        "cores": os.cpu_count(),
        "alone": alone,
        "spread": spread,
        "cores_a_writer": total_ms / spread["writer_ms"],
    }
    if given.json:
        print(json.dumps(figures))
        return
    for name, row in (("alone", alone), (given.on, spread)):
        rate = (
            f"{row['pages']:.0f} pages in {row['seconds']:.1f} s, the first commit after {row['first_commit_s']:.1f} s"
        )
        print(f"{name}: {rate}; ms of processor a page: writer {row['writer_ms']:.1f}, parsers {row['parsers_ms']:.1f}")
    print(f"one writer is busy with what {figures['cores_a_writer']:.0f} such cores read and embed")


if __name__ == "__main__":
    main()

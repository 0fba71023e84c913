"""Does the time of an ingest stay linear, and its memory flat, as a collection grows?

    python bench/scale.py --data FOLDER_OF_PDFS --work FOLDER [--pages 20000] [--steps 5] [--layers 6] [--json]

Prints varied copies of the PDFs' pages (every figure drawn anew, words and lines kept), adds them in equal steps by
`kb ingest`, and reports per step: wall seconds and processor seconds per page, peak memory of the whole process tree,
and warm search. `--work` keeps the copies and the collection; the weights are taken from KB_HOME. Needs the dev extra.
`--layers 0` embeds by MiniLM's word vectors alone: a chunk's arithmetic does not depend on how many there are, so
what may grow (reading, catalogue, index, search) is measured in a fraction of the time.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psutil
from pypdfium2 import PdfDocument
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from core.files import Home
from core.settings import load

PAGES_PER_COPY = 60
LINE_PT = 8.0
MINILM_LAYERS = 6
KB = Path(sys.executable).with_name("kb")


def page_texts(data: Path) -> list[list[str]]:
    """Return the lines of every page with text."""
    texts = []
    for path in sorted(data.rglob("*.pdf")):
        with PdfDocument(path) as pdf:
            for page in pdf:
                lines = page.get_textpage().get_text_bounded().splitlines()
                if lines:
                    texts.append(lines)
    return texts


def varied(lines: list[str], rng: random.Random) -> list[str]:
    """Return the lines with every digit drawn anew."""
    return [re.sub(r"\d", lambda _: str(rng.randrange(10)), line) for line in lines]


def write_copy(path: Path, pages: list[list[str]]) -> None:
    """Print pages of lines; a long page is printed small, so that each stays one page."""
    canvas = Canvas(str(path), pagesize=A4, invariant=True)
    for lines in pages:
        step = min(LINE_PT, (A4[1] - 40) / len(lines))
        text = canvas.beginText(30, A4[1] - 30)
        text.setFont("Helvetica", step * 0.85, step)
        text.textLines([line.encode("latin-1", "replace").decode("latin-1") for line in lines])
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()


def write_copies(texts: list[list[str]], folder: Path, n_pages: int, rng: random.Random) -> None:
    """Fill a folder with varied copies, in files of `PAGES_PER_COPY` pages."""
    folder.mkdir(parents=True)
    for number in count():
        take = min(PAGES_PER_COPY, n_pages - number * PAGES_PER_COPY)
        if take <= 0:
            return
        first = rng.randrange(len(texts))
        pages = [varied(texts[(first + offset) % len(texts)], rng) for offset in range(take)]
        write_copy(folder / f"{folder.name}-{number:03d}.pdf", pages)


def shallow_embedder(minilm: Path, folder: Path, layers: int) -> Path:
    """Copy MiniLM's folder with its first layers alone; return the copy."""
    shutil.copytree(minilm, folder)
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"num_hidden_layers": layers}), encoding="utf-8")
    return folder


def tree_mb(process: psutil.Process) -> float:
    """Return the memory of a process and all below it, in MiB; shared pages are counted once (PSS)."""
    total = 0
    for member in (process, *process.children(recursive=True)):
        try:
            total += member.memory_full_info().pss
        except psutil.Error:  # it ended between the listing and the look
            continue
    return total / 2**20


def ingest(folder: Path, home: Path) -> dict[str, float]:
    """Run `kb ingest` on a folder; return seconds, processor seconds and peak MiB of the tree."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    command = [str(KB), "ingest", str(folder), "--quiet"]
    with subprocess.Popen(command, env={**os.environ, "KB_HOME": str(home)}, stdout=subprocess.DEVNULL) as child:
        process, peak = psutil.Process(child.pid), 0.0
        while child.poll() is None:
            peak = max(peak, tree_mb(process))
            time.sleep(0.5)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": time.perf_counter() - started, "cpu_s": cpu_s, "peak_mb": peak}


def search(home: Path) -> dict[str, float]:
    """Return what `bench/search.py` measures warm, in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("search.py")), "--home", str(home), "--cold", "0", "--json"]
    figures: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return figures


def steps(data: Path, work: Path, n_pages: int, n_steps: int, seed: int, layers: int) -> Iterator[dict[str, float]]:
    """Add the copies step by step; yield each step's figures."""
    home = work / "home"
    home.mkdir(parents=True)
    models = Home(load().home).models
    Home(home).models.symlink_to(models)
    if layers < MINILM_LAYERS:
        os.environ["KB_RAG__EMBEDDER"] = str(shallow_embedder(models / "minilm", work / "embedder", layers))
    rng = random.Random(seed)
    texts = page_texts(data)
    for number in range(n_steps):
        folder = work / f"part-{number}"
        write_copies(texts, folder, n_pages // n_steps, rng)
        taken = ingest(folder, home)
        pages = n_pages // n_steps
        yield {
            "pages": pages * (number + 1),
            "pages_per_s": pages / taken["wall_s"],
            "cpu_ms_per_page": 1000 * taken["cpu_s"] / pages,
            "peak_mb": taken["peak_mb"],
            **search(home),
        }


def main() -> None:
    """Run all steps and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="an empty or absent folder")
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--layers", type=int, default=MINILM_LAYERS, help="of the embedder")
    parser.add_argument("--json", action="store_true", help="one JSON document a line")
    options = parser.parse_args()
    for row in steps(options.data, options.work, options.pages, options.steps, options.seed, options.layers):
        print(
            json.dumps(row) if options.json else "  ".join(f"{key} {value:.1f}" for key, value in row.items()),
            flush=True,
        )


if __name__ == "__main__":
    main()

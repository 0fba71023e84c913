"""Whether an ingest that is killed again and again ends where an undisturbed one does.

    python bench/kill.py PATH... [--kills 30] [--seed 0] [--json]

One home is filled without a disturbance. Another is filled by the same command, which is killed (SIGKILL; the process
or its whole group) after a random part of the undisturbed time and started again, as often as asked; whenever it
finishes first, the home is emptied and the next round begins. At the end the same command runs to its end, and the
catalogues are compared: documents, pages, chunks and vectors, and what the index holds. Exit 1 where they differ.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from core.files import Home
from core.settings import load
from rag.open import open_knowledge, open_store

ROOT = Path(__file__).parent.parent
COLLECTION = "default"


def start(home: Path, paths: list[str]) -> subprocess.Popen[bytes]:
    """Start `kb ingest` in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "kb.cli", "ingest", "--quiet", *paths],
        env={**os.environ, "PYTHONPATH": str(ROOT), "KB_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def new_home(folder: Path, models: Path) -> Path:
    """Return an empty home with weights."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "models").symlink_to(models)
    return folder


def content(home: Path) -> dict[str, str]:
    """Return, per document, a hash of all that is stored of it, and how many chunks the index holds."""
    settings = load().values
    knowledge = open_knowledge(settings, Home(home), COLLECTION)
    catalogue = knowledge.catalogue
    found: dict[str, str] = {}
    for document in catalogue.documents(COLLECTION):
        digest = hashlib.sha256(document.doc.encode())
        for page in catalogue.pages(COLLECTION, document.sha256):
            digest.update(repr((page.index, page.text)).encode())
        for chunk in catalogue.chunks_of(COLLECTION, document.sha256):
            digest.update(repr(chunk).encode())
        found[document.sha256] = digest.hexdigest()
    store = open_store(settings, Home(home), COLLECTION, knowledge.embedder.identity.dimension)
    found["chunks in the index"] = str(store.count())
    return found


def disturbed(home: Path, models: Path, paths: list[str], kills: int, whole_s: float, rng: random.Random) -> int:
    """Kill and start again until `kills` blows have struck a running ingest; return how often it had finished."""
    new_home(home, models)
    struck = finished = 0
    while struck < kills:
        running = start(home, paths)
        try:
            running.wait(rng.uniform(0, whole_s))
        except subprocess.TimeoutExpired:
            # Now the command alone, whose workers must then end by themselves, now all at once.
            rng.choice((os.kill, os.killpg))(running.pid, signal.SIGKILL)
            running.wait()
            struck += 1
        else:
            finished += 1
            new_home(home, models)
    return finished


def main() -> None:
    """Fill two homes, compare them, print the account."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    models = Home(load().home).models.resolve()
    paths = [str(Path(path).resolve()) for path in options.paths]
    with tempfile.TemporaryDirectory() as folder:
        calm = new_home(Path(folder) / "calm", models)
        started = time.perf_counter()
        start(calm, paths).wait()
        whole_s = time.perf_counter() - started
        killed = Path(folder) / "killed"
        finished = disturbed(killed, models, paths, options.kills, whole_s, random.Random(options.seed))
        start(killed, paths).wait()
        expected, got = content(calm), content(killed)
    differing = sorted(key for key in expected.keys() | got.keys() if expected.get(key) != got.get(key))
    report = {
        "documents": len(expected) - 1,
        "undisturbed_s": round(whole_s, 1),
        "kills": options.kills,
        "finished_between": finished,
        "differing": differing,
    }
    if options.json:
        print(json.dumps(report))
    else:
        for key, value in report.items():
            print(f"{key:20} {value}")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()

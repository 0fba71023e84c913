"""Whether work that is killed again and again ends where undisturbed work does.

    python -m bench.kill ingest PATH... [--kills 30]
    python -m bench.kill synth|forget|sft|dpo|export [PATH...] [--kills 30] [--seed 0] [--json]

One home is worked on without a disturbance. Another gets the same command, which is killed (SIGKILL; the process or its
whole group) after a random part of the undisturbed time and started again, as often as asked; whenever it finishes
first, the home is put back and the next round begins. At the end the same command runs to its end, and what both homes
hold is compared: documents, pages, chunks, vectors and the index; rows; weights; the exported file. Exit 1 where they
differ. `sft`, `dpo` and `export` train SmolLM2 for a few steps and need the extra `train`.
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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.files import Home, sha256_of
from core.settings import load
from rag.open import open_knowledge, open_store

ROOT = Path(__file__).parent.parent
COLLECTION = "default"
EXAMPLES = ("handbook.pdf", "manual.pdf", "update.pdf")
RUN = "killed"
# Enough steps for checkpoints between kills.
_STEPS = ("--set", "max_steps=8", "--set", "save_steps=2", "--set", "eval_steps=4")
# Of a manifest or a card: what says when and how long.
_TIMES = ("times_s", "created_at", "seconds", "curves", "finished_at", "started_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A command that is killed.

    Attributes:
        command: Its arguments, in a home that `before` has prepared.
        before: Commands that prepare a home; they are not disturbed.
        content: What a home holds afterwards: name to hash.
    """

    command: list[str]
    before: tuple[list[str], ...]
    content: Callable[[Path], dict[str, str]]


def start(home: Path, arguments: list[str]) -> subprocess.Popen[bytes]:
    """Start `kb` in a process group of its own, in the home's folder `work`."""
    (home / "work").mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "kb.cli", *arguments],
        cwd=home / "work",
        env={**os.environ, "PYTHONPATH": str(ROOT), "KB_HOME": str(home), "KB_SYNTH__GENERATOR": "rules"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def collection_content(home: Path) -> dict[str, str]:
    """Return, per document, a hash of all that is stored of it, and how many chunks and originals there are."""
    settings = load().values
    knowledge = open_knowledge(settings, Home(home), COLLECTION)
    catalogue = knowledge.catalogue
    stored: dict[str, str] = {}
    for document in catalogue.documents(COLLECTION):
        digest = hashlib.sha256(document.doc.encode())
        for page in catalogue.pages(COLLECTION, document.sha256):
            digest.update(repr((page.index, page.text)).encode())
        for chunk in catalogue.chunks_of(COLLECTION, document.sha256):
            digest.update(repr(chunk).encode())
        stored[document.sha256] = digest.hexdigest()
    store = open_store(settings, Home(home), COLLECTION, knowledge.embedder.identity.dimension)
    stored["chunks in the index"] = str(store.count())
    stored["originals"] = str(sorted(path.name for path in (home / "originals").rglob("*") if path.is_file()))
    return stored


def dataset_content(home: Path) -> dict[str, str]:
    """Return a hash of every file of rows."""
    return {path.name: sha256_of(path) for path in sorted((home / "work" / "rows").glob("*.jsonl"))}


def run_content(home: Path) -> dict[str, str]:
    """Return a hash of the weights of a run and of its card without times."""
    folder = home / "runs" / RUN
    files = [path for pattern in ("adapter/*.safetensors", "*.gguf") for path in sorted(folder.glob(pattern))]
    card = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    kept = {key: value for key, value in card.items() if key not in _TIMES and key != "parity"}
    return {
        **{str(path.relative_to(folder)): sha256_of(path) for path in files},
        "stages": json.dumps(kept["stages"], sort_keys=True),
        "scores": json.dumps(kept["scores"], sort_keys=True),
    }


def work_of(name: str, paths: list[str]) -> Work:
    """Return the work of a name.

    Raises:
        SystemExit: There is none.
    """
    ingest = ["ingest", "--quiet", *paths]
    rows = ["synth", "--quiet", "--out", "rows", "--pairs", "40"]
    train = ["finetune", RUN, "--quiet", "--data", "rows", "--recipe", "quick", *_STEPS, "--skip", "export"]
    sft = [*train, "--no-dpo"]
    works = {
        "ingest": Work(command=ingest, before=(), content=collection_content),
        "forget": Work(
            command=["forget", "--quiet", "--yes", Path(paths[0]).name], before=(ingest,), content=collection_content
        ),
        "synth": Work(command=rows, before=(ingest,), content=dataset_content),
        "sft": Work(command=sft, before=(ingest, rows), content=run_content),
        "dpo": Work(command=train, before=(ingest, rows, sft), content=run_content),
        "export": Work(command=["export", RUN, "--to", "gguf"], before=(ingest, rows, sft), content=run_content),
    }
    if name not in works:
        raise SystemExit(f"error: unknown work {name!r}; use one of {', '.join(works)}")
    return works[name]


def prepared(folder: Path, models: Path, work: Work) -> Path:
    """Return a new home in which the commands before the work have run."""
    folder.mkdir(parents=True)
    (folder / "models").symlink_to(models)
    for arguments in work.before:
        if start(folder, arguments).wait() != 0:
            raise SystemExit(f"error: kb {' '.join(arguments)} failed")
    return folder


def copied(source: Path, target: Path) -> Path:
    """Return a copy of a prepared home, in place of what was there."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
    return target


def disturbed(home: Path, origin: Path, work: Work, kills: int, whole_s: float, rng: random.Random) -> int:
    """Kill and start again until `kills` blows have struck the work; return how often it had finished."""
    struck = finished = 0
    while struck < kills:
        running = start(home, work.command)
        try:
            running.wait(rng.uniform(0, whole_s))
        except subprocess.TimeoutExpired:
            # Now the command alone, whose workers must then end by themselves, now all at once.
            rng.choice((os.kill, os.killpg))(running.pid, signal.SIGKILL)
            running.wait()
            struck += 1
        else:
            finished += 1
            copied(origin, home)
    return finished


def main() -> None:
    """Work in two homes, compare them, print the account."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", metavar="WORK")
    parser.add_argument("paths", nargs="*", help="documents; by default those of examples/")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    models = Home(load().home).models.resolve()
    paths = [str(Path(path).resolve()) for path in options.paths] or [
        str(ROOT / "examples" / name) for name in EXAMPLES
    ]
    work = work_of(options.work, paths)
    with tempfile.TemporaryDirectory() as folder:
        origin = prepared(Path(folder) / "origin", models, work)
        calm, killed = copied(origin, Path(folder) / "calm"), copied(origin, Path(folder) / "killed")
        started = time.perf_counter()
        start(calm, work.command).wait()
        whole_s = time.perf_counter() - started
        finished = disturbed(killed, origin, work, options.kills, whole_s, random.Random(options.seed))
        start(killed, work.command).wait()
        expected, got = work.content(calm), work.content(killed)
    differing = sorted(key for key in expected.keys() | got.keys() if expected.get(key) != got.get(key))
    report = {
        "work": options.work,
        "compared": len(expected),
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
    sys.exit(1 if differing or not expected else 0)


if __name__ == "__main__":
    main()

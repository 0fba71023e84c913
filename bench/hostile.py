"""Whether `kb ingest` survives files that were made to break readers, and accounts for each of them.

    python bench/hostile.py --data FOLDER_OR_TAR.GZ... [--limit-mb 2560] [--json]

All files go through one real `kb ingest` into an empty home. The account closes when every file has an entry, when no
entry is without a status or a refusal without a reason, when what `kb list` holds is what was reported as stored, when
the memory of the process tree stays below the limit, and when no process is left behind. Exit 1 when it does not.
Memory and processes are read from /proc; elsewhere they are not checked and the report says so.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.files import Home, sha256_of
from core.settings import load

ROOT = Path(__file__).parent.parent
_LOOK_S = 0.2
_FIGURES = re.compile(r"\d[\d,.]*|'[^']*'|\(.*\)|:.*")
STATUSES = {"indexed", "unchanged", "refused", "no text"}


@dataclass(slots=True)
class Report:
    """What became of the files; `faults` is empty when the account closes."""

    files: int
    seconds: float
    exit_code: int
    peak_mb: float | None
    statuses: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def unpacked(places: Sequence[Path], folder: Path) -> list[Path]:
    """Return the files of folders and archives; archives are unpacked into `folder`."""
    files: list[Path] = []
    for number, place in enumerate(path.resolve() for path in places):
        inside = place
        if place.is_file() and tarfile.is_tarfile(place):
            inside = folder / str(number)
            with tarfile.open(place) as archive:
                archive.extractall(inside, filter="data")
        files += sorted(path for path in inside.rglob("*") if path.is_file()) if inside.is_dir() else [inside]
    return files


def tree(pid: int) -> Iterator[tuple[int, float]]:
    """Yield every process of a tree with its resident memory in MiB, shared pages counted once per process."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            except OSError:
                continue
            parents.setdefault(parent, []).append(int(entry.name))
    waiting = [pid]
    while waiting:
        process_id = waiting.pop()
        waiting += parents.get(process_id, [])
        try:
            pages = int(Path(f"/proc/{process_id}/statm").read_text(encoding="utf-8").split()[1])
        except OSError:
            continue
        yield process_id, pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _runs(pid: int) -> bool:
    """Tell whether a process is there, and no mere entry that its new parent has yet to read."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def ingest(paths: Sequence[Path], home: Home, scratch: Path) -> tuple[dict[str, Any], Report]:
    """Run one `kb ingest --json` over the files and watch its process tree."""
    answer, messages = scratch / "answer.json", scratch / "stderr.txt"
    command = [sys.executable, "-m", "kb.cli", "ingest", "--json", *map(str, paths)]
    environment = {**os.environ, "KB_HOME": str(home.root), "PYTHONPATH": str(ROOT)}
    started = time.monotonic()
    seen: set[int] = set()
    peak: float | None = None
    with answer.open("wb") as out, messages.open("wb") as err:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=err)
        while process.poll() is None:
            if Path("/proc").is_dir():
                sizes = dict(tree(process.pid))
                seen |= set(sizes)
                peak = max(peak or 0.0, sum(sizes.values()))
            time.sleep(_LOOK_S)
    report = Report(len(paths), time.monotonic() - started, process.returncode, peak)
    survivors = [pid for pid in seen if _runs(pid)]
    if survivors:
        time.sleep(1.0)
        survivors = [pid for pid in survivors if _runs(pid)]
    report.faults += [f"process {pid} was left behind" for pid in survivors]
    if "Traceback" in messages.read_text(errors="replace") or process.returncode not in (0, 5):
        report.faults.append(f"exit {process.returncode}: {messages.read_text(errors='replace')[-500:]}")
    try:
        return json.loads(answer.read_text(encoding="utf-8")), report
    except json.JSONDecodeError:
        report.faults.append("stdout holds no JSON document")
        return {"files": []}, report


def check(answer: dict[str, Any], paths: Sequence[Path], home: Home, report: Report) -> None:
    """Close the account: every file once, with a reason where it was refused, and the catalogue in agreement."""
    rows = answer["files"]
    sources = Counter(row["source"] for row in rows)
    report.faults += [f"{path} has no entry" for path in paths if not sources[str(path)]]
    report.faults += [f"{source} has {count} entries" for source, count in sources.items() if count > 1]
    for row in rows:
        if row["status"] not in STATUSES:
            report.faults.append(f"{row['source']}: status {row['status']!r}")
        if row["status"] == "refused" and not row["reason"].strip():
            report.faults.append(f"{row['source']}: refused without a reason")
        if row["status"] != "refused" and row["sha256"] != sha256_of(Path(row["source"])):
            report.faults.append(f"{row['source']}: another hash")
    report.statuses = dict(Counter(row["status"] for row in rows))
    report.reasons = dict(
        Counter(_FIGURES.sub("", row["reason"]).strip() for row in rows if row["reason"]).most_common()
    )
    listed = subprocess.run(
        [sys.executable, "-m", "kb.cli", "list", "--json"],
        env={**os.environ, "KB_HOME": str(home.root), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    listed_hashes = {document["sha256"] for document in json.loads(listed.stdout)["documents"]}
    stored_hashes = {row["sha256"] for row in rows if row["status"] != "refused"}
    if listed_hashes != stored_hashes:
        report.faults.append(f"{len(stored_hashes)} documents were reported as stored, {len(listed_hashes)} are listed")


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--limit-mb", type=float, default=2560.0, help="parser limit plus the embedder and the index")
    parser.add_argument("--models", type=Path, default=Home(load().home).models)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        home = Home(scratch / "home")
        home.root.mkdir()
        home.models.symlink_to(options.models.absolute())
        paths = unpacked([place.absolute() for place in options.data], scratch)
        answer, report = ingest(paths, home, scratch)
        check(answer, paths, home, report)
    if report.peak_mb is not None and report.peak_mb > options.limit_mb:
        report.faults.append(f"memory grew to {report.peak_mb:.0f} MiB")
    if options.json:
        print(json.dumps(asdict(report), indent=2))
    else:
        peak = "memory not measured here" if report.peak_mb is None else f"peak {report.peak_mb:.0f} MiB"
        print(f"{report.files} files in {report.seconds:.0f} s, exit {report.exit_code}, {peak}")
        for name, count in sorted(report.statuses.items()):
            print(f"  {count:5} {name}")
        print("reasons:")
        for reason, count in report.reasons.items():
            print(f"  {count:5} {reason}")
        print("\n".join(["the account does not close:", *report.faults]) if report.faults else "the account closes")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())

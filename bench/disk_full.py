"""Whether work that meets a full disk says so, loses nothing, and goes on once there is room.

    python -m bench.disk_full ingest|synth|forget|sft|export [PATH...] [--places 20] [--json]

The home lies on a file system of its own (tmpfs; mounting needs root). It is filled so that the disk becomes full at
as many places, evenly between the first byte the work writes and the last. At each place the command must end by
itself, without a traceback, with the exit code of a back end that fails (4) or of refused data (5), or be done where
what it writes still fitted; then the filling is taken away and the same command must end as undisturbed work does.
Exit 1 where one of that fails. The works are those of `bench/kill.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.kill import EXAMPLES, ROOT, Work, copied, prepared, start, work_of
from core.files import Home
from core.settings import load

_SIZE_MB = 2048
_CODES = (0, 4, 5)


@contextmanager
def own_disk(folder: Path, size_mb: int) -> Iterator[Path]:
    """Mount an empty file system of this size and take it away afterwards.

    Raises:
        SystemExit: This user may not mount.
    """
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(folder)]
    if subprocess.run(command, check=False).returncode != 0:
        raise SystemExit("error: a file system of its own cannot be mounted here (root is needed)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, leave_bytes: int) -> Path:
    """Fill a file system up to some bytes; return the file that fills it."""
    filling = disk / "filling"
    with filling.open("wb") as handle:
        os.posix_fallocate(handle.fileno(), 0, max(4096, shutil.disk_usage(disk).free - leave_bytes))
    return filling


def run(home: Path, arguments: list[str]) -> tuple[int, str]:
    """Run a command to its end; return its exit code and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "kb.cli", *arguments],
        cwd=home / "work",
        env={**os.environ, "PYTHONPATH": str(ROOT), "KB_HOME": str(home), "KB_SYNTH__GENERATOR": "rules"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return done.returncode, done.stderr


def used(folder: Path) -> int:
    """Return the bytes that the file system of a folder holds."""
    return shutil.disk_usage(folder).used


def examine(disk: Path, origin: Path, work: Work, expected: dict[str, str], leave: int) -> tuple[int, list[str]]:
    """Fill the disk up to `leave` bytes, run, make room, run again; return the first exit code and the faults."""
    home = copied(origin, disk / "home")
    (home / "work").mkdir(exist_ok=True)
    filling = fill(disk, leave)
    code, said = run(home, work.command)
    faults = [] if code in _CODES else [f"{leave >> 10} KiB left: exit {code}: {said[-300:]}"]
    if "Traceback" in said:
        faults.append(f"{leave >> 10} KiB left: a traceback: {said[-300:]}")
    filling.unlink()
    code_again, said = run(home, work.command)
    # What was done before the disk was full is not there to be forgotten again.
    if code_again not in (0, 2):
        faults.append(f"{leave >> 10} KiB left, then room: exit {code_again}: {said[-300:]}")
    elif work.content(home) != expected:
        faults.append(f"{leave >> 10} KiB left, then room: another result than undisturbed")
    return code, faults


def main() -> None:
    """Fill the disk at every place and print the account."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", metavar="WORK")
    parser.add_argument("paths", nargs="*", help="documents; by default those of examples/")
    parser.add_argument("--places", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    models = Home(load().home).models.resolve()
    paths = [str(Path(path).resolve()) for path in options.paths] or [
        str(ROOT / "examples" / name) for name in EXAMPLES
    ]
    work = work_of(options.work, paths)
    with tempfile.TemporaryDirectory() as folder, own_disk(Path(folder) / "disk", _SIZE_MB) as disk:
        origin = prepared(Path(folder) / "origin", models, work)
        calm = copied(origin, disk / "calm")
        before = used(disk)
        start(calm, work.command).wait()
        written = max(64 << 10, used(disk) - before)
        expected = work.content(calm)
        shutil.rmtree(calm)
        codes: Counter[int] = Counter()
        faults: list[str] = []
        for place in range(options.places):
            code, found = examine(disk, origin, work, expected, written * place // options.places)
            codes[code] += 1
            faults += found
    report = {
        "work": options.work,
        "places": options.places,
        "written_kib": written >> 10,
        "exit_codes": {str(code): count for code, count in sorted(codes.items())},
        "faults": faults,
    }
    print(json.dumps(report) if options.json else "\n".join(f"{key:12} {value}" for key, value in report.items()))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

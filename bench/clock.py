"""Whether work stands a clock that jumps: suspended laptops, time servers, wrong years.

    python -m bench.clock ingest|synth|forget|sft|dpo|export [PATH...] [--jumps 5] [--seed 0] [--json]

Every process of the command gets a `time.time` and a `datetime.now` that jump at random calls, by seconds, days or
years, backwards and forwards; clocks that only run (`time.monotonic`) are left alone, as on a real machine. The result
must be that of undisturbed work, and the command must end in a few times its undisturbed time: a deadline that is
counted by the wall clock would wait for years. The works are those of `bench/kill.py`. Exit 1 where one of that fails.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.kill import EXAMPLES, ROOT, copied, prepared, start, work_of
from core.files import Home
from core.settings import load

_LONGEST = 5
# Read by every Python that starts with its folder on the path.
_JUMPING = """
import os, random, time
_rng = random.Random(f"{os.environ.get('KB_CLOCK_SEED')}:{os.getpid()}")
_true, _true_ns, _shift = time.time, time.time_ns, [0.0]
def _jump():
    if _rng.random() < 0.02:
        _shift[0] += _rng.choice((-1, 1)) * _rng.choice((2, 3600, 86400, 5 * 365 * 86400))
        _shift[0] = max(_shift[0], -20 * 365 * 86400)
    return _shift[0]
time.time = lambda: _true() + _jump()
time.time_ns = lambda: _true_ns() + int(_jump() * 1e9)
"""


def main() -> None:
    """Work under jumping clocks, as often as asked, and print the account."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", metavar="WORK")
    parser.add_argument("paths", nargs="*", help="documents; by default those of examples/")
    parser.add_argument("--jumps", type=int, default=5, help="how often the work is done under a jumping clock")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    models = Home(load().home).models.resolve()
    paths = [str(Path(path).resolve()) for path in options.paths] or [
        str(ROOT / "examples" / name) for name in EXAMPLES
    ]
    work = work_of(options.work, paths)
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        clock = Path(folder) / "clock"
        clock.mkdir()
        (clock / "sitecustomize.py").write_text(_JUMPING, encoding="utf-8")
        origin = prepared(Path(folder) / "origin", models, work)
        calm = copied(origin, Path(folder) / "calm")
        started = time.perf_counter()
        start(calm, work.command).wait()
        whole_s = time.perf_counter() - started
        expected = work.content(calm)
        for number in range(options.jumps):
            home = copied(origin, Path(folder) / "jumping")
            (home / "work").mkdir(exist_ok=True)
            environment = {
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(clock), str(ROOT)]),
                "KB_HOME": str(home),
                "KB_SYNTH__GENERATOR": "rules",
                "KB_CLOCK_SEED": f"{options.seed}:{number}",
            }
            command = [sys.executable, "-m", "kb.cli", *work.command]
            try:
                done = subprocess.run(
                    command,
                    cwd=home / "work",
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    encoding="utf-8",
                    timeout=60 + _LONGEST * whole_s,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                faults.append(f"round {number}: not done after {60 + _LONGEST * whole_s:.0f} s")
                continue
            if done.returncode != 0:
                faults.append(f"round {number}: exit {done.returncode}: {done.stderr[-300:]}")
            elif work.content(home) != expected:
                faults.append(f"round {number}: another result than undisturbed")
    report = {"work": options.work, "rounds": options.jumps, "undisturbed_s": round(whole_s, 1), "faults": faults}
    print(json.dumps(report) if options.json else "\n".join(f"{key:14} {value}" for key, value in report.items()))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

"""Installs the base and runs its tests with several Pythons, each with the oldest and the newest allowed dependencies.

    python .ci/matrix.py                                   every supported Python of this machine, both resolutions
    python .ci/matrix.py --python 3.12 --resolution highest

It needs `uv`. Each combination gets an environment of its own, which is removed again: the project is built and
installed as a user gets it, `kb --version` and `kb --help` run outside the checkout, then the tests that need no model,
no server and no extra. A table at the end; exit 1 where a combination failed. A Python that is not there is a row, too.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13")
RESOLUTIONS = ("lowest-direct", "highest")
# What the tests of the base import beside it.
TOOLS = ("pytest", "pytest-asyncio", "pytest-timeout", "hypothesis", "langchain-tests", "pyyaml", "reportlab")
TESTS = ("tests/core", "tests/rag/catalogue", "tests/rag/load")
# Newer libraries warn of what the oldest still do.
_PYTEST = ("-q", "-x", "-p", "no:cacheprovider", "-W", "default", "-m", "not (weights or live or train or data)")
_SUMMARY = re.compile(r"^(?:=+ )?((?:\d+ \w+(?:, )?)+) in ")


def interpreter(version: str) -> str | None:
    """Return an interpreter of this version that runs, or None."""
    pyenv = sorted(Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser().glob(f"versions/{version}.*/bin/python"))
    on_path = shutil.which(f"python{version}")
    for candidate in (*([on_path] if on_path else []), *map(str, reversed(pyenv))):
        shown = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False)
        if shown.returncode == 0 and shown.stdout.startswith(f"Python {version}."):
            return candidate
    found = subprocess.run(
        ["uv", "python", "find", "--no-python-downloads", version], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None if found.returncode == 0 else None


def requirements() -> list[str]:
    """Return the tools of the tests with the ranges of the extra `dev`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ranges = {re.split(r"[<>=\[]", line)[0]: line for line in project["optional-dependencies"]["dev"]}
    return [ranges[name] for name in TOOLS]


def outcome(python: str, resolution: str, tests: tuple[str, ...]) -> tuple[bool, str]:
    """Install and test one combination; return whether it passed, and a line about it."""
    with tempfile.TemporaryDirectory() as folder:
        bin_dir = Path(folder) / "env" / "bin"
        environment = {**os.environ, "KB_HOME": str(Path(folder) / "home"), "VIRTUAL_ENV": str(bin_dir.parent)}
        install = ["uv", "pip", "install", "--quiet", "--resolution", resolution, str(ROOT)]
        # The tools of the tests may be new: the floors of the project are what is asked about.
        tools = ["uv", "pip", "install", "--quiet", *requirements()]
        steps: tuple[tuple[str, list[str], Path], ...] = (
            ("environment", ["uv", "venv", "--quiet", "--seed", "--python", python, str(bin_dir.parent)], ROOT),
            ("install", install, ROOT),
            ("kb --version", [str(bin_dir / "kb"), "--version"], Path(folder)),
            ("kb --help", [str(bin_dir / "kb"), "--help"], Path(folder)),
            ("test tools", tools, ROOT),
            (
                "tests",
                [str(bin_dir / "python"), "-m", "pytest", *_PYTEST, *tests],
                ROOT,
            ),
        )
        lines: list[str] = []
        for name, command, cwd in steps:
            done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
            lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            if done.returncode:
                sys.stderr.write("\n".join(lines[-40:]) + "\n")
                reason = next((line for line in reversed(lines) if line.startswith(("FAILED", "ERROR", "E "))), "")
                return False, f"{name}: {reason or (lines[-1] if lines else done.returncode)}"[:110]
        summary = next((hit[1] for line in reversed(lines) if (hit := _SUMMARY.match(line))), "passed")
        return True, summary


def main() -> int:
    """Run every combination and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", choices=PYTHONS, action="append")
    parser.add_argument("--resolution", choices=RESOLUTIONS, action="append")
    parser.add_argument("--tests", nargs="+", default=TESTS)
    options = parser.parse_args()
    if shutil.which("uv") is None:
        raise SystemExit("error: uv is not on PATH\nhint: pip install uv")
    rows, failed = [], False
    for version in options.python or PYTHONS:
        python = interpreter(version)
        for resolution in options.resolution or RESOLUTIONS:
            started = time.monotonic()
            if python is None:
                rows.append((version, resolution, "absent", "not on this machine", 0.0))
                failed |= bool(options.python)
                continue
            passed, text = outcome(python, resolution, tuple(options.tests))
            rows.append((version, resolution, "pass" if passed else "FAIL", text, time.monotonic() - started))
            failed |= not passed
            sys.stderr.write(f"{version} {resolution}: {rows[-1][2]}\n")
    print(f"{'Python':8}{'dependencies':16}{'result':8}{'seconds':>8}  tests")
    for version, resolution, result, text, seconds in rows:
        print(f"{version:8}{resolution:16}{result:8}{seconds:8.0f}  {text}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

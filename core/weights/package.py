"""Fetches a Python package that carries model weights, without installing it or what it depends on.

The package manager does the download, so its index, proxy and certificate settings hold.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import BackendError, DataError, MissingExtra
from core.files import sha256_of
from core.machine.install import package_command

_BLOCK_BYTES = 1 << 20
_POLL_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A pinned wheel and what is taken from it.

    Attributes:
        name: Distribution name.
        sha256: Of the wheel.
        size_bytes: Of the wheel; the end of the progress bar.
        licence: Of the weights, as their authors state it.
        members: File name in the model's folder to (path in the wheel, its SHA-256).
    """

    name: str
    version: str
    sha256: str
    size_bytes: int
    licence: str
    members: Mapping[str, tuple[str, str]]


def fetch_package(package: Package, target: Path, *, progress: Callable[[int, int], None]) -> None:
    """Download a wheel, check it and put the wanted members into `target`.

    Args:
        package: What to fetch.
        target: An existing folder; a temporary subfolder is used and removed.
        progress: Called with (bytes so far, bytes in all).

    Raises:
        MissingExtra: There is no pip to download with.
        BackendError: The index does not answer or lacks the package.
        DataError: A hash differs from the pinned one.
    """
    scratch = target / ".download"
    scratch.mkdir()
    try:
        wheel = _download(package, scratch, progress)
        digest_of_wheel = sha256_of(wheel)
        if digest_of_wheel != package.sha256:
            raise DataError(
                f"SHA-256 is {digest_of_wheel}, not the expected {package.sha256}: this is another file",
                path=wheel.name,
                hint="pip config list  # which index answered?",
            )
        _unpack(package, wheel, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _download(package: Package, scratch: Path, progress: Callable[[int, int], None]) -> Path:
    requirement = f"{package.name}=={package.version}"
    options = ["--no-deps", "--only-binary=:all:", "--no-input", "--progress-bar=off", "--dest=."]
    log = scratch / "pip.log"
    with log.open("wb") as output:
        # pip's unfinished downloads lie in TMPDIR: there their size is seen, and there they are cleared away.
        child = subprocess.Popen(
            [*_pip(), "download", *options, requirement],
            cwd=scratch,
            env={**os.environ, "TMPDIR": str(scratch)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            while _running(child):
                progress(min(_largest(scratch), package.size_bytes), package.size_bytes)
        finally:
            child.kill()
            child.wait()
    wheels = list(scratch.glob("*.whl"))
    if child.returncode or len(wheels) != 1:
        raise BackendError(
            f"pip could not fetch {requirement}: {_reason(log.read_text(errors='replace'))}",
            hint=f"{Path(sys.executable).name} -m pip download --no-deps {requirement}",
        )
    progress(package.size_bytes, package.size_bytes)
    return wheels[0]


def _pip() -> list[str]:
    """Return the command that is pip: the environment's own, else the one that Python carries for `ensurepip`."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    ensurepip = importlib.util.find_spec("ensurepip")
    if ensurepip and ensurepip.origin:
        bundled = sorted((Path(ensurepip.origin).parent / "_bundled").glob("pip-*.whl"))
        if bundled:
            # A wheel is a zip archive, and Python runs a package inside one.
            return [sys.executable, f"{bundled[-1]}/pip"]
    raise MissingExtra("weights are fetched with pip, and this environment has none", hint=package_command("pip"))


def _running(child: subprocess.Popen[bytes]) -> bool:
    try:
        child.wait(_POLL_S)
    except subprocess.TimeoutExpired:
        return True
    return False


def _largest(folder: Path) -> int:
    """Return the size of the largest file under `folder`; files may vanish meanwhile."""
    largest = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                largest = max(largest, (Path(parent) / name).stat().st_size)
            except FileNotFoundError:
                continue
    return largest


def _reason(log: str) -> str:
    errors = [line.removeprefix("ERROR: ") for line in log.splitlines() if line.startswith("ERROR: ")]
    return (errors or log.splitlines() or ["no output"])[-1]


def _unpack(package: Package, wheel: Path, target: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name, (member, sha256) in package.members.items():
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            digest = hashlib.sha256()
            with archive.open(member) as packed, path.open("wb") as unpacked:
                while block := packed.read(_BLOCK_BYTES):
                    digest.update(block)
                    unpacked.write(block)
            if digest.hexdigest() != sha256:
                raise DataError(f"SHA-256 is {digest.hexdigest()}, not the expected {sha256}", path=member)

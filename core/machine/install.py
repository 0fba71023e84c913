"""Commands that install an optional dependency group or a package into this very environment.

A group is installed from where this installation came from: its folder, wheel or repository, as `direct_url.json`
records it (PEP 610), else the package index. The name `kb` is another project's there, so the distribution has its own.
"""

from __future__ import annotations

import importlib.util
import json
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from core.errors import MissingExtra
from core.version import DISTRIBUTION

_IN_FOLDER = "  # in the folder of the project"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallSource:
    """Where this installation came from.

    Attributes:
        location: A path for a folder, else a URL that pip takes.
        is_folder: Whether it is a folder with `pyproject.toml`.
        editable: Whether the folder's files are imported as they stand there.
    """

    location: str
    is_folder: bool = False
    editable: bool = False


def missing_extra(feature: str, extra: str, *packages: str) -> MissingExtra:
    """Return the error for a feature whose dependency group is not installed.

    Args:
        feature: What needs it, as the subject of a sentence: `reading scans`.
        extra: Name of the group in `pyproject.toml`.
        packages: Further packages that no group holds.
    """
    beside = f" and {', '.join(packages)}" if packages else ""
    return MissingExtra(
        f"{feature} requires the extra {extra!r}{beside}, which is not installed", hint=extra_command(extra, *packages)
    )


def extra_command(extra: str, *packages: str) -> str:
    """Return the command that adds a dependency group of this installation.

    Args:
        extra: Name of the group.
        packages: Further requirements for the same command.
    """
    source = _recorded_source()
    if source is None:
        if not _is_installed():
            return _command(f".[{extra}]", *packages) + _IN_FOLDER
        return _command(f"{DISTRIBUTION}[{extra}]", *packages)
    if source.editable:
        return _command("--editable", f"{source.location}[{extra}]", *packages)
    if source.is_folder:
        return _command(f"{source.location}[{extra}]", *packages)
    return _command(f"{DISTRIBUTION}[{extra}] @ {source.location}", *packages)


def package_command(*requirements: str) -> str:
    """Return the command that installs packages of the index into this environment."""
    return _command(*requirements)


def upgrade_hint() -> str:
    """Return how this installation is brought up to date."""
    source = _recorded_source()
    if source is None or not source.is_folder:
        return _command("--upgrade", DISTRIBUTION)
    pull = f"git -C {shlex.quote(source.location)} pull"
    return pull if source.editable else f"{pull} && {_command(source.location)}"


def _command(*arguments: str) -> str:
    return shlex.join([*_installer(), *arguments])


def _installer() -> list[str]:
    """Return the installer of this environment; a `pip` of another environment on PATH would install elsewhere."""
    scripts = Path(sys.executable).parent
    pip_path = shutil.which("pip")
    if pip_path and Path(pip_path).parent == scripts:
        return ["pip", "install"]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install"]
    return ["uv", "pip", "install", "--python", sys.executable]


def _is_installed() -> bool:
    """Tell whether these sources were installed, and not only found on the path."""
    try:
        distribution(DISTRIBUTION)
    except PackageNotFoundError:
        return False
    return True


@cache
def _recorded_source() -> InstallSource | None:
    try:
        recorded = distribution(DISTRIBUTION).read_text("direct_url.json")
        record = json.loads(recorded or "")
    except (PackageNotFoundError, ValueError):
        return None
    return install_source(record)


def install_source(record: Mapping[str, Any]) -> InstallSource | None:
    """Read a `direct_url.json`; None where it names files that are gone, from which nothing can be installed."""
    url = str(record.get("url", ""))
    path = Path(unquote(urlsplit(url).path)) if url.startswith("file:") else None
    if path is not None and not path.exists():
        return None
    if path is not None and "dir_info" in record:
        editable = bool(record["dir_info"].get("editable"))
        return InstallSource(location=str(path), is_folder=True, editable=editable)
    if "vcs_info" in record:
        vcs = record["vcs_info"]
        commit = f"@{vcs['commit_id']}" if vcs.get("commit_id") else ""
        url = f"{vcs.get('vcs', 'git')}+{url}{commit}"
    return InstallSource(location=url) if url else None

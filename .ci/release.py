"""Checks a release: `notes TAG` prints its section of the changelog, `archives TAG` checks what `make dist` built.

    python .ci/release.py notes v0.1.0
    python .ci/release.py archives v0.1.0      # without a tag: whatever version was built

Archives are installed one after the other into an empty environment, where `kb --version` must give the version of
their names.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_HEADING = re.compile(r"^## (?P<version>\d+\.\d+\.\d+\S*) - (?P<day>\d{4}-\d{2}-\d{2})$", re.MULTILINE)


def section(changelog: str, version: str) -> str:
    """Return the section of a release, without its heading.

    Raises:
        SystemExit: There is no section `## VERSION - YYYY-MM-DD`, or it is empty.
    """
    for heading in _HEADING.finditer(changelog):
        if heading["version"] == version:
            text = changelog[heading.end() :].partition("\n## ")[0].strip()
            if text:
                return text
    raise SystemExit(f"error: CHANGELOG.md has no section '## {version} - YYYY-MM-DD'")


def archives(folder: Path, version: str | None) -> list[Path]:
    """Return the one source archive and the one wheel of a folder.

    Raises:
        SystemExit: They are not there, or of another version.
    """
    found = [*folder.glob("kb_cited-*.tar.gz"), *folder.glob("kb_cited-*.whl")]
    versions = {path.name.removesuffix(".tar.gz").split("-")[1] for path in found}
    if len(found) != 2 or len(versions) != 1:
        raise SystemExit(f"error: {folder} must hold one source archive and one wheel: {[p.name for p in found]}")
    if version is not None and versions != {version}:
        raise SystemExit(f"error: built {versions.pop()}, the tag says {version}")
    return found


def check_installed(archive: Path, *, dependencies: bool) -> str:
    """Install an archive into an empty environment and return what `kb --version` prints."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        constraint = ["--constraint", str(ROOT / "constraints.txt")]
        # Without the others, what `kb --version` itself needs.
        needed: list[str] = [] if dependencies else ["typer", "pydantic", "rich"]
        subprocess.run([*install, *constraint, *([] if dependencies else ["--no-deps"]), str(archive)], check=True)
        if needed:
            subprocess.run([*install, *constraint, *needed], check=True)
        command = [Path(folder) / "bin" / "kb", "--version"]
        return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def main(arguments: list[str]) -> None:
    """Run one of the two checks."""
    action, tag = arguments[0], arguments[1].removeprefix("v") if len(arguments) > 1 else None
    if action == "notes" and tag:
        print(section((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), tag))
        return
    if action != "archives":
        raise SystemExit(__doc__)
    for archive in archives(ROOT / "dist", tag):
        printed = check_installed(archive, dependencies=archive.suffix == ".whl")
        expected = archive.name.removesuffix(".tar.gz").split("-")[1]
        if printed != f"kb {expected}":
            raise SystemExit(f"error: {archive.name} prints {printed!r}")
        print(f"{archive.name}: {printed}")


if __name__ == "__main__":
    main(sys.argv[1:])

"""What makes a release: its name, its version, its notes, and the workflows that build it."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from core.version import DISTRIBUTION

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROSE = sorted(
    path for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")) if path.name not in ("LOG.md", "CHANGELOG.md")
)
HEADING = re.compile(r"## \d+\.\d+\.\d+ - (\d{4}-\d{2}-\d{2}|not released yet)")


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_version_is_not_written_down() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["name"] == DISTRIBUTION
    assert project["project"]["dynamic"] == ["version"] and "version" not in project["project"]
    newest = re.search(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest
    fallback = project["tool"]["setuptools_scm"]["fallback_version"]
    assert fallback == f"{newest[1]}.dev0"
    assert f"ARG VERSION={fallback}" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_every_tag_has_its_section_in_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = [line for line in changelog.splitlines() if line.startswith("## ")]
    assert headings and all(HEADING.fullmatch(heading) for heading in headings)
    assert [heading for heading in headings[1:] if "not released" in heading] == []
    tags = subprocess.run(
        ["git", "tag", "--list", "v[0-9]*"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )
    for tag in tags.stdout.split():
        assert _script("release").section(changelog, tag.removeprefix("v"))


def test_notes_are_the_section_of_the_tag() -> None:
    section = _script("release").section
    changelog = "# Changelog\n\n## 0.2.0 - 2027-01-02\n\n- b\n\n## 0.1.0 - 2026-12-01\n\n- a\n"
    assert (section(changelog, "0.2.0"), section(changelog, "0.1.0")) == ("- b", "- a")
    for version in ("0.3.0", "0.1"):
        with pytest.raises(SystemExit, match="no section"):
            section(changelog, version)


def test_archives_are_one_pair_of_the_tagged_version(tmp_path: Path) -> None:
    archives = _script("release").archives
    with pytest.raises(SystemExit, match="one source archive and one wheel"):
        archives(tmp_path, None)
    for name in ("kb_cited-0.1.0.tar.gz", "kb_cited-0.1.0-py3-none-any.whl"):
        (tmp_path / name).touch()
    assert len(archives(tmp_path, "0.1.0")) == 2
    with pytest.raises(SystemExit, match=r"the tag says 0\.2\.0"):
        archives(tmp_path, "0.2.0")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_few_rights_and_calls_targets_that_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    called = {word for run in re.findall(r"run: make ([^\n]*)", text) for word in run.split() if "=" not in word}
    assert called <= targets
    for script in re.findall(r"python (\.ci/\w+\.py)", text):
        assert (ROOT / script).is_file()


def test_no_text_installs_the_project_that_has_our_short_name() -> None:
    other = re.compile(r"""(?:pip|uv|uvx|pipx)\b[^\n`|]*[ '"]kb(?:\[[\w,]+\])?(?=['"`\s]|$)""", re.MULTILINE)
    assert [(path.name, hit[0]) for path in PROSE for hit in other.finditer(path.read_text(encoding="utf-8"))] == []

"""A home with two small documents, read once for all tests of the workflows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.files import Home
from kb.ingest import ingest, plan_ingest
from kb.workspace import Workspace, open_workspace

EXAMPLES = Path(__file__).parents[2] / "examples"
ALDER = "# Alder lease\n\nThe monthly rent is $1,450. The deposit is two months' rent.\n"


@pytest.fixture(scope="session")
def stocked_home(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home that holds update.pdf (two pages) and alder.md; copy it before changing it."""
    home = Home(tmp_path_factory.mktemp("stocked"))
    home.models.symlink_to(weights)
    folder = tmp_path_factory.mktemp("documents")
    (folder / "alder.md").write_text(ALDER, encoding="utf-8")
    report = ingest(open_workspace(home.root), plan_ingest([EXAMPLES / "update.pdf", folder]))
    assert [result.status for result in report.files] == ["indexed", "indexed"]
    return home


@pytest.fixture
def stocked(stocked_home: Home) -> Workspace:
    """The shared home; only read from it. The built-in reader answers."""
    return open_workspace(stocked_home.root, flags={"rag.model": "extractive"})


@pytest.fixture
def own_home(stocked_home: Home, tmp_path: Path) -> Home:
    """A copy of the stocked home, to change."""
    shutil.copytree(stocked_home.root, tmp_path / "own", symlinks=True)
    return Home(tmp_path / "own")

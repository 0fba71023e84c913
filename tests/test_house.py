"""The shape of the house: what the wheel holds, which way the arrows run, what the files promise."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import grimp
import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from core.errors import ERROR_TYPES
from tests.support.commands import COMMAND

ROOT = Path(__file__).parent.parent
PACKAGES = ["core", "finetune", "kb", "rag", "serve", "synth"]
# Modules that no test imports, and why.
_UNIMPORTED = {
    "core.reading.spans.protocol": "types alone",
    "rag.load.web.visible": "two numbers, held by what readers of every format hide",
    "kb.api": "imported by its public name, `kb`",
    "serve.mcp": "a client of the protocol asks it over HTTP",
    "serve.v1.chat": "routes alone, which OpenAI's client asks over HTTP",
    "serve.v1.completions": "routes alone, as `serve.v1.chat`",
    "serve.v1.documents": "routes alone, as `serve.v1.chat`",
}
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def test_the_wheel_holds_six_packages_and_their_data(tmp_path: Path) -> None:
    # As an unpacked archive of the repository: without git and its tags, from which the version comes otherwise.
    source = tmp_path / "source"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(source)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("kb_cited-0.1.0.dev0-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert sorted({name.split("/")[0] for name in names if ".dist-info/" not in name}) == PACKAGES
    assert {"core/answer_prompt.txt", "core/language/data/en.toml", "core/language/data/en/formulas.toml"} <= set(names)


def test_imports_run_down() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_no_files_import_each_other_in_a_circle() -> None:
    # Imports inside functions and those for types alone count too.
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    modules = sorted(graph.modules)
    place = {module: index for index, module in enumerate(modules)}
    arrows = [
        (place[module], place[other]) for module in modules for other in graph.find_modules_directly_imported_by(module)
    ]
    rows, columns = zip(*arrows, strict=True)
    matrix = csr_matrix((np.ones(len(arrows)), (rows, columns)), shape=(len(modules), len(modules)))
    _, labels = connected_components(matrix, directed=True, connection="strong")
    circles = [[module for module in modules if labels[place[module]] == label] for label in set(labels)]
    assert [circle for circle in circles if len(circle) > 1] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_and_says_what_it_does(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name == "__init__.py" and path.parent != ROOT / "kb":  # the one with a public API
        assert text == ""
        return
    assert text.startswith('"""')
    assert len(text.splitlines()) <= 400


def test_a_public_class_has_a_name_of_its_own() -> None:
    places: dict[str, list[str]] = {}
    for path in SOURCES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def _imported_by_tests() -> set[str]:
    """Dotted names that files below `tests` import: modules, and what is imported from modules."""
    names: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_every_module_is_imported_by_a_test() -> None:
    # The command line runs as a process, and the page is driven by its client.
    apart = (ROOT / "kb" / "cli", ROOT / "serve" / "ui")
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in SOURCES
        if path.name != "__init__.py" and not any(path.is_relative_to(folder) for folder in apart)
    }
    assert len(modules) > 500
    # What is listed and imported is listed no longer.
    assert modules - _imported_by_tests() == set(_UNIMPORTED)


def test_a_local_name_says_what_it_holds() -> None:
    # A word that says only that something was found or asked tells a reader neither type nor role.
    vague = {"found", "asked", "held", "told", "said", "wanted", "one"}
    places = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in vague)
        or (isinstance(node, ast.arg) and node.arg in vague)
    ]
    assert places == []


def test_the_command_line_holds_parsing_and_rendering_alone() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "kb" / "cli").glob("*.py")]
    assert sum(len(text.splitlines()) for text in texts) <= 2700
    # What joins packages opens clients, models and stores; a command calls it under `kb`.
    openers = ("open_chat(", "open_store(", "open_embedder(", "embedder_of(", "Answerer(", "writing(")
    assert [name for name in openers if any(name in text for text in texts)] == []


def test_the_command_line_reference_is_current(tmp_path: Path) -> None:
    target = tmp_path / "cli.md"
    command = [
        Path(sys.executable).parent / "typer",
        "kb.cli.main",
        "utils",
        "docs",
        "--name",
        "kb",
        "--output",
        str(target),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert target.read_text(encoding="utf-8") == (ROOT / "docs" / "cli.md").read_text(encoding="utf-8"), "make docs"


def test_constraints_hold_versions_and_no_address() -> None:
    lines = [
        line for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    ]
    assert lines
    assert [line for line in lines if "==" not in line or "/" in line or "@" in line] == []


def _raised() -> Iterator[tuple[str, str]]:
    """Yield where an error of the tree is made outside the command line, and the words of its message and click."""
    for path in SOURCES:
        if path.is_relative_to(ROOT / "kb" / "cli"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERROR_TYPES:
                clicks = [keyword.value for keyword in node.keywords if keyword.arg == "click"]
                for part in (*node.args[:1], *clicks):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", _words(part)


def _words(node: ast.expr) -> str:
    """The fixed words of a string."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts)


def test_commands_stand_in_hints_alone() -> None:
    # Arms, trackers and skipped stages are spelled in a terminal only.
    terminal = (
        "kb/comparison/arms.py",
        "kb/comparison/job.py",
        "kb/training/",
        "kb/exporting.py",
        "core/settings.py",
        "rag/ingest/discover.py",
    )
    raised = list(_raised())
    assert len(raised) > 200
    assert [(place, text) for place, text in raised if COMMAND.search(text) and not place.startswith(terminal)] == []

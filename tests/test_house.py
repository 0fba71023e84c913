"""The shape of the house: what the wheel holds, which way the arrows run, what the files promise."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ["core", "finetune", "kb", "rag", "serve", "synth"]
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def test_the_wheel_holds_six_packages_and_their_data(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert sorted({name.split("/")[0] for name in names if ".dist-info/" not in name}) == PACKAGES
    assert "core/answer_prompt.txt" in names


def test_imports_run_down() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_and_says_what_it_does(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name == "__init__.py" and path.parent != ROOT / "kb":  # the one with a public API
        assert text == ""
        return
    assert text.startswith('"""')
    assert len(text.splitlines()) <= 400


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
    assert target.read_text() == (ROOT / "docs" / "cli.md").read_text(), "make docs"


def test_constraints_hold_versions_and_no_address() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines
    assert [line for line in lines if "==" not in line or "/" in line or "@" in line] == []

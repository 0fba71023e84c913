"""Install hints name this installation, or the distribution's own name on an index; `kb` is another project there."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from core.machine import install
from core.machine.install import InstallSource, install_source

WHEEL = "file:///srv/wheels/kb_cited-0.1.0-py3-none-any.whl"


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str | None]]:
    """Return a list whose first item stands in for the `direct_url.json` of this installation."""
    text: list[str | None] = [None]

    class Distribution:
        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return text[0]

    monkeypatch.setattr(install, "distribution", lambda name: Distribution())
    install._recorded_source.cache_clear()
    yield text
    install._recorded_source.cache_clear()


def test_a_folder_is_installed_from_itself(tmp_path: Path) -> None:
    record = {"url": tmp_path.as_uri(), "dir_info": {}}
    assert install_source(record) == InstallSource(location=str(tmp_path), is_folder=True)
    record = {"url": tmp_path.as_uri(), "dir_info": {"editable": True}}
    assert install_source(record) == InstallSource(location=str(tmp_path), is_folder=True, editable=True)


def test_a_folder_or_wheel_that_is_gone_is_no_source(tmp_path: Path) -> None:
    assert install_source({"url": (tmp_path / "gone").as_uri(), "dir_info": {}}) is None
    assert install_source({"url": (tmp_path / "kb.whl").as_uri(), "archive_info": {}}) is None


def test_a_repository_keeps_its_commit() -> None:
    record = {"url": "https://example.org/kb.git", "vcs_info": {"vcs": "git", "commit_id": "abc123"}}
    assert install_source(record) == InstallSource(location="git+https://example.org/kb.git@abc123")


def test_the_command_adds_the_extra_to_what_is_installed(tmp_path: Path, recorded: list[str | None]) -> None:
    folder = tmp_path / "my kb"
    folder.mkdir()
    recorded[0] = json.dumps({"url": folder.as_uri(), "dir_info": {"editable": True}})
    arguments = shlex.split(install.extra_command("train", "docutils"))
    assert arguments[-3:] == ["--editable", f"{folder}[train]", "docutils"]


def test_a_wheel_is_named_by_its_url(recorded: list[str | None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda self: True)
    recorded[0] = json.dumps({"url": WHEEL, "archive_info": {}})
    assert shlex.split(install.extra_command("serve"))[-1] == f"kb-cited[serve] @ {WHEEL}"


@pytest.mark.parametrize("text", [None, "", "{", json.dumps({"url": "file:///gone/kb", "dir_info": {}})])
def test_without_a_source_the_index_is_meant(recorded: list[str | None], text: str | None) -> None:
    recorded[0] = text
    assert shlex.split(install.extra_command("ocr", "docutils"))[-2:] == ["kb-cited[ocr]", "docutils"]
    assert shlex.split(install.upgrade_hint())[-2:] == ["--upgrade", "kb-cited"]


def test_sources_that_are_not_installed_name_their_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(install, "distribution", missing)
    install._recorded_source.cache_clear()
    command = install.extra_command("ocr")
    install._recorded_source.cache_clear()
    assert shlex.split(command, comments=True)[-1] == ".[ocr]"
    assert "in the folder of the project" in command


def test_the_installer_is_that_of_this_environment() -> None:
    *installer, install_word, package = shlex.split(install.package_command("optuna"))
    assert (install_word, package) == ("install", "optuna")
    shown = subprocess.run([*installer, "--version"], capture_output=True, encoding="utf-8", check=True).stdout
    assert sys.prefix in shown


def test_the_error_names_feature_and_extra() -> None:
    error = install.missing_extra("reading scans", "ocr")
    assert error.exit_code == 3
    assert str(error) == "reading scans requires the extra 'ocr', which is not installed"
    assert "[ocr]" in error.hint

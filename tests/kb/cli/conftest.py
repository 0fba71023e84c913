"""Runs commands in this process: arguments in, exit code and both streams out."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from core.files import Home
from kb.cli.main import run


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


Cli = Callable[..., Done]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run `kb` with arguments and what is typed; in KB_HOME of the environment."""

    def command(*arguments: object, stdin: str = "") -> Done:
        monkeypatch.setattr("sys.argv", ["kb", *map(str, arguments)])
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Done(int(ended.value.code or 0), out, err)

    return command


@pytest.fixture
def in_stocked(stocked_home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The shared home as KB_HOME, answered by the built-in reader; only read from it."""
    monkeypatch.setenv("KB_HOME", str(stocked_home.root))
    monkeypatch.setenv("KB_RAG__MODEL", "extractive")
    return stocked_home


@pytest.fixture
def in_own(own_home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A copy of the stocked home as KB_HOME, to change."""
    monkeypatch.setenv("KB_HOME", str(own_home.root))
    return own_home

"""From a failure to two lines and an exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.files import Home
from core.version import project_version
from tests.kb.cli.conftest import Cli


def test_the_version_is_that_of_the_package(cli: Cli) -> None:
    done = cli("--version")
    assert (done.code, done.out) == (0, f"kb {project_version()}\n")


def test_an_error_has_a_line_and_a_hint(cli: Cli, home: Home) -> None:
    done = cli("list")
    assert (done.code, done.out) == (2, "")
    first, second = done.err.splitlines()
    assert first.startswith("error: nothing has been ingested yet") and second == "hint: kb ingest PATH"


def test_a_wrong_flag_is_a_usage_error(cli: Cli) -> None:
    done = cli("ask", "--no-such-flag")
    assert done.code == 2 and "--no-such-flag" in done.err


def test_a_path_that_cannot_be_written_is_a_bad_argument(cli: Cli, in_own: Home, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = cli("backup", "--out", tmp_path / "file" / "kb.tar.gz")
    assert done.code in (2, 4) and "file" in done.err and "hint: " in done.err


def test_an_interrupt_says_how_to_resume(cli: Cli, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kb.cli.documents.begin", interrupted)
    done = cli("list")
    assert (done.code, done.err) == (130, "error: interrupted; run the same command again to resume\n")


def test_a_fault_of_our_own_asks_for_its_traceback(cli: Cli, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("broken\x1b[31m")

    monkeypatch.setattr("kb.cli.documents.begin", broken)
    done = cli("list")
    assert done.code == 1
    assert done.err.startswith("error: unexpected RuntimeError: broken[31m\nhint: ") and "KB_DEBUG=1" in done.err


def test_a_full_disk_is_a_failed_back_end(cli: Cli, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device", "/data/kb")

    monkeypatch.setattr("kb.cli.documents.begin", full)
    done = cli("list")
    assert done.code == 4 and done.err.startswith("error: /data/kb: No space left on device\nhint: ")

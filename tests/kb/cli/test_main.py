"""From a failure to two lines and an exit code."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("list",), "nothing has been ingested yet", "kb ingest PATH"),
        (("ask", "What?", "--set", "rag.top_k=many"), "settings: flag: rag.top_k = 'many'", "kb config show"),
        (("search", "x", "-k", "0"), "Input should be greater than or equal to 1", ""),
        (("ask",), "Missing argument 'QUESTION'", ""),
        (("runs", "show", "none"), "unknown run 'none'", "kb runs list"),
    ],
)
def test_who_wants_json_gets_errors_as_json(
    cli: Cli, home: Home, words: tuple[str, ...], message: str, hint: str
) -> None:
    done = cli(*words, "--json")
    error = json.loads(done.out)
    assert done.code == 2 and set(error) == {"error", "hint"}
    assert message in error["error"] and error["hint"] == hint and message in done.err


def test_a_wrong_flag_is_a_usage_error(cli: Cli) -> None:
    done = cli("ask", "--no-such-flag")
    assert done.code == 2 and "--no-such-flag" in done.err


def test_a_shell_completes_commands_and_flags(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_KB_COMPLETE", "complete_bash")
    for typed, completion in (("kb sn", "snapshot"), ("kb ask --wh", "--why"), ("kb synth rev", "review")):
        monkeypatch.setenv("COMP_WORDS", typed)
        monkeypatch.setenv("COMP_CWORD", str(typed.count(" ")))
        assert cli().out.split() == [completion]


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

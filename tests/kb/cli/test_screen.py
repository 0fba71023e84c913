"""What is printed: nothing that moves a cursor, one JSON document, a question before something is removed."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError, KbError
from kb.cli import screen


@given(st.text())
def test_no_control_character_reaches_the_terminal(text: str) -> None:
    assert not any((ord(char) < 32 and char not in "\n\t") or 127 <= ord(char) < 160 for char in screen.plain(text))
    assert "\n" not in screen.line(text)


def test_an_escape_sequence_is_made_harmless() -> None:
    assert screen.plain("\x1b[31mred\x1b[0m\r\n") == "[31mred[0m\n"


@pytest.mark.parametrize(
    ("label", "unit", "place"),
    [
        ("", "page", "a.pdf, p. 4"),
        ("4", "page", "a.pdf, p. 4"),
        ("iv", "page", "a.pdf, p. 4 (iv)"),
        ("Alder lease", "section", "a.pdf, section 4 (Alder lease)"),
    ],
)
def test_a_place_counts_from_1_and_adds_what_is_printed(label: str, unit: str, place: str) -> None:
    assert screen.page_place("a.pdf", 3, label, unit) == place


@pytest.mark.parametrize(("typed", "kind"), [("n\n", KbError), ("\n", KbError), ("", ConfigError)])
def test_only_a_yes_confirms(monkeypatch: pytest.MonkeyPatch, typed: str, kind: type[KbError]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    with pytest.raises(kind) as caught:
        screen.confirm("Remove it?", "kb rm --yes it")
    assert caught.value.hint == "kb rm --yes it"
    if kind is ConfigError:
        assert caught.value.message == "not a terminal: pass --yes to confirm"
    for yes in ("y\n", "YES\n"):
        monkeypatch.setattr("sys.stdin", io.StringIO(yes))
        screen.confirm("Remove it?", "kb rm --yes it")


def test_columns_are_aligned_and_figures_stand_right(capsys: pytest.CaptureFixture[str]) -> None:
    screen.table(["name", "n"], [["a", "10"], ["longer\nname", "5"]], right=frozenset({1}))
    assert capsys.readouterr().out == "name          n\na            10\nlonger name   5\n"


def test_json_is_escaped_where_the_terminal_is_not_utf8(monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding, shown in (("utf-8", "é"), ("ascii", "\\u00e9")):
        out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        monkeypatch.setattr("sys.stdout", out)
        screen.document({"name": "é"})
        out.flush()
        written = out.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
        assert shown in written and json.loads(written) == {"name": "é"}


def test_quiet_silences_notes_and_bars(capsys: pytest.CaptureFixture[str]) -> None:
    screen.notes(quiet=True)("unheard")
    screen.notes(quiet=False)("heard")
    with screen.bar("x", quiet=True) as bar:
        assert bar is None
    assert capsys.readouterr().err == "kb: heard\n"

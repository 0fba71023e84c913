"""Every command that a hint of the program names is one that the command line accepts."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pytest
import typer

from kb.cli.main import app
from tests.support.commands import fault

ROOT = Path(__file__).parents[1]
PACKAGES = ("core", "rag", "synth", "finetune", "kb", "serve")
# What stands for a value that is known at run time; after a word it is a flag that may be left out.
_VALUE, _FLAG = "7", re.compile(r"(?<=[a-z])7")
_NUMBER = re.compile(r"(?<= )N\b")
# A run begins with rows or documents, or goes on.
_ROWS = {"--data", "--from-docs", "--resume", "--estimate", "--help"}
_COMMAND = re.compile(r"(?:^|; |&& )(kb [^;&#\n]*)")


def _hints() -> Iterator[tuple[str, str]]:
    """Yield (place, text) of the strings that are given as hints."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if _is_hint(node):
                    for part in _strings(node.value):
                        yield f"{path.relative_to(ROOT)}:{part.lineno}", _text(part)


def _is_hint(node: ast.AST) -> TypeGuard[ast.keyword | ast.Assign]:
    """Whether a value is given as `hint`, or to a name that ends so."""
    if isinstance(node, ast.Assign):
        return any(isinstance(name, ast.Name) and name.id.lower().endswith("hint") for name in node.targets)
    return isinstance(node, ast.keyword) and node.arg == "hint"


def _strings(node: ast.AST) -> Iterator[ast.JoinedStr | ast.Constant]:
    """Yield the whole strings of an expression."""
    if isinstance(node, ast.JoinedStr | ast.Constant):
        yield node
    elif not isinstance(node, ast.BinOp):  # parts of a command, put together
        for child in ast.iter_child_nodes(node):
            yield from _strings(child)


def _text(node: ast.JoinedStr | ast.Constant) -> str:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else _VALUE for part in parts)


def _refused(command: str) -> str:
    words = shlex.split(command)[1:]
    if words[:1] == ["finetune"] and not _ROWS & set(words):
        return "no training data"
    return fault(typer.main.get_command(app), words)


def _commands(text: str) -> Iterator[str]:
    for command in _COMMAND.findall(text):
        if not command.startswith(f"kb {_VALUE}"):  # any command that answers
            yield _NUMBER.sub(_VALUE, _FLAG.sub("", command)).strip()


COMMANDS = sorted({(command, place) for place, text in _hints() for command in _commands(text)})


def test_the_hints_are_found() -> None:
    assert len(COMMANDS) > 150


@pytest.mark.parametrize("command", ["kb run x", "kb finetune --dry-run", "kb finetune --data DIR --no-such"])
def test_a_command_that_would_be_refused_is_seen(command: str) -> None:
    assert _refused(command)


def test_every_hint_names_a_command_that_is_accepted() -> None:
    faults = [(place, command, why) for command, place in COMMANDS if (why := _refused(command))]
    assert faults == []

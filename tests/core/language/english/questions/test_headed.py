"""Questions for the noun of a heading, and for versions."""

from __future__ import annotations

import pytest

from core.language.english.questions import headed


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Which Python version is needed?", "Python"),
        ("What version of PostgreSQL does it need?", "PostgreSQL"),
        ("What is the minimum Go version?", "Go"),
        ("Which license is it?", None),
    ],
)
def test_a_version_is_asked_for(question: str, name: str | None) -> None:
    match = headed.ASKS_VERSION.search(question)
    assert (match and (match["name"] or match["of"])) == name


@pytest.mark.parametrize(
    ("rest", "version"),
    [
        (" 3.10 or newer.", "3.10 or newer"),
        (" version 16+", "16+"),
        (" >=1.21", ">=1.21"),
        (" 3.9, 3.10 and 3.11", "3.9, 3.10 and 3.11"),
        (" is old", None),
    ],
)
def test_a_version_stands_behind_its_name(rest: str, version: str | None) -> None:
    match = headed.VERSION.match(rest)
    assert (match and match["version"]) == version

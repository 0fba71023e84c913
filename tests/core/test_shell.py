"""Names of files in commands that are typed."""

from __future__ import annotations

import shlex
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from core.shell import quoted


@given(st.text())
def test_a_shell_reads_one_word_as_it_stands(text: str):
    assert shlex.split(quoted(text)) == [text]


def test_a_path_keeps_its_quotes_where_it_needs_none():
    assert quoted(Path("rows.jsonl")) == "'rows.jsonl'"

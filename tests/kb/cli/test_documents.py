"""`kb list`, `kb show`, `kb forget`: what is there, page by page, and that removing asks first."""

from __future__ import annotations

import json

import pytest

from core.files import Home
from tests.kb.cli.conftest import Cli

pytestmark = pytest.mark.weights


def test_documents_are_listed_with_pages_and_status(cli: Cli, in_stocked: Home) -> None:
    done = cli("list")
    assert [line.split()[0] for line in done.out.splitlines()] == ["document", "alder.md", "update.pdf"]
    assert done.err.startswith("2 documents, 3 pages, ")
    rows = json.loads(cli("list", "--json").out)["documents"]
    assert [(row["doc"], row["pages"], row["status"]) for row in rows] == [
        ("alder.md", 1, "indexed"),
        ("update.pdf", 2, "indexed"),
    ]


def test_a_document_is_shown_with_its_facts(cli: Cli, in_stocked: Home) -> None:
    done = cli("show", "alder.md")
    assert "  pages     1 (sections)" in done.out and "  status    indexed" in done.out
    shown = json.loads(cli("show", "alder.md", "--json").out)
    assert shown["pages"] == 1 and shown["problems"] == [] and len(shown["sha256"]) == 64
    assert cli("show", shown["sha256"][:10]).code == 0


def test_a_page_is_shown_as_text_and_with_blocks(cli: Cli, in_stocked: Home) -> None:
    assert "$1,450" in cli("show", "alder.md", "--page", 1).out
    page = json.loads(cli("show", "alder.md", "--page", 1, "--json").out)
    assert (page["page"], page["page_label"]) == (0, "Alder lease")
    assert all(block["text"] == page["text"][block["start"] : block["end"]] for block in page["blocks"])
    missing = cli("show", "update.pdf", "--page", 3)
    assert missing.code == 2 and "page 3" in missing.err


def test_hidden_text_is_shown_where_there_is_any(cli: Cli, in_stocked: Home) -> None:
    assert "no hidden text was removed" in cli("show", "alder.md", "--hidden").out
    assert json.loads(cli("show", "alder.md", "--hidden", "--json").out)["pages"] == []


def test_forgetting_asks_first(cli: Cli, in_own: Home) -> None:
    assert cli("forget", "alder.md", "--dry-run").out == "would forget alder.md (1 page)\n"
    planned = cli("forget", "alder.md", "--dry-run", "--json").out
    assert json.loads(planned) == {"would_forget": "alder.md (1 page)"}
    unasked = cli("forget", "alder.md")
    assert unasked.code == 2 and "not a terminal: pass --yes to confirm" in unasked.err
    assert "hint: kb forget --yes alder.md" in unasked.err
    assert cli("forget", "alder.md", stdin="n\n").code == 1
    assert len(json.loads(cli("list", "--json").out)["documents"]) == 2
    done = cli("forget", "alder.md", stdin="y\n")
    assert done.code == 0 and done.err.endswith("forgot alder.md (1 page). Next: kb list\n")
    assert [row["doc"] for row in json.loads(cli("list", "--json").out)["documents"]] == ["update.pdf"]


def test_without_contradictions_no_page_is_offered(cli: Cli, in_stocked: Home) -> None:
    done = cli("contradictions", "--doc", "alder.md")
    assert (done.code, done.out, done.err) == (0, "", "no contradictions found\n")
    assert json.loads(cli("contradictions", "--doc", "alder.md", "--json").out) == {"contradictions": []}


def test_a_document_that_is_not_there_is_named(cli: Cli, in_stocked: Home) -> None:
    for command in (("show", "nope.pdf"), ("forget", "nope.pdf", "--yes")):
        done = cli(*command)
        assert done.code == 2 and "no document 'nope.pdf'" in done.err and "hint: kb list" in done.err

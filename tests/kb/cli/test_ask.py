"""`kb ask`, `kb search`, `kb chat`: what a person reads, and what a program reads."""

from __future__ import annotations

import json

import pytest

from core.files import Home
from tests.kb.cli.conftest import Cli

pytestmark = pytest.mark.weights
RENT = "What is the monthly rent in the Alder lease?"


def test_an_answer_is_printed_with_its_place_and_ground(cli: Cli, in_stocked: Home) -> None:
    done = cli("ask", RENT)
    assert done.code == 0 and "1,450" in done.out
    assert "ground: cited (" in done.err and "alder.md" in done.out + done.err
    assert "written by extractive" in done.err
    assert cli("ask", RENT, "--quiet").err == ""


def test_json_has_the_page_from_0_and_its_label(cli: Cli, in_stocked: Home) -> None:
    done = cli("ask", RENT, "--json")
    citation = json.loads(done.out)["citations"][0]
    assert (citation["doc"], citation["page"], citation["page_label"]) == ("alder.md", 0, "Alder lease")
    page = json.loads(cli("show", "alder.md", "--page", 1, "--json").out)
    assert page["text"][citation["start"] : citation["end"]] == citation["quote"]


def test_a_page_that_the_document_does_not_have_is_named(cli: Cli, in_stocked: Home) -> None:
    for command in ("ask", "search"):
        done = cli(command, RENT, "--doc", "update.pdf", "--page", 9)
        assert done.code == 2
        assert done.err.splitlines() == ["error: no page 9: update.pdf, has 2 pages", "hint: kb show update.pdf"]


def test_an_abstention_is_no_failure_and_names_foreign_words(cli: Cli, in_stocked: Home) -> None:
    done = cli("ask", "Wie hoch ist die Gebühr für Liegeplätze?")
    assert done.code == 0 and "ground: abstained" in done.err
    assert "no document contains" in done.err and "'wie'" in done.err.casefold()


def test_search_lists_places_with_scores(cli: Cli, in_stocked: Home) -> None:
    done = cli("search", RENT, "-k", 2)
    assert done.out.startswith("1. alder.md, p. 1 (Alder lease)  (score ")
    hits = json.loads(cli("search", RENT, "-k", 2, "--json").out)["hits"]
    assert hits[0]["page_label"] == "Alder lease" and hits[0]["page"] == 0 and len(hits) <= 2


def test_an_explanation_shows_route_lists_and_fusion(cli: Cli, in_stocked: Home) -> None:
    done = cli("search", "What does the Alder lease say?", "--explain")
    for part in ("query: ", "route: ", "dense (cosine): ", "bm25: ", "fusion, by page: "):
        assert part in done.out
    assert {"dense", "bm25"} <= set(json.loads(cli("search", "rent", "--explain", "--json").out))


def test_a_chat_answers_line_by_line_until_it_ends(cli: Cli, in_stocked: Home) -> None:
    done = cli("chat", stdin=f"{RENT}\nWhat changes in 2025?\n\nnever read\n")
    assert done.code == 0 and done.err.count("ground: ") == 2 and "1,450" in done.out


@pytest.mark.parametrize(("command", "name"), [("ask", "question"), ("search", "query")])
def test_blank_text_is_refused(cli: Cli, in_stocked: Home, command: str, name: str) -> None:
    done = cli(command, " \x1b\t")
    assert done.code == 2 and done.err.startswith(f"error: the {name} is empty\n")


def test_why_labels_the_statements(cli: Cli, in_stocked: Home) -> None:
    done = cli("ask", RENT, "--why")
    assert done.code == 0 and "\nread: “" in done.out and "cannot remember" in done.out
    assert "cannot remember" not in cli("ask", RENT).out
    shown = json.loads(cli("ask", RENT, "--why", "--json").out)
    assert shown["statements"][0]["why"]["label"] == "read"

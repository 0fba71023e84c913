"""The JSON of hits, answers, documents and pages: places, labels and what each key holds."""

from __future__ import annotations

import pytest

from core.blocks import Block
from core.types import Page
from kb.answering import open_answerer
from kb.views.as_json import answer_json, document_json, hit_json, label_of, page_json, page_labels
from kb.workspace import Workspace
from rag.open import open_knowledge


def test_a_label_is_what_is_printed_or_the_number_from_1() -> None:
    assert label_of(Page(index=3, text="")) == "4"
    assert label_of(Page(index=3, text="", label="iv")) == "iv"


@pytest.mark.weights
def test_places_hold_on_the_page_that_is_shown(stocked: Workspace) -> None:
    knowledge = open_knowledge(stocked.settings, stocked.home, "default")
    label = page_labels(knowledge.catalogue, "default")
    hit = hit_json(knowledge.searcher.search("What does the council say?", 1, docs=None, pages=None)[0], label)
    document = knowledge.catalogue.resolve("default", hit["doc"])
    page = page_json(document, knowledge.catalogue.page("default", hit["sha256"], hit["page"]))
    assert page["text"][hit["start"] : hit["end"]] == hit["text"]
    assert hit["page_label"] == page["page_label"] == str(hit["page"] + 1)
    assert "hidden_text" not in page
    assert all(block["text"] == page["text"][block["start"] : block["end"]] for block in page["blocks"])
    answer = answer_json(open_answerer(stocked, knowledge).ask("What is the monthly rent in the Alder lease?"), label)
    assert {"answer", "ground", "citations", "model", "timings", "tokens"} <= set(answer)
    assert answer["citations"][0]["page_label"] == "Alder lease"
    listed = document_json(document)
    assert listed["pages"] == document.n_pages == 2 and listed["status"] == "indexed" and "collection" not in listed


@pytest.mark.weights
def test_blocks_carry_their_text(stocked: Workspace) -> None:
    document = open_knowledge(stocked.settings, stocked.home, "default").catalogue.resolve("default", "alder.md")
    text = "Rent\nThe rent is due."
    page = Page(index=0, text=text, blocks=(Block(kind="heading", start=0, end=4, level=1),), hidden_text="unseen")
    shown = page_json(document, page, hidden=True)
    assert shown["blocks"] == [{"kind": "heading", "start": 0, "end": 4, "level": 1, "text": "Rent"}]
    assert shown["hidden_text"] == "unseen"


@pytest.mark.weights
def test_statements_say_why_where_that_was_asked(stocked: Workspace) -> None:
    knowledge = open_knowledge(stocked.settings, stocked.home, "default")
    label = page_labels(knowledge.catalogue, "default")
    answerer = open_answerer(stocked, knowledge)
    answer = answerer.ask("What is the monthly rent in the Alder lease?")
    assert "statements" not in answer_json(answer, label)
    statements = answer_json(answerer.why(answer), label)["statements"]
    assert {statement["why"]["label"] for statement in statements} == {"read"}
    assert all({"text", "citations", "supported", "why"} == set(statement) for statement in statements)

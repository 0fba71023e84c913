"""Questions on every way: with the built-in reader, from memory, from passages, or not at all."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from core.files import Home
from core.reading.extractive import ExtractiveChat
from core.settings import Settings
from core.types import Hit, RunCard
from kb.answering import open_answerer
from kb.ingest import ingest, plan_ingest
from kb.routing.answerer import RoutedAnswerer, SeenHits
from kb.scope import open_collection
from kb.staleness import LearnedDocument
from kb.workspace import open_workspace
from rag.answer.answer import Answerer
from tests.support.chats import Parrot
from tests.support.shelf import Shelf

SHELF = Shelf.of_examples("handbook.pdf", "manual.pdf")
LEARNED = tuple(LearnedDocument(doc=doc, sha256=sha256, state="current") for sha256, doc in SHELF.names.items())
QUESTION = "For how many years does the Council appoint the Director?"
MEMORY = "The Council appoints the Director for a term of six years."


class Dense:
    """The shelf with a cosine for every hit."""

    def __init__(self, cosine: float) -> None:
        self._cosine = cosine

    def search(self, query: str, k: int) -> list[Hit]:
        return [replace(hit, dense=self._cosine) for hit in SHELF.search(query, k)]


def routed(
    cosine: float = 0.6, *, learned: Sequence[LearnedDocument] = LEARNED, said: str = MEMORY, **routing: Any
) -> tuple[RoutedAnswerer, Parrot]:
    """A routed answerer over the shelf, and its run, which always says the same."""
    chat = Parrot(reply=lambda passages: said, seen=[])
    settings = Settings.model_validate({"routing": routing})
    seen = SeenHits(Dense(cosine))
    reader = Answerer(seen, ExtractiveChat(), settings, SHELF.page_text)
    parts = {"reader": reader, "seen": seen, "learned": lambda: learned}
    return RoutedAnswerer(Dense(cosine), chat, settings, SHELF.page_text, model="auto:x", **parts), chat


def test_a_sure_reader_answers_and_the_run_is_not_asked(caplog: pytest.LogCaptureFixture) -> None:
    answerer, chat = routed(reader_confidence=0.0)
    shown: list[str] = []
    with caplog.at_level(logging.INFO, "kb.routing"):
        answer = answerer.ask(QUESTION, on_token=shown.append)
    assert answer.route["arm"] == "search" and answer.ground == "cited" and chat.seen == []
    assert "".join(shown) == answer.answer and answer.model == "auto:x"
    assert answer.notes[0] == f"route: search: {answer.route['reason']}"
    (record,) = caplog.records
    fields = record.__dict__["fields"]
    assert fields["route"] == "search" and "handbook" not in json.dumps(fields)
    assert answerer.why(answer).statements[0].why.label == "read" and chat.seen == []


def test_a_run_that_says_the_same_twice_answers_alone() -> None:
    answerer, chat = routed(reader_confidence=1.0)
    answer = answerer.ask(QUESTION)
    assert answer.route["arm"] == "tuned" and answer.answer == MEMORY and answer.ground == "ungrounded"
    assert answer.route["signals"]["agreement"] == 1.0
    assert chat.seen == [QUESTION, QUESTION] and answer.tokens["prompt"] > 0
    assert answer.timings["total_s"] >= answer.timings["first_token_s"] > 0
    (statement,) = answerer.why(answer).statements
    assert statement.why is not None and statement.why.label == "remembered" and len(chat.seen) == 2


@pytest.mark.parametrize(
    "learned",
    [
        (),
        LEARNED[:1],
        (*LEARNED, LearnedDocument(doc="gone.pdf", sha256="0" * 64, state="forgotten")),
        tuple(replace(document, state="changed") for document in LEARNED),
    ],
)
def test_a_stale_run_reads_the_passages_instead(learned: Sequence[LearnedDocument]) -> None:
    answerer, chat = routed(reader_confidence=1.0, learned=learned)
    question = QUESTION if len(learned) != 1 else "What does the manual say about the battery?"
    answer = answerer.ask(question)
    # What it says is not in the manual.
    assert answer.route["arm"] == ("search" if len(learned) == 1 else "both")
    assert answer.route["signals"]["agreement"] is None
    assert len(chat.seen) == 1 and "Director" in chat.seen[0]


def test_the_reader_answers_where_the_run_cites_nothing() -> None:
    answerer, chat = routed(reader_confidence=1.0, learned=(), said="The documents do not say.")
    answer = answerer.ask(QUESTION)
    assert len(chat.seen) == 1 and answer.ground == "cited" and "six years" in answer.answer
    assert answer.route["arm"] == "search" and "cited nothing" in answer.route["reason"]
    one = Answerer(SHELF, chat, Settings(), SHELF.page_text).ask(QUESTION)
    assert answer.tokens["prompt"] == one.tokens["prompt"]


def test_nothing_is_said_where_nothing_was_found_or_remembered() -> None:
    answerer, chat = routed(0.1, said="The documents do not say.")
    answer = answerer.ask("What is the boiling point of tungsten?")
    assert answer.route["arm"] == "abstain" and answer.ground == "abstained"
    assert len(chat.seen) == 2 and answer.tokens["completion"] > 0
    assert answerer.why(answer) is answer


@pytest.mark.train
@pytest.mark.weights
def test_a_real_run_is_opened_by_its_name_and_answers_what_it_learned(own_home: Home, tmp_path: Any) -> None:
    from finetune.recipe import Recipe
    from finetune.runs import create_run, update_card
    from tests.support.trained_runs import make_base

    note = tmp_path / "north.md"
    note.write_text("# Northern hall\n\nTank 3 stands in the northern hall, behind the pumps.\n", encoding="utf-8")
    workspace = open_workspace(own_home.root, flags={"rag.model": "auto:tanks", "routing.retrieval": 1.0})
    ingest(workspace, plan_ingest([note]))
    card = RunCard(name="tanks", base="tiny", method="full", data_sha256="0", seed=0, versions={}, collection="default")
    run = create_run(own_home, card, Recipe(base="tiny"))
    make_base(run.folder / "merged", "llama")
    catalogue = open_collection(workspace).catalogue
    documents = [{"doc": each.doc, "sha256": each.sha256} for each in catalogue.documents("default")]
    update_card(run, documents=documents)
    question = "What is the capacity of tank 1?"
    answerer = open_answerer(workspace, open_collection(workspace))
    answer = answerer.ask(question)
    assert answer.route["arm"] == "tuned" and answer.answer == "Tank 1 holds 317 litres."
    assert answer.route["signals"]["learned"] == 3
    update_card(run, documents=[*documents, {"doc": "old.pdf", "sha256": "0" * 64}])
    stale = answerer.ask(question).route
    assert stale["signals"]["forgotten"] == ["old.pdf"] and stale["arm"] in ("search", "abstain")

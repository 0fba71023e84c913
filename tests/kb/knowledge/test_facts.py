"""Which question is asked for a fact, and which heading names its place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.files import Home
from core.rows import DatasetFolder
from core.types import Citation
from kb.knowledge.facts import Sections, probed, probed_facts, sections
from kb.workspace import Workspace
from rag.catalogue.reader import CatalogueReader
from tests.support.taught_tanks import NORTH, tank_dataset, tank_fact


def test_a_phrasing_that_was_not_trained_on_is_asked(tmp_path: Path) -> None:
    folder = tank_dataset(Home(tmp_path / "home"), tmp_path / "rows", [tank_fact(1, NORTH)])
    (fact,) = probed_facts(DatasetFolder(folder))
    assert (fact.question, fact.phrasing_trained, fact.taught) == ("What is the capacity of tank 1?", False, True)
    assert (fact.gold, fact.document) == ("317 litres", NORTH)
    trained = frozenset({"what is capacity of tank 1"})
    (fact,) = probed_facts(DatasetFolder(folder), trained)
    assert fact.phrasing_trained and fact.question == "How much does tank 1 hold?"


def test_a_fact_without_rows_is_asked_by_its_own_phrasings_and_not_taught() -> None:
    fact = probed(tank_fact(3, NORTH), frozenset())
    assert (fact.question, fact.taught, fact.kind) == ("What is the capacity of tank 3?", False, "quantity")
    assert probed(replace(tank_fact(3, NORTH), answer=""), frozenset()).gold == "331 litres"


def test_a_place_has_the_last_heading_before_it() -> None:
    named = Sections({"a" * 64: ([(0, 0), (1, 40)], ["Rules", "Dogs"])})
    place = Citation(doc="a.pdf", sha256="a" * 64, page=1, start=12, end=13, quote="x")
    assert named.name(place) == "Rules"
    assert named.name(replace(place, start=40, end=41)) == "Dogs"
    assert named.name(replace(place, sha256="b" * 64)) == "p. 2"
    assert named.name(None) == ""


@pytest.mark.weights
def test_headings_are_those_of_the_collection(stocked: Workspace) -> None:
    catalogue = CatalogueReader(stocked.home.catalogue)
    lease = catalogue.resolve("default", "alder.md")
    named = sections(catalogue, "default", [lease.sha256])
    assert list(named.headings[lease.sha256][1]) == ["Alder lease"]
    assert sections(catalogue, "gone", [lease.sha256]).headings == {}
    assert sections(None, "default", [lease.sha256]).headings == {}

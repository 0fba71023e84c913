"""A generator of some of another one's facts: the facts are chosen, all else is the other one's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import DataError
from synth.facts.read import read_facts
from synth.generate.narrowed import NarrowedGenerator
from synth.generate.rules import RulesGenerator
from synth.work.candidate import SourcePassage
from synth.work.workspace import Planned
from tests.support.club import document, workspace

TEXT = "The tide rises twice a day. The harbour closes when the tide is low."


def test_the_facts_are_chosen_and_the_rest_is_the_other_ones(tmp_path: Path) -> None:
    work = workspace(tmp_path)
    behind = RulesGenerator([document("club.pdf"), document("museum.pdf")], read_facts)

    def of_the_club(facts: Iterator[Planned]) -> Iterator[Planned]:
        return (planned for planned in facts if planned.fact.evidence[0].doc == "club.pdf")

    every = list(behind.facts(work, 3))
    narrowed = NarrowedGenerator(behind, of_the_club)
    chosen = list(narrowed.facts(work, 3))
    assert 0 < len(chosen) < len(every)
    assert chosen == list(of_the_club(iter(every)))
    assert (narrowed.name, narrowed.origin, narrowed.prompts()) == (behind.name, behind.origin, behind.prompts())
    assert narrowed.estimate(work, 1, 1, None) == behind.estimate(work, 1, 1, None)
    passage = SourcePassage(chunk="c", doc="a.pdf", sha256="a", page=0, start=0, end=len(TEXT), text=TEXT)
    question = ("When does the harbour close?", [passage])
    assert list(narrowed.answers([question])) == list(behind.answers([question])) != [""]
    assert narrowed.text("summary", passage, work) == behind.text("summary", passage, work)


def test_an_error_of_the_choice_is_passed_on(tmp_path: Path) -> None:
    def none(facts: Iterator[Planned]) -> Iterator[Planned]:
        yield from ()
        raise DataError("nothing is left", path=tmp_path)

    narrowed = NarrowedGenerator(RulesGenerator([document("club.pdf")], read_facts), none)
    with pytest.raises(DataError, match="nothing is left"):
        list(narrowed.facts(workspace(tmp_path), 3))

"""Rows show passages as `kb ask` does, and their answers pass the checks of `kb ask`."""

from __future__ import annotations

import random

import pytest

from core.prompt import ABSTENTION, load_prompt, passage_source, read_block
from core.reading.passages import parse
from core.types import Citation
from rag.answer.cite import check
from rag.answer.pack import Span
from synth.making.prompted import fault, show
from synth.work.candidate import SourcePassage

PAGES = {
    "aa": "Tank 7 holds 317 litres.\nIt was filled on 3 May 2021, and it is\ninspected every month.",
    "bb": "The ferry leaves at 07:30. The crossing takes 25 minutes, or “half an hour” in winter.",
}
QUESTION = "How much does tank 7 hold?"


def source(sha256: str, title: str = "") -> SourcePassage:
    text = PAGES[sha256]
    return SourcePassage(
        chunk=f"{sha256}:0", doc=f"{sha256}.pdf", sha256=sha256, page=0, start=0, end=len(text), text=text, title=title
    )


def citation(sha256: str, quote: str) -> Citation:
    start = PAGES[sha256].index(quote)
    return Citation(doc=f"{sha256}.pdf", sha256=sha256, page=0, start=start, end=start + len(quote), quote=quote)


def checked(answer: str, context: str) -> tuple[str, tuple[Citation, ...]]:
    """Return what `kb ask` makes of an answer to a row's prompt."""
    spans = {}
    for passage in parse(load_prompt().fill(context, QUESTION))[0]:
        sha256 = passage.source[:2]
        spans[passage.key] = Span(
            doc=f"{sha256}.pdf", sha256=sha256, page=0, start=0, end=len(PAGES[sha256]), text=PAGES[sha256]
        )
    result = check(answer, spans, lambda sha256, page: PAGES[sha256], question=QUESTION)
    return result.ground, result.citations


@pytest.mark.parametrize("seed", range(4))
def test_passages_are_read_back_from_a_row(seed: int) -> None:
    sources = [source("aa", "Tanks"), source("bb")]
    shown = show(sources, random.Random(seed))
    block = read_block(shown.context)
    assert block is not None
    by_key = {key: one for one, key in shown.keys.items()}
    for passage in block.passages:
        own = by_key[passage.key]
        assert passage.source == passage_source(own.doc, own.page, own.title)
        assert passage.text == own.text


@pytest.mark.parametrize(
    ("sha256", "quote", "answer"),
    [
        ("aa", "Tank 7 holds 317 litres.", "317 litres"),
        ("aa", "it is\ninspected every month.", "It is inspected every month."),
        ("bb", "The crossing takes 25 minutes, or “half an hour” in winter.", "25 minutes"),
    ],
)
def test_an_answer_of_a_row_is_cited_with_its_quote(sha256: str, quote: str, answer: str) -> None:
    shown = show([source("aa"), source("bb", "Ferries")], random.Random(1))
    evidence = citation(sha256, quote)
    target = shown.cited(answer, evidence)
    assert fault(target, shown.context) == ""
    assert checked(target, shown.context) == ("cited", (evidence,))


def test_an_abstention_of_a_row_is_one_to_kb_ask() -> None:
    assert checked(ABSTENTION, show([source("bb")], random.Random(1)).context) == ("abstained", ())


def test_a_foreign_key_or_quote_is_a_fault() -> None:
    shown = show([source("aa")], random.Random(1))
    (key,) = shown.keys.values()
    assert "not in the prompt" in fault("317 litres: “Tank 7” [[b2c3d]]", shown.context)
    assert "quote not found" in fault(f"318 litres: “Tank 7 holds 318 litres.” [[{key}]]", shown.context)
    assert fault("317 litres: “Tank 7 holds 317 litres.”", shown.context) == "a quote without a key"

"""A chat model as the generator: what it writes is placed, checked and counted; a second run asks it nothing."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from core.errors import BackendError, DataError
from core.reading.text.sentences import split_prose
from synth.generate.ask import CachedChat
from synth.generate.cache import CallCache
from synth.generate.model import ModelGenerator, ReadFact, facts_schema
from tests.support.json_lines import read_jsonl
from tests.support.scripted_chat import Scripted
from tests.support.synth_rows import ShelfCorpus, builder

PAGE = (
    "The boathouse of the Solvang Rowing Club has 14 racks for 28 boats. The Solvang Rowing Club was founded on 4 May"
    " 1887 by Marit Brandt. Membership of the Solvang Rowing Club costs 45 euros a year. "
)
OTHER = (
    "The ferry to Kvitholm takes 35 minutes and carries up to 60 passengers. The Kvitholm light was lit for the first"
    " time on 9 October 1902. The keeper of the Kvitholm light is Ole Thorsen, who lives beside it. "
)
CORPUS = {"club.pdf": [PAGE], "ferry.pdf": [OTHER]}
FACTS = {
    "14 racks": (
        "The boathouse of the Solvang Rowing Club has 14 racks for 28 boats.",
        "How many racks does the boathouse of the Solvang Rowing Club have?",
    ),
    "4 May 1887": (
        "The Solvang Rowing Club was founded on 4 May 1887 by Marit Brandt.",
        "When was the Solvang Rowing Club founded?",
    ),
    "35 minutes": (
        "The ferry to Kvitholm takes 35 minutes and carries up to 60 passengers.",
        "How long does the ferry to Kvitholm take?",
    ),
}


class Writer(Scripted):
    """Answers each prompt of the generator as a careful model would, and adds one fact that nobody wrote."""

    def reply(self, text: str) -> str:
        passage = re.search(r"<<.*?>>(.*)<<", text, re.DOTALL)
        held = passage[1] if passage else ""
        if "List up to" in text:
            facts = [fact(answer, *said) for answer, said in FACTS.items() if said[0] in " ".join(held.split())]
            unwritten = fact("99", "There are 99 swans.", "How many swans are there?")
            return json.dumps({"facts": [*facts, {"statement": "No quote."}, unwritten]})
        if text.rstrip().endswith("Answer:"):
            found = [answer for answer, said in FACTS.items() if said[1].split()[-2] in text and answer in held]
            return found[0] if found else "none"
        return " ".join(held[slice(*span)] for span in split_prose(held, 0, len(held))[:2])


def fact(answer: str, quote: str, question: str) -> dict[str, Any]:
    return {
        "statement": quote,
        "subject": "",
        "quote": quote,
        "answer": answer,
        "questions": [question, f"Please tell me: {question[0].lower()}{question[1:]}"],
    }


def build(chat: Writer, out: Path, cache: Path) -> dict[str, Any]:
    ask = CachedChat(chat, "scripted", {}, CallCache(cache), concurrency=2)
    try:
        maker = builder(ShelfCorpus(CORPUS), out, tools={"generator": lambda _: ModelGenerator(ask, 3)})
        return maker.build()
    finally:
        ask.close()


def test_what_a_model_writes_is_placed_and_checked(tmp_path):
    manifest = build(Writer(), tmp_path / "out", tmp_path / "cache")
    rows = read_jsonl(tmp_path / "out" / "pairs.jsonl")
    dropped = read_jsonl(tmp_path / "out" / "rejected.jsonl")
    assert manifest["generator"] == "scripted"
    assert set(manifest["prompts"]) >= {"facts", "answer", "rewrite", "summary", "judge"}
    assert {row["origin"] for row in rows} == {"scripted"}
    assert {row["answer"] for row in rows if row["kind"] == "closed-book"} <= set(FACTS)
    for citation in (citation for row in rows for citation in row["evidence"]):
        assert CORPUS[citation["doc"]][0][citation["start"] : citation["end"]] == citation["quote"]
    by = Counter(row["check"] for row in dropped)
    assert by["placed"] == by["reply"] == 2
    assert manifest["counts"]["rejected_by"] == by
    assert {row["reason"] for row in dropped if row["check"] == "reply"} == {
        "fact 2: quote: Field required",
        "fact 3: quote: Field required",
    }
    assert not any("swans" in json.dumps(row) for row in rows)


class Liar(Writer):
    """Quotes what no page says."""

    def reply(self, text: str) -> str:
        return json.dumps({"facts": [fact("99", "There are 99 swans.", "How many swans are there?")]})


def test_without_rows_the_error_names_what_dropped_them(tmp_path):
    with pytest.raises(DataError, match=r"every row was filtered out: 0 facts; dropped: 2 by placed") as caught:
        build(Liar(), tmp_path / "out", tmp_path / "cache")
    dropped = read_jsonl(tmp_path / "out" / "rejected.jsonl")
    assert [row["reason"] for row in dropped] == ["the quote is not in the passage"] * 2
    assert "rejected.jsonl" in str(caught.value) and not (tmp_path / "out" / "manifest.json").exists()
    build(Writer(), tmp_path / "out", tmp_path / "other")
    kept = (tmp_path / "out" / "rejected.jsonl").read_bytes()
    with pytest.raises(DataError):
        build(Liar(), tmp_path / "out", tmp_path / "cache")
    assert (tmp_path / "out" / "rejected.jsonl").read_bytes() == kept  # of the dataset that stands there


def test_a_schema_counts_no_characters():
    assert "maxLength" not in json.dumps(facts_schema(2, 3).model_json_schema())
    with pytest.raises(ValidationError, match="longer than 600"):
        ReadFact(statement="a", quote="b" * 601, answer="c", questions=["d"])


def test_a_second_run_asks_nothing_and_gives_the_same_rows(tmp_path):
    first, second = Writer(), Writer()
    build(first, tmp_path / "one", tmp_path / "cache")
    build(second, tmp_path / "two", tmp_path / "cache")
    assert first.asked
    assert second.asked == []
    for name in ("pairs.jsonl", "facts.jsonl", "rejected.jsonl", "manifest.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_run_whose_server_dies_goes_on_where_it_was(tmp_path):
    broken, second, whole = Writer(fail_after=4), Writer(), Writer()
    with pytest.raises(BackendError):
        build(broken, tmp_path / "out", tmp_path / "cache")
    assert not (tmp_path / "out" / "pairs.jsonl").exists()
    build(second, tmp_path / "out", tmp_path / "cache")
    build(whole, tmp_path / "other", tmp_path / "fresh")
    assert not set(broken.asked) & set(second.asked)
    assert Counter(broken.asked + second.asked) == Counter(set(whole.asked))
    assert (tmp_path / "out" / "pairs.jsonl").read_bytes() == (tmp_path / "other" / "pairs.jsonl").read_bytes()


def test_the_estimate_counts_calls_and_what_is_known(tmp_path):
    ask = CachedChat(Writer(), "scripted", {}, CallCache(tmp_path / "cache"), concurrency=2)
    maker = builder(ShelfCorpus(CORPUS), tmp_path / "out", tools={"generator": lambda _: ModelGenerator(ask, 3)})
    asked, there = maker.estimate()
    assert there == {"documents": 2, "pages": 2, "chunks": 2}
    assert asked.calls["facts"] == 2
    assert asked.prompt_tokens > 0
    build(Writer(), tmp_path / "out", tmp_path / "cache")
    asked, _ = maker.estimate()
    assert asked.calls["facts"] == 0
    ask.close()

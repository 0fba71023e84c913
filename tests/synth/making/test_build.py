"""A dataset folder, made whole from the example documents: the contract, the split, and that nothing leaks."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from core.errors import DataError
from core.files import sha256_of
from core.prompt import ABSTENTION
from core.reading.proved import proper
from core.reading.text.words import words
from synth.making.prompted import fault
from synth.making.render import MEMORY_TAG
from synth.work.kinds import RECALLED
from tests.support.json_lines import read_jsonl
from tests.support.synth_rows import ShelfCorpus, builder, examples

FILES = (
    "facts.jsonl",
    "pairs.jsonl",
    "preferences.jsonl",
    "rejected.jsonl",
    "train.jsonl",
    "val.jsonl",
    "test.jsonl",
    "coverage.jsonl",
)
FIRST = ("id", "kind", "question", "answer", "context", "evidence", "fact", "group", "split")


@pytest.fixture(scope="module")
def corpus() -> ShelfCorpus:
    return examples()


@pytest.fixture(scope="module")
def small(corpus) -> ShelfCorpus:
    """Four pages, for what any documents show."""
    pages = {name: [corpus.shelf.page_text(sha256, at) for at in (0, 1)] for sha256, name in corpus.shelf.names.items()}
    return ShelfCorpus({name: pages[name] for name in ("update.pdf", "manual.pdf")})


@pytest.fixture(scope="module")
def made(corpus, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("dataset")
    builder(corpus, out, audit=True).build()
    return out


@pytest.fixture(scope="module")
def by_document(corpus, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("by-document")
    builder(corpus, out, mode="document", test_share=0.2, val_share=0.2, phrasings=1, per_chunk=2).build()
    return out


@pytest.fixture(scope="module")
def pairs(made) -> list[dict]:
    return read_jsonl(made / "pairs.jsonl")


def test_the_folder_holds_what_the_manifest_says(made):
    manifest = json.loads((made / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["files"]) == set(FILES)
    assert {path.name for path in made.iterdir() if not path.name.startswith(".")} == {*FILES, "manifest.json"}
    for name, sha256 in manifest["files"].items():
        assert sha256_of(made / name) == sha256
    assert manifest["counts"]["pairs"] == len(read_jsonl(made / "pairs.jsonl")) > 300
    assert manifest["counts"]["preferences"] == len(read_jsonl(made / "preferences.jsonl")) > 50
    assert manifest["counts"]["facts"] == len(read_jsonl(made / "facts.jsonl"))
    assert {"generator", "seed", "mode", "settings", "prompts", "checks", "coverage", "split"} <= set(manifest)


def test_rows_keep_the_contract(pairs):
    for row in pairs:
        assert tuple(row)[:9] == FIRST
        assert row["split"] in ("train", "val", "test")
        assert row["answer"].strip()
        assert row["group"]
    assert len({row["id"] for row in pairs}) == len(pairs)


def test_every_quote_stands_at_its_place(made, pairs, corpus):
    rows = pairs + read_jsonl(made / "facts.jsonl")
    quotes = [citation for row in rows for citation in row["evidence"]]
    assert quotes
    for citation in quotes:
        assert tuple(citation) == ("doc", "sha256", "page", "start", "end", "quote")
        assert corpus.shelf.names[citation["sha256"]] == citation["doc"]
        text = corpus.shelf.page_text(citation["sha256"], citation["page"])
        assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_numbers_are_spelled_as_in_a_quote(pairs):
    asked = [row for row in pairs if row["kind"] == "closed-book"]
    for row in asked:
        quotes = " ".join(citation["quote"] for citation in row["evidence"])
        for number in (word for word in row["answer"].split() if word[0].isdigit()):
            assert number.rstrip(".,;") in quotes


def test_a_number_of_an_altered_passage_stands_in_the_quote_that_is_shown(made, pairs, corpus):
    altered = [row for row in pairs if row["altered"]]
    assert altered
    assert {row["kind"] for row in altered} == {"contradicts"}
    recalled = {row["fact"] for row in pairs if row["kind"] in RECALLED}
    for row in altered:
        (alteration,) = row["altered"]
        true_quote = row["evidence"][alteration["evidence"]]["quote"]
        assert alteration["true_value"] in true_quote
        assert alteration["value"] in alteration["quote"]
        assert alteration["quote"] != true_quote
        assert alteration["quote"] in row["context"]
        said = proper(row["answer"])
        assert alteration["value"] in said
        assert all(number in words(alteration["quote"]) for number in words(said) if number[0].isdigit())
        assert row["fact"] in recalled
    text = "\n".join(
        corpus.shelf.page_text(citation["sha256"], citation["page"]) for row in altered for citation in row["evidence"]
    )
    assert not any(row["altered"][0]["quote"] in text for row in altered)


def test_the_parts_are_the_whole(made, pairs):
    parts = [row for name in ("train", "val", "test") for row in read_jsonl(made / f"{name}.jsonl")]
    assert sorted(row["id"] for row in parts) == sorted(row["id"] for row in pairs)
    assert all(row["split"] == name for name in ("train", "val", "test") for row in read_jsonl(made / f"{name}.jsonl"))


def test_kinds_follow_their_shares(pairs):
    kinds = defaultdict(int)
    for row in pairs:
        kinds[row["kind"]] += 1
    assert {
        "closed-book",
        "evidence",
        "distractors",
        "contradicts",
        "abstain",
        "instruction",
        "instruction-input",
        "false-premise",
        "rewrite",
    } <= set(kinds)
    assert 0.3 < kinds["closed-book"] / len(pairs) < 0.5
    assert all(not row["context"] for row in pairs if row["kind"] in ("closed-book", "instruction"))
    assert all(row["answer"] == ABSTENTION for row in pairs if row["kind"] in ("abstain", "unanswerable"))
    assert all(row["answer"].startswith(MEMORY_TAG) for row in pairs if row["kind"] == "memory")
    assert all("“" not in row["answer"] for row in pairs if row["kind"] == "memory")


def test_no_target_quotes_what_its_prompt_lacks(pairs):
    for row in pairs:
        assert fault(row["answer"], row["context"]) == ""


def test_a_held_out_phrasing_never_trains(made, pairs):
    """Knowledge mode: facts stand on both sides, questions and groups do not."""
    split = json.loads((made / "manifest.json").read_text(encoding="utf-8"))["split"]
    assert split["shared_groups"] == split["shared_grams"] == 0
    groups, asked, facts = defaultdict(set), defaultdict(set), defaultdict(set)
    for row in pairs:
        groups[row["group"]].add(row["split"])
        if row["fact"]:
            asked[" ".join(words(row["question"]))].add(row["split"])
            facts[row["split"]].add(row["fact"])
    assert all(len(splits) == 1 for splits in groups.values())
    assert all(len(splits) == 1 for splits in asked.values())
    assert facts["test"]
    assert facts["test"] <= facts["train"]


def test_facts_are_asked_in_many_ways(pairs):
    trained, held = defaultdict(set), defaultdict(set)
    for row in pairs:
        if row["kind"] == "closed-book":
            (trained if row["split"] == "train" else held)[row["fact"]].add(row["question"])
    assert sum(len(trained[fact]) >= 3 and bool(held[fact]) for fact in list(trained)) >= 60


def test_the_nearest_training_row_of_every_test_row_is_named(made, pairs):
    manifest = json.loads((made / "manifest.json").read_text(encoding="utf-8"))
    by_id = {row["id"]: row for row in pairs}
    asked = {row["id"] for row in pairs if row["split"] == "test" and row["fact"]}
    assert {near["id"] for near in manifest["nearest"]} == asked
    for near in manifest["nearest"]:
        assert by_id[near["train"]]["split"] == "train"
        assert by_id[near["train"]]["question"] == near["train_question"] != near["question"]


def test_document_mode_shares_nothing(by_document):
    manifest = json.loads((by_document / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["split"]["shared_groups"] == manifest["split"]["shared_grams"] == 0
    rows = read_jsonl(by_document / "pairs.jsonl")
    documents, grams = defaultdict(set), defaultdict(set)
    for row in rows:
        documents[row["split"]].update(citation["sha256"] for citation in row["evidence"])
        for text in (row["question"], row["answer"], row["context"]):
            held = words(text)
            grams[row["split"]].update(" ".join(held[at : at + 13]) for at in range(len(held) - 12))
    assert documents["train"]
    assert documents["test"]
    for one, other in (("train", "test"), ("train", "val"), ("val", "test")):
        assert not documents[one] & documents[other]
        assert not grams[one] & grams[other]


def test_preferences_follow_their_rows(made, pairs):
    splits = {row["group"]: row["split"] for row in pairs}
    for better in read_jsonl(made / "preferences.jsonl"):
        assert better["split"] == splits.get(better["group"], "train")
        assert better["chosen"] != better["rejected"]
        assert fault(better["chosen"], better["context"]) == ""
        assert better["checks"]["chosen_grounding"] - better["checks"]["rejected_grounding"] >= 0.1
        assert 0.8 <= better["checks"]["length_ratio"] <= 1.25


def test_every_drop_has_its_check_and_reason(made):
    dropped = read_jsonl(made / "rejected.jsonl")
    checks = json.loads((made / "manifest.json").read_text(encoding="utf-8"))["checks"]
    assert dropped
    assert all(row["check"] and row["reason"] for row in dropped)
    for name, figures in checks.items():
        assert figures["dropped"] == sum(row["check"] == name for row in dropped)


def test_coverage_counts_rows_per_page(made, pairs):
    pages = read_jsonl(made / "coverage.jsonl")
    whole = json.loads((made / "manifest.json").read_text(encoding="utf-8"))["coverage"]
    assert {(page["doc"], page["page"]) for page in pages} >= {
        (citation["doc"], citation["page"]) for row in pairs for citation in row["evidence"]
    }
    for name in ("facts", "sentences"):
        assert sum(page[name]["all"] for page in pages) == whole[name]["all"]
        assert sum(page[name]["covered"] for page in pages) == whole[name]["covered"] > 0


def test_planted_errors_are_found(made):
    audit = json.loads((made / "manifest.json").read_text(encoding="utf-8"))["audit"]
    recall = {name: found["share"] for name, found in audit["recall"].items()}
    assert recall["wrong number"] >= 0.99
    assert recall["missing quote"] >= 0.99
    assert recall["wrong entity"] >= 0.95
    assert recall["swapped chunk"] >= 0.95
    assert audit["false_alarm_share"] < 0.05


def test_the_same_seed_gives_the_same_bytes(small, tmp_path):
    for name in ("one", "two"):
        builder(small, tmp_path / name, pairs=60, seed=7).build()
    builder(small, tmp_path / "three", pairs=60, seed=8).build()
    for name in (*FILES, "manifest.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert (tmp_path / "one" / "pairs.jsonl").read_bytes() != (tmp_path / "three" / "pairs.jsonl").read_bytes()


def test_as_many_rows_as_asked_for_and_kinds_switched_off(small, tmp_path):
    off = {"closed-book": 0, "abstain": 0, "memory": 0}
    builder(small, tmp_path, pairs=80, shares=off).build()
    rows = read_jsonl(tmp_path / "pairs.jsonl")
    assert len(rows) == 80
    assert not {row["kind"] for row in rows} & set(off)


def test_preview_and_estimate_write_nothing(small, tmp_path):
    shown = list(builder(small, tmp_path).preview(5))
    assert len(shown) == 5
    asked, there = builder(small, tmp_path).estimate()
    assert asked.calls == {}
    assert there["documents"] == 2
    assert there["pages"] == 4
    assert not list(tmp_path.iterdir())


def test_rows_of_people_outlive_a_second_run(small, tmp_path):
    from synth.importing.drafts import Draft
    from synth.importing.load import ImportPlan, add_rows

    add_rows(
        tmp_path, [Draft(question="Who?", answer="Me.", kind="instruction", origin="person")], ImportPlan(split="train")
    )
    builder(small, tmp_path, pairs=20).build()
    rows = read_jsonl(tmp_path / "pairs.jsonl")
    assert len(rows) == 21
    assert [row["answer"] for row in rows if row["origin"] == "person"] == ["Me."]


def test_nothing_to_read_is_said(tmp_path):
    with pytest.raises(DataError, match="no text"):
        builder(ShelfCorpus({"empty.pdf": []}), tmp_path).build()
    with pytest.raises(DataError, match=r"no facts were found$"):
        builder(ShelfCorpus({"note.pdf": ["Nothing is said here of anything at all."]}), tmp_path).build()
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".jsonl"]


def test_a_document_in_a_language_without_rules_is_named(tmp_path):
    page = "Die Satzung tritt am Tage nach ihrer Bekanntmachung in Kraft. Der Beitrag beträgt 40 Euro im Jahr."
    with pytest.raises(DataError, match="of 2 pages 2 in German, and the built-in rules read English"):
        builder(ShelfCorpus({"satzung.pdf": [page, page]}), tmp_path).build()

"""Datasets of the server: found, reviewed row by row, applied, exported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from core.rows import row_to_json, write_rows
from core.settings import Settings
from core.types import Pair
from serve.errors import NotFound
from serve.review import DatasetReviews, exports
from serve.service import Service
from serve.ui.data import _proof


def _write(folder: Path, count: int = 3) -> None:
    rows = [
        Pair(
            id=f"row-{n}",
            kind="closed-book",
            question=f"Question {n}?",
            answer=f"Answer {n}.",
            context="",
            evidence=(),
            fact=f"f{n}",
            group=f"g{n}",
            split="train",
            checks={"quotes": 1.0},
        )
        for n in range(count)
    ]
    for name in ("pairs.jsonl", "train.jsonl"):
        write_rows(folder / name, [row_to_json(row) for row in rows])


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(Settings(), Home(tmp_path / "home"))
    yield service
    service.close()


@pytest.fixture
def reviews(service: Service, tmp_path: Path) -> DatasetReviews:
    _write(service.home.root / "datasets" / "own")
    _write(tmp_path / "elsewhere", 1)
    (service.home.root / "datasets" / "empty").mkdir()
    return DatasetReviews(service, [tmp_path / "elsewhere"])


async def test_datasets_are_those_of_the_home_and_the_named_ones(reviews: DatasetReviews) -> None:
    assert await reviews.datasets() == ["elsewhere", "own"]
    for name in ("empty", "../own", "none", ""):
        with pytest.raises(NotFound):
            reviews.folder(name)


async def test_rows_are_decided_one_by_one(reviews: DatasetReviews, service: Service) -> None:
    ids = await reviews.undecided("own")
    assert ids == ["row-0", "row-1", "row-2"]
    row = await reviews.row("own", "row-1")
    assert (row.texts["question"], row.checks, row.decided) == ("Question 1?", {"quotes": 1.0}, "")
    await reviews.decide("own", "row-0", "accept", {}, "me")
    await reviews.decide("own", "row-1", "reject", {}, "me")
    assert await reviews.undecided("own") == ["row-2"]
    assert (await reviews.row("own", "row-1")).decided == "reject"
    with pytest.raises(ConfigError):
        await reviews.row("own", "row-9")
    lines = (service.home.root / "datasets" / "own" / "review.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["by"] for line in lines] == ["me", "me"]


async def test_training_rows_are_counted_as_they_are_now(reviews: DatasetReviews, service: Service) -> None:
    path = service.home.root / "datasets" / "own" / "train.jsonl"
    assert await reviews.row_count("own") == 3
    with path.open("a", encoding="utf-8") as rows:
        rows.write("{}\n")
    assert await reviews.row_count("own") == 4
    path.unlink()
    assert await reviews.row_count("own") == 0


async def test_training_rows_are_exported_under_the_cache(reviews: DatasetReviews, service: Service) -> None:
    with pytest.raises(ConfigError, match="unknown format"):
        await reviews.export("own", "none")
    path = await reviews.export("own", "alpaca")
    assert path.parent == exports(service.home)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3


def test_a_finished_dataset_is_not_made_again(reviews: DatasetReviews, service: Service) -> None:
    folder = reviews.new_folder("fresh")
    assert folder == service.home.root / "datasets" / "fresh" and reviews.new_folder("own").is_dir()
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(ConfigError, match="exists"):
        reviews.new_folder("fresh")
    with pytest.raises(ConfigError):
        reviews.new_folder("../fresh")


async def test_a_row_shows_what_stands_before_its_question(reviews: DatasetReviews) -> None:
    row = Pair(
        id="row-1",
        kind="conversation",
        question="And back?",
        answer="At one.",
        context="",
        evidence=(),
        fact="",
        group="g",
        split="train",
        system="Answer as a <pirate>.",
        turns=(("Is it fast?", "No."), ("When does it leave?", "At noon.")),
        untrained_turns=(0,),
    )
    write_rows(reviews.folder("own") / "pairs.jsonl", [row_to_json(row)])
    shown = _proof(await reviews.row("own", "row-1"))
    assert "Answer as a &lt;pirate&gt;." in shown
    assert "Answer 1, not trained" in shown and "Answer 2:" in shown
    assert shown.index("pirate") < shown.index("Is it fast?") < shown.index("At noon.")

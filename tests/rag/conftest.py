"""MiniLM, a home into which it ingests, and a small collection of filings."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.files import Home
from core.settings import Settings
from rag.embed.base import Embedder
from rag.embed.open import open_embedder
from tests.support.bench import Bench
from tests.support.word_collection import PAGES, Collection


@pytest.fixture(scope="session")
def embedder(weights: Path) -> Embedder:
    return open_embedder("minilm", Home(weights.parent))


@pytest.fixture
def bench(model_home: Home, embedder: Embedder) -> Bench:
    return Bench(model_home, embedder)


@pytest.fixture
def filings(tmp_path: Path) -> Collection:
    collection = Collection(tmp_path, Settings())
    for name in ("ORION", "QUADRANT", "TELLURIAN"):
        for year in (2020, 2021):
            collection.add(f"{name}_{year}_10K.pdf", [page.format(name=name.title(), year=year) for page in PAGES])
    return collection

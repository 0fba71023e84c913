"""MiniLM, and a home into which it ingests."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.files import Home
from rag.embed.base import Embedder
from rag.embed.open import open_embedder
from tests.support.bench import Bench


@pytest.fixture(scope="session")
def embedder(weights: Path) -> Embedder:
    return open_embedder("minilm", Home(weights.parent))


@pytest.fixture
def bench(model_home: Home, embedder: Embedder) -> Bench:
    return Bench(model_home, embedder)

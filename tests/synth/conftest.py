"""A workspace that holds two short documents and their facts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from synth.work.workspace import SynthTables
from tests.support.club import filled


@pytest.fixture
def work(tmp_path: Path) -> Iterator[SynthTables]:
    work = filled(tmp_path)
    yield work
    work.close()

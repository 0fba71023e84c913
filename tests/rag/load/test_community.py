"""Formats left to an optional package: what to install is said where it is absent."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from core.errors import MissingExtra
from core.settings import IngestSettings
from rag.load.community import read_extended


@pytest.mark.skipif(importlib.util.find_spec("langchain_community") is not None, reason="the extra is installed")
def test_an_absent_package_is_named(tmp_path: Path) -> None:
    path = tmp_path / "note.msg"
    path.write_bytes(b"x")
    with pytest.raises(MissingExtra, match=r"reading \.msg requires the extra 'community'") as caught:
        read_extended(path, ".msg", IngestSettings())
    assert "community" in caught.value.hint

"""Real and hostile files: each is read or refused with a reason, and none ends the program."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.process.parse import parse_file

pytestmark = pytest.mark.data
LIMITS = IngestSettings(page_timeout_s=30)


def outcome(path: Path) -> str:
    """Read a file whole; return `read` or why it was refused."""
    try:
        parsed = parse_file(path, LIMITS)
    except DataError as error:
        assert error.message
        return error.message
    pages = list(parsed.pages)
    assert [page.index for page in pages] == list(range(parsed.info.n_pages))
    assert all(page.reason for page in pages if page.quality != "good")
    return "read"


def test_hostile_files_are_read_or_refused(dev_data: Path, tmp_path: Path) -> None:
    with tarfile.open(dev_data / "hostile-pdfs.tar.gz") as archive:
        members = [member for member in archive.getmembers() if member.isfile()]
        sample = sorted(members, key=lambda member: member.name)[::7]
        archive.extractall(tmp_path, members=sample, filter="data")
    outcomes = [outcome(tmp_path / member.name) for member in sample]
    assert outcomes.count("read") > 0.8 * len(outcomes)


def test_odd_samples_are_read(dev_data: Path) -> None:
    outcomes = {path.name: outcome(path) for path in sorted((dev_data / "pdf-samples").rglob("*.pdf"))}
    refused = {name: why for name, why in outcomes.items() if why != "read"}
    assert len(refused) <= 2
    assert refused["libreoffice-writer-password.pdf"] == "is locked; pass --password"


def test_filings_are_good_throughout(dev_data: Path) -> None:
    for path in sorted((dev_data / "sec10q" / "docs").glob("*Q2*.pdf"))[:2]:
        pages = list(parse_file(path, LIMITS).pages)
        assert sum(page.quality == "good" for page in pages) >= len(pages) - 1
        hidden = sum(sum(page.hidden.values()) for page in pages)
        assert hidden < 0.001 * sum(len(page.text) for page in pages)

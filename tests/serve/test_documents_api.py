"""Documents come in, are found, shown and forgotten; what must not come in does not."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import ServeSettings, Settings
from serve.ui.privacy import STORED
from tests.serve.conftest import EXAMPLES, Running, running, settled


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Iterator[Running]:
    """A server over an empty home."""
    from core.files import Home

    home = Home(tmp_path_factory.mktemp("fresh"))
    home.models.symlink_to(weights)
    limits = ServeSettings(requests_per_minute=0, upload_mb=2, upload_files=3)
    with running(Settings(serve=limits), home, ("api",)) as server:
        yield server


def _send(server: Running, *files: tuple[str, bytes], **form: str) -> tuple[int, dict]:
    parts = [("file", (name, io.BytesIO(content))) for name, content in files]
    with server.client() as client:
        found = client.post("/v1/documents", files=parts or {"nothing": ("", b"")}, data=form)
    return found.status_code, found.json()


def test_an_empty_home_says_so(fresh: Running) -> None:
    with fresh.client() as client:
        assert client.get("/v1/documents?collection=never").json() == {"object": "list", "documents": []}
        found = client.post("/v1/search", json={"query": "x", "collection": "never"})
    assert found.status_code == 404


def test_the_life_of_a_document(fresh: Running) -> None:
    status, job = _send(fresh, ("../../evil/update.pdf", (EXAMPLES / "update.pdf").read_bytes()))
    assert status == 202 and job["object"] == "job" and job["id"]
    done = settled(fresh, job["id"])
    assert [(file["doc"], file["status"]) for file in done["files"]] == [("update.pdf", "indexed")]
    assert done["progress"]["share"] == 1
    with fresh.client() as client:
        (document,) = client.get("/v1/documents").json()["documents"]
        assert document["doc"] == "update.pdf" and document["pages"] > 0
        sha256 = document["sha256"]
        page = client.get("/v1/documents/update.pdf/pages/0").json()
        hits = client.post("/v1/search", json={"query": page["text"][:200], "k": 3}).json()["hits"]
        assert (
            hits
            and page["text"]
            and set(hits[0]) == {"doc", "sha256", "page", "start", "end", "text", "score", "page_label"}
        )
        image = client.get(f"/v1/documents/{sha256[:12]}/pages/0/image?start=0&end=20")
        assert image.headers["content-type"] == "image/png" and image.content.startswith(b"\x89PNG")
        assert client.get("/v1/documents/update.pdf/pages/9999").status_code == 404
        assert client.delete(f"/v1/documents/{sha256}").json()["deleted"] is True
        assert client.get("/v1/documents").json()["documents"] == []
        assert client.delete(f"/v1/documents/{sha256}").status_code == 404
        assert client.post("/v1/search", json={"query": "tide"}).json()["hits"] == []
    assert not list(fresh.home.originals.rglob("*.pdf"))
    assert not list((fresh.home.root / "serve" / "uploads").iterdir())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"MZ" + b"\0" * 100),
        ("a.pdf", b""),
        ("a.exe", b"\x7fELF\0\0"),
        ("a.md", b"\x89PNG\r\n"),
        ("a", b"\0" * 9),
    ],
)
def test_content_decides_whether_a_file_comes_in(fresh: Running, name: str, content: bytes) -> None:
    status, body = _send(fresh, (name, content))
    assert status == 415 and body["error"]["code"] == "unsupported_media_type"


def test_limits_on_size_and_count(fresh: Running) -> None:
    assert _send(fresh, ("a.txt", b"x" * (4 << 20)))[0] == 413
    assert _send(fresh, *[(f"{n}.txt", b"text") for n in range(4)])[0] == 400
    assert _send(fresh)[0] == 400
    assert not list((fresh.home.root / "serve" / "uploads").glob("*"))


def test_a_url_may_not_lead_inside(fresh: Running) -> None:
    urls = [fresh.url + "/healthz", "http://169.254.169.254/x", "http://[::ffff:127.0.0.1]/"]
    with fresh.client() as client:
        job = client.post("/v1/documents", files=[("url", (None, url)) for url in urls]).json()
        files = settled(fresh, job["id"])["files"]
        for url in ("file:///etc/passwd", "gopher", "javascript:alert(1)", "http://"):
            assert client.post("/v1/documents", files={"url": (None, url)}).status_code == 400
    assert [file["status"] for file in files] == ["refused"] * len(urls)
    assert all("private" in file["reason"] for file in files)


def test_feedback_becomes_preference_pairs(fresh: Running) -> None:
    from synth.importing.records.feedback import feedback_drafts, feedback_from_json

    said = {"question": "How long is a tour?", "answer": "A year.", "rating": "down", "correction": "16 weeks."}
    with fresh.client() as client:
        kept = client.post("/v1/feedback", json=said).json()
        assert client.post("/v1/feedback", json={**said, "rating": "meh"}).status_code == 400
    lines = (fresh.home.root / "feedback.jsonl").read_text(encoding="utf-8").splitlines()
    record = json.loads(lines[-1])
    assert record["id"] == kept["id"]
    drafts = [draft for _, draft in feedback_drafts([(1, feedback_from_json(record))])]
    assert any(getattr(draft, "rejected", None) == "A year." for draft in drafts)


def test_what_the_privacy_page_says_is_all_that_is_stored(fresh: Running) -> None:
    stored = [path.rstrip("/") for path, _ in STORED]
    held = [path.relative_to(fresh.home.root).as_posix() for path in fresh.home.root.rglob("*") if path.is_file()]
    own = [path for path in held if not path.startswith(("models/", "writer.lock"))]
    assert own
    assert [path for path in own if not path.startswith(tuple(stored))] == []

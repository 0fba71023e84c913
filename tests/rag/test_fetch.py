"""Downloads from a real server on loopback."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import DataError
from core.settings import IngestSettings
from rag.ingest.fetch import _is_public, fetch, is_url
from tests.support.http_server import QuietHandler, served


class Handler(QuietHandler):
    """Serves what each path is named for."""

    def do_GET(self) -> None:
        if self.path.startswith("/loop"):
            self.send(302, b"", Content_Type="text/plain", Location="/loop")
        elif self.path == "/moved":
            self.send(301, b"", Content_Type="text/plain", Location="/docs/page")
        elif self.path == "/to-file":
            self.send(302, b"", Content_Type="text/plain", Location="file:///etc/passwd")
        elif self.path == "/to-nothing":
            self.send(302, b"", Content_Type="text/plain", Location="http://[bad")
        elif self.path == "/trickle":
            self._trickle()
        elif self.path == "/endless":
            self._endless()
        elif self.path == "/binary":
            self.send(200, b"MZ", Content_Type="application/x-msdownload")
        elif self.path == "/missing":
            self.send(404, b"no", Content_Type="text/plain")
        else:
            self.send(200, b"<h1>Herons</h1><p>They nest in reeds.</p>", Content_Type="text/html; charset=utf-8")

    def _trickle(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        try:
            for number in range(600):
                self.wfile.write(f"X-Header-{number}: 1\r\n".encode())
                time.sleep(0.05)
        except OSError:
            return

    def _endless(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        try:
            for _ in range(200):
                self.wfile.write(b"x" * 65536)
                time.sleep(0.01)
        except OSError:
            return


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with served(Handler) as url:
        yield url


LIMITS = IngestSettings(max_file_mb=1, url_timeout_s=10, max_redirects=3)  # type: ignore[call-arg]


def test_a_page_arrives_under_a_safe_name(site: str, tmp_path: Path) -> None:
    path = fetch(f"{site}/a/..%2F..%2Fetc%2Fpass wd?q=1", tmp_path, LIMITS, allow_private=True)
    assert path.parent == tmp_path
    assert path.suffix == ".html"
    assert b"Herons" in path.read_bytes()


def test_a_redirect_is_followed(site: str, tmp_path: Path) -> None:
    assert fetch(f"{site}/moved", tmp_path, LIMITS, allow_private=True).name == "page.html"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/loop", "redirects more than 3"),
        ("/binary", "not a document"),
        ("/missing", "answered 404"),
        ("/endless", "larger than 1 MiB"),
        ("/to-file", "no address to fetch from"),
        ("/to-nothing", "cannot be fetched"),
    ],
)
def test_what_is_refused_says_why_and_leaves_nothing(site: str, tmp_path: Path, path: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        fetch(site + path, tmp_path, LIMITS, allow_private=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.pdf",
        "http://localhost/a.pdf",
        "http://[::1]/a.pdf",
        "http://[::ffff:127.0.0.1]/a.pdf",
        "http://10.0.0.1/a.pdf",
        "http://192.168.1.1/a.pdf",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/a.pdf",
        "http://2130706433/a.pdf",
        "http://100.64.0.1/a.pdf",
        "http://[64:ff9b::7f00:1]/a.pdf",
        "http://[64:ff9b::a9fe:a9fe]/a.pdf",
        "http://[64:ff9b:1::10.0.0.1]/a.pdf",
        "http://[64:ff9b:1:a9fe:a9:fe08:808:808]/a.pdf",
        "http://[fd12:3456::5efe:808:808]/a.pdf",
        "http://[fe80::200:5efe:9.9.9.9]/a.pdf",
        "http://[fec0::7]/a.pdf",
        "http://[3fff:1::7]/a.pdf",
        "http://[4001::7]/a.pdf",
        "http://[::127.0.0.1]/a.pdf",
        "http://[::ffff:0:127.0.0.1]/a.pdf",
        "http://[2002:7f00:1::]/a.pdf",
        "http://[2001:0:808:808::80ff:fffe]/a.pdf",
        "http://[2a00:1450::5efe:192.168.0.1]/a.pdf",
    ],
)
def test_private_addresses_are_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="private address") as caught:
        fetch(url, tmp_path, LIMITS)
    assert "--allow-private" in caught.value.hint


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2a00:1450::1", "64:ff9b::8.8.8.8", "2002:808:808::", "2a00::5efe:808:808"]
)
def test_public_addresses_are_public(address: str) -> None:
    assert _is_public(address)


def test_time_is_limited(site: str, tmp_path: Path) -> None:
    limits = IngestSettings(max_file_mb=100, url_timeout_s=0.3)  # type: ignore[call-arg]
    with pytest.raises(DataError, match="took longer"):
        fetch(f"{site}/endless", tmp_path, limits, allow_private=True)


def test_headers_that_never_end_are_cut_off(site: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="took longer than 1 s"):
        fetch(f"{site}/trickle", tmp_path, LIMITS.model_copy(update={"url_timeout_s": 1.0}), allow_private=True)


@pytest.mark.parametrize("url", ["http://[::1:80/a.pdf", "http://[10.0.0.1]/a.pdf", "http://h:port/a.pdf"])
def test_a_malformed_address_is_refused_in_words(url: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be (fetched|resolved)"):
        fetch(url, tmp_path, LIMITS)


def test_a_dead_server_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be fetched"):
        fetch("http://127.0.0.1:9/a.pdf", tmp_path, LIMITS, allow_private=True)


def test_paths_are_not_urls() -> None:
    assert is_url("https://example.org/a.pdf")
    assert is_url("ftp://example.org/a.pdf")
    assert not is_url("C:/docs/a.pdf")
    assert not is_url("docs/a.pdf")

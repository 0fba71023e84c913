"""Originals in a store: whole or absent, checked when they come back, shared by machines that have copies at most."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import BackendError, ConfigError, DataError, MissingExtra
from core.files import Home
from core.originals import (
    ObjectStore,
    keep_original,
    original_file,
    release_original,
    remove_original,
    store_of,
)

TEXT = b"The keeper of the mill serves it every March.\n"
SHA256 = hashlib.sha256(TEXT).hexdigest()


@pytest.fixture(params=["file", "memory", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store."""
    if request.param == "file":
        return f"file://{tmp_path}/store"
    if request.param == "memory":
        return f"memory://{tmp_path.name}/kb"
    return str(request.getfixturevalue("bucket"))


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """A server that speaks S3's protocol over HTTP."""
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a part of a bucket."""
    import s3fs

    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": s3,
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    name = f"kb-{os.getpid()}-{tmp_path.name}".replace("_", "-").lower()[:60].strip("-")
    s3fs.S3FileSystem(use_listings_cache=False).mkdir(name)
    yield f"s3://{name}/team/kb"
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    path = tmp_path / "mill pump.txt"
    path.write_bytes(TEXT)
    return path


def test_a_file_comes_back_as_it_was_and_is_gone_when_removed(url: str, tmp_path: Path, text_file: Path) -> None:
    store = ObjectStore(url)
    assert store.names(SHA256) == []
    store.put(text_file, SHA256, text_file.name)
    store.put(text_file, SHA256, text_file.name)
    assert store.names(SHA256) == ["mill pump.txt"]
    store.get(SHA256, "mill pump.txt", tmp_path / "back" / "copy.txt")
    assert (tmp_path / "back" / "copy.txt").read_bytes() == TEXT
    store.check()
    store.remove(SHA256)
    store.remove(SHA256)
    assert store.names(SHA256) == []


def test_what_was_altered_in_the_store_is_refused(url: str, tmp_path: Path, text_file: Path) -> None:
    store = ObjectStore(url)
    altered = tmp_path / "altered.txt"
    altered.write_bytes(TEXT.replace(b"March", b"April"))
    store.put(altered, SHA256, "pump.txt")
    home = Home(tmp_path / "home", url)
    with pytest.raises(DataError, match="is damaged: the hash") as caught:
        original_file(home, SHA256, "pump.txt")
    assert caught.value.path == f"{url}/{SHA256[:2]}/{SHA256}/pump.txt"
    assert not [path for path in home.root.rglob("*") if path.is_file()]


def test_machines_share_what_one_of_them_stored(url: str, tmp_path: Path, text_file: Path) -> None:
    first, second = Home(tmp_path / "first", url), Home(tmp_path / "second", url)
    copy = first.original(SHA256, "pump.txt")
    copy.parent.mkdir(parents=True)
    copy.write_bytes(TEXT)
    keep_original(first, copy, SHA256)
    release_original(first, SHA256)
    assert not copy.exists() and copy.is_relative_to(first.cache)
    # A document that was renamed since has the file it came in.
    there = original_file(second, SHA256, "renamed.txt")
    assert (there.name, there.read_bytes()) == ("pump.txt", TEXT) and there.is_relative_to(second.cache)
    remove_original(first, SHA256)
    assert there.read_bytes() == TEXT  # a copy, which needs no store
    release_original(second, SHA256)
    assert not original_file(second, SHA256, "pump.txt").exists()


def test_without_a_store_nothing_leaves_the_folder(tmp_path: Path) -> None:
    home = Home(tmp_path)
    path = home.original(SHA256, "pump.txt")
    path.parent.mkdir(parents=True)
    path.write_bytes(TEXT)
    keep_original(home, path, SHA256)
    release_original(home, SHA256)
    assert original_file(home, SHA256, "pump.txt") == path and path.read_bytes() == TEXT
    assert store_of(home) is None and path.is_relative_to(tmp_path / "originals")
    remove_original(home, SHA256)
    assert not path.parent.exists()


def test_what_was_ingested_before_there_was_a_store_is_read_and_removed(tmp_path: Path, text_file: Path) -> None:
    before, home = Home(tmp_path / "home"), Home(tmp_path / "home", f"file://{tmp_path}/store")
    path = before.original(SHA256, "pump.txt")
    path.parent.mkdir(parents=True)
    path.write_bytes(TEXT)
    assert original_file(home, SHA256, "pump.txt") == path
    remove_original(home, SHA256)
    assert not path.exists()


def test_the_oldest_copies_go(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", f"memory://{tmp_path.name}/kb")
    texts = [f"text {number}".encode() * 100 for number in range(4)]
    copies = []
    for number, text in enumerate(texts):
        (tmp_path / "a.txt").write_bytes(text)
        sha256 = hashlib.sha256(text).hexdigest()
        keep_original(home, tmp_path / "a.txt", sha256)
        copies.append(original_file(home, sha256, "a.txt", most_bytes=1000))
        os.utime(copies[-1], (number, number))
    # The newest is kept beside one kilobyte of older ones.
    assert [copy.exists() for copy in copies] == [False, False, True, True]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("bucket/prefix", "is not an address such as s3://"),
        ("nosuch://bucket/prefix", "Protocol not known: nosuch"),
    ],
)
def test_an_address_that_is_none_is_named(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ObjectStore(url)


def test_without_s3fs_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(MissingExtra, match="requires the extra 's3'") as caught:
        ObjectStore("s3://bucket/kb")
    assert "[s3]" in caught.value.hint


def test_a_bucket_that_is_not_there_or_does_not_answer_is_named(
    bucket: str, text_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BackendError, match=r"originals at s3://no-such-bucket/kb cannot be written: .*bucket"):
        ObjectStore("s3://no-such-bucket/kb").put(text_file, SHA256, "a.txt")
    with pytest.raises(ConfigError, match="names no bucket"):
        ObjectStore("s3://")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, text_file: Path) -> None:
    (tmp_path / "file").write_text("x")
    store = ObjectStore(f"file://{tmp_path}/file/below")
    with pytest.raises(BackendError, match=r"originals at file://.*/file/below cannot be read: .*Not a directory"):
        store.put(text_file, SHA256, "a.txt")
    with pytest.raises(BackendError, match="cannot be written"):
        store.check()

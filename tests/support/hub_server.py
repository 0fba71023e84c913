"""A Hub on loopback: serves a folder of repositories over the parts of its API that a download needs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.http_server import QuietHandler, served

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def _entry(path: Path, root: Path) -> dict[str, object]:
    content = path.read_bytes()
    entry: dict[str, object] = {"rfilename": path.relative_to(root).as_posix(), "size": len(content)}
    if path.suffix in {".safetensors", ".gguf"}:
        sha256 = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 100}
    return entry


class _Handler(QuietHandler):
    root: Path
    damaged: str
    asked: list[str]

    def do_HEAD(self) -> None:
        self._answer(head_only=True)

    def do_GET(self) -> None:
        self._answer(head_only=False)

    def _answer(self, *, head_only: bool) -> None:
        self.asked.append(self.path)
        path = self.path.split("?")[0].strip("/")
        if path.startswith("api/models/"):
            repository = self.root / path.removeprefix("api/models/")
            if not repository.is_dir():
                self.send(404, {"error": "Repository not found"}, head_only=head_only, X_Error_Code="RepoNotFound")
                return
            files = [_entry(file, repository) for file in sorted(repository.rglob("*")) if file.is_file()]
            info = {"id": "any", "sha": COMMIT, "siblings": files, "tags": ["license:mit"]}
            self.send(200, info, head_only=head_only)
            return
        owner, name, _, _, file = path.split("/", 4)
        content = (self.root / owner / name / file).read_bytes()
        etag = hashlib.sha256(content).hexdigest()
        if file == self.damaged:
            content = content[:-1] + b"?"
        self.send(200, content, head_only=head_only, ETag=f'"{etag}"', X_Repo_Commit=COMMIT)


@contextmanager
def hub(root: Path, *, damaged: str = "") -> Iterator[tuple[str, list[str]]]:
    """Serve `root/ORG/NAME/...`; yield the endpoint and the growing list of paths asked for."""
    asked: list[str] = []
    with served(_Handler, root=root, damaged=damaged, asked=asked) as url:
        yield url, asked

"""A Hub on loopback: serves a folder of repositories over the parts of its API that a download needs."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def _entry(path: Path, root: Path) -> dict[str, object]:
    content = path.read_bytes()
    entry: dict[str, object] = {"rfilename": path.relative_to(root).as_posix(), "size": len(content)}
    if path.suffix in {".safetensors", ".gguf"}:
        sha256 = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 100}
    return entry


class _Handler(BaseHTTPRequestHandler):
    root: Path
    damaged: str
    asked: list[str]

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        self.asked.append(self.path)
        path = self.path.split("?")[0].strip("/")
        if path.startswith("api/models/"):
            repository = self.root / path.removeprefix("api/models/")
            if not repository.is_dir():
                self._send(404, b'{"error": "Repository not found"}', {"X-Error-Code": "RepoNotFound"}, body)
                return
            files = [_entry(file, repository) for file in sorted(repository.rglob("*")) if file.is_file()]
            info = {"id": "any", "sha": COMMIT, "siblings": files, "tags": ["license:mit"]}
            self._send(200, json.dumps(info).encode(), {}, body)
            return
        owner, name, _, _, file = path.split("/", 4)
        content = (self.root / owner / name / file).read_bytes()
        etag = hashlib.sha256(content).hexdigest()
        if file == self.damaged:
            content = content[:-1] + b"?"
        self._send(200, content, {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}, body)

    def _send(self, status: int, content: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def hub(root: Path, *, damaged: str = "") -> Iterator[tuple[str, list[str]]]:
    """Serve `root/ORG/NAME/...`; yield the endpoint and the growing list of paths asked for."""
    asked: list[str] = []
    handler = type("Handler", (_Handler,), {"root": root, "damaged": damaged, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

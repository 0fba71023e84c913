"""A Hub on loopback that takes uploads and gives them back: the parts of its API that both need."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.http_server import QuietHandler, served

COMMIT = "fedcba9876543210fedcba9876543210fedcba98"
_LARGE = (".safetensors", ".bin")


class _Handler(QuietHandler):
    protocol_version = "HTTP/1.1"
    root: Path
    asked: list[tuple[str, str, str]]  # method, path, token
    refuses: bool

    def do_HEAD(self) -> None:
        self._get(head_only=True)

    def do_GET(self) -> None:
        self._get(head_only=False)

    def _get(self, *, head_only: bool) -> None:
        path = self._noted()
        if path.startswith("api/models/"):
            folder = self.root / path.removeprefix("api/models/")
            files = [self._entry(file, folder) for file in sorted(folder.rglob("*")) if file.is_file()]
            self.send(200, {"id": "any", "sha": COMMIT, "siblings": files, "tags": []})
            return
        owner, name, _, _, file = path.split("/", 4)
        content = (self.root / owner / name / file).read_bytes()
        etag = hashlib.sha256(content).hexdigest()
        self.send(200, content, head_only=head_only, ETag=f'"{etag}"', X_Repo_Commit=COMMIT)

    @staticmethod
    def _entry(file: Path, folder: Path) -> dict[str, Any]:
        content = file.read_bytes()
        entry: dict[str, Any] = {"rfilename": file.relative_to(folder).as_posix(), "size": len(content)}
        if file.suffix in _LARGE:
            entry["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 100}
        return entry

    def do_PUT(self) -> None:
        path = self._noted()
        target = self.root / "lfs" / path.rsplit("/", 1)[1]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.body())
        self.send(200, {})

    def do_POST(self) -> None:
        path = self._noted()
        body = self.body()
        if self.refuses:
            self.send(403, {"error": "You may not write here"})
        elif path == "api/repos/create":
            held = json.loads(body)
            name = f"{held.get('organization') or 'user'}/{held['name']}"
            (self.root / name).mkdir(parents=True, exist_ok=True)
            self.send(200, {"url": f"http://{self.headers['Host']}/{name}", "name": name})
        elif path == "api/validate-yaml":
            self.send(200, {"errors": [], "warnings": []})
        elif path.endswith("/preupload/main"):
            asked = [file["path"] for file in json.loads(body)["files"]]
            modes = [{"path": p, "uploadMode": "lfs" if p.endswith(_LARGE) else "regular"} for p in asked]
            self.send(200, {"files": [{**mode, "shouldIgnore": False} for mode in modes]})
        elif path.endswith("/info/lfs/objects/batch"):
            self.send(200, {"transfer": "basic", "objects": [self._place(one) for one in json.loads(body)["objects"]]})
        else:
            self._commit(path.removeprefix("api/models/").removesuffix("/commit/main"), body)

    def _place(self, held: dict[str, Any]) -> dict[str, Any]:
        href = f"http://{self.headers['Host']}/store/{held['oid']}"
        return {**held, "actions": {"upload": {"href": href, "header": {}}}}

    def _commit(self, repository: str, body: bytes) -> None:
        for line in body.splitlines():
            step = json.loads(line)
            value = step["value"]
            if step["key"] == "file":
                content = base64.b64decode(value["content"])
            elif step["key"] == "lfsFile":
                content = (self.root / "lfs" / value["oid"]).read_bytes()
            else:
                continue
            target = self.root / repository / value["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        self.send(
            200, {"commitOid": COMMIT, "commitUrl": f"http://{self.headers['Host']}/{repository}/commit/{COMMIT}"}
        )

    def _noted(self) -> str:
        path = self.path.split("?")[0].strip("/")
        self.asked.append((self.command, path, self.headers.get("Authorization", "")))
        return path


@contextmanager
def uploading_hub(root: Path, *, refuses: bool = False) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Serve `root`; yield the endpoint and the growing list of (method, path, authorization)."""
    asked: list[tuple[str, str, str]] = []
    with served(_Handler, root=root, asked=asked, refuses=refuses) as url:
        yield url, asked

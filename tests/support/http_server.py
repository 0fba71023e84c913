"""A server on a free port of this machine that answers what a handler says, for tests of the client side."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class QuietHandler(BaseHTTPRequestHandler):
    """Reads bodies, writes JSON or bytes, and keeps the test's output clean."""

    def body(self) -> bytes:
        """Return the body of the request, sent whole or in chunks."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def send(self, status: int, content: Any = b"", *, head_only: bool = False, **headers: str) -> None:
        """Answer with bytes, or with any other value as JSON; underscores in names of headers stand for hyphens."""
        if isinstance(content, bytes):
            data = content
        else:
            data = json.dumps(content).encode()
            headers = {"Content_Type": "application/json", **headers}
        self.send_response(status)
        for name, value in {**headers, "Content_Length": str(len(data))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if not head_only:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing."""


@contextmanager
def served(handler: type[BaseHTTPRequestHandler], **attributes: Any) -> Iterator[str]:
    """Serve until the block ends; yield the URL.

    Args:
        handler: Answers requests, one instance each.
        attributes: Set on the handler's class.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (handler,), attributes))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

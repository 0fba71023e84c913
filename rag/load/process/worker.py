"""The process that parses: one request in, a row of frames out, under limits (`python -m rag.load.process.worker`).

A frame is a 4-byte big-endian length and that many bytes of JSON: data that cannot run anything in the reader.
Requests: `open` (answered by `info`, then one `page` each, then `end`), `boxes` and `render` (one answer each). What
the file refuses comes back as `refused`; any other failure ends this process, and its parent knows what was lost.
"""

from __future__ import annotations

import base64
import gc
import json
import os
import struct
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import KbError
from core.settings import IngestSettings
from rag.load.pdf.draw import draw_page, find_boxes
from rag.load.pdf.open_reader import open_reader
from rag.load.process.frames import page_to_json

try:
    import resource
except ImportError:  # a system without limits: time is watched by the parent alone
    resource = None  # type: ignore[assignment]

HEADER = struct.Struct(">I")
_WATCH_S = 0.25
_WATCH_STACK_BYTES = 256 << 10
_CPU_SLACK_S = 5.0
OUT_OF_MEMORY = 77  # exit status


def main() -> None:
    """Serve requests from stdin until it ends."""
    requests, answers = _take_pipes()
    size_bytes, parent = int(sys.argv[1]) << 20, int(sys.argv[2])
    threading.stack_size(_WATCH_STACK_BYTES)
    threading.Thread(target=_watch, args=(parent, size_bytes), daemon=True).start()
    _limit_memory(size_bytes)
    _write(answers, {"ready": True})
    while (request := _read(requests)) is not None:
        try:
            _serve(request, answers)
        except KbError as error:
            _write(answers, {"refused": {"type": type(error).__name__, "message": error.message, "hint": error.hint}})
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        gc.collect()


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes for frames; whatever a library prints goes to stderr."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return requests, answers


def _limit_memory(size_bytes: int) -> None:
    if resource is None:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # Counts private writable memory, the kind parsers exhaust; RLIMIT_AS would count address space that
        # threads and libraries only reserve.
        resource.setrlimit(resource.RLIMIT_DATA, (size_bytes, size_bytes))


def _watch(parent: int, size_bytes: int) -> None:
    """End the process when nobody waits for it any more, whatever it is busy with, or when it has grown too large.

    The pipes tell a reader that is between two pages; one page may take minutes. Size is watched for systems that
    do not enforce RLIMIT_DATA.
    """
    while os.getppid() == parent:
        if sys.platform == "darwin" and resource and _largest_bytes() > size_bytes:
            os._exit(OUT_OF_MEMORY)
        time.sleep(_WATCH_S)
    os._exit(0)


def _largest_bytes() -> int:
    """Return the largest resident size so far; macOS counts it in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _limit_cpu(seconds: float) -> None:
    """Let this request use so much CPU; the last resort when the parent is gone."""
    if resource is None:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds + _CPU_SLACK_S)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _serve(request: Mapping[str, Any], answers: BinaryIO) -> None:
    limits = IngestSettings.model_validate(request["limits"])
    path, password = Path(request["path"]), request["password"]
    _limit_cpu(limits.file_timeout_s)
    if request["do"] == "open":
        reader = open_reader(path, limits, password=password, ocr=request["ocr"], engine=request["engine"])
        try:
            _write(answers, {"info": asdict(reader.info)})
            for index in range(request["first"], reader.info.n_pages):
                _write(answers, {"page": page_to_json(reader.page(index))})
        finally:
            reader.close()
        _write(answers, {"end": True})
    elif request["do"] == "boxes":
        boxes = find_boxes(path, request["page"], request["start"], request["end"], limits, password)
        _write(answers, {"boxes": boxes})
    elif request["do"] == "render":
        png = draw_page(path, request["page"], request["scale"], request["boxes"], password)
        _write(answers, {"png": base64.b64encode(png).decode()})


def _read(stream: BinaryIO) -> dict[str, Any] | None:
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    (size,) = HEADER.unpack(header)
    request = json.loads(stream.read(size))
    assert isinstance(request, dict)
    return request


def _write(stream: BinaryIO, answer: Mapping[str, Any]) -> None:
    body = json.dumps(answer, ensure_ascii=False, default=dict).encode("utf-8", "replace")
    view = memoryview(HEADER.pack(len(body)) + body)
    while view:
        view = view[stream.write(view) :]


if __name__ == "__main__":
    main()

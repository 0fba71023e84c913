"""Files to pages: each parsed in a worker process, so that no file can crash, hang or fill the program that asks.

A page that kills its worker is yielded as `failed` and reading goes on behind it; a file that cannot be opened is
refused with its reason.
"""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ConfigError, DataError, KbError, MissingExtra
from core.settings import IngestSettings
from core.types import Page
from rag.load.page import failed_page
from rag.load.process.frames import page_from_json
from rag.load.process.supervise import Stopped, Worker, WorkerLost, borrow, give_back, start
from rag.load.reader import FileInfo
from rag.load.sniff import is_pdf

_MIB = 1 << 20
_REFUSALS: dict[str, type[KbError]] = {"MissingExtra": MissingExtra, "ConfigError": ConfigError}


@dataclass(frozen=True, slots=True)
class Parsed:
    """An open file.

    Attributes:
        info: What is known of it.
        pages: Its pages in order, read as they are asked for; `close()` it when leaving early.
    """

    info: FileInfo
    pages: Pages


def parse_file(
    path: Path,
    limits: IngestSettings,
    *,
    password: str | None = None,
    first_page: int = 0,
    ocr: bool = False,
    stop: threading.Event | None = None,
) -> Parsed:
    """Open a file in a worker process.

    Args:
        path: A PDF, or a file of a kind that `rag.load.formats` reads.
        limits: Memory, time, pages, characters per page, file size.
        password: For locked PDFs; an empty user password needs none.
        first_page: 0-based page to begin with.
        ocr: Read pages without a text layer by OCR.
        stop: Once set, whoever waits for a page gets `Stopped` instead.

    Raises:
        DataError: The file is refused; the message says why.
        MissingExtra: The format or OCR needs an optional dependency.
    """
    path = path.absolute()
    _check(path, limits)
    request = {
        "do": "open",
        "path": str(path),
        "password": password,
        "ocr": ocr,
        "limits": limits.model_dump(mode="json"),
        "first": first_page,
        "engine": "",
    }
    pages = Pages(request, limits, stop)
    info = pages.open()
    return Parsed(info, pages)


def ask_worker(request: dict[str, Any], limits: IngestSettings) -> dict[str, Any]:
    """Put one question about one page to a worker and return its answer.

    Raises:
        DataError: The file cannot be opened, or the page cannot be read within the limits.
    """
    worker = borrow(limits.memory_mb)
    try:
        worker.send(request | {"limits": limits.model_dump(mode="json")})
        frame = worker.receive(limits.page_timeout_s)
    except WorkerLost as lost:
        raise DataError(str(lost), path=request["path"], page=request.get("page")) from lost
    give_back(worker)
    if "refused" in frame:
        raise _refusal(frame["refused"], request["path"])
    return frame


def _check(path: Path, limits: IngestSettings) -> None:
    try:
        size_bytes = path.stat().st_size
        if not path.is_file():
            raise DataError("is not a file", path=path)
        with path.open("rb"):
            pass
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path=path) from error
    if size_bytes > limits.max_file_mb * _MIB:
        mib = -(-size_bytes // _MIB)
        raise DataError(
            f"is larger ({mib} MiB) than ingest.max_file_mb allows ({limits.max_file_mb})",
            path=path,
            hint=f"kb ingest --set ingest.max_file_mb={mib} {shlex.quote(str(path))}",
        )


def _refusal(refused: dict[str, str], path: str) -> KbError:
    kind = _REFUSALS.get(refused["type"])
    if kind:
        return kind(refused["message"], hint=refused["hint"])
    return DataError(refused["message"], path=path, hint=refused["hint"])


class Pages(Iterator[Page]):
    """Pages of one file, from a worker that is replaced when a page kills it."""

    def __init__(self, request: dict[str, Any], limits: IngestSettings, stop: threading.Event | None) -> None:
        self._request, self._limits, self._stop = request, limits, stop
        self._path = Path(request["path"])
        self._worker: Worker | None = None
        self._next = int(request["first"])
        self._n_pages = 0
        self._parser = ""
        self._waited_s = 0.0
        self._given_up = ""  # why the remaining pages are lost

    def open(self) -> FileInfo:
        """Start reading; see `parse_file`."""
        try:
            info = self._start("")
        except WorkerLost as lost:
            if not is_pdf(self._path):
                raise DataError(f"cannot be opened: {lost}", path=self._path) from lost
            try:
                info = self._start("pypdf")
                self._request["engine"] = "pypdf"
            except WorkerLost as again:
                raise DataError(f"cannot be opened: {lost}; pypdf: {again}", path=self._path) from again
        self._n_pages, self._parser = info.n_pages, info.parser
        return info

    def __next__(self) -> Page:
        if self._next >= self._n_pages:
            self._finish()
            raise StopIteration
        page = failed_page(self._next, self._given_up, self._parser) if self._given_up else self._read()
        self._next += 1
        return page

    def close(self) -> None:
        """Stop reading; the worker ends."""
        self._n_pages = self._next
        if self._worker:
            self._worker.kill()
            self._worker = None

    def __del__(self) -> None:
        self.close()

    def _read(self) -> Page:
        """Return the next page, or its place-holder."""
        try:
            if self._worker is None:
                self._start(self._request["engine"])
            return self._receive_page()
        except WorkerLost as lost:
            return self._after_loss(lost)
        except KbError as error:
            # The file opened before and does not now: it changed, or a limit bites that did not.
            self._given_up = error.message
            return failed_page(self._next, error.message, self._parser)

    def _after_loss(self, lost: WorkerLost) -> Page:
        """Give a page that crashed PDFium to pypdf in a fresh worker; other losses are final."""
        self._worker = None
        if self._waited_s >= self._limits.file_timeout_s:
            self._given_up = f"the file took longer than {self._limits.file_timeout_s:g} s"
            return failed_page(self._next, self._given_up, self._parser)
        if lost.crashed and not self._request["engine"] and is_pdf(self._path):
            try:
                self._start("pypdf")
                page = self._receive_page()
            except (WorkerLost, DataError):
                page = failed_page(self._next, str(lost), self._parser)
            if self._worker:
                self._worker.kill()
                self._worker = None
            return page
        return failed_page(self._next, str(lost), self._parser)

    def _start(self, engine: str) -> FileInfo:
        """Open the file in a worker, to be read from the next page on."""
        worker = borrow(self._limits.memory_mb)
        try:
            return self._begin(worker, engine)
        except WorkerLost as lost:
            if not (lost.crashed and worker.served):
                raise
        # It had served other files and may have been ill before it saw this one.
        return self._begin(start(self._limits.memory_mb), engine)

    def _begin(self, worker: Worker, engine: str) -> FileInfo:
        self._worker = worker
        worker.send(self._request | {"engine": engine, "first": self._next})
        frame = self._receive()
        if "refused" in frame:
            self._worker = None
            give_back(worker)
            raise _refusal(frame["refused"], str(self._path))
        return FileInfo(**frame["info"])

    def _receive(self) -> dict[str, Any]:
        assert self._worker is not None
        left_s = self._limits.file_timeout_s - self._waited_s
        began = time.monotonic()
        try:
            return self._worker.receive(max(0.0, min(self._limits.page_timeout_s, left_s)), self._stop)
        except (WorkerLost, Stopped):
            self._worker = None
            raise
        finally:
            self._waited_s += time.monotonic() - began

    def _receive_page(self) -> Page:
        frame = self._receive()
        if "page" not in frame or frame["page"]["index"] != self._next:
            return failed_page(self._next, "the reader found fewer pages", self._parser)
        return page_from_json(frame["page"])

    def _finish(self) -> None:
        """Take the last frame and give the worker back for the next file."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        try:
            worker.receive(self._limits.page_timeout_s)
        except WorkerLost:
            return  # every page has arrived; the worker is gone and nothing of the file with it
        give_back(worker)

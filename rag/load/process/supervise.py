"""Worker processes and the watch over them: start, ask, wait no longer than allowed, kill, use again.

Workers are started as fresh programs, never forked, and get none of the
parent's environment but what Python needs.
"""

from __future__ import annotations

import atexit
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import rag
from core.errors import BackendError
from rag.load.process.worker import HEADER, OUT_OF_MEMORY

_READ_BYTES = 1 << 20
_PIPE_BYTES = 1 << 20  # how far a worker may read ahead of a parent that is busy
_MAX_FRAME_BYTES = 64 << 20
_MAX_IDLE = 8
_MAX_SERVED = 500  # files; a fresh process has no leaks
_LOOK_S = 0.2  # how soon a wait notices that it is no longer wanted
_START_TIMEOUT_S = 60.0  # apart from the time a page may take; a busy machine starts programs slowly
_ROOT = Path(next(iter(rag.__path__))).parent
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "KB_HOME")


class Stopped(Exception):
    """The caller wants no more answers; the worker was killed."""


class WorkerLost(Exception):
    """The worker is gone; the message says why, in words for a page's reason.

    Attributes:
        crashed: Whether it died by itself, limits apart: another reader may do better.
    """

    def __init__(self, message: str, *, crashed: bool = False) -> None:
        super().__init__(message)
        self.crashed = crashed


class Worker:
    """One parser process.

    Args:
        memory_mb: What it may use, in MiB.

    Attributes:
        served: How many requests it has answered whole.
    """

    def __init__(self, memory_mb: int) -> None:
        self.memory_mb = memory_mb
        self.served = 0
        self._buffer = bytearray()
        self._stderr = _scratch()
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join([str(_ROOT), *(path for path in sys.path if path)])
        environment.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MALLOC_ARENA_MAX="2")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-B", "-m", "rag.load.process.worker", str(memory_mb), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=environment,
            cwd="/",
            bufsize=0,
            start_new_session=True,
        )
        assert self._process.stdin and self._process.stdout
        self._in, self._out = self._process.stdin, self._process.stdout
        _widen(self._out)
        _alive.add(self)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process.poll() is None

    def send(self, request: Mapping[str, Any]) -> None:
        """Send one request.

        Raises:
            WorkerLost: It has died.
        """
        body = json.dumps(request).encode()
        try:
            self._in.write(HEADER.pack(len(body)) + body)
        except BrokenPipeError as error:
            raise self._lost() from error

    def receive(self, timeout_s: float, stop: threading.Event | None = None) -> dict[str, Any]:
        """Return the next frame.

        Raises:
            WorkerLost: It died, or sent nothing whole in time and was killed.
            Stopped: `stop` was set while it was waited for.
        """
        deadline = time.monotonic() + timeout_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            while (frame := self._frame()) is None:
                if stop is not None and stop.is_set():
                    self.kill()
                    raise Stopped
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    self.kill()
                    raise WorkerLost(f"took longer than {timeout_s:g} s")
                if not selector.select(min(left_s, _LOOK_S)):
                    continue
                piece = os.read(self._out.fileno(), _READ_BYTES)
                if not piece:
                    raise self._lost()
                self._buffer += piece
        return frame

    def kill(self) -> None:
        """End the process at once and release what it held."""
        _alive.discard(self)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._in, self._out, self._stderr):
            stream.close()

    def _frame(self) -> dict[str, Any] | None:
        if len(self._buffer) < HEADER.size:
            return None
        (size,) = HEADER.unpack_from(self._buffer)
        if size > _MAX_FRAME_BYTES:
            self.kill()
            raise WorkerLost("sent more than the parser may")
        if len(self._buffer) < HEADER.size + size:
            return None
        body = bytes(self._buffer[HEADER.size : HEADER.size + size])
        del self._buffer[: HEADER.size + size]
        frame = json.loads(body)
        assert isinstance(frame, dict)
        return frame

    def _lost(self) -> WorkerLost:
        """Say why the process died."""
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            code = 0
        self._stderr.seek(max(0, self._stderr.seek(0, os.SEEK_END) - 4096))
        stderr_lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
        self.kill()
        last = stderr_lines[-1][:200] if stderr_lines else ""
        if code == OUT_OF_MEMORY or "MemoryError" in last or "bad_alloc" in last:
            return WorkerLost(f"needs more memory than {self.memory_mb} MiB")
        if code == -signal.SIGXCPU:
            return WorkerLost("used all its CPU time")
        if code == -signal.SIGABRT:  # what PDFium does when an allocation fails
            return WorkerLost(f"the reader gave up (SIGABRT), most likely at its limit of {self.memory_mb} MiB")
        if code < 0:
            return WorkerLost(f"the reader crashed ({signal.Signals(-code).name})", crashed=True)
        return WorkerLost(f"the reader failed: {last}" if last else "the reader ended early", crashed=True)


def _widen(pipe: IO[bytes]) -> None:
    """Let a worker read further ahead, where the size of a pipe can be set: on Linux."""
    try:
        from fcntl import F_SETPIPE_SZ, fcntl
    except ImportError:
        return
    with suppress(OSError):  # a user's share of pipe memory may be used up
        fcntl(pipe, F_SETPIPE_SZ, _PIPE_BYTES)


_alive: weakref.WeakSet[Worker] = weakref.WeakSet()
_idle: list[Worker] = []
_lock = threading.Lock()


def _scratch() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        message = f"no temporary file can be made: {error.strerror}"
        raise BackendError(message, hint="export TMPDIR=/a/writable/folder") from error


def borrow(memory_mb: int) -> Worker:
    """Return an idle worker with this limit, or a new one.

    Raises:
        BackendError: A new one does not start.
    """
    with _lock:
        for worker in list(_idle):
            if not worker.running:
                _idle.remove(worker)
                worker.kill()
            elif worker.memory_mb == memory_mb:
                _idle.remove(worker)
                return worker
    return start(memory_mb)


def start(memory_mb: int) -> Worker:
    """Return a new worker that is ready.

    Raises:
        BackendError: It does not start.
    """
    worker = Worker(memory_mb)
    try:
        worker.receive(_START_TIMEOUT_S)
    except WorkerLost as lost:
        raise BackendError(f"the parser process did not start: {lost}", hint="kb doctor") from lost
    return worker


def idle() -> list[Worker]:
    """Return the workers that wait for a file."""
    with _lock:
        return list(_idle)


def give_back(worker: Worker) -> None:
    """Keep a worker that has answered its last request whole for the next file."""
    worker.served += 1
    with _lock:
        if len(_idle) < _MAX_IDLE and worker.served < _MAX_SERVED:
            _idle.append(worker)
            return
    worker.kill()


@atexit.register
def _end_all() -> None:
    workers = list(_alive)  # first: a worker that only the list of idle ones holds would be dropped with its pipes open
    with _lock:
        _idle.clear()
    for worker in workers:
        worker.kill()

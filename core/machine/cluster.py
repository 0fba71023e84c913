"""Functions called on the machines of a Ray cluster; a call whose machine is lost is made again on another one.

Ray's own retries are off: what was lost is begun anew here, so that a caller gets every result once and in order.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from core.errors import BackendError, ConfigError, KbError, MissingExtra, error_from_json
from core.files import Home
from core.machine.install import extra_command, missing_extra
from core.settings import home_dir
from core.telemetry import disable

_LOOK_S = 0.5  # how soon a wait notices that it is no longer wanted
_LOOKS_UNTIL_CHECKED = 20  # without a result, until the cluster is asked whether a machine is there to give one
_MOST_LOST = 5  # times that one call may lose its machine
_CONNECT_S = 5.0
_RESUME_HINT = "run the command again to resume, with machines in the cluster or without --on"


class MachineLost(Exception):
    """The process or machine that a call ran on is gone."""


class Cluster:
    """A cluster that this process has joined.

    Args:
        ray: The module `ray`, imported where a cluster is joined and nowhere else.
    """

    def __init__(self, ray: Any) -> None:
        self._notes: list[str] = []
        self._ray = ray

    @property
    def n_cpus(self) -> int:
        """Cores of all machines; at least 1."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 0)))

    @property
    def n_machines(self) -> int:
        """Machines that live."""
        return sum(bool(node["Alive"]) for node in self._ray.nodes())

    def put(self, value: Any) -> Any:
        """Store a value that a call takes, and return what stands for it among the arguments."""
        return self._ray.put(value)

    def call(self, function: Callable[..., Any], *arguments: Any, about: str) -> RemoteCall:
        """Call a function on one core of some machine.

        Args:
            function: Of a module that is installed there, too.
            arguments: Values that can be pickled, or what `put` returned.
            about: What the call works on, for notes and errors.
        """
        return RemoteCall(self, self._remote(_answer, 1), (function, *arguments), about)

    def stream(self, function: Callable[..., Iterator[Any]], *arguments: Any, about: str) -> RemoteStream:
        """As `call`, for a generator that yields as many items whenever it is called with these arguments."""
        return RemoteStream(self, self._remote(_answers, "streaming"), (function, *arguments), about)

    def wait(self, ref: Any, stop: threading.Event | None) -> None:
        """Wait until a result, or the next item of a stream, is there or is known to be lost.

        Raises:
            CancelledError: `stop` was set.
            BackendError: No machine is left.
        """
        looks = 0
        while not self._ray.wait([ref], timeout=_LOOK_S)[0]:
            if stop is not None and stop.is_set():
                raise CancelledError
            looks += 1
            if looks % _LOOKS_UNTIL_CHECKED == 0 and not self._ray.cluster_resources().get("CPU", 0):
                raise BackendError("the Ray cluster has no machine with a core any more", hint=_RESUME_HINT)

    def is_there(self, ref: Any) -> bool:
        """Tell without waiting whether a result is there or known to be lost."""
        return bool(self._ray.wait([ref], timeout=0)[0])

    def value(self, ref: Any) -> Any:
        """Return a result that is there.

        Raises:
            MachineLost: It was lost with its machine.
            KbError: What the function raised, the machine named.
        """
        try:
            value = self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as error:
            raise _explained(error) from error
        except self._ray.exceptions.RayError as error:
            raise MachineLost(str(error).partition("\n")[0]) from error
        if isinstance(value, _Fault):
            raise value.error()
        return value

    def note_loss(self, about: str, times: int, why: MachineLost) -> None:
        """Note that a call lost its machine.

        Raises:
            BackendError: It happened too often.
        """
        if times >= _MOST_LOST:
            raise BackendError(
                f"{about}: {times} machines or processes of the Ray cluster ended while they worked on it",
                hint="kb doctor",
            ) from why
        self._notes.append(f"{about}: begun again, since its machine or process in the Ray cluster ended")

    def take_notes(self) -> list[str]:
        """Return what was lost with machines since it was last asked for."""
        count = len(self._notes)  # another thread may add one meanwhile
        notes, self._notes[:count] = self._notes[:count], []
        return notes

    def cancel(self, ref: Any) -> None:
        """Ask that a call ends whose result is not wanted any more."""
        with suppress(Exception):  # it may have ended, and its machine may be gone
            self._ray.cancel(ref)

    def _remote(self, function: Callable[..., Any], returns: int | str) -> Callable[..., Any]:
        remote = self._ray.remote(function).options(
            num_cpus=1, num_returns=returns, max_retries=0, scheduling_strategy="SPREAD"
        )
        start: Callable[..., Any] = remote.remote
        return start


class RemoteCall:
    """A function that runs elsewhere; see `Cluster.call`."""

    def __init__(self, cluster: Cluster, start: Callable[..., Any], arguments: tuple[Any, ...], about: str) -> None:
        self._cluster, self._start, self._arguments, self._about = cluster, start, arguments, about
        self._times_lost = 0
        self._ref = start(*arguments)

    def done(self) -> bool:
        """Tell whether `result` would return, or fail, at once."""
        return self._cluster.is_there(self._ref)

    def result(self, stop: threading.Event | None = None) -> Any:
        """Wait for the result.

        Raises:
            CancelledError: `stop` was set.
            BackendError: Machine after machine was lost with this call, or none is left.
            KbError: What the function raised.
        """
        while True:
            self._cluster.wait(self._ref, stop)
            try:
                return self._cluster.value(self._ref)
            except MachineLost as why:
                self._times_lost += 1
                self._cluster.note_loss(self._about, self._times_lost, why)
                self._ref = self._start(*self._arguments)

    def cancel(self) -> None:
        """Give the call up."""
        self._cluster.cancel(self._ref)


class RemoteStream:
    """A generator that runs elsewhere, as far ahead as it gets; see `Cluster.stream`."""

    def __init__(self, cluster: Cluster, start: Callable[..., Any], arguments: tuple[Any, ...], about: str) -> None:
        self._cluster, self._start, self._arguments, self._about = cluster, start, arguments, about
        self._times_lost = 0
        self._taken = 0
        self._refs = start(*arguments)

    def items(self, stop: threading.Event | None = None) -> Iterator[Any]:
        """Yield the items in order, each once; call it once.

        Raises:
            CancelledError: `stop` was set.
            BackendError: Machine after machine was lost with this stream, or none is left.
            KbError: What the generator raised.
        """
        position = 0
        while True:
            try:
                value = self._next(stop)
            except MachineLost as why:
                self._times_lost += 1
                self._cluster.note_loss(self._about, self._times_lost, why)
                self._refs, position = self._start(*self._arguments), 0
                continue
            if isinstance(value, _End):
                return
            position += 1
            if position > self._taken:
                self._taken = position
                yield value

    def cancel(self) -> None:
        """Give the stream up."""
        self._cluster.cancel(self._refs)

    def _next(self, stop: threading.Event | None) -> Any:
        self._cluster.wait(self._refs, stop)
        try:
            ref = next(self._refs)
        except StopIteration:
            raise MachineLost("the stream broke off") from None
        self._cluster.wait(ref, stop)
        return self._cluster.value(ref)


class _End:
    """The last item of every stream: one that broke off does not look like one that ended."""


class _Fault:
    """An error of the tree as data: errors with keyword arguments do not pickle."""

    def __init__(self, error: KbError) -> None:
        self._record, self._host = error.to_json(), socket.gethostname()

    def error(self) -> KbError:
        """Return the error; where the machine may be the reason, with its name."""
        error = error_from_json(self._record)
        if isinstance(error, BackendError | ConfigError | MissingExtra):
            error.message += f" (on {self._host})"
        return error


def _answer(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function on the machine where this runs."""
    try:
        return function(*arguments)
    except KbError as error:
        return _Fault(error)


def _answers(function: Callable[..., Iterator[Any]], *arguments: Any) -> Iterator[Any]:
    """Yield what a generator yields on the machine where this runs."""
    try:
        # Ray sends values into this generator, and `yield from` would send them on into whatever iterates.
        for item in function(*arguments):  # noqa: UP028
            yield item
    except KbError as error:
        yield _Fault(error)
    yield _End()


def _explained(error: Any) -> Exception:
    """Return the error for a call that could not be made, else what the function raised beside our errors."""
    text = str(error)
    if "No module named 'core" in text or "failed to import" in text:
        return ConfigError(
            "a machine of the Ray cluster does not have this program, or another version of it",
            hint=f"on every machine: {extra_command('ray')}",
        )
    return RuntimeError(f"on a machine of the Ray cluster: {text}")


def home_there(root: str) -> Home:
    """Return where models lie on the machine where this runs.

    Args:
        root: The home of the machine that asks; it is taken where it is mounted, else this machine's own.
    """
    theirs = Home(Path(root))
    return theirs if theirs.models.is_dir() else Home(home_dir(os.environ))


@contextmanager
def joined(where: str) -> Iterator[Cluster]:
    """Join a cluster for as long as the block runs.

    Args:
        where: `ray:HOST:PORT` for the cluster whose head listens there; `ray` for that of `RAY_ADDRESS` or of
            `ray start` on this machine, else for one of this machine's cores that ends with the block. As Ray 2.60
            starts it, it answers only who has the token in `~/.ray/auth_token`.

    Raises:
        MissingExtra: Ray is not installed.
        ConfigError: The address is none that can be joined, or the cluster has another version of Ray or Python.
        BackendError: Nothing answers there.
    """
    address = where.partition(":")[2]
    _check_address(address)
    if importlib.util.find_spec("ray") is None:
        raise missing_extra("a Ray cluster", "ray")
    disable()
    import ray

    if ray.is_initialized():  # by whoever calls this, in a notebook for example; it stays joined
        yield Cluster(ray)
        return
    try:
        _join(ray, address)
        yield Cluster(ray)
    finally:
        ray.shutdown()
        ray._private.worker._worker_logs_enabled = True


def _join(ray: Any, address: str) -> None:
    # No public switch: what Ray says of a node that ends would stand among the results on stdout.
    ray._private.worker._worker_logs_enabled = False
    logging.getLogger("ray").setLevel(logging.ERROR)
    try:
        ray.init(
            address=address or None,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            configure_logging=False,
        )
    except ConnectionError as error:
        named = address or os.environ.get("RAY_ADDRESS", "the address that `ray start` noted")
        raise BackendError(f"no Ray cluster answers at {named}", hint="ray status") from error
    except ray.exceptions.AuthenticationError as error:
        raise ConfigError(
            "the Ray cluster asks for a token, and none or another one is given here",
            hint="export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=/a/file/with/it",
        ) from error
    except RuntimeError as error:
        if "ersion mismatch" not in str(error):
            raise
        raise ConfigError(" ".join(str(error).split()), hint=f"on every machine: {extra_command('ray')}") from error


def _check_address(address: str) -> None:
    """Refuse an address that cannot be joined; Ray would wait a minute for one that does not answer."""
    if address in ("", "auto", "local"):
        return
    host, _, port = address.rpartition(":")
    if "://" in address or not host or not port.isdecimal():
        raise ConfigError(
            f"{address!r} is not the address of a Ray cluster's head, as HOST:PORT",
            hint="ray status --address HOST:PORT",
        )
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise BackendError(f"no Ray cluster answers at {address} ({error})", hint="ray status") from error

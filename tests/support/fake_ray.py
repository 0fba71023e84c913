"""The part of Ray's interface that is used, in one process, where calls lose their machine on demand.

Arguments and results are pickled as on their way to another machine, and a function that another machine could not
import is not found here either.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from typing import Any


class RayError(Exception):
    """A machine or process ended."""


class RayTaskError(RayError):
    """The function raised."""


class _Exceptions:
    RayError = RayError
    RayTaskError = RayTaskError


class Ref:
    """A result, as bytes, or why there is none."""

    def __init__(self, value: Any = None, error: RayError | None = None) -> None:
        self._bytes, self._error = pickle.dumps(value), error

    def get(self) -> Any:
        if self._error is not None:
            raise self._error
        return pickle.loads(self._bytes)


class FakeRay:
    """Ray, as far as `core.machine.cluster` uses it.

    Args:
        lose: By the number of a call, counted from 0 over calls and streams: how many items it gives before its machine
            is lost. A call gives none.
        cores: Of the cluster.
        ready: Whether a result is ever there.
        done: Whether it is there at once: without waiting for it.

    Attributes:
        started: Names of the functions that were called, in order.
        lost: Numbers of the calls that lost their machine.
        cancelled: How many calls were given up.
    """

    exceptions = _Exceptions

    def __init__(
        self, lose: dict[int, int] | None = None, *, cores: int = 4, ready: bool = True, done: bool = True
    ) -> None:
        self._lose, self.cores, self._ready, self._done = lose or {}, cores, ready, done
        self.started: list[str] = []
        self.lost: list[int] = []
        self.cancelled = 0

    def put(self, value: Any) -> Ref:
        return Ref(value)

    def get(self, ref: Ref) -> Any:
        return ref.get()

    def wait(self, refs: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        return (refs, []) if self._ready and (self._done or timeout) else ([], refs)

    def cancel(self, ref: Any) -> None:
        self.cancelled += 1

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": float(self.cores)} if self.cores else {}

    def nodes(self) -> list[dict[str, bool]]:
        return [{"Alive": True}, {"Alive": True}, {"Alive": False}]

    def remote(self, function: Callable[..., Any]) -> _Function:
        return _Function(self, function)

    def start(self, function: Callable[..., Any], arguments: tuple[Any, ...], *, streaming: bool) -> Any:
        number = len(self.started)
        self.started.append(arguments[0].__name__)
        values = [argument.get() if isinstance(argument, Ref) else _sent(argument) for argument in arguments]
        results = function(*values) if streaming else _single(function, values)
        items = self._items(number, results)
        return items if streaming else next(items)

    def _items(self, number: int, results: Iterator[Any]) -> Iterator[Ref]:
        count = 0
        while True:
            if count == self._lose.get(number):
                self.lost.append(number)
                yield Ref(error=RayError("the node died"))
                return
            try:
                yield Ref(next(results))
            except StopIteration:
                return
            except Exception as error:
                yield Ref(error=RayTaskError(f"{type(error).__name__}: {error}"))
                return
            count += 1


class _Function:
    def __init__(self, ray: FakeRay, function: Callable[..., Any]) -> None:
        self._ray, self._function, self._streaming = ray, function, False

    def options(self, *, num_returns: int | str, max_retries: int, **_: Any) -> _Function:
        assert max_retries == 0  # what is lost is begun again by the caller alone
        self._streaming = num_returns == "streaming"
        return self

    def remote(self, *arguments: Any) -> Any:
        return self._ray.start(self._function, arguments, streaming=self._streaming)


def _sent(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def _single(function: Callable[..., Any], values: list[Any]) -> Iterator[Any]:
    yield function(*values)

"""Calls with the items of a list on a cluster, begun in its order before their results are asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Generic, TypeVar, cast

from core.machine.cluster import Cluster, RemoteCall

_AHEAD_PER_CPU = 2
Item = TypeVar("Item", bound=Hashable)
Result = TypeVar("Result")


class CallsAhead(Generic[Item, Result]):
    """A function of a job and an item, called elsewhere; the result for an item that comes again is the same.

    Args:
        cluster: Joined by this process.
        function: Of a module that is installed on all machines.
        job: Its first argument, or what `Cluster.put` returned for it.
        items: In the order in which results will be asked for.
        about: Names an item in notes and errors.
    """

    def __init__(
        self,
        cluster: Cluster,
        function: Callable[..., Result],
        job: Any,
        items: Iterable[Item],
        about: Callable[[Item], str],
    ) -> None:
        self._cluster = cluster
        self._function = function
        self._job = job
        self._about = about
        self._remaining: Iterator[Item] = iter(list(items))
        self._begun: dict[Item, RemoteCall] = {}

    def __call__(self, item: Item) -> Result:
        """Return the result for an item, one that is not in the list included.

        Raises:
            KbError: What the function raised, or no machine is left.
        """
        ahead = _AHEAD_PER_CPU * self._cluster.n_cpus
        waiting = sum(not call.done() for call in self._begun.values())
        while item not in self._begun or waiting < ahead:
            following = next(self._remaining, None)
            if following is None:
                break
            if following not in self._begun:
                self._begin(following)
                waiting += 1
        if item not in self._begun:
            self._begin(item)
        return cast(Result, self._begun[item].result())

    def _begin(self, item: Item) -> None:
        self._begun[item] = self._cluster.call(self._function, self._job, item, about=self._about(item))

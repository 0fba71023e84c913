"""Several machines that train one run: what node 0 tells the others, over torch's own key-value store.

Node 0 does all that a single machine does; the others wait for its stages and start their part of each. Home and data
lie on a file system that all of them mount. The store listens on the port of the rendezvous, the training processes
meet on the next.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from core.errors import BackendError, ConfigError

if TYPE_CHECKING:
    from torch.distributed import TCPStore

_COMMAND = "kb finetune RUN --data DIR --nodes 2 --rendezvous HOST:29400 --node-rank 0  # on node 1: --node-rank 1"
_STAGE, _PRESENT = "stage/{}", "present/{}"
_MEET_S = 600.0
_LOOK_S = 2.0
# Of a stage: no training takes longer, and node 0's end is noticed by itself.
_STAGE_S = 365 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """Machines that train one run together.

    Attributes:
        count: How many there are.
        rendezvous: `HOST:PORT` of node 0, at which all reach it; the port after it is used too.
        rank: Which of them this one is; 0 leads.

    Raises:
        ConfigError: There is no such node, or the rendezvous is no address with a port.
    """

    count: int = 1
    rendezvous: str = ""
    rank: int = 0

    def __post_init__(self) -> None:
        if self.count == 1 and not self.rendezvous and not self.rank:
            return
        host, _, port = self.rendezvous.rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65535:
            raise ConfigError(
                f"rendezvous {self.rendezvous!r} is not HOST:PORT of node 0 (port 1 to 65534)", hint=_COMMAND
            )
        if not 0 <= self.rank < self.count:
            raise ConfigError(f"node {self.rank} of {self.count}: nodes are counted from 0", hint=_COMMAND)

    @property
    def host(self) -> str:
        """Of node 0, without the brackets of an IPv6 address."""
        return self.rendezvous.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """Where node 0 tells the others what to do."""
        return int(self.rendezvous.rpartition(":")[2])

    @property
    def meeting_port(self) -> int:
        """Where the training processes find each other."""
        return self.port + 1


class NodeLeader:
    """Node 0's side; closes by telling the others that nothing more comes.

    Args:
        nodes: All of them.
        meet_s: Longest wait for the others, in seconds.

    Raises:
        BackendError: The port cannot be listened on, or not all nodes came in time.
    """

    def __init__(self, nodes: Nodes, *, meet_s: float = _MEET_S) -> None:
        self._nodes = nodes
        self._stages = 0
        self._store = _open_store(nodes, is_master=True, timeout_s=meet_s)
        try:
            for rank in range(1, nodes.count):
                self._store.wait([_PRESENT.format(rank)], timedelta(seconds=meet_s))
        except RuntimeError as error:
            raise BackendError(
                f"not all of {nodes.count} nodes came to {nodes.rendezvous} within {meet_s:.0f} s", hint=_COMMAND
            ) from error

    def announce(self, run: str, stage: str, processes: int, recipe_sha256: str) -> None:
        """Tell the others to join a stage of a run.

        Args:
            processes: On each node.
            recipe_sha256: Of the run's recipe file, by which another node sees that its home is the same.
        """
        self._tell({"run": run, "stage": stage, "processes": processes, "recipe_sha256": recipe_sha256})

    def end(self) -> None:
        """Tell the others that the run is trained, and stay until they have heard it or are gone."""
        self._tell({})
        heard = [_PRESENT.format(f"{rank}/ended") for rank in range(1, self._nodes.count)]
        try:
            self._store.wait(heard, timedelta(seconds=_LOOK_S * 5))
        except RuntimeError:  # one is gone, which changes nothing any more
            return

    def _tell(self, words: Mapping[str, Any]) -> None:
        self._store.set(_STAGE.format(self._stages), json.dumps(words))
        self._stages += 1


@contextmanager
def leading(nodes: Nodes) -> Iterator[NodeLeader | None]:
    """Lead the others while a run is trained; None where there are none."""
    if nodes.count == 1:
        yield None
        return
    leader = NodeLeader(nodes)
    yield leader
    leader.end()


def announced_stages(nodes: Nodes, *, meet_s: float = _MEET_S) -> Iterator[Mapping[str, Any]]:
    """Yield what node 0 announces, until it ends the run; another node's side.

    Raises:
        BackendError: Node 0 cannot be reached, or went away.
    """
    store = _open_store(nodes, is_master=False, timeout_s=meet_s)
    store.set(_PRESENT.format(nodes.rank), "")
    number = 0
    while True:
        try:
            store.wait([_STAGE.format(number)], timedelta(seconds=_STAGE_S))
            words = json.loads(store.get(_STAGE.format(number)))
        except RuntimeError as error:
            raise BackendError(
                f"node 0 at {nodes.rendezvous} ended before the run was trained",
                hint="run the same command again on every node; it resumes",
            ) from error
        if not words:
            store.set(_PRESENT.format(f"{nodes.rank}/ended"), "")
            return
        yield words
        number += 1


def _open_store(nodes: Nodes, *, is_master: bool, timeout_s: float) -> TCPStore:
    from torch.distributed import TCPStore

    timeout = timedelta(seconds=timeout_s)
    try:
        return TCPStore(nodes.host, nodes.port, None, is_master, timeout, wait_for_workers=False)
    except (RuntimeError, socket.gaierror) as error:
        what = "cannot listen there" if is_master else f"node 0 does not answer within {timeout_s:.0f} s"
        raise BackendError(f"{nodes.rendezvous}: {what}", hint=_COMMAND) from error

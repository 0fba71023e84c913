"""Real Weaviate servers from PATH, alone or as a cluster, on free ports of this machine with folders of their own."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from core.settings import Settings

START_S = 120.0
# REST, gRPC, gossip, data, Raft, Raft's RPC; on one machine a node looks for its peers' RPC one port above their Raft.
_PORTS = 6


class Node:
    """One server process that can be killed and started again on its folder.

    Args:
        folder: Data and log.
        name: Of the node in its cluster.
        port: The first of six ports in a row.
        env: Further settings of the server.
    """

    def __init__(self, folder: Path, name: str, port: int, env: Mapping[str, str]) -> None:
        self.name = name
        self.url = f"http://127.0.0.1:{port}"
        self.grpc_port = port + 1
        self.gossip = f"127.0.0.1:{port + 2}"
        self.raft = f"{name}:{port + 4}"
        self._port = port
        self._folder = folder
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PERSISTENCE_DATA_PATH": str(folder / "data"),
            "DISABLE_TELEMETRY": "true",
            "GO_PROFILING_DISABLE": "true",
            "DEFAULT_VECTORIZER_MODULE": "none",
            "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "true",
            "GRPC_PORT": str(port + 1),
            "CLUSTER_HOSTNAME": name,
            "CLUSTER_IN_LOCALHOST": "true",
            "CLUSTER_BIND_ADDR": "127.0.0.1",
            "CLUSTER_GOSSIP_BIND_PORT": str(port + 2),
            "CLUSTER_DATA_BIND_PORT": str(port + 3),
            "RAFT_PORT": str(port + 4),
            "RAFT_INTERNAL_RPC_PORT": str(port + 5),
            # A test machine may be nearly full; the tests of a full disk set this lower.
            "DISK_USE_READONLY_PERCENTAGE": "100",
            **env,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The running process."""
        assert self._process is not None
        return self._process.pid

    def log(self) -> str:
        """Return the end of what the server said."""
        return (self._folder / "log").read_text(errors="replace")[-3000:]

    def start(self, *, wait: bool = True) -> None:
        """Start the server and wait until it is ready."""
        self._folder.mkdir(parents=True, exist_ok=True)
        command = [_binary(), "--host", "127.0.0.1", "--port", str(self._port), "--scheme", "http"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, env=self.env, cwd=self._folder, stdout=log, stderr=log)
        if wait:
            self.wait()

    def wait(self) -> None:
        """Wait until the server says that it is ready."""
        deadline = time.monotonic() + START_S
        while not self._ready():
            assert self._process is not None and self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/v1/.well-known/ready", trust_env=False, timeout=2.0).is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """End the server in good order, if it runs."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            try:
                self._process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def settings(self, **changes: object) -> Settings:
        """Return settings under which kb uses this server; `changes` are to its own section."""
        own = {"url": self.url, "grpc_port": self.grpc_port} | changes
        return Settings.model_validate({"rag": {"store": "weaviate"}, "weaviate": own})


def _binary() -> str:
    found = shutil.which("weaviate")
    if found is None:
        pytest.skip("no weaviate on PATH")
    return found


def free_ports() -> int:
    """Return the first of six free ports in a row."""
    chooser = random.SystemRandom()
    while True:
        first = chooser.randrange(20_000, 60_000)
        with ExitStack() as probes:
            try:
                for port in range(first, first + _PORTS):
                    probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first


@contextmanager
def one_server(folder: Path, **env: str) -> Iterator[Node]:
    """Run one server."""
    node = Node(folder, "node1", free_ports(), env)
    try:
        node.start()
        yield node
    finally:
        node.stop()


@contextmanager
def cluster(folder: Path, size: int = 3) -> Iterator[Sequence[Node]]:
    """Run a cluster whose nodes find each other on this machine."""
    names = [f"node{number + 1}" for number in range(size)]
    ports = [free_ports() for _ in names]
    shared = {
        "CLUSTER_JOIN": ",".join(f"127.0.0.1:{port + 2}" for port in ports),
        "RAFT_JOIN": ",".join(f"{name}:{port + 4}" for name, port in zip(names, ports, strict=True)),
        "RAFT_BOOTSTRAP_EXPECT": str(size),
        "REPLICATION_MINIMUM_FACTOR": str(size),
        "MEMBERLIST_FAST_FAILURE_DETECTION": "true",
    }
    nodes = [Node(folder / name, name, port, shared) for name, port in zip(names, ports, strict=True)]
    try:
        for node in nodes:
            node.start(wait=False)
        for node in nodes:
            node.wait()
        yield nodes
    finally:
        # One by one the last would wait long for peers that are gone.
        for node in nodes:
            node.kill()

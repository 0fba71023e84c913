"""Several nodes train one run: how they meet and start, what node 0 tells the others, what a lost node means."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import BackendError, ConfigError
from finetune.training.nodes import NodeLeader, Nodes, announced_stages, leading
from tests.support.tiny_models import CPU, dataset_folder, tiny_folder

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    from finetune.training.launch import Launch, launcher

MEET_S = 60.0


def two_ports() -> int:
    """Return a free port whose successor is free too."""
    while True:
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            try:
                other.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def node(rank: int, port: int, count: int = 2) -> Nodes:
    return Nodes(count=count, rendezvous=f"127.0.0.1:{port}", rank=rank)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"count": 2}, "rendezvous '' is not HOST:PORT"),
        ({"count": 2, "rendezvous": "host"}, "is not HOST:PORT"),
        ({"count": 2, "rendezvous": "host:65535"}, "port 1 to 65534"),
        ({"count": 2, "rendezvous": ":29400"}, "is not HOST:PORT"),
        ({"count": 2, "rendezvous": "host:29400", "rank": 2}, "node 2 of 2: nodes are counted from 0"),
        ({"count": 1, "rank": 1}, "is not HOST:PORT"),
        ({"count": 2, "rendezvous": "host:29400", "rank": -1}, "node -1 of 2"),
    ],
)
def test_impossible_nodes_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        Nodes(**given)
    assert "--rendezvous HOST:29400" in caught.value.hint


def test_an_address_may_be_ipv6() -> None:
    nodes = Nodes(count=2, rendezvous="[::1]:29400")
    assert (nodes.host, nodes.port, nodes.meeting_port) == ("::1", 29400, 29401)


def test_each_node_starts_its_own_processes() -> None:
    nodes = Nodes(count=3, rendezvous="10.0.0.1:29400", rank=2)
    torchrun = " ".join(launcher(CPU, Launch(processes=1, nodes=nodes)))
    assert "torch.distributed.run --nproc-per-node 1 --nnodes 3 --node-rank 2" in torchrun
    assert "--master-addr 10.0.0.1 --master-port 29401" in torchrun and "--standalone" not in torchrun
    on_gpus = " ".join(launcher(replace(CPU, device="cuda"), Launch(processes=4, nodes=nodes)))
    assert "--num_processes 12 --num_machines 3" in on_gpus
    assert "--machine_rank 2 --main_process_ip 10.0.0.1 --main_process_port 29401" in on_gpus
    assert "--fsdp_version 2" in on_gpus


def test_one_machine_has_nothing_to_lead() -> None:
    with leading(Nodes()) as leader:
        assert leader is None


def test_the_others_hear_every_stage_and_the_end() -> None:
    port = two_ports()
    heard: list[Any] = []

    def listen(rank: int) -> None:
        heard.extend((rank, words["stage"], words["processes"]) for words in announced_stages(node(rank, port, 3)))
        heard.append((rank, "end", 0))

    others = [threading.Thread(target=listen, args=(rank,), daemon=True) for rank in (1, 2)]
    for other in others:
        other.start()
    leader = NodeLeader(node(0, port, 3), meet_s=MEET_S)
    leader.announce("one", "sft", 2, "hash")
    leader.announce("one", "dpo", 2, "hash")
    leader.end()
    for other in others:
        other.join(MEET_S)
    expected = [(rank, *words) for rank in (1, 2) for words in (("sft", 2), ("dpo", 2), ("end", 0))]
    assert sorted(heard) == sorted(expected)


def test_a_node_that_does_not_come_is_an_error() -> None:
    with pytest.raises(BackendError, match=r"not all of 2 nodes came to 127\.0\.0\.1:"):
        NodeLeader(node(0, two_ports()), meet_s=1.0)
    with pytest.raises(BackendError, match="node 0 does not answer within 1 s"):
        next(iter(announced_stages(node(1, two_ports()), meet_s=1.0)))


def test_a_port_in_use_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BackendError, match="cannot listen there"):
            NodeLeader(node(0, port), meet_s=5.0)


def test_the_others_notice_when_node_0_is_killed() -> None:
    port = two_ports()
    script = (
        "import sys, time; from finetune.training.nodes import NodeLeader, Nodes\n"
        f"leader = NodeLeader(Nodes(count=2, rendezvous='127.0.0.1:{port}'), meet_s={MEET_S})\n"
        "leader.announce('one', 'sft', 1, 'hash'); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script]) as process:
        stages = announced_stages(node(1, port), meet_s=MEET_S)
        assert next(stages)["stage"] == "sft"
        process.send_signal(signal.SIGKILL)
        process.wait()
        with pytest.raises(BackendError, match="ended before the run was trained") as caught:
            next(stages)
    assert "it resumes" in caught.value.hint


class Group:
    """Two command lines on this machine that take each other for two nodes.

    Args:
        root: Holds their home, the base and the rows.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        tiny_folder(root / "tiny")
        dataset_folder(root / "rows")

    def start(self, run: str, *options: str, home: str = "home") -> subprocess.Popen[str]:
        words = [run, "--base", str(self.root / "tiny"), "--data", str(self.root / "rows"), "--quiet", "--json"]
        words += ["--set", "max_steps=6", "--set", "save_steps=2", "--set", "rank=4", "--no-dpo", *options]
        own = {**os.environ, "KB_HOME": str(self.root / home), "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            [sys.executable, "-m", "kb.cli", "finetune", *words],
            env=own,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def pair(self, run: str, *, home: str = "home") -> list[subprocess.Popen[str]]:
        port = two_ports()
        return [
            self.start(
                run,
                *("--nodes", "2", "--rendezvous", f"127.0.0.1:{port}", "--node-rank", str(rank)),
                home=home if rank else "home",
            )
            for rank in (0, 1)
        ]

    def losses(self, run: str) -> list[float]:
        card = json.loads((self.root / "home/runs" / run / "run.json").read_bytes())
        return [entry["loss"] for entry in card["curves"]["sft"] if "loss" in entry]


@pytest.mark.slow
def test_two_nodes_train_as_one_process_does(tmp_path: Path) -> None:
    group = Group(tmp_path)
    with ExitStack() as stack:
        alone = stack.enter_context(group.start("alone"))
        assert alone.wait(600) == 0, alone.communicate()
        first, second = (stack.enter_context(each) for each in group.pair("two"))
        for each in (first, second):
            said, noted = each.communicate(timeout=600)
            assert each.returncode == 0, noted
            assert json.loads(said)["stages"]["sft"] == "done"
    assert group.losses("two") == pytest.approx(group.losses("alone"), abs=1e-3)

    # A node is killed in the middle: the other ends with an error, and both resume.
    with ExitStack() as stack:
        first, second = (stack.enter_context(each) for each in group.pair("killed"))
        log = tmp_path / "home/runs/killed/log.jsonl"
        while first.poll() is None and not (log.is_file() and '"step": 3' in log.read_text(encoding="utf-8")):
            pass
        second.kill()
        assert second.wait() == -signal.SIGKILL
        assert first.wait(600) == 1
    with ExitStack() as stack:
        for each in [stack.enter_context(each) for each in group.pair("killed")]:
            _, noted = each.communicate(timeout=600)
            assert each.returncode == 0, noted
    assert group.losses("killed") == pytest.approx(group.losses("alone"), abs=1e-3)

    # A node with a home of its own is told so.
    with ExitStack() as stack:
        first, second = (stack.enter_context(each) for each in group.pair("apart", home="other"))
        _, noted = second.communicate(timeout=600)
        assert second.returncode == 2 and "all nodes need one home" in noted
        first.kill()

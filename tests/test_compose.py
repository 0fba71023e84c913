"""The container files keep what they promise, as far as that can be read off them; nothing is started here."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import compose_spec
import pytest

from core.settings import load
from tests.support.compose_file import PATH, ROOT, example_env, read, services_of

PROFILES = {
    "cpu": {"weaviate", "ollama", "model"},
    "gpu": {"weaviate", "ollama-gpu", "model"},
    "cluster": {"weaviate-1", "weaviate-2", "weaviate-3", "ollama", "model"},
    "cluster-gpu": {"weaviate-1", "weaviate-2", "weaviate-3", "ollama-gpu", "model"},
}
KEY = "0123abcd"


@pytest.fixture
def compose() -> dict[str, Any]:
    return read(example_env() | {"WEAVIATE_API_KEY": KEY})


def servers(compose: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: body for name, body in compose["services"].items() if name.startswith(kind)}


def test_it_keeps_to_the_schema_of_compose(compose: dict[str, Any]) -> None:
    compose_spec.PyCompose.from_json(json.dumps(compose)).validate()
    compose["services"]["kb"]["depend_on"] = {}
    with pytest.raises(ValueError, match="depend_on"):
        compose_spec.PyCompose.from_json(json.dumps(compose))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_is_all_that_must_be_named(compose: dict[str, Any], profile: str) -> None:
    running = services_of(compose, profile)
    assert set(running) == PROFILES[profile]
    # Whatever runs, kb finds a server under the two names that it is given, and waits for it.
    networks = [body["networks"]["default"] for body in running.values() if "networks" in body]
    known = set(running) | {alias for network in networks for alias in network["aliases"]}
    assert {"weaviate", "ollama"} <= known
    awaited = compose["services"]["kb"]["depends_on"]
    assert set(running) <= set(awaited)
    assert all(body["required"] is False for body in awaited.values())
    assert {awaited[name]["condition"] for name in running if name != "model"} == {"service_healthy"}
    # No two of them want one port of the machine.
    ports = [port for body in running.values() for port in body.get("ports", ())]
    assert len(set(ports)) == len(ports) == 3


def test_images_are_pinned(compose: dict[str, Any]) -> None:
    images = {name: body["image"] for name, body in compose["services"].items()}
    assert {images[name] for name in servers(compose, "weaviate")} == {
        "cr.weaviate.io/semitechnologies/weaviate:1.39.0"
    }
    (ollama,) = {images[name] for name in (*servers(compose, "ollama"), "model")}
    assert [int(part) for part in ollama.removeprefix("ollama/ollama:").split(".")] >= [0, 32, 2]
    assert images["kb"] == "kb" and compose["services"]["kb"]["build"] == "."


def test_health_is_asked_with_what_the_images_hold(compose: dict[str, Any]) -> None:
    for name, body in (servers(compose, "weaviate") | servers(compose, "ollama")).items():
        kind, program, *_ = body["healthcheck"]["test"]
        assert kind == "CMD"
        assert program == ("wget" if name.startswith("weaviate") else "ollama")
        assert body["restart"] == "unless-stopped"


def test_data_lies_in_named_volumes_of_its_own(compose: dict[str, Any]) -> None:
    places = {"weaviate": "/var/lib/weaviate", "ollama": "/root/.ollama"}
    for kind, place in places.items():
        for body in servers(compose, kind).values():
            (volume,) = body["volumes"]
            name, _, target = volume.partition(":")
            assert name in compose["volumes"] and target == place
    held = [body["volumes"][0] for body in servers(compose, "weaviate").values()]
    assert len(set(held)) == len(held)
    data, docs = compose["services"]["kb"]["volumes"]
    assert data == "kb:/data" and docs == "./examples:/docs:ro"


def test_nothing_is_published_beyond_this_machine(compose: dict[str, Any]) -> None:
    ports = [port for body in compose["services"].values() for port in body.get("ports", ())]
    assert ports and all(str(port).startswith("127.0.0.1:") for port in ports)


def test_weaviate_wants_the_key_and_calls_nobody(compose: dict[str, Any]) -> None:
    for body in servers(compose, "weaviate").values():
        env = body["environment"]
        assert env["AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED"] == "false"
        assert (env["AUTHENTICATION_APIKEY_ENABLED"], env["AUTHENTICATION_APIKEY_ALLOWED_KEYS"]) == ("true", KEY)
        assert env["DISABLE_TELEMETRY"] == env["API_BASED_MODULES_DISABLED"] == "true"
        assert env["PERSISTENCE_DATA_PATH"] == body["volumes"][0].partition(":")[2]
    for body in (*servers(compose, "ollama").values(), compose["services"]["model"]):
        assert body["environment"]["OLLAMA_NO_CLOUD"] == "1"


def test_there_is_no_key_but_the_users_own() -> None:
    assert example_env()["WEAVIATE_API_KEY"] == ""
    with pytest.raises(KeyError, match="make up"):
        read(example_env())


def test_the_cluster_has_three_nodes_and_three_copies(compose: dict[str, Any]) -> None:
    nodes = {name: body["environment"] for name, body in servers(compose, "weaviate-").items()}
    names = [env["CLUSTER_HOSTNAME"] for env in nodes.values()]
    assert sorted(names) == ["node1", "node2", "node3"]
    for env in nodes.values():
        assert env["RAFT_JOIN"].split(",") == names
        assert int(env["RAFT_BOOTSTRAP_EXPECT"]) == int(env["REPLICATION_MINIMUM_FACTOR"]) == len(names)
        joined = [address.partition(":") for address in env["CLUSTER_JOIN"].split(",")]
        assert {host for host, _, _ in joined} == set(nodes)
        assert {port for _, _, port in joined} == {env["CLUSTER_GOSSIP_BIND_PORT"]}
    # kb leaves the number of copies to the server, which a cluster answers with three.
    assert compose["services"]["kb"]["environment"]["KB_WEAVIATE__REPLICATION"] == "0"


def test_the_gpu_is_asked_for_in_its_profile_alone(compose: dict[str, Any]) -> None:
    wanting = {name for name, body in compose["services"].items() if "deploy" in body}
    assert wanting == {"ollama-gpu"}
    (device,) = compose["services"]["ollama-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}


def test_kb_finds_both_servers_by_its_environment(compose: dict[str, Any], tmp_path: Path) -> None:
    resolved = load(env=compose["services"]["kb"]["environment"] | {"KB_HOME": "/data"}, cwd=tmp_path)
    rag, weaviate = resolved.values.rag, resolved.values.weaviate
    assert (rag.store, rag.model, rag.ollama_url) == ("weaviate", "ollama:llama3.2", "http://ollama:11434")
    assert (weaviate.url, weaviate.grpc_port) == ("http://weaviate:8080", 50051)
    assert compose["services"]["kb"]["environment"]["WEAVIATE_API_KEY"] == KEY
    assert compose["services"]["model"]["environment"]["MODEL"] == rag.ollama_model


def test_every_variable_of_the_file_is_explained() -> None:
    asked = set(re.findall(r"\$\{(\w+)", PATH.read_text(encoding="utf-8")))
    assert asked | {"COMPOSE_PROFILES"} == set(example_env())


def test_the_image_is_built_in_stages_and_runs_as_nobody_special() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    words = [line.split() for line in lines if line and not line.startswith("#")]
    stages = [number for number, line in enumerate(words) if line[0] == "FROM"]
    assert len(stages) == 2 and all(":" in words[number][1] for number in stages)
    assert [line[1] for line in words[stages[1] :] if line[0] == "USER"] == ["kb"]
    assert ["ENTRYPOINT", '["kb"]'] in words
    # Only what the image needs is sent to the builder; a key or a home could not slip in.
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in kept
    allowed = {line[1:] for line in kept if line.startswith("!")}
    assert allowed == {
        "kb",
        "core",
        "rag",
        "synth",
        "finetune",
        "serve",
        "pyproject.toml",
        "constraints.txt",
        "README.md",
        "LICENSE",
    }
    assert all((ROOT / name).exists() for name in allowed)


def test_make_up_writes_a_key_that_nobody_else_reads(tmp_path: Path) -> None:
    for name in ("Makefile", ".env.example"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    keys = []
    for _ in range(2):
        subprocess.run(["make", "--silent", ".env"], cwd=tmp_path, check=True, capture_output=True)
        written = dict(
            line.split("=", 1)
            for line in (tmp_path / ".env").read_text(encoding="utf-8").splitlines()
            if line and line[0] != "#"
        )
        assert written | {"WEAVIATE_API_KEY": ""} == example_env()
        assert re.fullmatch(r"[0-9a-f]{48}", written["WEAVIATE_API_KEY"])
        assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
        keys.append(written["WEAVIATE_API_KEY"])
        (tmp_path / ".env").unlink()
    assert keys[0] != keys[1]


def test_make_up_without_docker_says_what_is_missing(tmp_path: Path) -> None:
    for name in ("Makefile", ".env.example"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    env = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["make", "up"], cwd=tmp_path, env=env, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 2
    assert "needs Docker Engine with Compose" in done.stdout

"""Requests answered on the machines of a cluster: the same replies in the same order, a lost one asked again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import BaseModel

from core.errors import ConfigError
from core.files import Home
from core.machine.cluster import Cluster
from core.models import open_chat
from core.settings import Settings
from synth.generate.ask import CachedChat, ChatCaller, ModelRequest
from synth.generate.cache import Call, CallCache
from synth.generate.spread import SpreadCaller, idle_note, spread_caller
from tests.support.fake_ray import FakeRay
from tests.support.openai_server import MODEL, serving
from tests.support.scripted_chat import Scripted


class Verdict(BaseModel):
    """What a judge says."""

    right: bool


class Judge(Scripted):
    """Answers in JSON."""

    def reply(self, text: str) -> str:
        return '{"right": true}' if "right" in text else f"reply to {text}"


REQUESTS = [ModelRequest(purpose="test", text=f"question {number}") for number in range(9)]
REQUESTS.append(ModelRequest(purpose="judge", text="is it right?", schema=Verdict))


def _replies(spec: str, settings: Settings, folder: Path, caller: Callable[[ModelRequest], Call] | None) -> list[Call]:
    chat = open_chat(spec, settings, Home(folder))
    with closing(CallCache(folder / "cache.sqlite")) as cache:
        ask = CachedChat(chat, spec, {}, cache, concurrency=3, caller=caller)
        replies = [replace(reply.call, seconds=0.0) for reply in ask.all(REQUESTS)]
        ask.close()
    return replies


def test_a_cluster_gives_the_replies_of_one_machine_in_their_order(tmp_path: Path) -> None:
    settings = Settings()
    with serving(Judge()) as url:
        spec = f"openai:{MODEL}@{url}"
        alone = _replies(spec, settings, tmp_path / "alone", None)
        ray = FakeRay(lose={2: 0, 7: 0})
        cluster = Cluster(ray)
        caller = SpreadCaller(cluster, spec, settings, Home(tmp_path))
        spread = _replies(spec, settings, tmp_path / "spread", caller)
    assert spread == alone
    assert [call.text for call in spread] == [
        *(f"reply to question {number}" for number in range(9)),
        '{"right": true}',
    ]
    assert ray.started == ["reply_there"] * 12 and sorted(ray.lost) == [2, 7]
    assert caller.concurrency == max(settings.synth.concurrency, cluster.n_cpus)


def test_a_caller_holds_a_model_to_a_schema_where_it_can() -> None:
    call = ChatCaller(Judge())(REQUESTS[-1])
    assert Verdict.model_validate_json(call.text).right and not call.cut


def test_a_model_that_no_machine_can_open_is_named(tmp_path: Path) -> None:
    caller = SpreadCaller(Cluster(FakeRay()), "run:nothing", Settings(), Home(tmp_path))
    with pytest.raises(ConfigError, match=r"nothing.*\(on "):
        caller(REQUESTS[0])


def test_without_a_cluster_this_process_asks(tmp_path: Path) -> None:
    with ExitStack() as stack:
        assert spread_caller(stack, "smollm2", Settings(), Home(tmp_path)) is None


@pytest.mark.parametrize(
    ("on", "judge", "generator", "idle"),
    [
        ("ray", "", "rules", True),
        ("ray", "", "writer", True),
        ("ray", "smollm2", "rules", False),
        ("ray", "", "ollama:llama3.1", False),
        ("", "", "rules", False),
    ],
)
def test_a_cluster_that_has_nothing_to_do_is_noted(on: str, judge: str, generator: str, idle: bool) -> None:
    settings = Settings.model_validate({"models": {"on": on}, "synth": {"judge": judge}})
    assert bool(idle_note(settings, generator)) == idle

"""Requests to a chat model that are answered on the machines of a cluster, each of which opens the model itself."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from core.files import Home
from core.machine.cluster import Cluster, home_there, joined
from core.models import open_chat
from core.settings import Settings
from core.telemetry import disable
from synth.generate.ask import ChatCaller, ModelRequest
from synth.generate.cache import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyJob:
    """Which model answers.

    Attributes:
        spec: Its spelling.
        settings: As JSON.
        home: Where models and runs lie on the machine that asks.
    """

    spec: str
    settings: str
    home: str


class SpreadCaller:
    """A `synth.generate.ask.ChatCaller` whose model answers on a cluster.

    Args:
        cluster: Joined by this process.
        spec: Spelling of the model. A server at a loopback address is that of each machine.
        settings: How it generates.
        home: Where models and runs lie.

    Attributes:
        concurrency: How many requests keep the cluster busy.
    """

    def __init__(self, cluster: Cluster, spec: str, settings: Settings, home: Home) -> None:
        self.concurrency = max(settings.synth.concurrency, cluster.n_cpus)
        self._cluster = cluster
        self._spec = spec
        self._job = cluster.put(ReplyJob(spec=spec, settings=settings.model_dump_json(), home=str(home.root)))

    def __call__(self, request: ModelRequest) -> Call:
        """Return the reply to a request.

        Raises:
            KbError: The model did not answer, or no machine could have it.
        """
        return cast(Call, self._cluster.call(reply_there, self._job, request, about=self._spec).result())


def spread_caller(stack: ExitStack, spec: str, settings: Settings, home: Home) -> SpreadCaller | None:
    """Return what puts requests to a model on the cluster that `models.on` names, joined until `stack` closes.

    Raises:
        KbError: As `core.machine.cluster.joined`.
    """
    if not settings.models.on:
        return None
    return SpreadCaller(stack.enter_context(joined(settings.models.on)), spec, settings, home)


def idle_note(settings: Settings, generator: str) -> str:
    """Return a sentence where a cluster is named and nothing asks it; empty where it has work or none is named."""
    if not settings.models.on or settings.synth.judge or generator not in ("rules", "writer"):
        return ""
    return f"the generator {generator!r} works on this machine alone; --on is for chat models"


def reply_there(job: ReplyJob, request: ModelRequest) -> Call:
    """Return the reply of the model on the machine where this runs.

    Raises:
        KbError: The model cannot be opened or did not answer.
    """
    return _caller(job)(request)


@lru_cache(maxsize=2)
def _caller(job: ReplyJob) -> ChatCaller:
    disable()
    return ChatCaller(open_chat(job.spec, Settings.model_validate_json(job.settings), home_there(job.home)))

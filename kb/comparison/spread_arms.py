"""Arms that answer on the machines of a cluster, which share the home: each opens collection and model by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from core.errors import ConfigError
from core.files import Home
from core.machine.ahead import CallsAhead
from core.machine.cluster import Cluster, joined
from core.settings import Settings
from core.telemetry import disable
from finetune.compare.arms import Arm, ArmAnswerer, ArmReply
from finetune.compare.questions import GoldQuestion
from kb.comparison.arms import ArmFactory, ArmSpec
from kb.comparison.why import why_arm
from kb.workspace import Workspace

# How an arm is asked: as it is, the probes, or a second way for what it read.
Way = Literal["asked", "probes", "why"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmJob:
    """What every machine is told.

    Attributes:
        settings: As JSON.
        home: The home, mounted on all machines.
        spec: The arm.
        way: How it is asked.
        fingerprint: Of the arm on the machine that asks.
    """

    settings: str
    home: str
    spec: ArmSpec
    way: Way
    fingerprint: str


class SpreadArms:
    """Makes arms answer on a cluster.

    Args:
        cluster: Joined by this process.
        workspace: Whose collection they read.
    """

    def __init__(self, cluster: Cluster, workspace: Workspace) -> None:
        self._cluster = cluster
        self._workspace = workspace

    def arm(self, arm: Arm, spec: ArmSpec, way: Way = "asked") -> Arm:
        """Return an arm that gives the same replies from there.

        Args:
            arm: As it was made here for a way of being asked.
            spec: What it was made from.
            way: How it is asked.
        """
        job = ArmJob(
            settings=self._workspace.settings.model_dump_json(),
            home=str(self._workspace.home.root),
            spec=spec,
            way=way,
            fingerprint=arm.fingerprint,
        )

        @contextmanager
        def opened() -> Iterator[ArmAnswerer]:
            yield _Elsewhere(self._cluster, self._cluster.put(job))

        return replace(arm, open=opened)


@contextmanager
def spread_arms(workspace: Workspace) -> Iterator[SpreadArms | None]:
    """Yield what puts arms on the cluster that `models.on` names, joined meanwhile; None where it names none.

    Raises:
        KbError: As `core.machine.cluster.joined`.
    """
    if not workspace.settings.models.on:
        yield None
        return
    with joined(workspace.settings.models.on) as cluster:
        yield SpreadArms(cluster, workspace)


class _Elsewhere:
    """An arm on a cluster; questions that were announced are begun before they are asked."""

    def __init__(self, cluster: Cluster, job: Any) -> None:
        self._cluster = cluster
        self._job = job
        self.ahead([])

    def ahead(self, questions: Sequence[GoldQuestion]) -> None:
        self._replies = CallsAhead(
            self._cluster, reply_there, self._job, questions, about=lambda question: f"{question.text[:40]!r}"
        )

    def answer(self, question: GoldQuestion) -> ArmReply:
        return self._replies(question)


def reply_there(job: ArmJob, question: GoldQuestion) -> ArmReply:
    """Answer a question as an arm does, on the machine where this runs.

    Raises:
        ConfigError: Weights, settings or documents are others here.
        KbError: The model or the search failed.
    """
    return _open(job)[1].answer(question)


@lru_cache(maxsize=2)
def _open(job: ArmJob) -> tuple[AbstractContextManager[ArmAnswerer], ArmAnswerer]:
    """Return an arm that is open; it stays so as long as what opened it is kept."""
    disable()
    settings = Settings.model_validate_json(job.settings)
    factory = ArmFactory(Workspace(settings=settings, home=Home(Path(job.home), settings.ingest.originals)))
    arm = factory.arm(job.spec)
    if job.way == "probes":
        arm = factory.probe_arm(arm)
    elif job.way == "why":
        arm = why_arm(factory, job.spec, arm)
    if arm.fingerprint != job.fingerprint:
        raise ConfigError(
            f"a machine of the cluster has other documents, weights or settings for the arm {job.spec.name!r} "
            f"in {job.home}",
            hint="export KB_HOME=/a/folder/that/is/mounted/on/all/machines",
        )
    opened = arm.open()
    return opened, opened.__enter__()

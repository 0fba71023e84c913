"""Questions answered on the machines of a cluster that share the home: each opens collection and model by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.errors import ConfigError
from core.files import Home
from core.machine.ahead import CallsAhead
from core.machine.cluster import Cluster
from core.settings import Settings
from core.telemetry import disable
from core.types import Answer
from kb.answering import open_answerer
from kb.workspace import Workspace
from rag.answer.answer import Answerer
from rag.catalogue.reader import CatalogueReader
from rag.open import open_knowledge


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerJob:
    """What every machine is told.

    Attributes:
        settings: As JSON.
        home: The home, mounted on all machines.
        documents: Hash over the documents of the collection.
    """

    settings: str
    home: str
    documents: str


class SpreadAnswers(CallsAhead[str, Answer]):
    """Answers to the questions of a list, begun in its order on a cluster before they are asked for.

    Args:
        cluster: Joined by this process.
        workspace: Whose collection and model answer.
        questions: In the order in which they will be asked.
    """

    def __init__(self, cluster: Cluster, workspace: Workspace, questions: Iterable[str]) -> None:
        job = AnswerJob(
            settings=workspace.settings.model_dump_json(),
            home=str(workspace.home.root),
            documents=documents_digest(workspace),
        )
        super().__init__(cluster, answer_there, cluster.put(job), questions, about=lambda text: f"{text[:40]!r}")


def answer_there(job: AnswerJob, question: str) -> Answer:
    """Answer a question on the machine where this runs.

    Raises:
        ConfigError: The collection is another one here.
        KbError: As `SpreadAnswers`.
    """
    return _answerer(job).ask(question)


@lru_cache(maxsize=2)
def _answerer(job: AnswerJob) -> Answerer:
    disable()
    settings = Settings.model_validate_json(job.settings)
    workspace = Workspace(settings=settings, home=Home(Path(job.home), settings.ingest.originals))
    if documents_digest(workspace) != job.documents:
        raise ConfigError(
            f"a machine of the cluster has another collection {workspace.collection!r} in {job.home}",
            hint="export KB_HOME=/a/folder/that/is/mounted/on/all/machines",
        )
    return open_answerer(workspace, open_knowledge(settings, workspace.home, workspace.collection))


def documents_digest(workspace: Workspace) -> str:
    """Return a hash that two machines share which see the same documents in the workspace's collection.

    Raises:
        ConfigError: There is no such collection.
    """
    catalogue = CatalogueReader(workspace.home.catalogue)
    catalogue.require_collection(workspace.collection)
    listing = sorted(f"{document.sha256} {document.doc}" for document in catalogue.documents(workspace.collection))
    return hashlib.sha256("\n".join(listing).encode()).hexdigest()

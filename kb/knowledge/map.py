"""What a run answers closed book, per document, section and fact, and how surely.

The map and the answers lie beside the run, in `knows/`; a killed call asks the rest only.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

from core.errors import DataError
from core.files import atomic_write
from core.rows import DatasetFolder
from core.types import RunCard
from finetune.closed_book import SAMPLES, TEMPERATURE, ClosedBook, ClosedBookReply, OnAsked, closed_book_run
from finetune.compare.measures import right
from finetune.compare.report.known import LEVELS, Level
from finetune.compare.statistics.significance import mean_interval
from finetune.runs import TrainingRun, open_run, read_card
from finetune.training.machine import this_machine
from kb.knowledge.facts import ProbedFact, probed_facts, sections
from kb.staleness import learner_of_run
from kb.workspace import Workspace
from rag.catalogue.database import catalogue_exists
from rag.catalogue.reader import CatalogueReader

_Key = TypeVar("_Key")
MAP = "map.json"
# Share of the samples that must be the greedy answer for it to count as known.
_AGREEMENT = 0.5
_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFact:
    """A fact with what a run answers to it closed book.

    Attributes:
        fact: What was asked.
        reply: What was answered.
        section: The heading above its place.
    """

    fact: ProbedFact
    reply: ClosedBookReply
    section: str = ""

    @property
    def right(self) -> bool:
        """Whether the greedy answer contains the gold answer."""
        return bool(right(self.reply.text, self.fact.gold, _TOLERANCE))

    @property
    def level(self) -> Level:
        """`known`: right, and half of the samples or more are the same; `unknown`: no sample is right either."""
        if self.right:
            return "known" if self.reply.agreement >= _AGREEMENT else "unsure"
        return "unsure" if any(right(text, self.fact.gold, _TOLERANCE) for text in self.reply.samples) else "unknown"

    @property
    def confidence(self) -> float:
        """Mean of the samples' agreement and the mean probability of a token of the answer; not calibrated."""
        return (self.reply.agreement + math.exp(self.reply.log_probability)) / 2

    def to_json(self) -> dict[str, Any]:
        """Return the fact as `kb knows --json` prints it."""
        evidence = self.fact.evidence
        place = {"page": evidence.page, "start": evidence.start, "end": evidence.end} if evidence else {}
        return {
            "fact": self.fact.id,
            **place,
            "question": self.fact.question,
            "gold": self.fact.gold,
            "answer": self.reply.text,
            "level": self.level,
            "right": self.right,
            "agreement": self.reply.agreement,
            "log_probability": self.reply.log_probability,
            "confidence": self.confidence,
            "taught": self.fact.taught,
            "phrasing_trained": self.fact.phrasing_trained,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeMap:
    """What a run answers closed book.

    Attributes:
        run: Its name.
        facts: In the order of the dataset.
        states: Hash of a document to what became of it, as `kb.staleness.LearnedDocument.state`.
        collection: That its rows were made from.
    """

    run: str
    facts: tuple[KnownFact, ...]
    states: Mapping[str, str]
    collection: str = ""

    @property
    def known(self) -> frozenset[str]:
        """The ids of the facts that are known."""
        return frozenset(each.fact.id for each in self.facts if each.level == "known")

    def to_json(self) -> dict[str, Any]:
        """Return what `kb knows --json` prints."""
        documents = []
        for (doc, sha256), facts in _grouped(self.facts, lambda each: each.fact.document).items():
            parts = [
                {"section": section, **figures(part), "facts": [each.to_json() for each in part]}
                for section, part in _grouped(facts, lambda each: each.section).items()
            ]
            state = self.states.get(sha256, "unknown")
            documents.append({"doc": doc, "sha256": sha256, "state": state, **figures(facts), "sections": parts})
        sampling = {"samples": SAMPLES, "temperature": TEMPERATURE}
        return {
            "run": self.run,
            "collection": self.collection,
            **sampling,
            "total": figures(self.facts),
            "documents": documents,
        }


def figures(facts: Sequence[KnownFact]) -> dict[str, Any]:
    """Return how many of some facts are known, the share of right answers with its interval, and mean confidence."""
    levels = Counter(each.level for each in facts)
    interval = mean_interval([float(each.right) for each in facts], [each.fact.id for each in facts])
    return {
        "n": len(facts),
        **{level: levels[level] for level in LEVELS},
        "recall": interval.mean,
        "low": interval.low,
        "high": interval.high,
        "confidence": fmean(each.confidence for each in facts),
    }


def _grouped(facts: Sequence[KnownFact], key: Callable[[KnownFact], _Key]) -> dict[_Key, list[KnownFact]]:
    groups: dict[_Key, list[KnownFact]] = {}
    for each in facts:
        groups.setdefault(key(each), []).append(each)
    return groups


def knows_folder(run: TrainingRun) -> Path:
    """Return where the map of a run and its answers lie."""
    return run.folder / "knows"


def knowledge_map(
    workspace: Workspace, name: str, *, on_progress: OnAsked = lambda _done, _total: None
) -> dict[str, Any]:
    """Ask a run its facts closed book, write the map beside it and return it; the same call resumes.

    Args:
        name: Of the run.
        on_progress: Called with the number of facts that are asked, and of all.

    Raises:
        ConfigError: There is no such run, or it has no weights yet.
        DataError: Its dataset is gone, or holds nothing that can be asked from memory.
        MissingExtra: The extra `train` is not installed.
    """
    run = open_run(workspace.home, name)
    card = read_card(run)
    record = map_of(workspace, run, card, on_progress).to_json()
    path = knows_folder(run) / MAP
    with atomic_write(path) as handle:
        handle.write((json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace"))
    return record


def map_of(
    workspace: Workspace, run: TrainingRun, card: RunCard, on_progress: OnAsked = lambda _done, _total: None
) -> KnowledgeMap:
    """Ask a run the facts of its dataset; errors as for `knowledge_map`."""
    facts = probed_facts(dataset_of(card))
    if not facts:
        reason = "no row asks for something from memory"
        raise DataError(reason, path=card.data, hint=f"kb runs show {run.name}", click="choose another run")
    known = ask_facts(run_closed_book(workspace, run), facts, on_progress)
    learner = learner_of_run(workspace.home, card)
    hashes = [each.sha256 for each in learner.documents]
    collection = learner.collection or workspace.collection
    named = sections(_catalogue(workspace), collection, hashes)
    placed = tuple(
        KnownFact(fact=each.fact, reply=each.reply, section=named.name(each.fact.evidence)) for each in known
    )
    states = {each.sha256: each.state for each in learner.documents}
    return KnowledgeMap(run=run.name, facts=placed, states=states, collection=collection)


def ask_facts(
    book: ClosedBook, facts: Sequence[ProbedFact], on_asked: OnAsked = lambda _done, _total: None
) -> list[KnownFact]:
    """Ask a model some facts closed book, in the order given."""
    replies = book.replies([fact.question for fact in facts], on_asked)
    return [KnownFact(fact=fact, reply=reply) for fact, reply in zip(facts, replies, strict=True)]


def run_closed_book(workspace: Workspace, run: TrainingRun) -> ClosedBook:
    """Return a run to be asked closed book, with the answers kept beside it."""
    return closed_book_run(workspace.home, run, this_machine(), knows_folder(run) / "answers.jsonl")


def dataset_of(card: RunCard) -> DatasetFolder:
    """Return the dataset of a run.

    Raises:
        DataError: It is no longer there.
    """
    folder = Path(card.data)
    if not card.data or not folder.is_dir():
        message = f"the dataset of run {card.name!r} is no longer there"
        raise DataError(
            message, path=card.data or None, hint="kb synth --out DIR", click="make training data under Data"
        )
    return DatasetFolder(folder)


def _catalogue(workspace: Workspace) -> CatalogueReader | None:
    path = workspace.home.catalogue
    return CatalogueReader(path) if catalogue_exists(path) else None


def stored_map(run: TrainingRun) -> dict[str, Any] | None:
    """Return the map that lies beside a run, None where there is none that can be read."""
    try:
        record = json.loads((knows_folder(run) / MAP).read_bytes())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and "documents" in record else None

"""One comparison: arms and questions gathered, asked, scored, judged, reported."""

from __future__ import annotations

import importlib.metadata
import math
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from langchain_core.messages import HumanMessage

from core.errors import ConfigError
from core.models import open_chat, resolve
from core.types import RunCard
from finetune.compare.arms import Arm
from finetune.compare.judge import JUDGE_NAME, judge, remembered
from finetune.compare.questions import GoldQuestion, limited, read_questions, trained_documents
from finetune.compare.report.page import write_page
from finetune.compare.report.record import Circumstances, build, write_json
from finetune.compare.run import CompareProgress, Replies, ask_all
from finetune.compare.tables import Scorer, scored
from finetune.runs import open_run, read_card
from kb.comparison.arms import ArmFactory, ArmSpec, parse_arm, run_arms
from kb.workspace import Workspace
from rag.search.similar import Similarity
from synth.check.grounding import GroundingScorer, LexicalScorer, NliScorer

_HINT = "kb compare --arm base=smollm2 --arm rag=smollm2+rag --questions FILE.jsonl --out DIR"
# Packages that an answer may depend on.
_PACKAGES = ("kb", "openvino", "openvino-genai", "openvino-tokenizers", "lancedb", "langchain-core", "numpy")
_JUDGED_ARMS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRequest:
    """What is compared, on which questions, and by which measures.

    Attributes:
        run: A training run: base and tuned model, each with search and without; none if empty.
        arms: Further arms, `NAME=MODEL[+rag|+oracle|+wrong][,k=N][,prompt=FILE]`.
        questions: Dataset folders (their test split) or JSONL files; the run's dataset if empty.
        out: Folder of the report; `compare/` in the run's folder if None.
        limit: Most questions; all if None.
        experiments: Also give base and tuned model the right passage, and a wrong one.
        few_shot: Also ask the base in this prompt; `{question}` in it.
        similarity: Also score by cosine under the collection's embedder.
        grounding: Also score by the grounding scorer of `synth`.
        judge: Spelling of a chat model that compares the two best arms; none if empty.
        hour_price: What an hour of this machine costs.
        command: How it was asked for, for the report.
    """

    run: str = ""
    arms: Sequence[str] = ()
    questions: Sequence[Path] = ()
    out: Path | None = None
    limit: int | None = None
    experiments: bool = False
    few_shot: Path | None = None
    similarity: bool = False
    grounding: bool = False
    judge: str = ""
    hour_price: float = 0.0
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A finished comparison.

    Attributes:
        folder: Holds `report.json` and `report.html`.
        report: What `report.json` holds.
    """

    folder: Path
    report: Mapping[str, Any]

    @property
    def verdict(self) -> str:
        """Which model to use, or that the data cannot decide, in one sentence."""
        return str(self.report["verdict"]["sentence"])


def compare(
    workspace: Workspace,
    request: ComparisonRequest,
    *,
    on_progress: Callable[[CompareProgress], None] = lambda _: None,
    on_note: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Ask all arms the same questions, score the replies and write the report; the same call resumes.

    Args:
        on_progress: Called after every reply.
        on_note: Receives what a person should know about the collection or a model.

    Raises:
        ConfigError: Fewer than two arms, no questions, or something that cannot be opened.
        DataError: A record of the questions is at fault.
        BackendError: A model or a search failed.
    """
    job = _Job(workspace, request, on_note)
    if request.judge:
        job.check_judge()
    folder, questions = job.folder(), job.questions()
    replies = ask_all(job.arms, questions, folder, on_progress)
    judged = job.judged(questions, replies, folder) if request.judge else None
    return Comparison(folder=folder, report=job.report(questions, replies, folder, judged))


class _Job:
    """One request with its arms open to be asked."""

    def __init__(self, workspace: Workspace, request: ComparisonRequest, on_note: Callable[[str], None]) -> None:
        self._workspace = workspace
        self._request = request
        self._factory = ArmFactory(workspace, on_note)
        self._card: RunCard | None = None
        self._run_folder: Path | None = None
        self.arms = self._arms()

    def _arms(self) -> list[Arm]:
        request = self._request
        if not request.run and (request.experiments or request.few_shot):
            raise ConfigError("--experiments and --few-shot require a run; spell arms otherwise", hint=_HINT)
        specs = self._of_run() if request.run else []
        specs += [parse_arm(text) for text in request.arms]
        names = [spec.name for spec in specs]
        if len(names) < 2:
            raise ConfigError("name a run, or two arms", hint=_HINT)
        if len(set(names)) < len(names):
            raise ConfigError("two arms have the same name", hint=_HINT)
        return [self._factory.arm(spec) for spec in specs]

    def _of_run(self) -> list[ArmSpec]:
        request = self._request
        run = open_run(self._workspace.home, request.run)
        self._card, self._run_folder = read_card(run), run.folder
        settings = self._workspace.settings
        return run_arms(run, self._card, settings, experiments=request.experiments, few_shot=request.few_shot)

    def folder(self) -> Path:
        """Return where the report goes.

        Raises:
            ConfigError: There is no run and no folder was named.
        """
        if self._request.out is not None:
            return self._request.out
        if self._run_folder is None:
            raise ConfigError("no folder for the report: pass --out DIR", hint=_HINT)
        return self._run_folder / "compare"

    def questions(self) -> list[GoldQuestion]:
        """Read the questions; those of the run's dataset where no file is named.

        Raises:
            ConfigError: There are none, or no such file.
            DataError: A record is at fault.
        """
        data = Path(self._card.data) if self._card is not None and self._card.data else None
        paths = self._request.questions or ([data] if data is not None else [])
        if not paths:
            raise ConfigError("no questions: pass --questions FILE.jsonl", hint=_HINT)
        trained = trained_documents(data) if data is not None else None
        current = {document.doc: document.sha256 for document in self._documents()}
        lesson = data if data is not None and data.is_dir() else None
        questions = [
            question
            for path in paths
            for question in read_questions(path, lesson=lesson, trained=trained, current=current)
        ]
        unique = {(question.text, question.answer): question for question in reversed(questions)}
        in_order = list(reversed(unique.values()))
        return limited(in_order, self._request.limit) if self._request.limit else in_order

    def _documents(self) -> Sequence[Any]:
        """Return the collection's documents, none where no arm reads them."""
        return self._factory.documents if any(arm.shown != "nothing" for arm in self.arms) else []

    def scorers(self) -> dict[str, Scorer]:
        """Return the measures that a small model provides."""
        scorers: dict[str, Scorer] = {}
        if self._request.similarity:
            cosines = Similarity(self._factory.knowledge.embedder)
            scorers["similarity"] = lambda replies: [
                cosines(question.answer or "", [text])[0] if text else 0.0 for question, text in replies
            ]
        if self._request.grounding:
            settings = self._workspace.settings.synth
            grounder: GroundingScorer = (
                NliScorer(settings.nli_model) if settings.grounding == "nli" else LexicalScorer()
            )
            scorers["grounding"] = lambda replies: _grounded(grounder, replies)
        return scorers

    def check_judge(self) -> None:
        """Check before anything is asked that the judge is none of the arms.

        Raises:
            ConfigError: It is one.
        """
        model = str(resolve(self._request.judge, self._workspace.settings))
        if any(arm.model == model for arm in self.arms):
            raise ConfigError(f"{model} is an arm and cannot judge itself", hint="kb compare RUN --judge ollama:NAME")

    def judged(self, questions: Sequence[GoldQuestion], replies: Replies, folder: Path) -> dict[str, Any]:
        """Let a chat model compare the two best candidates.

        Raises:
            KbError: It failed; the same call resumes.
        """
        settings = self._workspace.settings
        model = str(resolve(self._request.judge, settings))
        scores = scored(self.arms, questions, replies)
        candidates = [arm.name for arm in self.arms if arm.candidate]

        def right_count(name: str) -> float:
            return sum(scores.get((name, question.id), {}).get("right", 0.0) for question in questions)

        first, second = sorted(candidates, key=right_count, reverse=True)[:_JUDGED_ARMS]
        chat = open_chat(model, settings, self._workspace.home)
        say = remembered(lambda prompt: chat.invoke([HumanMessage(prompt)]).text, folder / JUDGE_NAME)
        texts = {key: output.reply for key, output in replies.items()}
        return judge(say, model, (first, second), [question for question in questions if question.held_out], texts)

    def report(
        self, questions: Sequence[GoldQuestion], replies: Replies, folder: Path, judged: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Write `report.json` and `report.html` and return the report."""
        about = Circumstances(
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            command=self._request.command,
            hour_price=self._request.hour_price,
            notes=self._absent(questions),
            repeat=self._circumstances(),
        )
        report = build(self.arms, questions, replies, about, scorers=self.scorers(), judged=judged)
        write_json(folder, report)
        write_page(folder, report)
        return report

    def _absent(self, questions: Sequence[GoldQuestion]) -> tuple[str, ...]:
        """Return a note on questions whose documents the collection does not hold."""
        if not self._documents():
            return ()
        docs = [{place.doc for place in question.places} for question in questions if question.places]
        absent = [names for names in docs if not any(self._factory.holds(name) for name in names)]
        if not absent:
            return ()
        named = ", ".join(sorted(set().union(*absent)))
        return (f"Search cannot find what {len(absent)} questions ask for: the collection does not hold {named}.",)

    def _circumstances(self) -> dict[str, Any]:
        """Return what it takes to ask the same again."""
        circumstances: dict[str, Any] = {
            "versions": {"python": platform.python_version(), **_versions()},
            "machine": {"system": platform.platform(), "cores": os.cpu_count()},
            "collection": self._workspace.collection,
            "documents": {document.doc: document.sha256 for document in self._documents()},
        }
        if self._card is not None:
            card = self._card
            circumstances["run"] = {
                "name": card.name,
                "base": card.base,
                "method": card.method,
                "recipe": card.recipe,
                "seed": card.seed,
                "data": card.data,
                "data_sha256": card.data_sha256,
                "times_s": dict(card.times_s),
            }
        return circumstances


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in _PACKAGES}


def _grounded(grounder: GroundingScorer, replies: Sequence[tuple[GoldQuestion, str]]) -> list[float]:
    """Return how well a question's evidence supports each reply; nan where it has none."""
    evidence = ["\n".join(citation.quote for citation in question.evidence) for question, _ in replies]
    scores = grounder.scores((text, proof) for (_, text), proof in zip(replies, evidence, strict=True))
    return [value if proof else math.nan for value, proof in zip(scores, evidence, strict=True)]

"""One run of `kb compare`: arms and questions gathered, asked, scored, judged, reported.

Imported by the command when it runs; joins the comparison to runs, collections and models. Refuses to know what any of
it looks like on a screen.
"""

from __future__ import annotations

import importlib.metadata
import math
import os
import platform
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from langchain_core.messages import HumanMessage

from core.errors import ConfigError
from core.models import open_chat, resolve
from core.types import RunCard
from finetune.compare.arms import Arm
from finetune.compare.judge import JUDGE_NAME, judge, remembered
from finetune.compare.questions import Question, limited, read_questions, trained_documents
from finetune.compare.report.page import write_page
from finetune.compare.report.record import Circumstances, build, write_json
from finetune.compare.run import Progress, Replies, ask_all
from finetune.compare.tables import Scorer, scored
from finetune.runs import open_run, read_card
from kb.cli.compare_arms import ArmSpec, Bench, parse_arm, run_arms
from kb.workspace import Workspace
from rag.search.similar import Similarity
from synth.check.grounding import GroundingScorer as Grounder
from synth.check.grounding import LexicalScorer, NliScorer

_HINT = "kb compare --arm base=smollm2 --arm rag=smollm2+rag --questions FILE.jsonl --out DIR"
# Packages that an answer may depend on.
_PACKAGES = ("kb", "openvino", "openvino-genai", "openvino-tokenizers", "lancedb", "langchain-core", "numpy")
_JUDGED_ARMS = 2


class Job:
    """One comparison.

    Args:
        session: Settings and home.
        quiet: No notes on stderr.
    """

    def __init__(self, session: Workspace, *, quiet: bool) -> None:
        self._session = session
        self._bench = Bench(session, quiet)
        self._arms: list[Arm] = []
        self._card: RunCard | None = None
        self._folder: Path | None = None

    def gather(self, run: str, spelled: Sequence[str], *, experiments: bool, few_shot: Path | None) -> None:
        """Find out which arms there are.

        Raises:
            ConfigError: Fewer than two, two of one name, or one that cannot be opened.
        """
        if not run and (experiments or few_shot):
            raise ConfigError("--experiments and --few-shot are for a run; spell arms otherwise", hint=_HINT)
        specs = self._of_run(run, experiments=experiments, few_shot=few_shot) if run else []
        specs += [parse_arm(text) for text in spelled]
        names = [spec.name for spec in specs]
        if len(names) < 2 or len(set(names)) < len(names):
            raise ConfigError("name a run, or two arms" if len(names) < 2 else "two arms have one name", hint=_HINT)
        self._arms = [self._bench.arm(spec) for spec in specs]

    def _of_run(self, name: str, *, experiments: bool, few_shot: Path | None) -> list[ArmSpec]:
        run = open_run(self._session.home, name)
        self._card, self._folder = read_card(run), run.folder
        return run_arms(run, self._card, self._session.settings, experiments=experiments, few_shot=few_shot)

    def folder(self, out: Path | None) -> Path:
        """Return where the report goes.

        Raises:
            ConfigError: Nobody said.
        """
        if out is None and self._folder is None:
            raise ConfigError("say where the report goes", hint=_HINT)
        return out if out is not None else Path(str(self._folder)) / "compare"

    def questions(self, paths: Sequence[Path], limit: int | None) -> list[Question]:
        """Read the questions; those of the run's dataset where no file is named.

        Raises:
            ConfigError: There are none, or no such file.
            DataError: A record is at fault.
        """
        data = Path(self._card.data) if self._card is not None and self._card.data else None
        paths = paths or ([data] if data is not None else [])
        if not paths:
            raise ConfigError("there are no questions", hint=_HINT)
        trained = trained_documents(data) if data is not None else None
        current = {one.doc: one.sha256 for one in self._documents()}
        lesson = data if data is not None and data.is_dir() else None
        found = [one for path in paths
                 for one in read_questions(path, lesson=lesson, trained=trained, current=current)]  # fmt: skip
        unique = list(reversed({(one.text, one.answer): one for one in reversed(found)}.values()))
        return limited(unique, limit) if limit else unique

    def _documents(self) -> Sequence[Any]:
        """Return the collection's documents, none where no arm reads them."""
        return self._bench.documents if any(arm.shown != "nothing" for arm in self._arms) else []

    def ask(self, questions: Sequence[Question], folder: Path, on_progress: Callable[[Progress], None]) -> Replies:
        """Ask every arm every question that it was not asked yet.

        Raises:
            KbError: A model or a search failed; the same command goes on where it was.
        """
        return ask_all(self._arms, questions, folder, on_progress)

    def scorers(self, *, similarity: bool, grounding: bool) -> dict[str, Scorer]:
        """Return the measures that a small model lends."""
        found: dict[str, Scorer] = {}
        if similarity:
            cosines = Similarity(self._bench.knowledge.embedder)
            found["similarity"] = lambda said: [
                cosines(question.answer or "", [text])[0] if text else 0.0 for question, text in said
            ]
        if grounding:
            settings = self._session.settings.synth
            grounder: Grounder = NliScorer(settings.nli_model) if settings.grounding == "nli" else LexicalScorer()
            found["grounding"] = lambda said: _grounded(grounder, said)
        return found

    def check_judge(self, spec: str) -> None:
        """Check that a judge is none of the arms, before anything is asked.

        Raises:
            ConfigError: It is one.
        """
        model = str(resolve(spec, self._session.settings))
        if any(arm.model == model for arm in self._arms):
            raise ConfigError(f"{model} is an arm and cannot judge itself", hint="kb compare RUN --judge ollama:NAME")

    def judged(self, spec: str, questions: Sequence[Question], replies: Replies, folder: Path) -> dict[str, Any]:
        """Let a chat model compare the two best candidates.

        Raises:
            KbError: It failed; the same command goes on where it was.
        """
        model = str(resolve(spec, self._session.settings))
        scores = scored(self._arms, questions, replies)
        candidates = [arm.name for arm in self._arms if arm.candidate]

        def total(name: str) -> float:
            return sum(scores.get((name, one.id), {}).get("right", 0.0) for one in questions)

        first, second = sorted(candidates, key=total, reverse=True)[:_JUDGED_ARMS]
        chat = open_chat(model, self._session.settings, self._session.home)
        say = remembered(lambda prompt: chat.invoke([HumanMessage(prompt)]).text, folder / JUDGE_NAME)
        texts = {key: output.reply for key, output in replies.items()}
        return judge(say, model, (first, second), [one for one in questions if one.held_out], texts)

    def report(
        self,
        questions: Sequence[Question],
        replies: Replies,
        folder: Path,
        *,
        hour_price: float,
        scorers: Mapping[str, Scorer],
        judged: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        """Write `report.json` and `report.html` and return the report."""
        about = Circumstances(
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            command=shlex.join(["kb", *sys.argv[1:]]),
            hour_price=hour_price,
            notes=self._absent(questions),
            repeat=self._circumstances(),
        )
        report = build(self._arms, questions, replies, about, scorers=scorers, judged=judged)
        write_json(folder, report)
        write_page(folder, report)
        return report

    def _absent(self, questions: Sequence[Question]) -> tuple[str, ...]:
        """Say which questions search cannot answer because their document is not there."""
        if not self._documents():
            return ()
        docs = [{place.doc for place in one.places} for one in questions if one.places]
        absent = [names for names in docs if not any(self._bench.holds(name) for name in names)]
        if not absent:
            return ()
        named = ", ".join(sorted(set().union(*absent)))
        return (f"Search cannot find what {len(absent)} questions ask for: the collection does not hold {named}.",)

    def _circumstances(self) -> dict[str, Any]:
        """Return what it takes to ask the same again."""
        held: dict[str, Any] = {
            "versions": {"python": platform.python_version(), **_versions()},
            "machine": {"system": platform.platform(), "cores": os.cpu_count()},
            "collection": self._session.collection,
            "documents": {one.doc: one.sha256 for one in self._documents()},
        }
        if self._card is not None:
            card = self._card
            held["run"] = {
                "name": card.name, "base": card.base, "method": card.method, "recipe": card.recipe, "seed": card.seed,
                "data": card.data, "data_sha256": card.data_sha256, "times_s": dict(card.times_s),
            }  # fmt: skip
        return held


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in _PACKAGES}


def _grounded(grounder: Grounder, said: Sequence[tuple[Question, str]]) -> list[float]:
    """Return how well a question's evidence bears each reply; nan where it has none."""
    evidence = ["\n".join(one.quote for one in question.evidence) for question, _ in said]
    scores = grounder.scores((text, proof) for (_, text), proof in zip(said, evidence, strict=True))
    return [value if proof else math.nan for value, proof in zip(scores, evidence, strict=True)]

"""One comparison: arms and questions gathered, asked, scored, judged, reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from langchain_core.messages import HumanMessage

from core.backends import BACKENDS, destination, parse_spec
from core.errors import ConfigError, KbError
from core.models import open_chat, resolve
from core.types import Document, RunCard
from finetune.compare.arms import Arm
from finetune.compare.judge import JUDGE_NAME, Say, examine, judge, passes, remembered
from finetune.compare.probes import probe_questions
from finetune.compare.questions import GoldQuestion, limited, read_questions, trained_documents
from finetune.compare.report.known import without_facts
from finetune.compare.report.page import write_page
from finetune.compare.report.record import Circumstances, build, write_json
from finetune.compare.run import CompareProgress, Replies, ask_all
from finetune.compare.tables import scored
from finetune.runs import open_run, read_card
from kb.comparison.arms import ArmFactory, ArmSpec, ollama_note, parse_arm, reference_arms, run_arms
from kb.comparison.circumstances import circumstances
from kb.comparison.given import STAND_IN_NOTE, questions_with_passages
from kb.comparison.scorers import model_scorers
from kb.comparison.spread_arms import Way, spread_arms
from kb.comparison.untaught import UntaughtDocuments, asks_untaught, untaught_documents, untaught_questions
from kb.comparison.why import why_arm, why_questions, why_shares
from kb.workspace import Workspace

_HINT = "kb compare --arm base=smollm2 --arm rag=smollm2+rag --questions FILE.jsonl --out DIR"
_JUDGED_ARMS = 2
_SPREAD_NOTE = "Answered on a cluster: times are those of whichever machine answered, and memory is not known."


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRequest:
    """What is compared, on which questions, and by which measures.

    Attributes:
        run: A training run: base and tuned model, each with search and without; none if empty.
        arms: Further arms, `NAME=MODEL[+rag|+oracle|+wrong][,k=N][,prompt=FILE]`.
        questions: Dataset folders (their test split) or JSONL files; the run's dataset if empty.
        out: Folder of the report; `compare/` in the run's folder if None.
        limit: Most questions; all if None.
        probes: Also ask base and tuned model what was not taught, for what training cost; needs a run.
        why: Most questions that arms with search are asked a second way, for what they read and what they remember.
        experiments: Also give base and tuned model the right passage, and a wrong one.
        few_shot: Also ask the base in this prompt; `{question}` in it.
        similarity: Also score by cosine under the collection's embedder.
        grounding: Also score by the grounding scorer of `synth`.
        judge: Spelling of a chat model that compares the two best arms; none if empty.
        reference: Spelling of a chat model to compare with, by itself and with search; no verdict recommends it.
        hour_price: What an hour of this machine costs.
        command: How it was asked for, for the report.
    """

    run: str = ""
    arms: Sequence[str] = ()
    questions: Sequence[Path] = ()
    out: Path | None = None
    limit: int | None = None
    probes: bool = True
    why: int = 0
    experiments: bool = False
    few_shot: Path | None = None
    similarity: bool = False
    grounding: bool = False
    judge: str = ""
    reference: str = ""
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

    A judge is examined before the arms are asked. If it fails later, the report is written without it.

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
    job.note_destinations()
    if request.judge:
        job.examine_judge(questions, folder)
    replies = job.replies(questions, folder, on_progress)
    judged = job.judged(questions, replies, folder) if request.judge else None
    return Comparison(folder=folder, report=job.report(questions, replies, folder, judged))


class _Job:
    """One request with its arms open to be asked."""

    def __init__(self, workspace: Workspace, request: ComparisonRequest, on_note: Callable[[str], None]) -> None:
        self._workspace = workspace
        self._request = request
        self._factory = ArmFactory(workspace, on_note)
        self._on_note = on_note
        self._notes: list[str] = []
        self._card: RunCard | None = None
        self._run_folder: Path | None = None
        self.arms = self._arms()

    def _arms(self) -> list[Arm]:
        request = self._request
        if not request.run and (request.experiments or request.few_shot):
            raise ConfigError("--experiments and --few-shot require a run; spell arms otherwise", hint=_HINT)
        specs = self._of_run() if request.run else []
        specs += [parse_arm(text) for text in request.arms]
        least = 1 if request.reference else _JUDGED_ARMS
        if len(specs) < least:
            raise ConfigError("name a run, or two arms", hint=_HINT)
        specs += reference_arms(request.reference) if request.reference else []
        if len({spec.name for spec in specs}) < len(specs):
            raise ConfigError("two arms have the same name", hint=_HINT)
        arms = [self._factory.arm(spec) for spec in specs]
        self._specs = {spec.name: spec for spec in specs}
        asked_again = [arm for arm in arms if request.why and arm.shown == "found"]
        self._why_arms = {arm.name: why_arm(self._factory, self._specs[arm.name], arm) for arm in asked_again}
        return arms

    def _of_run(self) -> list[ArmSpec]:
        request = self._request
        run = open_run(self._workspace.home, request.run)
        self._card, self._run_folder = read_card(run), run.folder
        settings = self._workspace.settings
        self._notes += filter(None, [ollama_note(self._card)])
        home, few_shot = self._workspace.home, request.few_shot
        return run_arms(run, self._card, settings, home, experiments=request.experiments, few_shot=few_shot)

    @cached_property
    def probed(self) -> dict[str, Arm]:
        """What answers the probes, by the arm whose model it asks, the tuned one first; empty where none do."""
        if not (self._card is not None and self._request.probes):
            return {}
        tuned = next(arm for arm in self.arms if arm.tuned and arm.candidate)
        base = next(arm for arm in self.arms if not arm.tuned and arm.candidate)
        return {arm.name: self._factory.probe_arm(arm) for arm in (tuned, base)}

    def replies(
        self, questions: Sequence[GoldQuestion], folder: Path, on_progress: Callable[[CompareProgress], None]
    ) -> Replies:
        """Ask the arms the questions, some of them a second way, and base and tuned model the probes.

        Raises:
            KbError: A model or a search failed; the same call resumes.
        """
        # Servers first: one that does not answer is met before local models have answered for an hour.
        in_order = sorted(self.arms, key=lambda arm: BACKENDS[parse_spec(arm.model).kind].place == "process")
        asks: list[tuple[Way, dict[str, Arm], Sequence[GoldQuestion]]] = [
            ("asked", {arm.name: arm for arm in in_order}, questions),
            ("why", self._why_arms, why_questions(questions, self._request.why) if self._why_arms else []),
            ("probes", self.probed, probe_questions()),
        ]
        replies: Replies = {}
        with spread_arms(self._workspace) as spread:
            for way, arms, chosen in asks:
                there = [spread.arm(arm, self._specs[name], way) if spread else arm for name, arm in arms.items()]
                replies = {**replies, **(ask_all(there, chosen, folder, on_progress) if there else {})}
        return replies

    def folder(self) -> Path:
        """Return where the report goes.

        Raises:
            ConfigError: There is no run and no folder was named.
        """
        if self._request.out is not None:
            return self._request.out
        if self._run_folder is None:
            raise ConfigError("no folder for the report", hint=_HINT)
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
            raise ConfigError(
                "no questions to compare answers on",
                hint=_HINT,
                click="make training data under Data, then train a run on it",
            )
        trained = trained_documents(data) if data is not None else None
        untaught = self._untaught(trained)
        lesson = data if data is not None and data.is_dir() else None
        questions = [question for path in paths for question in self._read(path, lesson, trained, untaught)]
        if untaught is not None and not asks_untaught(questions):
            questions += self._made(untaught, lesson, trained)
        unique = {(question.text, question.answer): question for question in reversed(questions)}
        in_order = list(reversed(unique.values()))
        chosen = limited(in_order, self._request.limit) if self._request.limit else in_order
        if self._card is None or not (self._request.probes and self._documents()):
            return chosen
        invented = untaught is not None and not asks_untaught(chosen)
        self._notes += [STAND_IN_NOTE] if invented else []
        return chosen + questions_with_passages(chosen, lesson, self._factory, self._request.limit, invented=invented)

    def _read(
        self, path: Path, lesson: Path | None, trained: Mapping[str, str] | None, untaught: UntaughtDocuments | None
    ) -> list[GoldQuestion]:
        current = {document.doc: document.sha256 for document in self._documents()}
        left_out = [document.doc for document in untaught.left_out] if untaught else []
        return read_questions(path, lesson=lesson, trained=trained, current=current, indexed=left_out)

    def _untaught(self, trained: Mapping[str, str] | None) -> UntaughtDocuments | None:
        """Return the collection's documents that the run was not trained on; None where that is not known."""
        if self._card is None or trained is None or not self._documents():
            return None
        return untaught_documents(self._documents(), trained, self._card.created_at)

    def _made(
        self, untaught: UntaughtDocuments, lesson: Path | None, trained: Mapping[str, str] | None
    ) -> list[GoldQuestion]:
        """Return questions made of documents that the run was not trained on."""
        if not untaught.all:
            return []
        questions = untaught_questions(self._workspace, untaught, self.folder(), self._on_note)
        return self._read(questions, lesson, trained, untaught) if questions else []

    def _documents(self) -> Sequence[Document]:
        """Return the collection's documents, none where no arm reads them."""
        return self._factory.documents if any(arm.shown != "nothing" for arm in self.arms) else []

    def check_judge(self) -> None:
        """Check before anything is asked that the judge is none of the arms.

        Raises:
            ConfigError: It is one.
        """
        if any(arm.model == self._judge_model for arm in self.arms):
            message = f"{self._judge_model} is an arm and cannot judge itself"
            raise ConfigError(message, hint="kb compare RUN --judge ollama:NAME")

    def note_destinations(self) -> None:
        """Note where questions and passages leave this machine."""
        settings = self._workspace.settings
        models = [(arm.name, arm.model) for arm in self.arms]
        models += [("judge", self._judge_model)] if self._request.judge else []
        names_by_place: dict[str, list[str]] = {}
        for name, model in models:
            names_by_place.setdefault(destination(parse_spec(model), settings), []).append(name)
        for place, names in names_by_place.items():
            if place:
                self._on_note(f"{', '.join(names)}: questions and what is shown beside them go to {place}")

    @cached_property
    def _judge_model(self) -> str:
        return str(resolve(self._request.judge, self._workspace.settings))

    def _judge_says(self, folder: Path) -> Say:
        """Return the judge, with its replies kept in the folder of the report."""
        chat = open_chat(self._judge_model, self._workspace.settings, self._workspace.home)
        folder.mkdir(parents=True, exist_ok=True)
        say: Say = lambda prompt: chat.invoke([HumanMessage(prompt)]).text  # noqa: E731
        return remembered(say, folder / JUDGE_NAME, model=self._judge_model)

    def examine_judge(self, questions: Sequence[GoldQuestion], folder: Path) -> None:
        """Examine the judge before the arms are asked; what it says is kept for `judged`.

        Raises:
            KbError: It cannot be opened or does not answer.
        """
        exam = examine(self._judge_says(folder), [q for q in questions if q.held_out and q.answer is not None])
        if not passes(exam):
            seen = f"recognises {exam['caught']} of {exam['planted']} planted errors"
            self._on_note(f"judge {self._judge_model} {seen}: its votes will not count")

    def judged(self, questions: Sequence[GoldQuestion], replies: Replies, folder: Path) -> dict[str, Any] | None:
        """Let a chat model compare the two best candidates; None where it fails, which a note of the report says."""
        try:
            return self._judged(questions, replies, folder)
        except KbError as error:
            reason = f"failed before it had compared all answers ({error}); the same command asks it for the rest."
            self._notes.append(f"The judge {self._judge_model} {reason}")
            return None

    def _judged(self, questions: Sequence[GoldQuestion], replies: Replies, folder: Path) -> dict[str, Any]:
        scores = scored(self.arms, questions, replies)
        usable = [arm for arm in self.arms if not arm.experiment]
        # Beside a single candidate its reference, which is two arms, is judged too.
        candidates = [arm.name for arm in usable if arm.candidate or len(usable) <= _JUDGED_ARMS + 1]

        def right_count(name: str) -> float:
            return sum(scores.get((name, question.id), {}).get("right", 0.0) for question in questions)

        first, second = sorted(candidates, key=right_count, reverse=True)[:_JUDGED_ARMS]
        texts = {key: output.reply for key, output in replies.items()}
        held_out = [question for question in questions if question.held_out]
        return judge(self._judge_says(folder), self._judge_model, (first, second), held_out, texts)

    def report(
        self, questions: Sequence[GoldQuestion], replies: Replies, folder: Path, judged: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Write `report.json` and `report.html` and return the report."""
        self._notes += [_SPREAD_NOTE] if self._workspace.settings.models.on else []
        about = Circumstances(
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            command=self._request.command,
            hour_price=self._request.hour_price,
            notes=(*self._notes, *self._absent(questions)),
            repeat=circumstances(self._workspace.collection, self._documents(), self._card),
        )
        probes = [arm.name for arm in self.probed.values()]
        probed = {probes[0]: probes[1]} if probes else {}
        shares = why_shares(self._why_arms, why_questions(questions, self._request.why), replies)
        report = build(
            self.arms,
            questions,
            replies,
            about,
            scorers=model_scorers(
                similarity=self._request.similarity,
                grounding=self._request.grounding,
                embedder=lambda: self._factory.knowledge.embedder,
                settings=self._workspace.settings.synth,
            ),
            judged=judged,
            probed=probed,
            origins=shares,
        )
        report |= self._known()
        write_json(folder, report)
        write_page(folder, report)
        return report

    def _known(self) -> dict[str, Any]:
        """Return what `kb knows` found of the run, where it was called."""
        from kb.knowledge.map import stored_map

        record = stored_map(open_run(self._workspace.home, self._request.run)) if self._request.run else None
        return {"knows": without_facts(record)} if record else {}

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

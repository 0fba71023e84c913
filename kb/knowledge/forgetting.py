"""Takes documents out of runs: rebuilds each run that learned them from its base, without their rows, and proves it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ConfigError, DataError, KbError
from core.files import atomic_write
from core.learned import taught_counts
from core.models import ollama_has
from core.rows import MANIFEST, DatasetFolder
from core.weights.folders import make_folder
from finetune.closed_book import closed_book_base, closed_book_run
from finetune.runs import TrainingRun, open_run, read_card, read_recipe
from finetune.training.machine import this_machine
from kb.exporting import export_run
from kb.knowledge.facts import probed_facts
from kb.knowledge.map import dataset_of, knows_folder, run_closed_book
from kb.knowledge.proof import membership_probes, prove, trained_facts
from kb.knowledge.without import RemainingRows, all_datasets, rows_without, write_without
from kb.maintenance import forget_documents
from kb.staleness import known_datasets, learners
from kb.training.job import TrainingJob
from kb.training.replacing import finish_replacement, interrupted_replacements, replace_run, replacement_of
from kb.training.request import TrainingRequest
from kb.workspace import Workspace
from rag.catalogue.database import catalogue_exists
from rag.catalogue.reader import CatalogueReader

# What follows the name of a run while it is rebuilt, and the file of its proofs.
REBUILT, PROOFS = "rebuilt", "forgotten.json"
OnNote = Callable[[str], None]
OnEvent = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetPlan:
    """What is forgotten, and what that takes.

    Attributes:
        documents: Hash to name.
        indexed: Hashes of those that are still in the collection.
        runs: Names of the runs that learned one of them.
    """

    documents: Mapping[str, str]
    indexed: tuple[str, ...]
    runs: tuple[str, ...]

    def sentence(self) -> str:
        """Return it for a person."""
        runs = f", and rebuild {', '.join(self.runs)}" if self.runs else "; no run learned them"
        return f"{', '.join(sorted(self.documents.values()))}{runs}"


def plan_forgetting(workspace: Workspace, names: Sequence[str]) -> ForgetPlan:
    """Look up documents, in the collection and in what runs learned, so that an interrupted call can be repeated.

    Args:
        names: File names, ids or prefixes of hashes.

    Raises:
        ConfigError: One of them is neither in the collection nor learned by a run.
    """
    home = workspace.home
    known = {each.sha256: each.doc for learner in learners(home) for each in learner.documents}
    catalogue = CatalogueReader(home.catalogue) if catalogue_exists(home.catalogue) else None
    here = catalogue.documents(workspace.collection) if catalogue else []
    documents: dict[str, str] = {}
    for name in names:
        matches = {each.sha256: each.doc for each in here if _is_named(name, each.doc, each.sha256)}
        matches |= {sha256: doc for sha256, doc in known.items() if _is_named(name, doc, sha256)}
        if not matches:
            message = f"no document {name!r} in collection {workspace.collection!r}, and no run learned one"
            raise ConfigError(message, hint="kb list", click="choose another document")
        documents |= matches
    indexed = tuple(each.sha256 for each in here if each.sha256 in documents)
    affected = [
        learner.name
        for learner in learners(home)
        if learner.kind == "run" and any(each.sha256 in documents for each in learner.documents)
    ]
    return ForgetPlan(documents=documents, indexed=indexed, runs=tuple(affected))


def _is_named(name: str, doc: str, sha256: str) -> bool:
    return name in (doc, sha256) or (len(name) >= 6 and sha256.startswith(name))


def forget_from_runs(
    workspace: Workspace,
    names: Sequence[str],
    *,
    on_note: OnNote = lambda _: None,
    on_event: OnEvent = lambda _: None,
) -> dict[str, Any]:
    """Remove documents from the collection, and rebuild every run that learned them; the same call resumes.

    A rebuilt run has the recipe and the seed of the old one. It takes the old one's place only when it is trained and
    its proof is written.

    Args:
        names: File names, ids or prefixes of hashes.
        on_note: Receives a line at each step.
        on_event: Receives the events of the training processes.

    Returns:
        What `kb forget --from-runs --json` prints: `documents`, `runs` with their proofs, `left`: what still holds rows
        or weights of the documents.

    Raises:
        ConfigError: There is no such document.
        KbError: Training failed; the same call resumes.
    """
    home = workspace.home
    for name in interrupted_replacements(home, REBUILT):
        finish_replacement(home, name, replacement_of(home, name, REBUILT))
    plan = plan_forgetting(workspace, names)
    documents = dict(plan.documents)
    if plan.indexed:
        forget_documents(workspace, plan.indexed, on_note=on_note)
    runs = []
    for name in plan.runs:
        try:
            runs.append(_Rebuild(workspace, name, documents, on_note, on_event).run())
        except (ConfigError, DataError) as error:  # one run that cannot be rebuilt hides no other
            on_note(f"run {name}: {error}")
            runs.append({"run": name, "error": str(error)})
    listed = [{"doc": doc, "sha256": sha256} for sha256, doc in sorted(documents.items(), key=lambda each: each[1])]
    return {"documents": listed, "runs": runs, "left": _left(workspace, plan)}


class _Rebuild:
    """One run that is rebuilt without some documents."""

    def __init__(
        self, workspace: Workspace, name: str, documents: dict[str, str], on_note: OnNote, on_event: OnEvent
    ) -> None:
        self._workspace = workspace
        self._home = workspace.home
        self._documents = documents
        self._note = on_note
        self._on_event = on_event
        self._old = open_run(workspace.home, name)
        self._own = dataset_of(read_card(self._old))
        self._datasets = all_datasets(self._own)

    def run(self) -> dict[str, Any]:
        """Rebuild, prove and replace; return the record of it."""
        name = self._old.name
        rows = rows_without(self._datasets, self._documents)
        if not rows.trained:
            message = f"run {name!r} learned nothing else: nothing is left to train it on"
            raise DataError(message, path=self._own.path, hint=f"kb runs rm {name}", click="delete the run")
        new = self._trained(self._folder(rows))
        record = {
            "run": name,
            "rows": {"kept": rows.trained, "dropped": sum(rows.dropped.values()), "by": dict(rows.dropped)},
            "seconds": round(sum(read_card(new).times_s.values()), 1),
            **self._proof(new, rows),
        }
        self._write(new, record)
        if self._old.gguf.is_file():
            export_run(self._workspace, new.name, "gguf", on_note=self._note)
        replace_run(self._home, name, new)
        self._note(f"run {name} is rebuilt without {', '.join(sorted(self._documents.values()))}")
        return record

    def _folder(self, rows: RemainingRows) -> Path:
        """Return the dataset without the documents, made once."""
        decides = json.dumps([self._own.sha256(), sorted(self._documents)])
        key = hashlib.sha256(decides.encode()).hexdigest()[:8]
        folder = self._home.root / "datasets" / f"{self._old.name}-without-{key}"
        make_folder(folder, lambda work: write_without(work, rows, self._own, self._documents), ready=MANIFEST)
        return folder

    def _trained(self, folder: Path) -> TrainingRun:
        """Train the new run from the base, or take it up where it was interrupted."""
        new = replacement_of(self._home, self._old.name, REBUILT)
        began = read_recipe(self._old)
        # The rows and passes that minutes allowed are those of the old run.
        choices = {"minutes": 0.0, "all_epochs": 0.0, "continues": "", "dpo": began.dpo}
        request = TrainingRequest(
            name=new.name,
            data=str(folder),
            recipe=str(self._old.recipe),
            choices=choices,
            skip=frozenset({"export"}),
        )
        if new.card.is_file() and read_card(new).data != str(folder):  # of another call
            raise ConfigError(
                f"run {new.name!r} is rebuilt without other documents", hint=f"kb runs rm {new.name}", click="delete it"
            )
        job = TrainingJob(self._workspace, request, on_note=self._note, on_event=self._on_event)
        return job.train(resume=new.card.is_file()).run

    def _proof(self, new: TrainingRun, rows: RemainingRows) -> dict[str, Any]:
        forgotten = {fact.id for fact in rows.forgotten} | _facts_of_rows(self._datasets, self._documents)
        facts = trained_facts(self._datasets, forgotten)
        others = [fact for fact in probed_facts(self._own) if fact.taught and fact.id not in forgotten]
        known = {fact.id: fact for fact in [*rows.forgotten, *rows.facts]}
        machine, kept = this_machine(), knows_folder(new)
        books = {
            "before": run_closed_book(self._workspace, self._old),
            "rebuilt": closed_book_run(self._home, new, machine, kept / "answers.jsonl"),
            "base": closed_book_base(self._home, new, machine, kept / "base.jsonl"),
        }
        self._note(f"proof: asking the run before, the rebuilt one and the base {len(facts)} forgotten facts")
        return {"facts": len(facts), **prove(books, facts, membership_probes(facts, known), others)}

    def _write(self, new: TrainingRun, record: Mapping[str, Any]) -> None:
        """Write the proof beside earlier ones; documents by their hash alone, since their names are forgotten."""
        path = self._old.folder / PROOFS
        earlier = json.loads(path.read_bytes()) if path.is_file() else []
        with atomic_write(new.folder / PROOFS) as handle:
            proofs = [*earlier, {"documents": sorted(self._documents), **record}]
            handle.write((json.dumps(proofs, indent=1) + "\n").encode())


def _facts_of_rows(datasets: Sequence[DatasetFolder], documents: Mapping[str, str]) -> set[str]:
    """Return what stands for facts in datasets without any: the ids of rows on some documents."""
    rows = (row for folder in datasets for row in folder.pairs())
    return {row.fact or row.id for row in rows if any(each.sha256 in documents for each in row.evidence)}


def _left(workspace: Workspace, plan: ForgetPlan) -> list[str]:
    """Return what still holds rows or weights of the documents, each with the command that removes it."""
    hashes = frozenset(plan.documents)
    remains = []
    for folder in known_datasets(workspace.home):
        try:
            rows = sum(count for _, count in taught_counts(DatasetFolder(folder), hashes).values())
        except KbError:  # a dataset that cannot be read is met where it is used
            continue
        remains += [f"dataset {folder} holds {rows} rows of them: rm -r '{folder}'"] if rows else []
    for name in plan.runs:
        if ollama_has(f"kb-{name}", workspace.settings.rag.ollama_url):
            remains.append(f"Ollama still has kb-{name} as it was: kb export {name} --to ollama")
    return remains


def report_lines(report: Mapping[str, Any]) -> list[str]:
    """Return what a terminal shows of a report."""
    lines = []
    for record in report["runs"]:
        if "error" in record:
            lines.append(f"{record['run']}: not rebuilt: {record['error']}")
            continue
        rows = record["rows"]
        lines.append(f"{record['run']}: rebuilt on {rows['kept']} rows, without {rows['dropped']} of the documents")
        lines += [_line(title, record[name], names) for name, title, names in _SHOWN]
        lines.append(f"  {_VERDICTS[record['at_base_level']]}")
    return [*lines, *(f"left: {line}" for line in report["left"])]


_SHOWN = (
    ("recall", "recall of the forgotten facts", ("before", "rebuilt", "base")),
    ("membership", "false answers less likely than the right one", ("before", "rebuilt", "base")),
    ("others", "recall of the other facts", ("before", "rebuilt")),
)
_VERDICTS = {
    True: "no probe finds the rebuilt run above its base",
    False: "a probe finds the rebuilt run above its base: other documents may say the same",
    None: "nothing of the documents could be asked from memory",
}


def _line(title: str, figures: Mapping[str, Any], names: Sequence[str]) -> str:
    if not figures["n"]:
        return f"  {title}: nothing to ask"
    shown = ", ".join(
        f"{name} {figures[name]['value']:.2f} ({figures[name]['low']:.2f} to {figures[name]['high']:.2f})"
        for name in names
    )
    other = "base" if "base" in names else "before"
    change = figures[f"rebuilt_minus_{other}"]
    difference = f"{change['value']:+.2f} ({change['low']:+.2f} to {change['high']:+.2f})"
    return f"  {title} ({figures['n']}): {shown}; rebuilt - {other} {difference}"

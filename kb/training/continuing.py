"""Trains on from another run: its recipe and weights, and beside the new rows a replay of what that run knew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from core.errors import ConfigError
from core.files import Home
from core.prompt import passage_source
from core.reading.passages import parse
from core.rows import FACTS, MANIFEST, PAIRS, PREFERENCES, SPLITS, DatasetFolder, write_rows
from core.types import Fact, Pair, Preference
from core.weights.folders import make_folder
from finetune.budget import kept_preferences
from finetune.data.rows import open_dataset
from finetune.recipe import Recipe
from finetune.runs import TrainingRun, open_run, read_card, read_recipe
from kb.knowledge.facts import probed_facts
from kb.knowledge.map import ask_facts, dataset_of, run_closed_book
from kb.staleness import learner_of_run
from kb.training.request import TrainingRequest
from kb.workspace import Workspace

# Fields that decide which weights there are: a run cannot be trained on under others.
_SHAPE = (
    *("base", "method", "rank", "alpha", "target_modules", "layers_to_transform", "n_layers", "virtual_tokens"),
    *("adapter_layers", "embedding_rows", "rope_scaling", "rope_factor", "system", "context_template"),
)
# What the manifest of a continued dataset says of itself.
CONTINUED = "continued"
# What the manifest of the new rows goes on saying.
_KEPT = ("version", "mode", "prompts", "prompt_digest", "chat_template")
OnNote = Callable[[str], None]


def continued_request(home: Home, request: TrainingRequest) -> TrainingRequest:
    """Return a request that continues a run with that run's recipe, where it names none; others as they are.

    Passes that minutes cut are tried in full again, and the machine chooses the batch.

    Raises:
        ConfigError: There is no such run.
    """
    name = request.choices.get("continues")
    if not name:
        return request
    run = open_run(home, name)
    began = read_recipe(run)
    own = (
        {"epochs": began.all_epochs or began.epochs, "all_epochs": 0.0, "micro_batch": 0} if not request.recipe else {}
    )
    chosen = {key: value for key, value in request.choices.items() if value is not None}
    return replace(request, recipe=request.recipe or str(run.recipe), choices={**own, **chosen})


def continued_run(home: Home, recipe: Recipe) -> TrainingRun:
    """Return the run that a recipe continues.

    Raises:
        ConfigError: There is none, it is not trained to its end, or its weights have another shape.
    """
    run = open_run(home, recipe.continues)
    if not run.adapter.is_dir():
        raise ConfigError(
            f"run {run.name!r} is not trained to its end",
            hint=f"kb finetune --resume {run.name}",
            click="choose another run",
        )
    began = read_recipe(run)
    other = [name for name in _SHAPE if getattr(began, name) != getattr(recipe, name)]
    if other:
        named = ", ".join(f"{name} {getattr(began, name)}, not {getattr(recipe, name)}" for name in other)
        raise ConfigError(
            f"run {run.name!r} has {named}: its weights cannot be trained on with other ones",
            hint=f"kb finetune NAME --continue {run.name} --data DIR",
            click="leave the recipe as it is",
        )
    return run


def continued_rows(
    workspace: Workspace,
    recipe: Recipe,
    data: Path,
    *,
    on_note: OnNote = lambda _: None,
    weak_only: bool = False,
    replaced: Collection[str] = (),
) -> Path:
    """Return a dataset of new rows and, beside them, rows of what the run that is continued knew.

    Rows on documents that have changed or were forgotten since are not replayed.

    Args:
        recipe: Names the run, and how many rows are replayed.
        data: Dataset folder of the new rows; one that this function made is returned as it is.
        on_note: Receives what the run knows and what is replayed.
        weak_only: Train new rows only on what the run does not know; the others may be replayed.
        replaced: Hashes of documents that the new rows replace: they no longer count as learned.

    Raises:
        ConfigError: There is no such run.
        DataError: A dataset cannot be read.
    """
    new, run = DatasetFolder(data), open_run(workspace.home, recipe.continues)
    if dict(new.manifest().to_json().get(CONTINUED, {})).get("run") == run.name:
        return data
    card = read_card(run)
    old = dataset_of(card)
    facts = probed_facts(old)
    on_note(f"asking run {run.name} {len(facts)} facts that it was taught")
    book = run_closed_book(workspace, run)
    known = {each.fact.id for each in ask_facts(book, facts) if each.level == "known"}
    stale = {document.sha256: document.doc for document in learner_of_run(workspace.home, card).stale}
    rows = _NewRows.of(new)
    if weak_only:
        new_facts = probed_facts(new)
        known_new = {each.fact.id for each in ask_facts(book, new_facts) if each.level == "known"}
        on_note(f"run {run.name} knows {len(known_new)} of {len(new_facts)} facts of the new rows")
        rows = rows.without(known_new)
        known |= known_new
    pool = [row for row in old.pairs("train") if not rests_on(row, stale)]
    pool += new.pairs("train") if weak_only else ()
    own = {row.id for row in rows.pairs}
    usable = [row for row in pool if row.id not in own and (not facts or not row.fact or row.fact in known)]
    count = round(recipe.replay_share * sum(row.split == "train" for row in rows.pairs))
    replayed = replay_rows(usable, len(pool), count)
    ids = {row.fact for row in replayed if row.fact}
    on_note(f"replayed: {len(replayed)} rows on {len(ids)} of {len(known)} known facts")
    decides = [
        open_dataset(data).sha256(),
        card.data_sha256,
        sorted(known),
        recipe.replay_share,
        sorted(stale),
        weak_only,
    ]
    key = hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:8]
    folder = workspace.home.root / "datasets" / f"{run.name}-continued-{key}"
    record = {
        "run": run.name,
        "data": [str(old.path), str(new.path)],
        "known_facts": len(known),
        "replayed_facts": len(ids),
        "replayed_rows": len(replayed),
        "replaced": sorted(replaced),
    }
    dropped = frozenset(replaced)
    make_folder(folder, lambda work: _write(work, old, new, rows, replayed, ids, record, dropped), ready=MANIFEST)
    return folder


class _NewRows:
    """The new rows of a continued dataset, of all splits."""

    def __init__(self, pairs: Sequence[Pair], preferences: Sequence[Preference]) -> None:
        self.pairs, self.preferences = pairs, preferences

    @staticmethod
    def of(folder: DatasetFolder) -> _NewRows:
        """Return all rows of a dataset."""
        dataset = open_dataset(folder.path)
        pairs = [replace(row, split=split) for split in SPLITS for row in dataset.pairs(split)]
        return _NewRows(pairs, [row for split in SPLITS for row in dataset.preferences(split)])

    def without(self, facts: Collection[str]) -> _NewRows:
        """Return the rows that are about none of some facts; what is held out stays."""
        pairs = [row for row in self.pairs if row.split != "train" or row.fact not in facts]
        return _NewRows(pairs, [row for row in self.preferences if row.fact not in facts])


def replay_rows(rows: Sequence[Pair], all_rows: int, count: int) -> list[Pair]:
    """Choose rows to replay: a row of every fact, then a second of every fact; rows without a fact in their share.

    Args:
        rows: That may be replayed, of the training split.
        all_rows: Rows of which they are part; the share of rows without a fact is counted in these.
        count: Most rows.
    """
    facts: dict[str, list[Pair]] = {}
    for row in rows:
        if row.fact:
            facts.setdefault(row.fact, []).append(row)
    others = sorted((row for row in rows if not row.fact), key=_drawn)
    # Questions from memory first: they are what is asked later.
    in_turn = [sorted(group, key=lambda row: (row.kind != "closed-book", _drawn(row))) for group in facts.values()]
    turns = chain.from_iterable(zip_longest(*sorted(in_turn, key=lambda group: _drawn(group[0]))))
    taught = [row for row in turns if row is not None]
    share = round(count * len(others) / max(1, all_rows))
    chosen = others[: max(share, count - len(taught))]
    return [*taught[: max(0, count - len(chosen))], *chosen][:count]


def _drawn(row: Pair) -> str:
    """Return a sort key that draws rows by lot, the same ones each time."""
    return hashlib.sha256(row.id.encode()).hexdigest()


def _mixed(row: Pair) -> tuple[str, str]:
    return hashlib.sha256((row.fact or row.id).encode()).hexdigest(), row.id


def rests_on(row: Pair | Preference, documents: dict[str, str]) -> bool:
    """Tell whether a row rests on one of some documents: by its evidence, or by a passage that its prompt shows.

    Args:
        documents: Hash to name.
    """
    if isinstance(row, Pair) and any(citation.sha256 in documents for citation in row.evidence):
        return True
    passages, _ = parse(row.context)
    return any(_is_of(passage.source, doc) for passage in passages for doc in documents.values())


def _is_of(source: str, doc: str) -> bool:
    return source.startswith(passage_source(doc, 0).removesuffix("1"))


def _write(
    work: Path,
    old: DatasetFolder,
    new: DatasetFolder,
    rows: _NewRows,
    replayed: Sequence[Pair],
    facts: Collection[str],
    record: dict[str, Any],
    replaced: frozenset[str],
) -> None:
    """Write the rows of both, what is held out of the replayed facts, all facts, and the manifest."""
    own = {row.id for row in rows.pairs}
    held_out = [
        replace(row, split=split)
        for split in SPLITS
        if split != "train"
        for row in open_dataset(old.path).pairs(split)
        if row.fact in facts and row.id not in own and not {each.sha256 for each in row.evidence} & replaced
    ]
    # By lot, fact by fact: where minutes leave rows out, old facts go as new ones do.
    trained = sorted([*(row for row in rows.pairs if row.split == "train"), *replayed], key=_mixed)
    pairs = [*trained, *(row for row in rows.pairs if row.split != "train"), *held_out]
    for split in SPLITS:
        write_rows(work / f"{split}.jsonl", [row for row in pairs if row.split == split])
    write_rows(work / PAIRS, pairs)
    preferences = [*rows.preferences, *kept_preferences(open_dataset(old.path).preferences("train"), replayed)]
    if preferences:
        write_rows(work / PREFERENCES, preferences)
    write_rows(work / FACTS, _facts(chain(new.facts(), old.facts()), replaced))
    manifest, before = new.manifest().to_json(), old.manifest().to_json()
    both = [*before.get("documents", ()), *manifest.get("documents", ())]
    named: dict[str, dict[str, Any]] = {document["sha256"]: document for document in both}
    kept: dict[str, Any] = {name: manifest[name] for name in _KEPT if name in manifest}
    splits: dict[str, int] = {split: sum(row.split == split for row in pairs) for split in SPLITS}
    body = {
        **kept,
        "collection": manifest.get("collection") or before.get("collection", ""),
        "documents": [document for sha256, document in named.items() if sha256 not in replaced],
        "counts": {"pairs": len(pairs), "splits": splits},
        CONTINUED: record,
    }
    (work / MANIFEST).write_text(json.dumps(body, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _facts(facts: Iterable[Fact], replaced: frozenset[str]) -> list[Fact]:
    """Return facts once each, without those of documents that were replaced."""
    kept = [fact for fact in facts if not {each.sha256 for each in fact.evidence} & replaced]
    unique = {fact.id: fact for fact in reversed(kept)}
    return list(reversed(unique.values()))

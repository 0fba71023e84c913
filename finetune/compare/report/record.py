"""The report as data: `report.json` holds every figure and everything needed to compute it again.

`report.html` and the terminal's short form are made from this record alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.files import atomic_write
from finetune.compare.arms import Arm, pairs
from finetune.compare.cost import break_even, costs
from finetune.compare.measures import MEASURES
from finetune.compare.origins import OriginShares
from finetune.compare.probes import SKILLS, SkillChange, skill_changes
from finetune.compare.questions import CONTRADICTED, SEEN, GoldQuestion
from finetune.compare.run import Replies
from finetune.compare.scopes import advice, scope_tables, scope_verdicts
from finetune.compare.statistics.clusters import cluster
from finetune.compare.statistics.significance import DRAWS, LEVEL
from finetune.compare.tables import (
    MeasureTable,
    Scorer,
    Scores,
    abstentions,
    agreements,
    beyond_memory,
    main_tables,
    scored,
    stratum_tables,
)
from finetune.compare.verdict import MARGIN, decide, listed, outcome_of, percent, reference_notes

VERSION = 1
JSON_NAME = "report.json"
SIDE_BY_SIDE = 20
_CONTEXT_CHARS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a report says of itself besides figures.

    Attributes:
        made_at: UTC, ISO 8601.
        command: The command line that made it.
        hour_price: Price of an hour of this machine, in any currency; 0 where none is given.
        notes: What a reader of the verdict must know, one sentence each.
        repeat: Settings, versions, hashes: JSON values.
    """

    made_at: str
    command: str
    hour_price: float = 0.0
    notes: tuple[str, ...] = ()
    repeat: Mapping[str, Any] = field(default_factory=dict)


def build(
    arms: Sequence[Arm],
    questions: Sequence[GoldQuestion],
    replies: Replies,
    about: Circumstances,
    *,
    scorers: Mapping[str, Scorer] | None = None,
    judged: Mapping[str, Any] | None = None,
    probed: Mapping[str, str] | None = None,
    origins: Sequence[OriginShares] = (),
) -> dict[str, Any]:
    """Put the report together.

    Args:
        arms: As they were asked.
        questions: As they were asked.
        replies: Every output by (arm, question id).
        about: What the report says of itself.
        scorers: Measures that need a small model, by name.
        judged: What a judge found, where there was one.
        probed: Tuned model to base: names under which both answered the probes.
        origins: What the arms read and remembered, where they were asked a second way.

    Returns:
        The body of `report.json`: JSON values alone.
    """
    scores = scored(arms, questions, replies, scorers)
    held_out = [question for question in questions if question.held_out]
    clusters = cluster(held_out, pairs=len(pairs(arms)))
    main = main_tables(arms, questions, scores, clusters)
    strata = stratum_tables(arms, questions, scores)
    verdict = decide(arms, main, strata, clusters)
    # What comes with its passages is short, and arms without search are not asked it.
    timed = [question for question in questions if not question.passages]
    spent = costs(arms, timed, replies)
    scopes, advice_sentence = _scopes(arms, questions, scores)
    skills = [
        _skill(tuned, base, change)
        for tuned, base in (probed or {}).items()
        for change in skill_changes(base, tuned, replies)
    ]
    beside = reference_notes(arms, main["right"]) if "right" in main else []
    notes = [*filter(None, [advice_sentence]), *beside, *_obeyed(strata), *_lost(skills), *verdict.notes, *about.notes]
    report: dict[str, Any] = {
        "version": VERSION,
        "made_at": about.made_at,
        "verdict": {**asdict(verdict), "advice": advice_sentence, "scopes": scopes, "notes": notes},
        "clusters": {"levels": list(clusters.levels), "documents": clusters.documents, "told": clusters.sentence},
        "arms": [_arm(arm, questions, replies) for arm in arms],
        "questions": {"asked": len(questions), "held_out": len(held_out)},
        "measures": {name: _table(table) for name, table in main.items()},
        "strata": {name: _table(table) for name, table in strata.items()},
        "abstention": {name: asdict(counts) for name, counts in abstentions(arms, questions, replies).items()},
        "beyond_memory": [asdict(row) for row in beyond_memory(arms, questions, scores)],
        "agreement": {name: asdict(cell) for name, cell in agreements(arms, questions, replies).items()},
        "cost": {
            name: {**asdict(cost), "thousand_h": cost.thousand_h, "thousand_price": cost.thousand_h * about.hour_price}
            for name, cost in spent.items()
        },
        "skills": skills,
        "why": [asdict(row) for row in origins],
        "break_even": [asdict(pair) for pair in break_even(arms, spent, timed, replies, _worse(main.get("right")))],
        "judge": judged,
        "missed": _missed(arms, questions, scores),
        "side_by_side": _side_by_side(arms, questions, replies, scores),
        "all_questions": [_question(question) for question in questions],
        "method": {"draws": DRAWS, "level": LEVEL, "margin": MARGIN, "hour_price": about.hour_price},
        "repeat": {"command": about.command, **about.repeat},
    }
    return {name: _finite(value) for name, value in report.items()}


def write_json(folder: Path, report: Mapping[str, Any]) -> Path:
    """Write `report.json`, whole or not at all, and return its path.

    Raises:
        OSError: The folder cannot be written.
    """
    path = folder / JSON_NAME
    with atomic_write(path) as handle:
        handle.write(json.dumps(report, ensure_ascii=False, indent=1, allow_nan=False).encode("utf-8", "replace"))
    return path


def read_missed(path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Read from a report which facts the tuned arm missed, and the held-out questions that it was asked.

    Raises:
        DataError: The file is no report of a comparison.
    """
    hint = "kb compare RUN --out DIR; then DIR/report.json"
    try:
        report = json.loads(path.read_bytes())
        held_out_texts = [
            str(question["text"]) for question in report["all_questions"] if SEEN not in question["strata"]
        ]
        return list(report["missed"]), held_out_texts
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"cannot be read as the report of a comparison: {error}", path=path, hint=hint) from error


def _scopes(arms: Sequence[Arm], questions: Sequence[GoldQuestion], scores: Scores) -> tuple[list[dict[str, Any]], str]:
    """Return the verdict per kind of documents and the sentence over all; nothing where no arm was tuned."""
    if not any(arm.tuned and arm.candidate for arm in arms):
        return [], ""
    tables = scope_tables(arms, questions, scores)
    verdicts = scope_verdicts(arms, tables)
    records = [
        {**asdict(verdict), "right": _table(tables[verdict.scope]) if verdict.scope in tables else None}
        for verdict in verdicts
    ]
    return records, advice(arms, verdicts, tables)


def _skill(tuned: str, base: str, change: SkillChange) -> dict[str, Any]:
    title, meaning = SKILLS[change.skill]
    return {
        "skill": change.skill,
        "title": title,
        "meaning": meaning,
        "base": base,
        "tuned": tuned,
        "before": asdict(change.before),
        "after": asdict(change.after),
        "change": {**asdict(change.difference), "significant": change.difference.significant},
    }


def _obeyed(strata: Mapping[str, MeasureTable]) -> list[str]:
    """Return a sentence on how often passages that contradict what was taught are followed."""
    table = strata.get(CONTRADICTED)
    if table is None:
        return []
    shares = listed([f"{name} {percent(cell.value)}" for name, cell in table.arms.items()])
    return [f"Passages with another value than the one taught are followed: {shares} of {table.questions}."]


def _lost(skills: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a sentence per skill that training changed beyond chance."""
    return [
        f"Training {'cost' if row['change']['mean'] < 0 else 'raised'} {row['title']}: {row['before']['value']:.2f} "
        f"before, {row['after']['value']:.2f} after ({row['tuned']}, {row['before']['n']} probes)."
        for row in skills
        if row["change"]["significant"]
    ]


def _worse(table: MeasureTable | None) -> set[tuple[str, str]]:
    """Return pairs of arms, the first of which has significantly fewer right answers than the second."""
    rows = [row for row in table.rows if row.difference.significant] if table else []
    return {(row.left, row.right) if row.difference.mean < 0 else (row.right, row.left) for row in rows}


def _arm(arm: Arm, questions: Sequence[GoldQuestion], replies: Replies) -> dict[str, Any]:
    return {
        "name": arm.name,
        "model": arm.model,
        "shown": arm.shown,
        "tuned": arm.tuned,
        "candidate": arm.candidate,
        "reference": arm.reference,
        "asked": sum((arm.name, question.id) in replies for question in questions),
        "identity": dict(arm.identity),
    }


def _table(table: MeasureTable) -> dict[str, Any]:
    return {
        "measure": table.measure,
        "title": MEASURES[table.measure].title,
        "meaning": MEASURES[table.measure].meaning,
        "higher_is_better": MEASURES[table.measure].higher_is_better,
        "questions": table.questions,
        "drawn": table.drawn,
        "arms": {name: asdict(cell) for name, cell in table.arms.items()},
        "pairs": [
            {
                "left": row.left,
                "right": row.right,
                **asdict(row.difference),
                "significant": row.difference.significant,
                "says": outcome_of(row.difference),
            }
            for row in table.rows
        ],
    }


def _question(question: GoldQuestion) -> dict[str, Any]:
    return {
        "id": question.id,
        "text": question.text,
        "answer": question.answer,
        "fact": question.fact,
        "strata": list(question.strata),
        "places": [asdict(place) for place in question.places],
    }


def _missed(arms: Sequence[Arm], questions: Sequence[GoldQuestion], scores: Scores) -> list[dict[str, Any]]:
    """Return the questions that the tuned model has wrong when shown nothing; each fact once."""
    tuned = sorted((arm for arm in arms if arm.tuned and arm.candidate), key=lambda arm: arm.shown != "nothing")
    if not tuned:
        return []
    wrong = [question for question in questions if scores.get((tuned[0].name, question.id), {}).get("right") == 0.0]
    unique = {question.fact or question.id: question for question in reversed(wrong)}
    return [
        {**_question(question), "arm": tuned[0].name, "evidence": [asdict(quote) for quote in question.evidence]}
        for question in reversed(unique.values())
    ]


def _side_by_side(
    arms: Sequence[Arm], questions: Sequence[GoldQuestion], replies: Replies, scores: Scores
) -> list[dict[str, Any]]:
    """Return up to twenty questions with every arm's reply: strata in turn, first where candidates part."""
    candidates = [arm.name for arm in arms if arm.candidate]

    def parted(question: GoldQuestion) -> bool:
        measure = "right" if question.answer is not None else "abstention_recall"
        return len({scores.get((name, question.id), {}).get(measure) for name in candidates}) > 1

    queues: dict[tuple[str, ...], list[GoldQuestion]] = {}
    held_out = [question for question in questions if question.held_out]
    for question in sorted(held_out, key=lambda question: not parted(question)):
        queues.setdefault(question.strata, []).append(question)
    chosen: list[GoldQuestion] = []
    while len(chosen) < SIDE_BY_SIDE and any(queues.values()):
        chosen += [queue.pop(0) for queue in queues.values() if queue][: SIDE_BY_SIDE - len(chosen)]
    return [
        {
            **_question(question),
            "replies": [_reply(arm, question, replies, scores) for arm in arms if (arm.name, question.id) in replies],
        }
        for question in chosen
    ]


def _reply(arm: Arm, question: GoldQuestion, replies: Replies, scores: Scores) -> dict[str, Any]:
    reply = replies[arm.name, question.id].reply
    scored_reply = scores[arm.name, question.id]
    return {
        "arm": arm.name,
        "text": reply.text[:_CONTEXT_CHARS],
        "abstained": reply.abstained,
        "right": bool(scored_reply.get("right", scored_reply.get("abstention_recall", 0.0))),
        "citations": [
            {"doc": citation.doc, "page": citation.page, "quote": citation.quote} for citation in reply.citations
        ],
        "total_s": reply.total_s,
    }


def _finite(value: Any) -> Any:
    """Return JSON values with null for what is infinite: JSON has no such number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value

"""The tables and sentences of a report as plain data, ready for a template; made of `report.json` alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finetune.compare.origins import LABELS
from finetune.compare.questions import STAND_IN
from finetune.compare.report.known import KNOWN_CAPTION, KNOWN_HEADS, map_rows
from finetune.compare.report.plots import ForestPlot, forest_plot, signed, span

ReportRecord = Mapping[str, Any]
# Columns of the first table of measures; the others stand in the second.
HEADLINE = ("right", "token_f1", "abstention_recall", "needless_refusal")
_SHOWN = {"nothing": "nothing", "found": "what search finds", "oracle": "the right passage", "wrong": "a wrong passage"}
_COST_HEADS = (
    "arm",
    "first token, p50 / p95",
    "whole answer, p50 / p95",
    "tokens in / out",
    "process memory",
    "training",
    "1000 questions",
)
_COST_CAPTION = (
    "Times on this machine, one question after the other, without the first answer after loading; training counts in "
    "the first thousand questions. Process memory is the peak RAM of this process: search and the models of earlier "
    "arms stay in it, and a model behind a server is not in it."
)
_DECLINING = {
    "answered_answerable": "answerable: answered",
    "declined_answerable": "answerable: declined",
    "answered_unanswerable": "unanswerable: answered",
    "declined_unanswerable": "unanswerable: declined",
}


@dataclass(frozen=True, slots=True)
class ReportCell:
    """Text of a table cell, with a note in smaller type beside it."""

    text: str
    note: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """A table; the first cell of each row names it."""

    heads: Sequence[str]
    rows: Sequence[Sequence[ReportCell]]
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TitledTable:
    """A table under a heading of its own."""

    title: str
    table: ReportTable


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestFigure:
    """A forest plot with the text below it."""

    label: str
    caption: str
    plot: ForestPlot


def arms_table(report: ReportRecord) -> ReportTable:
    """Return what was compared, one row per arm."""
    rows = [
        _plain(arm["name"], arm["model"], _SHOWN[arm["shown"]], "yes" if arm["tuned"] else "no", arm["asked"])
        for arm in report["arms"]
    ]
    heads = ("arm", "model", "shown beside the question", "tuned on the documents", "questions")
    return ReportTable(heads=heads, rows=rows)


def measure_tables(report: ReportRecord) -> list[TitledTable]:
    """Return the measures over the held-out questions: the four of the headline, then all others."""
    measures = report["measures"]
    first = [name for name in HEADLINE if name in measures]
    rest = [name for name in measures if name not in HEADLINE]
    return [
        TitledTable(title=title, table=_measure_table(report, names))
        for names, title in ((first, ""), (rest, "Further measures"))
        if names
    ]


def _measure_table(report: ReportRecord, names: Sequence[str]) -> ReportTable:
    measures = report["measures"]
    rows = [
        [ReportCell(arm["name"]), *(_share_cell(measures[name]["arms"].get(arm["name"])) for name in names)]
        for arm in report["arms"]
    ]
    least = [
        f"{measures[name]['title']} {_points(detectable(measures[name]))}" for name in names if measures[name]["pairs"]
    ]
    caption = "Mean with 95% interval."
    if least:
        caption += f" Smallest detectable difference, in points: {', '.join(least)}."
    return ReportTable(heads=("arm", *(measures[name]["title"] for name in names)), rows=rows, caption=caption)


def difference_tables(report: ReportRecord) -> list[TitledTable]:
    """Return the differences between arms, one table per measure of the headline that has pairs."""
    chosen = (report["measures"][name] for name in HEADLINE if name in report["measures"])
    return [TitledTable(title=measure["title"], table=_pair_table(measure)) for measure in chosen if measure["pairs"]]


def _pair_table(measure: Mapping[str, Any]) -> ReportTable:
    rows = [
        [
            ReportCell(f"{pair['left']} − {pair['right']}"),
            ReportCell(signed(pair["mean"]), span(pair["low"], pair["high"]), strong=True),
            *_plain(
                _p_value(pair["adjusted_p"]),
                _p_value(pair["mcnemar_p"]),
                _points(pair["detectable"]),
                "differs" if pair["significant"] else pair["says"],
            ),
        ]
        for pair in measure["pairs"]
    ]
    heads = ("pair", "points, 95% interval", "p (Holm)", "p (McNemar)", "smallest detectable", "result")
    return ReportTable(heads=heads, rows=rows, caption=f"{measure['questions']} questions.")


def forest_figures(report: ReportRecord) -> list[ForestFigure]:
    """Return what is drawn as forest plots: all held-out questions, then every stratum."""
    whole = report["measures"].get("right")
    measures = ([("all held-out questions", whole)] if whole else []) + list(report["strata"].items())
    return [
        ForestFigure(label=name, caption=_forest_caption(name, measure), plot=forest_plot(measure["pairs"]))
        for name, measure in measures
        if measure["pairs"]
    ]


def _forest_caption(name: str, measure: Mapping[str, Any]) -> str:
    least = _points(detectable(measure))
    limit = "no difference is detectable" if least == "none" else f"{least} points are detectable"
    return f"{name}: {measure['title']}, {measure['questions']} questions, resampled: {measure['drawn']}; {limit}"


def strata_table(report: ReportRecord) -> ReportTable:
    """Return the share of right answers per stratum and arm."""
    rows = [
        [
            ReportCell(name, f"({measure['questions']})"),
            *(_share_cell(measure["arms"].get(arm["name"])) for arm in report["arms"]),
        ]
        for name, measure in report["strata"].items()
    ]
    caption = "Right per stratum (declined, where the documents do not answer) with 95% intervals."
    return ReportTable(heads=("stratum", *(arm["name"] for arm in report["arms"])), rows=rows, caption=caption)


def scopes_table(report: ReportRecord) -> ReportTable | None:
    """Return the share of right answers per kind of documents, with the arm to use; None where nothing was tuned."""
    scopes = [scope for scope in report["verdict"].get("scopes", ()) if scope["right"]]
    if not scopes:
        return None
    names = [arm["name"] for arm in report["arms"] if arm["candidate"]]
    rows = [
        [
            ReportCell(scope_title(report, scope), f"({scope['questions']})"),
            *(_share_cell(scope["right"]["arms"].get(name)) for name in names),
            ReportCell(scope["recommended"], scope["outcome"], strong=True),
        ]
        for scope in scopes
    ]
    return ReportTable(heads=("documents", *names, "use"), rows=rows, caption=report["verdict"]["advice"])


def scope_title(report: ReportRecord, scope: Mapping[str, Any]) -> str:
    """Return the name of a kind of documents; that of later ones says so where invented ones stand in."""
    stand_in = scope["scope"] == "later" and STAND_IN in report["strata"]
    return f"{scope['scope']} (invented)" if stand_in else str(scope["scope"])


def known_table(report: ReportRecord) -> ReportTable | None:
    """Return what the run answers closed book by document and section; None where `kb knows` was not called."""
    if not report.get("knows"):
        return None
    rows = [[ReportCell(cell) for cell in row] for row in map_rows(report["knows"])]
    return ReportTable(heads=KNOWN_HEADS, rows=rows, caption=KNOWN_CAPTION)


def skills_table(report: ReportRecord) -> ReportTable | None:
    """Return what training did to skills that it did not teach; None where no probe was asked."""
    if not report.get("skills"):
        return None
    rows = [
        [
            ReportCell(row["title"], row["tuned"]),
            _share_cell(row["before"]),
            _share_cell(row["after"]),
            ReportCell(signed(row["change"]["mean"]), span(row["change"]["low"], row["change"]["high"]), strong=True),
            ReportCell(str(row["before"]["n"])),
        ]
        for row in report["skills"]
    ]
    meanings = {row["title"]: row["meaning"] for row in report["skills"]}
    caption = "; ".join(f"{title}: {meaning}" for title, meaning in meanings.items())
    heads = ("skill", "base", "tuned", "points, 95% interval", "probes")
    return ReportTable(heads=heads, rows=rows, caption=f"{caption}. 95% intervals.")


def why_table(report: ReportRecord) -> ReportTable | None:
    """Return what the arms read in the passages and what they remembered; None where that was not asked."""
    if not report.get("why"):
        return None
    rows = [
        [
            ReportCell(row["arm"], f"({row['questions']} questions)"),
            *(_share_cell(row["shares"].get(label)) for label in LABELS),
            ReportCell(str(row["statements"])),
        ]
        for row in report["why"]
    ]
    caption = "Statements that changed without the passages and with others (read), in neither, or in one of the two."
    return ReportTable(heads=("arm", *LABELS, "statements"), rows=rows, caption=f"{caption} 95% intervals.")


def cost_table(report: ReportRecord) -> ReportTable:
    """Return times, tokens, memory and training per arm."""
    price = report["method"]["hour_price"]
    rows = [_plain(*_cost_row(name, cost, price)) for name, cost in report["cost"].items()]
    return ReportTable(heads=_COST_HEADS, rows=rows, caption=_COST_CAPTION)


def _cost_row(name: str, cost: Mapping[str, Any], price: float) -> Iterator[str]:
    yield name
    yield f"{cost['first_token_s'][0]:.2f} / {cost['first_token_s'][1]:.2f} s"
    yield f"{cost['total_s'][0]:.2f} / {cost['total_s'][1]:.2f} s"
    yield f"{cost['prompt_tokens']:.0f} / {cost['completion_tokens']:.0f}"
    yield f"{cost['memory_bytes'] / 2**20:.0f} MiB" if cost["memory_bytes"] else "–"
    yield f"{cost['training_s'] / 60:.1f} min" if cost["training_s"] else "–"
    yield f"{cost['thousand_h']:.2f} h" + (f", {cost['thousand_price']:.2f}" if price else "")


def break_even_lines(report: ReportRecord) -> list[str]:
    """Return after how many questions training has paid for itself, one line per pair."""
    return [f"{entry['trained']} against {entry['against']}: training {_paid(entry)}" for entry in report["break_even"]]


def _paid(entry: Mapping[str, Any]) -> str:
    if entry["questions"] is None:
        reasons = {"answers": "since fewer answers are right", "time": "since answers take no less time beyond chance"}
        return f"never pays for itself, {reasons.get(entry.get('reason', 'time'), reasons['time'])}"
    gained = "" if entry.get("more_right") else " by time alone: no more of its answers are right"
    return f"has paid for itself after {entry['questions']:,} questions{gained}"


def declining_table(report: ReportRecord) -> ReportTable | None:
    """Return how often each candidate declined; None where that was not counted."""
    if not report["abstention"]:
        return None
    rows = [_plain(name, *(counts[key] for key in _DECLINING)) for name, counts in report["abstention"].items()]
    return ReportTable(heads=("arm", *_DECLINING.values()), rows=rows, caption="Counts over the held-out questions.")


def beyond_memory_table(report: ReportRecord) -> ReportTable | None:
    """Return what passages add to what a model knows by heart; None where no pair of arms shows it."""
    if not report["beyond_memory"]:
        return None
    rows = [
        _plain(
            f"{entry['left']} over {entry['right']}",
            _share_of(entry["gained"], entry["unknown"]),
            _share_of(entry["lost"], entry["known"]),
        )
        for entry in report["beyond_memory"]
    ]
    return ReportTable(heads=("passages", "right, of what it did not know", "lost, of what it knew"), rows=rows)


def agreement_table(report: ReportRecord) -> ReportTable | None:
    """Return how alike replies to several phrasings of one question are; None where no fact has several."""
    if not report["agreement"]:
        return None
    rows = [
        [ReportCell(name), _share_cell(cell), ReportCell(str(cell["n"]))] for name, cell in report["agreement"].items()
    ]
    return ReportTable(
        heads=("arm", "agreement of replies", "facts"), rows=rows, caption="Mean token F1 between replies."
    )


def detectable(measure: Mapping[str, Any]) -> float | None:
    """Return the smallest difference that every pair of a table would show; None where one shows none."""
    values = [pair["detectable"] for pair in measure["pairs"]]
    return None if None in values else max(values)


def _plain(*texts: object) -> list[ReportCell]:
    return [ReportCell(str(text)) for text in texts]


def _share_cell(cell: Mapping[str, Any] | None) -> ReportCell:
    if cell is None:
        return ReportCell("–")
    if cell["low"] is None or cell["high"] is None:
        return ReportCell(f"{100 * cell['value']:.0f}%", "no interval", strong=True)
    return ReportCell(
        f"{100 * cell['value']:.0f}%", f"{100 * cell['low']:.0f} to {100 * cell['high']:.0f}", strong=True
    )


def _points(value: float | None) -> str:
    return "none" if value is None or value > 1 else f"{100 * value:.0f}"


def _p_value(value: float | None) -> str:
    return "–" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def _share_of(value: float | None, count: int) -> str:
    return "–" if value is None else f"{100 * value:.0f}% of {count}"

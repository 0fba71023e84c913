"""The report as one HTML page that needs nothing else: no script, no request, readable on a phone and on paper.

Everything from documents and models is escaped and the page's own policy forbids loading anything. Made of
`report.json` alone; sections of figures stand here, those of text in `finetune.compare.page_text`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from core.files import atomic_write
from finetune.compare.page_text import judge, repeat, side_by_side
from finetune.compare.plots import forest, latency_quality, signed, span

HTML_NAME = "report.html"
Report = Mapping[str, Any]
# Columns of the first table; the others stand in the second.
_HEADLINE = ("right", "token_f1", "abstention_recall", "needless_refusal")
_SHOWN = {"nothing": "nothing", "found": "what search finds", "oracle": "the right passage", "wrong": "a wrong passage"}


def write_page(folder: Path, report: Report) -> Path:
    """Write `report.html`, whole or not at all, and return its path.

    Raises:
        OSError: The folder cannot be written.
    """
    path = folder / HTML_NAME
    with atomic_write(path) as handle:
        handle.write(render(report).encode("utf-8", "replace"))
    return path


def render(report: Report) -> str:
    """Return the page."""
    verdict = report["verdict"]
    notes = "".join(f"<li>{escape(note)}</li>" for note in verdict["notes"])
    sections = [
        _arms(report), _measures(report), _differences(report), _forests(report), _latency(report), _costs(report),
        _abstention(report), _memory(report), judge(report), side_by_side(report), repeat(report),
    ]  # fmt: skip
    names = ", ".join(arm["name"] for arm in report["arms"])
    template = Template(files("finetune.compare").joinpath("page.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escape(f"Comparison of {names}"), verdict=escape(verdict["sentence"]),
        outcome=escape(verdict["outcome"]), notes=f"<ul>{notes}</ul>", body="\n".join(sections),
    )  # fmt: skip


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> str:
    """Return a table that becomes a list of cards on a narrow screen.

    Args:
        heads: Column titles, plain text.
        rows: Cells as HTML; the first of each row names it.
        caption: HTML above the table.
    """
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    body = ""
    for row in rows:
        cells = "".join(
            f'<td data-label="{escape(name, quote=True)}"><span>{cell}</span></td>'
            for name, cell in zip(heads[1:], row[1:], strict=True)
        )
        body += f'<tr><th scope="row">{row[0]}</th>{cells}</tr>'
    told = f"<caption>{caption}</caption>" if caption else ""
    inner = f'<table class="cards">{told}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="wide">{inner}</div>'


def _cell(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "–"
    value = f"<b>{100 * found['value']:.0f}%</b>"
    if found["low"] is None or found["high"] is None:
        return f"{value} <span class='range'>no interval</span>"
    low, high = max(0.0, found["low"]), min(1.0, found["high"])
    return f"{value} <span class='range'>{100 * low:.0f} to {100 * high:.0f}</span>"


def _arms(report: Report) -> str:
    rows = [
        [escape(arm["name"]), escape(arm["model"]), _SHOWN[arm["shown"]], "yes" if arm["tuned"] else "no",
         str(arm["asked"])]
        for arm in report["arms"]
    ]  # fmt: skip
    heads = ["arm", "model", "shown beside the question", "tuned on the documents", "questions"]
    return f"<h2>What was compared</h2>{table(heads, rows)}"


def _measures(report: Report) -> str:
    found = report["measures"]
    first = [name for name in _HEADLINE if name in found]
    rest = [name for name in found if name not in _HEADLINE]
    parts = ["<h2>Held-out questions</h2>"]
    for names, title in ((first, ""), (rest, "Further measures")):
        if names:
            rows = [[escape(arm["name"]), *(_cell(found[name]["arms"].get(arm["name"])) for name in names)]
                    for arm in report["arms"]]  # fmt: skip
            heads = ["arm", *(found[name]["title"] for name in names)]
            parts.append(f"<h3>{title}</h3>" if title else "")
            parts.append(table(heads, rows, f"Mean with 95% interval. {_least(found, names)}"))
    meanings = "".join(f"<li>{escape(one['title'])}: {escape(one['meaning'])} ({one['questions']} questions)</li>"
                       for one in found.values())  # fmt: skip
    return "".join(parts) + f"<details><summary>How each is counted</summary><ul>{meanings}</ul></details>"


def _least(found: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return the smallest detectable difference of each measure with pairs, as a sentence."""
    told = [f"{escape(found[name]['title'])} {_points(_detectable(found[name]))}"
            for name in names if found[name]["pairs"]]  # fmt: skip
    return f"Smallest difference that would be seen, in points: {', '.join(told)}." if told else ""


def _detectable(one: Mapping[str, Any]) -> float | None:
    values = [pair["detectable"] for pair in one["pairs"]]
    return None if None in values else max(values)


def _points(value: float | None) -> str:
    return "none" if value is None or value > 1 else f"{100 * value:.0f}"


def _differences(report: Report) -> str:
    parts = ["<h2>Differences</h2>", f'<p class="soft">{escape(report["clusters"]["told"])}</p>']
    names = [name for name in _HEADLINE if name in report["measures"]]
    for at, name in enumerate(names):
        one = report["measures"][name]
        if one["pairs"]:
            body = _pairs(one)
            title = escape(one["title"])
            parts.append(f"<h3>{title}</h3>{body}" if not at else
                         f"<details><summary>{title}</summary>{body}</details>")  # fmt: skip
    return "".join(parts)


def _pairs(one: Mapping[str, Any]) -> str:
    rows = [
        [
            escape(f"{pair['left']} − {pair['right']}"),
            f"<b>{signed(pair['mean'])}</b> <span class='range'>{span(pair['low'], pair['high'])}</span>",
            _p(pair["adjusted_p"]),
            _p(pair["mcnemar_p"]),
            _points(pair["detectable"]),
            escape("differs" if pair["significant"] else pair["says"]),
        ]
        for pair in one["pairs"]
    ]
    heads = ["pair", "points, 95% interval", "p (Holm)", "p (McNemar)", "smallest seen", "so"]
    return table(heads, rows, f"{one['questions']} questions.")


def _p(value: float | None) -> str:
    return "–" if value is None else "&lt; 0.001" if value < 0.001 else f"{value:.3f}"


def _forests(report: Report) -> str:
    figures = []
    whole = report["measures"].get("right")
    tables = ([("all held-out questions", whole)] if whole else []) + list(report["strata"].items())
    for name, one in tables:
        if one["pairs"]:
            told = f"{escape(name)}: {escape(one['title'])}, {one['questions']} questions; drawn: {one['drawn']}"
            least = _points(_detectable(one))
            seen = "no difference could be seen" if least == "none" else f"{least} points would be seen"
            figures.append(f"<figure>{forest(one['pairs'], name)}<figcaption>{told}; {seen}</figcaption></figure>")
    if not figures:
        return ""
    lead = ("Differences in percentage points with 95% intervals; filled where interval and corrected test agree that "
            "there is one. Each stratum is corrected by itself.")  # fmt: skip
    return f'<h2>By stratum</h2><p class="soft">{lead}</p><div class="plots">{"".join(figures)}</div>{_shares(report)}'


def _shares(report: Report) -> str:
    heads = ["stratum", *(arm["name"] for arm in report["arms"])]
    rows = [
        [f"{escape(name)} <span class='soft'>({one['questions']})</span>",
         *(_cell(one["arms"].get(arm["name"])) for arm in report["arms"])]
        for name, one in report["strata"].items()
    ]  # fmt: skip
    return table(heads, rows, "Right per stratum (declined, where nobody can answer) with 95% intervals.")


def _latency(report: Report) -> str:
    drawn = latency_quality(report)
    return f"<h2>Latency against quality</h2><figure>{drawn}</figure>" if drawn else ""


def _costs(report: Report) -> str:
    price = report["method"]["hour_price"]
    heads = ["arm", "first token, p50 / p95", "whole answer, p50 / p95", "tokens in / out", "process memory",
             "training", "1000 questions"]  # fmt: skip
    rows = [list(_cost_row(name, one, price)) for name, one in report["cost"].items()]
    told = [
        f"<li>{escape(one['trained'])} has paid for its training against {escape(one['against'])} "
        + (f"after {one['questions']:,} questions</li>" if one["questions"] is not None else
           "never: its answers take no less time</li>")
        for one in report["break_even"]
    ]  # fmt: skip
    caption = (
        "Times on this machine, one question after the other, the first answer after loading left out; training counts "
        "in the first thousand questions. Process memory is the most that this whole process held in RAM meanwhile: "
        "search and models of the arms before stay in it, and a model behind a server is not in it."
    )
    return f"<h2>Cost</h2>{table(heads, rows, caption)}<ul>{''.join(told)}</ul>"


def _cost_row(name: str, one: Mapping[str, Any], price: float) -> Iterator[str]:
    yield escape(name)
    yield f"{one['first_token_s'][0]:.2f} / {one['first_token_s'][1]:.2f} s"
    yield f"{one['total_s'][0]:.2f} / {one['total_s'][1]:.2f} s"
    yield f"{one['prompt_tokens']:.0f} / {one['completion_tokens']:.0f}"
    yield f"{one['memory_bytes'] / 2**20:.0f} MiB" if one["memory_bytes"] else "–"
    yield f"{one['training_s'] / 60:.1f} min" if one["training_s"] else "–"
    yield f"{one['thousand_h']:.2f} h" + (f", {one['thousand_price']:.2f}" if price else "")


def _abstention(report: Report) -> str:
    if not report["abstention"]:
        return ""
    heads = ["arm", "answerable: answered", "answerable: declined", "unanswerable: answered", "unanswerable: declined"]
    rows = [
        [escape(name), *(str(one[key]) for key in ("answered_answerable", "declined_answerable",
                                                   "answered_unanswerable", "declined_unanswerable"))]
        for name, one in report["abstention"].items()
    ]  # fmt: skip
    return f"<h2>Declining</h2>{table(heads, rows, 'Counts over the held-out questions.')}"


def _memory(report: Report) -> str:
    parts = []
    if report["beyond_memory"]:
        rows = [
            [escape(f"{one['left']} over {one['right']}"), _share(one["gained"], one["unknown"]),
             _share(one["lost"], one["known"])]
            for one in report["beyond_memory"]
        ]  # fmt: skip
        heads = ["passages", "right, of what it did not know by heart", "lost, of what it knew"]
        parts.append(f"<h2>Beyond memory</h2>{table(heads, rows)}")
    if report["agreement"]:
        rows = [[escape(name), _cell(one), str(one["n"])] for name, one in report["agreement"].items()]
        parts.append("<h2>One question, other words</h2>")
        parts.append(table(["arm", "agreement of replies", "facts"], rows, "Mean token F1 between replies."))
    return "".join(parts)


def _share(value: float | None, count: int) -> str:
    return "–" if value is None else f"{100 * value:.0f}% of {count}"

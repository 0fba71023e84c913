"""The sections of the page that hold text: questions side by side, the judge, and how to repeat it all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

Report = Mapping[str, Any]


def side_by_side(report: Report) -> str:
    """Return up to twenty questions with every arm's reply and its citations."""
    articles = "".join(_article(at, one) for at, one in enumerate(report["side_by_side"], start=1))
    return f"<h2>Side by side</h2>{articles}" if articles else ""


def _article(at: int, one: Mapping[str, Any]) -> str:
    gold = escape(one["answer"]) if one["answer"] is not None else "the documents do not say"
    places = ", ".join(_place(place) for place in one["places"])
    strata = escape(", ".join(one["strata"]))
    told = " · ".join(part for part in (f"Expected: <b>{gold}</b>", places, strata) if part)
    replies = "".join(_reply(reply) for reply in one["replies"])
    return (
        f'<article><h3>{at}. {escape(one["text"])}</h3><p class="soft">{told}</p>'
        f'<div class="replies">{replies}</div></article>'
    )


def _place(place: Mapping[str, Any]) -> str:
    page = "" if place["page"] is None else f", p. {place['page'] + 1}"
    return escape(f"{place['doc']}{page}")


def _reply(reply: Mapping[str, Any]) -> str:
    mark = '<span class="mark good">✓</span>' if reply["right"] else '<span class="mark bad">✗</span>'
    said = " declined" if reply["abstained"] else ""
    quotes = "".join(
        f"<blockquote>{_place(one)}: “{escape(one['quote'])}”</blockquote>" for one in reply["citations"][:3]
    )
    more = len(reply["citations"]) - 3
    rest = f'<p class="soft">and {more} more</p>' if more > 0 else ""
    return (
        f'<div class="reply"><span class="soft">{mark} {escape(reply["arm"])}{said}, {reply["total_s"]:.1f} s</span>'
        f"<p>{escape(reply['text'])}</p>{quotes}{rest}</div>"
    )


def judge(report: Report) -> str:
    """Return what the judge found, never without how well it judges."""
    found = report["judge"]
    if not found:
        return ""
    exam, counts = found["exam"], found["counts"]
    caught = f"It saw {exam['caught']} of {exam['planted']} planted errors in both orders"
    trust = "" if found["trusted"] else "; too few, so what follows counts for nothing"
    first, second = (escape(name) for name in found["arms"])
    orders = "–" if found["kappa_orders"] is None else f"{found['kappa_orders']:.2f}"
    measure = "–" if found["kappa_right"] is None else f"{found['kappa_right']:.2f}"
    return (
        f"<h2>A judge's view</h2><p>{escape(found['model'])} compared {first} and {second}, each pair in both orders. "
        f"{caught}{trust}.</p>"
        f"<p>Better: {first} {counts['first']}, {second} {counts['second']}, ties {counts['tie']} (of which the two "
        f"orders disagreed on {counts['disagreed']}). Kappa between the orders {orders}, with the measure “right” "
        f"{measure}. A judge's view decides nothing here.</p>"
    )


def repeat(report: Report) -> str:
    """Return what it takes to make the report again."""
    held = {"made_at": report["made_at"], "method": report["method"], **report["repeat"]}
    arms = {arm["name"]: {"model": arm["model"], **arm["identity"]} for arm in report["arms"]}
    command = escape(report["repeat"]["command"])
    rest = escape(json.dumps({**held, "arms": arms}, ensure_ascii=False, indent=1))
    return (
        f"<h2>To repeat it</h2><pre>{command}</pre><p class='soft'>Every output stands in outputs.jsonl and every "
        f"figure in report.json beside this page.</p><details><summary>Settings, versions, hashes</summary>"
        f"<pre>{rest}</pre></details>"
    )

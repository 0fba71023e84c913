"""Tables, sentences and coordinates of a report, as plain data."""

from __future__ import annotations

from typing import Any

import pytest

from finetune.compare.report import view
from finetune.compare.report.plots import forest_plot, latency_plot, signed, span


def cell(value: float, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "n": 9}


def pair(mean: float, low: float | None, high: float | None, *, detectable: float | None = 0.1) -> dict[str, Any]:
    return {
        "left": "a",
        "right": "b",
        "mean": mean,
        "low": low,
        "high": high,
        "p": 0.0001,
        "adjusted_p": 0.0002,
        "mcnemar_p": None,
        "detectable": detectable,
        "significant": True,
        "says": "better",
    }


def measure(name: str, *pairs: dict[str, Any]) -> dict[str, Any]:
    arms = {"a": cell(0.5, 0.25, 0.75), "b": cell(1.0)}
    return {"title": name, "meaning": "m", "questions": 9, "drawn": "pages", "arms": arms, "pairs": list(pairs)}


def report(**over: Any) -> dict[str, Any]:
    arms = [
        {"name": name, "model": "m", "shown": "found", "tuned": False, "candidate": True, "asked": 9} for name in "ab"
    ]
    cost = {
        "first_token_s": [0.5, 1.0],
        "total_s": [1.0, 2.0],
        "prompt_tokens": 10.0,
        "completion_tokens": 2.0,
        "memory_bytes": 0,
        "training_s": 0.0,
        "thousand_h": 0.5,
        "thousand_price": 1.0,
    }
    body = {
        "arms": arms,
        "measures": {"right": measure("right", pair(-0.5, None, None)), "rouge_l": measure("ROUGE-L")},
        "strata": {},
        "cost": {"a": cost, "b": {**cost, "memory_bytes": 2**21, "training_s": 90.0}},
        "method": {"hour_price": 2.0},
        "abstention": {},
        "beyond_memory": [],
        "agreement": {},
        "break_even": [],
    }
    return {**body, **over}


def texts(table: view.ReportTable) -> list[list[str]]:
    return [[f"{value.text} {value.note}".strip() for value in row] for row in table.rows]


def test_a_share_is_shown_with_its_interval_or_without_one() -> None:
    first, rest = view.measure_tables(report())
    assert texts(first.table) == [["a", "50% 25 to 75"], ["b", "100% no interval"]]
    assert first.table.caption == "Mean with 95% interval. Smallest detectable difference, in points: right 10."
    assert (first.title, rest.title, rest.table.heads) == ("", "Further measures", ("arm", "ROUGE-L"))


def test_a_difference_has_tests_and_the_smallest_that_is_detectable() -> None:
    (table,) = view.difference_tables(report())
    assert texts(table.table) == [["a − b", "−50 no interval", "< 0.001", "–", "10", "differs"]]


def test_what_no_question_can_show_is_named() -> None:
    shown = measure("right", pair(0.1, -0.1, 0.3, detectable=None), pair(0.1, 0.0, 0.2))
    assert view.detectable(shown) is None
    (figure,) = view.forest_figures(report(measures={}, strata={"new": shown}))
    assert figure.caption.endswith("resampled: pages; no difference is detectable")


def test_costs_leave_out_what_is_unknown() -> None:
    first, second = texts(view.cost_table(report()))
    assert first == ["a", "0.50 / 1.00 s", "1.00 / 2.00 s", "10 / 2", "–", "–", "0.50 h, 1.00"]
    assert second[4:6] == ["2 MiB", "1.5 min"]
    assert texts(view.cost_table(report(method={"hour_price": 0})))[0][-1] == "0.50 h"


@pytest.mark.parametrize(
    ("questions", "more_right", "sentence"),
    [
        (1200, True, "t against b: training has paid for itself after 1,200 questions"),
        (
            1200,
            False,
            "t against b: training has paid for itself after 1,200 questions by time alone: no more of its answers are"
            " right",
        ),
        (None, False, "t against b: training never pays for itself, since answers take no less time beyond chance"),
    ],
)
def test_training_pays_for_itself_or_never(questions: int | None, more_right: bool, sentence: str) -> None:
    entry = {"trained": "t", "against": "b", "questions": questions, "more_right": more_right}
    assert view.break_even_lines(report(break_even=[entry])) == [sentence]


def test_tables_that_have_nothing_to_show_are_absent() -> None:
    empty = report()
    assert [view.declining_table(empty), view.beyond_memory_table(empty), view.agreement_table(empty)] == [None] * 3
    known = {"left": "a", "right": "b", "known": 4, "unknown": 0, "gained": None, "lost": 0.25}
    table = view.beyond_memory_table(report(beyond_memory=[known]))
    assert table and texts(table) == [["a over b", "–", "25% of 4"]]


def test_differences_are_written_in_points_with_their_sign() -> None:
    assert [signed(value) for value in (0.123, -0.05, 0.004)] == ["+12", "−5", "0"]
    assert (span(-0.1, 0.25), span(None, 0.1)) == ("−10 to +25", "no interval")


def test_a_forest_plot_has_nothing_in_its_middle_and_reaches_to_its_ends() -> None:
    plot = forest_plot([pair(-0.2, -0.4, 0.0), pair(0.1, None, None)])
    first, second = plot.rows
    assert plot.zero == pytest.approx(180)
    assert (first.low, first.high) == pytest.approx((8, 180))
    assert first.low < first.mean < first.high
    assert (second.low, second.high) == pytest.approx((8, 352))  # an unknown interval spans the plot
    assert [tick.text for tick in plot.ticks] == ["−40", "−20", "0", "+20", "+40"]
    assert (plot.ticks[0].anchor, plot.ticks[-1].anchor) == ("start", "end")


def test_faster_arms_stand_left_and_better_ones_above() -> None:
    drawn = report()
    drawn["cost"]["b"] = {**drawn["cost"]["b"], "total_s": [9.0, 9.0]}
    plot = latency_plot(drawn)
    assert plot
    a, b = plot.points
    assert a.x < b.x and a.y > b.y
    assert a.high < a.y < a.low
    assert (b.low, b.high) == (b.y, b.y)
    assert [tick.text for tick in plot.seconds] == ["1 s", "10 s"]


def test_a_name_is_written_where_no_other_point_is() -> None:
    drawn = report()
    drawn["measures"]["right"]["arms"] = {"a": cell(0.5), "b": cell(0.5)}
    drawn["cost"]["b"] = {**drawn["cost"]["b"], "total_s": [1.05, 2.0]}
    plot = latency_plot(drawn)
    assert plot and [point.anchor for point in plot.points] == ["start", "start"]
    drawn["cost"]["a"] = {**drawn["cost"]["a"], "total_s": [1.9, 2.0]}
    drawn["cost"]["b"] = {**drawn["cost"]["b"], "total_s": [2.0, 2.0]}
    crowded = latency_plot(drawn)
    assert crowded and crowded.points[0].anchor == "end"


def test_no_plot_without_right_answers() -> None:
    assert latency_plot(report(measures={})) is None

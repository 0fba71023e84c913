"""Drawn lines in the reader's space: what counts as a line, and what stands between or under texts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.load.pdf.layout.rules import Rules, make_rules, turned_box

SIZE = (600.0, 800.0)


def rules_of(*boxes: tuple[float, float, float, float], angle: float = 0.0) -> Rules:
    return make_rules(np.array(boxes, np.float64).reshape(-1, 4), SIZE, angle)


def level(*lines: tuple[float, float, float]) -> Rules:
    return Rules(np.array(lines, np.float64).reshape(-1, 3), np.zeros((0, 3)))


def test_a_flat_box_is_a_level_line_and_a_narrow_one_is_upright() -> None:
    rules = rules_of((50, 699, 550, 701), (99, 400, 101, 700))
    assert rules.level.tolist() == [[-700, 50, 550]]
    assert rules.upright.tolist() == [[100, -700, -400]]


def test_a_frame_has_four_sides() -> None:
    rules = rules_of((50, 600, 150, 700))
    assert rules.level.tolist() == [[-700, 50, 150], [-600, 50, 150]]
    assert sorted(rules.upright.tolist()) == [[50, -700, -600], [150, -700, -600]]


def test_dashes_and_the_background_are_no_lines() -> None:
    dashes = rules_of((50, 700, 58, 701), (50, 600, 51, 608))
    background = rules_of((0, 0, 600, 800))
    for rules in (dashes, background):
        assert (len(rules.level), len(rules.upright)) == (0, 0)


def test_sides_of_neighbouring_cells_are_one_line() -> None:
    rules = rules_of((50, 600, 150, 650), (150.5, 600, 250, 650), (300, 600, 400, 650))
    assert rules.level.tolist() == [[-650, 50, 250], [-650, 300, 400], [-600, 50, 250], [-600, 300, 400]]


@pytest.mark.parametrize("angle", [30.0, 1003.0])
def test_slanted_text_has_no_lines(angle: float) -> None:
    assert len(rules_of((50, 699, 550, 701), angle=angle).level) == 0


def test_a_drawing_of_too_many_paths_has_no_lines() -> None:
    many = [(50.0, float(y), 550.0, y + 0.5) for y in range(3001)]
    assert len(rules_of(*many[:3000]).level) > 0
    assert len(rules_of(*many).level) == 0


@pytest.mark.parametrize(
    ("angle", "box"),
    [
        (0.0, (10, -40, 30, -20)),
        (90.0, (20, -30, 40, -10)),  # text that climbs: its line runs up the page
        (180.0, (-30, 20, -10, 40)),
        (270.0, (-40, 10, -20, 30)),
    ],
)
def test_boxes_turn_with_the_text(angle: float, box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = turned_box((10, 20, 30, 40), angle)
    assert left < right
    if angle in (0.0, 180.0):
        assert (left, top, right, bottom) == box
    assert {abs(right - left), abs(bottom - top)} == {20}


SIDES = st.floats(-500, 500, allow_nan=False, width=32)


@settings(max_examples=40)
@given(st.tuples(SIDES, SIDES, st.floats(1, 300), st.floats(1, 300)), st.sampled_from([0.0, 90.0, 180.0, 270.0]))
def test_a_turned_box_keeps_its_sides(corner: tuple[float, float, float, float], angle: float) -> None:
    x, y, width, height = corner
    left, top, right, bottom = turned_box((x, y, x + width, y + height), angle)
    across, along = (width, height) if angle % 180 == 0 else (height, width)
    assert right - left == pytest.approx(across, abs=1e-3)
    assert bottom - top == pytest.approx(along, abs=1e-3)


def test_lines_that_cross_a_stretch() -> None:
    rules = level((100, 50, 550), (102, 50, 550), (120, 50, 550), (140, 200, 550), (160, 50, 550))
    assert rules.crossing(90, 150, 60, 500) == [100, 120]  # 102 is the same line drawn double, 140 begins too late
    assert rules.crossing(100, 160, 60, 500) == [102, 120]  # both ends stand outside
    assert rules.crossing(90, 170, 60, 551) == []
    assert level().crossing(0, 900, 0, 10) == []


def test_a_stretch_is_tabular_with_two_lines_across() -> None:
    rules = level((100, 50, 550), (120, 50, 550))
    assert rules.tabular(90, 130, 300)
    assert not rules.tabular(90, 110, 300)
    assert not rules.tabular(90, 130, 545)  # the lines end within 8 points of it


def test_the_shortest_line_under_a_text() -> None:
    rules = level((104, 50, 550), (105, 148, 202), (130, 150, 200))
    assert rules.under(102, 150, 200, 7) == (148, 202)
    assert rules.under(102, 145, 200, 7) == (50, 550)
    assert rules.under(110, 150, 200, 7) is None
    assert level().under(102, 150, 200, 7) is None

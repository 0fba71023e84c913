"""Weights that are part of the program."""

from __future__ import annotations

from core.weights.adapter import open_adapter
from core.weights.shipped import passages_at_once, reading_adapter, shipped_models


def test_the_base_that_reads_says_how_many_passages_it_learned_from() -> None:
    assert passages_at_once("smollm2-reading") == open_adapter(reading_adapter()).shown.count == 2
    assert passages_at_once("smollm2") == passages_at_once("/a/folder") == 0


def test_what_ships_is_listed_with_its_licence() -> None:
    models = {model.name: model for model in shipped_models()}
    assert {"span-reader", "smollm2-reading"} <= set(models)
    assert all(model.licence == "CC BY-SA 4.0" and model.size_bytes > 1 << 20 for model in models.values())

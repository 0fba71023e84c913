"""Which way a question goes, by its signals."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from core.settings import RoutingSettings
from kb.routing.decide import RouteSignals, choose_way

SETTINGS = RoutingSettings()  # type: ignore[call-arg]
# Passages were found and memory may be asked, and the reader has nothing.
OPEN = RouteSignals(reader_cites=False, reader_confidence=0.0, retrieval=0.6, learned=2)


def unasked() -> float:
    raise AssertionError("the run is asked for nothing")


@pytest.mark.parametrize(
    ("signals", "agreement", "way"),
    [
        (OPEN, 0.9, "tuned"),
        (OPEN, 0.3, "both"),
        (replace(OPEN, reader_cites=True, reader_confidence=0.4), 0.3, "both"),
        (replace(OPEN, retrieval=0.1), 0.3, "abstain"),
        (replace(OPEN, retrieval=0.1), 0.9, "tuned"),
        (replace(OPEN, retrieval=0.1, reader_cites=True, reader_confidence=0.4), 0.3, "search"),
        (replace(OPEN, retrieval=None), 0.3, "both"),
    ],
)
def test_the_run_is_asked_where_the_reader_is_not_sure(signals: RouteSignals, agreement: float, way: str) -> None:
    choice = choose_way(signals, SETTINGS, lambda: agreement)
    assert choice.way == way and choice.signals.agreement == agreement
    assert choice.note.startswith(f"route: {way}: ") and choice.reason.endswith(".")


@pytest.mark.parametrize(
    ("signals", "way", "reason"),
    [
        (replace(OPEN, reader_cites=True, reader_confidence=0.9), "search", "90% sure"),
        (replace(OPEN, untaught=("update.pdf",)), "both", "did not learn update.pdf"),
        (replace(OPEN, forgotten=("old.pdf",)), "both", r"forgotten since \(old.pdf\)"),
        (replace(OPEN, learned=0), "both", "not known which documents"),
        (replace(OPEN, learned=0, retrieval=0.1), "abstain", "found nothing"),
    ],
)
def test_memory_that_is_not_needed_or_stale_costs_nothing(signals: RouteSignals, way: str, reason: str) -> None:
    choice = choose_way(signals, SETTINGS, unasked)
    assert choice.way == way and choice.signals.agreement is None
    assert re.search(reason, choice.reason)


def test_settings_move_the_thresholds() -> None:
    signals = replace(OPEN, reader_cites=True, reader_confidence=0.5)
    sooner = SETTINGS.model_copy(update={"reader_confidence": 0.5})
    assert choose_way(signals, sooner, unasked).way == "search"
    stricter = SETTINGS.model_copy(update={"agreement": 1.0, "retrieval": 0.9})
    assert choose_way(signals, stricter, lambda: 0.95).way == "search"


def test_the_choice_as_json_has_arm_reason_and_signals() -> None:
    shown = choose_way(OPEN, SETTINGS, lambda: 0.91234).to_json()
    assert shown["arm"] == "tuned" and shown["signals"]["agreement"] == 0.912
    assert shown["signals"]["retrieval"] == 0.6 and shown["signals"]["untaught"] == []

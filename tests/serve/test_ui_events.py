"""What handlers of the page share: errors with the next click, who asks, and how often to draw."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from core.errors import ConfigError
from serve.errors import page_text
from serve.ui.events import PRIVATE, SLOW, RedrawTimer, errors_shown, requester


def test_an_error_of_ours_is_a_message_on_the_page() -> None:
    error = ConfigError("no such collection", hint="kb list", click="choose another collection")
    with pytest.raises(gr.Error) as caught, errors_shown():
        raise error
    assert caught.value.message == page_text(error) == "No such collection. Choose another collection."
    assert "kb list" not in caught.value.message
    assert caught.value.__cause__ is error


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(ZeroDivisionError), errors_shown():
        raise ZeroDivisionError
    with errors_shown():
        pass


def test_who_asks_is_what_the_guard_found() -> None:
    def request(**state: str) -> Any:
        return SimpleNamespace(state=SimpleNamespace(**state))

    assert requester(request(who="ann")) == "ann"
    assert requester(request()) == "page"


def test_a_drawing_waits_for_its_interval() -> None:
    always, never = RedrawTimer(0.0), RedrawTimer(1e12)
    assert [always.due() for _ in range(3)] == [True] * 3
    assert [never.due() for _ in range(3)] == [False] * 3


def test_no_handler_is_open_to_other_programs() -> None:
    assert PRIVATE["api_visibility"] == SLOW["api_visibility"] == "private"
    assert (PRIVATE["show_progress"], SLOW["show_progress"]) == ("hidden", "minimal")

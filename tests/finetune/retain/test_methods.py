"""Each way of retaining by itself: which rows are trained, what it adds, and which recipes it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from finetune.recipe import Recipe
from finetune.retain.kinds import kl, mixsd, none, replay, sdft
from finetune.retain.method import RetainMethod
from finetune.retain.registry import RETAIN_METHODS
from tests.support.chat_rows import made

ROWS = [made(number) for number in range(3)]
WRITTEN = [made(1, answer="It takes 311 litres."), made(9)]


@pytest.mark.parametrize("module", [none, kl, mixsd, replay, sdft])
def test_a_module_s_way_is_registered_under_its_name(module: object) -> None:
    method: RetainMethod = module.METHOD  # type: ignore[attr-defined]
    assert RETAIN_METHODS[method.name] is method
    assert method.title


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("none", ["310", "311", "312"]),
        ("kl", ["310", "311", "312"]),
        ("sdft", ["310", "311", "312"]),
        ("replay", ["310", "311", "312", "It takes 311", "319"]),
        ("mixsd", ["310", "It takes 311", "312"]),
    ],
)
def test_which_rows_are_trained(name: str, answers: list[str]) -> None:
    trained = RETAIN_METHODS[name].training_rows(ROWS, WRITTEN)
    assert [row.answer for row in trained] == [
        f"{answer} litres." if answer.startswith("It") else f"Tank {int(answer) - 310} holds {answer} litres."
        for answer in answers
    ]


@pytest.mark.parametrize(
    ("name", "tokens"),
    [("none", 0), ("mixsd", 0), ("sdft", 6000)],
)
def test_what_a_pass_computes_beside_the_rows(name: str, tokens: float) -> None:
    prepared: Any = None  # none of these looks at it
    assert RETAIN_METHODS[name].added_tokens(prepared, 100, 40.0) == tokens


@pytest.mark.parametrize("name", ["kl", "mixsd", "replay", "sdft"])
def test_rows_must_be_known_before_training(name: str) -> None:
    (fault,) = RETAIN_METHODS[name].faults(Recipe.model_construct(**(Recipe().model_dump() | {"streaming": True})))
    assert fault.startswith(f"retain {name} with streaming")


def test_plain_training_serves_every_recipe() -> None:
    recipe = Recipe.model_construct(**(Recipe().model_dump() | {"streaming": True, "method": "full"}))
    assert not list(RETAIN_METHODS["none"].faults(recipe))


def test_a_way_is_known_by_the_name_of_its_module() -> None:
    from finetune.retain.names import RETAIN_NAMES
    from finetune.retain.registry import RETAIN_METHODS

    assert RETAIN_NAMES[0] == "none"
    assert {name: method.name for name, method in RETAIN_METHODS.items()} == {name: name for name in RETAIN_NAMES}

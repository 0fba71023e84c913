"""One thread for exported models; what LangChain's suites ask of every chat model and one without tools lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from finetune.export.ollama.model import ModelfileParts
from tests.support.live_ollama import PARAMETERS


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that a class names in `ABSENT`: its model lacks what they test."""
    absent = [item for item in items if getattr(item, "originalname", "") in getattr(_class_of(item), "ABSENT", ())]
    if absent:
        config.hook.pytest_deselected(items=absent)
        items[:] = [item for item in items if item not in absent]


@pytest.fixture(autouse=True, scope="package")
def one_thread_for_exports() -> Iterator[None]:
    """Threads of tiny models spend their time waiting for each other; an export leaves their number to the server."""
    given = ModelfileParts.parameters.fget
    assert given is not None

    def parameters(model: ModelfileParts) -> Mapping[str, Any]:
        return {**given(model), **PARAMETERS}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ModelfileParts, "parameters", property(parameters))
        yield


def _class_of(item: pytest.Item) -> type | None:
    found = item.getparent(pytest.Class)
    return found.obj if found else None

"""What LangChain's standard suites ask of every chat model and a text model without tools does not have."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that a class names in `ABSENT`: its model lacks what they test."""
    absent = [item for item in items if getattr(item, "originalname", "") in getattr(_class_of(item), "ABSENT", ())]
    if absent:
        config.hook.pytest_deselected(items=absent)
        items[:] = [item for item in items if item not in absent]


def _class_of(item: pytest.Item) -> type | None:
    found = item.getparent(pytest.Class)
    return found.obj if found else None

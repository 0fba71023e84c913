"""What it takes to ask a comparison again."""

from __future__ import annotations

import json
import platform

from core.types import RunCard
from core.version import project_version
from kb.comparison.circumstances import circumstances
from tests.support.stored import stored_document

CARD = RunCard(
    name="tanks",
    base="smollm2",
    method="lora",
    data_sha256="ab",
    seed=7,
    versions={},
    data="dataset",
    recipe="quick",
    times_s={"sft": 3.5},
)


def test_versions_machine_and_documents_are_named() -> None:
    values = circumstances("club", [stored_document("a.pdf", sha256="1" * 64), stored_document("b.pdf")], None)
    assert (values["collection"], values["documents"]) == ("club", {"a.pdf": "1" * 64, "b.pdf": "0" * 64})
    assert values["versions"]["kb"] == project_version()
    assert values["versions"]["python"] == platform.python_version()
    assert all(values["versions"].values())
    assert values["machine"]["cores"] >= 1
    assert "run" not in values


def test_a_run_is_named_with_its_data_and_the_whole_is_json() -> None:
    values = circumstances("", (), CARD)
    assert values["run"] == {
        "name": "tanks",
        "base": "smollm2",
        "method": "lora",
        "recipe": "quick",
        "seed": 7,
        "data": "dataset",
        "data_sha256": "ab",
        "times_s": {"sft": 3.5},
    }
    assert json.loads(json.dumps(values)) == values
    assert values["documents"] == {}

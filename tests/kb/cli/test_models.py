"""`kb models`: what lies here, removed only after a yes, fetched only by a known name."""

from __future__ import annotations

import json

import pytest

from core.files import Home
from tests.kb.cli.conftest import Cli


@pytest.mark.weights
def test_models_are_listed_with_licence_and_size(cli: Cli, in_stocked: Home) -> None:
    models = json.loads(cli("models", "list", "--json").out)["models"]
    by_name = {model["name"]: model for model in models}
    assert {"minilm", "smollm2"} <= set(by_name) and by_name["minilm"]["size_bytes"] > 1_000_000
    assert set(by_name["minilm"]) == {"name", "source", "version", "licence", "size_bytes"}
    assert "MiB" in cli("models", "list").out


@pytest.mark.weights
def test_pulling_what_is_there_fetches_nothing(cli: Cli, in_stocked: Home) -> None:
    done = cli("models", "pull", "minilm")
    assert done.code == 0 and "minilm is ready in " in done.err and "Next: kb ingest PATH" in done.err


def test_an_unknown_name_is_refused(cli: Cli, home: Home) -> None:
    done = cli("models", "pull", "nonsense")
    assert done.code == 2 and "nonsense" in done.err


def test_only_what_is_there_can_be_removed(cli: Cli, home: Home) -> None:
    done = cli("models", "rm", "smollm2", "--yes")
    assert done.code == 3 and "kb models pull smollm2" in done.err

"""A chat model of LangChain's is opened by provider and name; a provider that does not exist is named."""

from __future__ import annotations

import importlib.util

import pytest

from core.backends import parse_spec
from core.chat.remote.langchain import open_spec
from core.errors import ConfigError
from core.files import Home
from core.settings import Settings


@pytest.mark.skipif(not importlib.util.find_spec("langchain"), reason="requires the package langchain")
def test_an_unknown_provider_is_a_fault_of_the_settings(home: Home) -> None:
    with pytest.raises(ConfigError) as caught:
        open_spec(parse_spec("langchain:nonsense:x"), Settings(), home)
    assert caught.value.message.startswith("langchain:nonsense:x: ")
    assert "nonsense" in caught.value.message.removeprefix("langchain:nonsense:x: ")
    assert caught.value.hint == "kb config show"

"""The registry of chat back ends: what leaves this machine, how tokens are counted, that every opener exists."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel

from core.backends import BACKENDS, SPELLINGS, destination, parse_spec, token_counter
from core.chat.extractive import open_spec
from core.errors import ConfigError
from core.files import Home
from core.settings import RagSettings, Settings


@pytest.mark.parametrize(
    ("model", "ollama_url", "goes_to"),
    [
        ("auto", "http://10.0.0.9:11434", ""),
        ("extractive", "http://10.0.0.9:11434", ""),
        ("ollama:llama3.1", "http://127.0.0.1:11434", ""),
        ("ollama:llama3.1", "http://10.0.0.9:11434", "http://10.0.0.9:11434"),
        ("ollama:gpt-oss:120b-cloud", "http://127.0.0.1:11434", "ollama.com"),
        ("ollama:deepseek-v3.1:cloud", "http://localhost:11434", "ollama.com"),
        ("openai:m@http://127.0.0.1:8000/v1", "http://127.0.0.1:11434", ""),
        ("openai:m@https://api.example.org/v1", "http://127.0.0.1:11434", "https://api.example.org/v1"),
        ("langchain:anthropic:claude", "http://127.0.0.1:11434", "anthropic"),
        ("run:mine", "http://10.0.0.9:11434", ""),
    ],
)
def test_where_text_goes(model: str, ollama_url: str, goes_to: str) -> None:
    settings = Settings(rag=RagSettings(ollama_url=ollama_url))
    assert destination(parse_spec(model), settings) == goes_to


def test_every_back_end_names_a_function_that_opens_it() -> None:
    for backend in BACKENDS.values():
        module, _, function = backend.opener.partition(":")
        assert callable(getattr(importlib.import_module(module), function))


def test_auto_stands_alone_or_before_a_run() -> None:
    assert (str(parse_spec("auto")), parse_spec("auto").name) == ("auto", "")
    assert (str(parse_spec("auto:mine")), parse_spec("auto:mine").name) == ("auto:mine", "mine")
    assert {"auto", "auto:RUN"} <= set(SPELLINGS)
    for text in ("auto:", "auto:../x", "run", "extractive:x"):
        with pytest.raises(ConfigError, match="unknown model"):
            parse_spec(text)


def test_a_client_without_a_tokenizer_here_is_counted_by_its_bytes(home: Home) -> None:
    reader = open_spec(parse_spec("extractive"), Settings(), home)
    assert token_counter(reader)("one two.") == reader.get_num_tokens("one two.")
    assert token_counter(GenericFakeChatModel(messages=iter([])))("word " * 30) == 50


def test_the_registry_loads_no_back_end() -> None:
    code = "import core.backends, sys; print({'langchain_core', 'openvino', 'pydantic', 'httpx'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "set()"

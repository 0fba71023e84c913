"""Registry of chat back ends: how each is spelled, opened and counted, and where it sends text.

Nothing heavy is imported here, so that option help can read it; a back end's own module is imported when it is opened.
Adding one takes an entry here and a module with a function `(spec, settings, home) -> BaseChatModel`.
"""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from core.chat.remote.address import is_loopback
from core.errors import ConfigError

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

    from core.files import Home
    from core.settings import Settings

    Opener = Callable[["ModelSpec", Settings, Home], BaseChatModel]

# Where a back end runs: in this process, in the Ollama of `rag.ollama_url`, at the URL of its spelling, or at whatever
# provider its client talks to.
Place = Literal["process", "ollama", "url", "provider"]

# Sampling controls by the name that a request gives them; the values are a back end's own names.
_LOCAL_CONTROLS = {
    name: name for name in ("temperature", "top_p", "top_k", "repetition_penalty", "seed", "max_tokens", "stop")
}
_OLLAMA_CONTROLS = {**_LOCAL_CONTROLS, "repetition_penalty": "repeat_penalty", "max_tokens": "num_predict"}
_OPENAI_CONTROLS = {name: name for name in ("temperature", "top_p", "seed", "max_tokens", "stop")}
_RUN_NAME = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)")
_ANY = re.compile(r"(?P<name>.+)", re.DOTALL)
# A name that Ollama passes on to its own service (`gpt-oss:120b-cloud`, `deepseek-v3.1:cloud`).
_OLLAMA_CLOUD = re.compile(r".*[:-]cloud")
_BYTES_PER_TOKEN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A parsed spelling of a chat model; `str()` gives it back.

    Attributes:
        kind: Which back end.
        name: Path, Hub id, model or run name; empty for the bare words. `PROVIDER:NAME` for `langchain`.
        url: Base URL where the spelling has one.
    """

    kind: str
    name: str = ""
    url: str = ""

    def __str__(self) -> str:
        text = f"{self.kind}:{self.name}" if self.name else self.kind
        return f"{text}@{self.url}" if self.url else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One kind of chat model.

    Attributes:
        kind: The word before the colon of a spelling.
        spelling: How help and errors show it.
        named: How it is spelled with a name, where the bare word is a spelling too; else empty.
        opener: `module:function` that opens it. The bare `auto` stands for another and is never opened.
        arguments: What follows the colon, with the groups `name` and `url`; None for a bare word alone.
        place: Where it runs.
        tokenizer: `_llm_type` of an opened model that counts tokens with a tokenizer of its own; empty where the count
            is an upper bound, since the client would download a tokenizer to count.
        controls: Sampling controls it honours.
        writes: Whether it writes text of its own; the built-in reader only quotes.
        schema_keyword: Keyword of a call that holds the text to a JSON schema; empty where nothing does.
    """

    kind: str
    spelling: str
    opener: str
    named: str = ""
    arguments: re.Pattern[str] | None = None
    place: Place = "process"
    tokenizer: str = ""
    controls: Mapping[str, str] = field(default_factory=dict)
    writes: bool = True
    schema_keyword: str = ""

    def parse(self, rest: str | None) -> ModelSpec | None:
        """Parse what stands after the colon (None where there is no colon); None where it is not spelled so."""
        if rest is None:
            return ModelSpec(kind=self.kind) if self.arguments is None or self.named else None
        if self.arguments is None:
            return None
        match = self.arguments.fullmatch(rest)
        if match is None:
            return None
        groups = match.groupdict()
        return ModelSpec(kind=self.kind, name=groups["name"], url=(groups.get("url") or "").rstrip("/"))

    def open(self, spec: ModelSpec, settings: Settings, home: Home) -> BaseChatModel:
        """Open a model of this kind.

        Raises:
            KbError: As its module says.
        """
        module, _, function = self.opener.partition(":")
        opener: Opener = getattr(importlib.import_module(module), function)
        return opener(spec, settings, home)


BACKENDS: Mapping[str, Backend] = MappingProxyType(
    {
        backend.kind: backend
        for backend in (
            Backend(
                kind="auto",
                spelling="auto",
                named="auto:RUN",
                opener="core.chat.local.run:open_spec",
                arguments=_RUN_NAME,
                tokenizer="openvino-genai",
                controls=_LOCAL_CONTROLS,
                schema_keyword="json_schema",
            ),
            Backend(
                kind="extractive",
                spelling="extractive",
                opener="core.chat.extractive:open_spec",
                tokenizer="extractive",
                writes=False,
            ),
            Backend(
                kind="smollm2",
                spelling="smollm2",
                opener="core.chat.local.genai:open_spec",
                tokenizer="openvino-genai",
                controls=_LOCAL_CONTROLS,
                schema_keyword="json_schema",
            ),
            Backend(
                kind="gguf",
                spelling="gguf:PATH",
                opener="core.chat.local.genai:open_spec",
                arguments=_ANY,
                tokenizer="openvino-genai",
                controls=_LOCAL_CONTROLS,
                schema_keyword="json_schema",
            ),
            Backend(
                kind="hf",
                spelling="hf:PATH|ID",
                opener="core.chat.local.hf:open_spec",
                arguments=_ANY,
                tokenizer="transformers",
                controls=_LOCAL_CONTROLS,
            ),
            Backend(
                kind="ollama",
                spelling="ollama:NAME",
                opener="core.chat.remote.ollama:open_spec",
                arguments=_ANY,
                place="ollama",
                controls=_OLLAMA_CONTROLS,
                schema_keyword="format",
            ),
            Backend(
                kind="openai",
                spelling="openai:NAME@URL",
                opener="core.chat.remote.openai:open_spec",
                arguments=re.compile(r"(?P<name>.+?)@(?P<url>https?://\S+)"),
                place="url",
                controls=_OPENAI_CONTROLS,
                schema_keyword="response_format",
            ),
            Backend(
                kind="langchain",
                spelling="langchain:PROVIDER:NAME",
                opener="core.chat.remote.langchain:open_spec",
                arguments=re.compile(r"(?P<name>[^:]+:.+)", re.DOTALL),
                place="provider",
            ),
            Backend(
                kind="run",
                spelling="run:NAME",
                opener="core.chat.local.run:open_spec",
                arguments=_RUN_NAME,
                tokenizer="openvino-genai",
                controls=_LOCAL_CONTROLS,
                schema_keyword="json_schema",
            ),
        )
    }
)
SPELLINGS = tuple(text for each in BACKENDS.values() for text in (each.spelling, each.named) if text)


def parse_spec(text: str) -> ModelSpec:
    """Parse one spelling of a chat model.

    Raises:
        ConfigError: No such spelling; the message lists them all and the nearest.
    """
    kind, colon, rest = text.strip().partition(":")
    backend = BACKENDS.get(kind)
    spec = backend.parse(rest if colon else None) if backend else None
    if spec is None:
        raise _unknown(text.strip(), kind)
    return spec


def _unknown(text: str, kind: str) -> ConfigError:
    nearest = difflib.get_close_matches(kind, BACKENDS, n=1, cutoff=0.5)
    message = f"unknown model {text!r}; use one of {', '.join(SPELLINGS)}"
    if nearest:
        message += f"; did you mean {BACKENDS[nearest[0]].spelling}?"
    return ConfigError(
        message, hint='kb ask --model extractive "QUESTION"', click="choose another model under Model and controls"
    )


def destination(spec: ModelSpec, settings: Settings) -> str:
    """Return where questions and passages go when this model is asked: a URL or a provider's name.

    Returns:
        Empty where the text stays on this machine.
    """
    place = BACKENDS[spec.kind].place
    if place == "ollama":
        url = settings.rag.ollama_url
        return "ollama.com" if is_loopback(url) and _OLLAMA_CLOUD.fullmatch(spec.name) else _unless_loopback(url)
    if place == "url":
        return _unless_loopback(spec.url)
    return spec.name.partition(":")[0] if place == "provider" else ""


def _unless_loopback(url: str) -> str:
    return "" if is_loopback(url) else url


def token_counter(chat: BaseChatModel) -> Callable[[str], int]:
    """Return a function that counts tokens as the model does, without a network.

    For a model without a tokenizer here the count is an upper bound for text, three bytes of UTF-8 a token.
    """
    if chat._llm_type in {backend.tokenizer for backend in BACKENDS.values() if backend.tokenizer}:
        return chat.get_num_tokens
    return lambda text: -(-len(text.encode()) // _BYTES_PER_TOKEN)

"""Opens any chat model that LangChain knows: `langchain:PROVIDER:NAME`."""

from __future__ import annotations

import importlib
import importlib.util

from langchain_core.language_models.chat_models import BaseChatModel

from core.backends import ModelSpec
from core.errors import ConfigError, MissingExtra
from core.files import Home
from core.machine.install import package_command
from core.settings import Settings


def open_spec(spec: ModelSpec, settings: Settings, home: Home) -> BaseChatModel:  # noqa: ARG001
    """Return a model of a provider's client.

    Raises:
        MissingExtra: The package langchain or the provider's is not installed.
        ConfigError: The provider or the model is unknown.
    """
    if importlib.util.find_spec("langchain") is None:
        raise MissingExtra(f"{spec} requires the package langchain", hint=package_command("langchain"))
    init_chat_model = importlib.import_module("langchain.chat_models").init_chat_model
    provider, _, model = spec.name.partition(":")
    try:
        opened = init_chat_model(
            model,
            model_provider=provider,
            temperature=settings.models.temperature,
            max_tokens=settings.models.max_tokens,
            timeout=settings.models.timeout_s,
        )
    except ImportError as error:
        raise MissingExtra(f"{spec}: {error}", hint=package_command(f"langchain-{provider}")) from error
    except ValueError as error:
        raise ConfigError(f"{spec}: {error}", hint="kb config show") from error
    if not isinstance(opened, BaseChatModel):
        raise ConfigError(f"{spec} is not a single chat model", hint="kb config show")
    return opened

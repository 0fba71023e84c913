"""Chat models behind an OpenAI-compatible server (vLLM, llama.cpp, LM Studio, `kb serve` itself, OpenAI)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import openai
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from langchain_openai import ChatOpenAI

from core.backends import ModelSpec
from core.chat.remote.address import is_loopback
from core.chat.remote.base import Chunks, RemoteChat
from core.chat.remote.retry import BUSY, Interrupted, Unreachable
from core.errors import BackendError, KbError
from core.files import Home
from core.settings import ModelSettings, Settings

_CONNECT_TIMEOUT_S = 5.0
_OPENAI_HOST = "api.openai.com"
# How OpenAI, llama.cpp, and vLLM spell it.
_TOO_LONG = ("context_length_exceeded", "exceed_context_size", "maximum context length", "context size")


class OpenAIChat(RemoteChat, ChatOpenAI):
    """`ChatOpenAI` for any server that speaks its protocol; failures are `KbError`s."""

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Return False: LangChain would load `ChatOpenAI` in its place."""
        return False

    def _get_request_payload(
        self, input_: LanguageModelInput, *, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        payload = super()._get_request_payload(input_, stop=stop, **kwargs)
        # The name that OpenAI deprecated is the one that everybody else understands.
        if urlsplit(self.openai_api_base or "").hostname != _OPENAI_HOST and "max_completion_tokens" in payload:
            payload["max_tokens"] = payload.pop("max_completion_tokens")
        return payload

    def attempt(self, messages: list[BaseMessage], stop: list[str] | None, **kwargs: Any) -> Chunks:
        """Stream one answer, once.

        Raises:
            KbError: The prompt does not fit the model's context.
            Unreachable: Nothing listens.
            Interrupted: The server broke off or is too busy.
            BackendError: It lacks the model, refuses the key, fell silent or failed.
        """
        url = self.openai_api_base or ""
        finished = False
        with _failures(url, self.model_name):
            for chunk in ChatOpenAI._stream(self, messages, stop, None, **kwargs):
                finished = finished or bool((chunk.generation_info or {}).get("finish_reason"))
                yield chunk
        if not finished:
            raise Interrupted(f"{url} interrupted the answer of {self.model_name}", hint=f"curl {url}/models")

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        def once() -> ChatResult:
            with _failures(self.openai_api_base or "", self.model_name):
                return ChatOpenAI._generate(self, messages, stop, run_manager, **kwargs)

        return self._patience(once)


@contextmanager
def _failures(url: str, model: str) -> Iterator[None]:
    """Turn the client's failures into `KbError`s."""
    try:
        yield
    except openai.APITimeoutError as error:
        if isinstance(error.__cause__, httpx.ConnectTimeout):
            raise Unreachable(f"{url} cannot be reached: {error}", hint=f"curl {url}/models") from error
        message = f"{url} did not answer in time (models.timeout_s)"
        raise BackendError(message, hint="kb config show") from error
    except openai.APIConnectionError as error:
        kind = Unreachable if isinstance(error.__cause__, httpx.ConnectError) else Interrupted
        raise kind(f"{url} cannot be reached: {error.__cause__ or error}", hint=f"curl {url}/models") from error
    except httpx.TimeoutException as error:
        message = f"{url} stopped answering (models.timeout_s)"
        raise BackendError(message, hint="kb config show") from error
    except httpx.TransportError as error:
        raise Interrupted(f"the connection to {url} was interrupted: {error}", hint=f"curl {url}/models") from error
    except openai.APIStatusError as error:
        raise _refusal(error, url, model) from error
    except openai.LengthFinishReasonError as error:
        message = f"the answer of {model!r} ended before its JSON was complete; raise models.max_tokens"
        raise KbError(message, hint='kb ask --set models.max_tokens=1024 "QUESTION"') from error
    except openai.OpenAIError as error:
        raise BackendError(f"{url} failed: {error}", hint=f"curl {url}/models") from error
    except (TypeError, ValueError) as error:  # an answer without the fields of the protocol
        message = f"the server at {url} is not OpenAI-compatible: {error}"
        raise BackendError(message, hint=f"curl {url}/models") from error


def _refusal(error: openai.APIStatusError, url: str, model: str) -> KbError:
    if error.status_code in BUSY:
        return Interrupted(f"{url} cannot answer now: {error.message}", hint=f"curl {url}/models")
    if isinstance(error, openai.AuthenticationError):
        return BackendError(f"{url} rejected the API key", hint="export OPENAI_API_KEY=...")
    if isinstance(error, openai.NotFoundError):
        return BackendError(f"{url} has no model {model!r}", hint=f"curl {url}/models")
    if isinstance(error, openai.BadRequestError):
        if any(sign in f"{error.code} {error.type} {error.message}" for sign in _TOO_LONG):
            message = f"the prompt does not fit the context of {model!r}; use fewer passages (rag.top_k)"
            return KbError(message, hint='kb ask --set rag.top_k=3 "QUESTION"')
        return BackendError(f"{url} rejected the request: {error.message}", hint="kb config show")
    return BackendError(f"{url} failed: {error.message}", hint=f"curl {url}/models")


def open_openai(name: str, url: str, settings: ModelSettings) -> OpenAIChat:
    """Return a model of a server; the server is asked at the first question.

    The key is taken from `OPENAI_API_KEY` where that is set, and is sent to `url`.

    Args:
        name: Model name as the server knows it.
        url: Base URL, with `/v1` where the server has it.
        settings: How it generates.
    """
    timeout = httpx.Timeout(settings.timeout_s, connect=_CONNECT_TIMEOUT_S)
    return OpenAIChat(
        model=name,
        base_url=url,
        api_key=os.environ.get("OPENAI_API_KEY") or "none",  # type: ignore[arg-type]
        temperature=settings.temperature,
        seed=settings.seed,
        max_tokens=settings.max_tokens,  # type: ignore[call-arg]
        timeout=timeout,
        deadline_s=settings.deadline_s,
        max_retries=0,  # ours know what was already given out
        stream_usage=True,
        use_responses_api=False,
        # A proxy of the environment has no business between this machine and itself; and nobody closes a chat model,
        # so no connection outlives its answer.
        http_client=httpx.Client(
            timeout=timeout,
            trust_env=not is_loopback(url),
            limits=httpx.Limits(max_keepalive_connections=0),
        ),
    )


def open_spec(spec: ModelSpec, settings: Settings, home: Home) -> OpenAIChat:  # noqa: ARG001
    """Return the model of the server that the spelling names."""
    return open_openai(spec.name, spec.url, settings.models)

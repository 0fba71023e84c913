"""What chat models behind a server share: token counts that ask nobody, and one path for sync and async calls.

LangChain's own counting would fetch a vocabulary from the network, and a wrong one; refuses to know any server.
"""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from kb.errors import ConfigError

# English has about 4.2 bytes a token, figures and code fewer; too many tokens is the safe side when a prompt is packed.
_BYTES_PER_TOKEN = 3
_TOKENS_PER_MESSAGE = 8


def is_loopback(url: str) -> bool:
    """Tell whether a URL names this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class RemoteChat(BaseChatModel):
    """Mixed in before a client's own class, it replaces counting and the asynchronous calls."""

    def get_num_tokens(self, text: str) -> int:
        """Return an estimate from above, one token for three bytes of UTF-8."""
        return -(-len(text.encode()) // _BYTES_PER_TOKEN)

    def get_num_tokens_from_messages(
        self,
        messages: Sequence[BaseMessage],
        tools: Sequence[Any] | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> int:
        """Return an estimate from above of the prompt's length; `tools` count as their text."""
        texts = [str(message.text) for message in messages] + [str(tool) for tool in tools or ()]
        return sum(self.get_num_tokens(text) + _TOKENS_PER_MESSAGE for text in texts)

    def get_token_ids(self, text: str) -> list[int]:  # noqa: ARG002
        """Refuse: the vocabulary stands on the server.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError("a model behind a server shows no token ids; use get_num_tokens", hint="kb models list")

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await BaseChatModel._agenerate(self, messages, stop, run_manager, **kwargs)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        async for chunk in BaseChatModel._astream(self, messages, stop, run_manager, **kwargs):
            yield chunk

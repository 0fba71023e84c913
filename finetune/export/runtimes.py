"""The runtimes in which an exported model is tested: OpenVINO GenAI in this process, and an Ollama server.

Sampling is left to the file and the Modelfile beyond "greedy", since both are part of what is tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import httpx

from core.chat.local.decoding import Sampling
from core.chat.local.genai_engine import GenAIEngine
from core.chat.ollama_server import client_arguments, failures
from finetune.data.template import Message
from finetune.export.parity import RuntimeReply

# Longest conversation and answer together; the probes are far shorter.
_CONTEXT_TOKENS = 2048


class GenAIRuntime:
    """A GGUF file in OpenVINO GenAI, in float32, so that what differs is the file and not the arithmetic.

    Args:
        path: The file.
        repetition_penalty: 1 is none.

    Raises:
        DataError: The runtime cannot load it.
    """

    def __init__(self, path: Path, repetition_penalty: float = 1.0) -> None:
        self.name = "OpenVINO GenAI"
        self._engine = GenAIEngine(path, _CONTEXT_TOKENS, "f32")
        self._repetition_penalty = repetition_penalty

    def replies(self, conversations: Sequence[Sequence[Message]], max_tokens: int) -> list[RuntimeReply]:
        """Answer one conversation after the other."""
        return [self._reply(messages, max_tokens) for messages in conversations]

    def _reply(self, messages: Sequence[Message], max_tokens: int) -> RuntimeReply:
        prompt = self._engine.render(messages)
        ids = self._engine.encode(prompt)
        greedy = Sampling(max_tokens=max_tokens, repetition_penalty=self._repetition_penalty)
        pieces = list(self._engine.stream(ids, greedy))
        return RuntimeReply(
            prompt=prompt,
            prompt_ids=tuple(ids),
            n_prompt=len(ids),
            text="".join(piece.text for piece in pieces),
            stopped=bool(pieces) and pieces[-1].finish == "stop",
        )


class OllamaRuntime:
    """A model of an Ollama server, asked with nothing but the parameters of its own Modelfile.

    Args:
        url: Where it listens.
        model: Its name there.
        timeout_s: Longest silence of the server.
    """

    def __init__(self, url: str, model: str, timeout_s: float) -> None:
        self.name = "Ollama"
        self._url, self._model = url, model
        self._timeout_s = timeout_s

    def replies(self, conversations: Sequence[Sequence[Message]], max_tokens: int) -> list[RuntimeReply]:
        """Answer one conversation after the other."""
        arguments = client_arguments(self._url, self._timeout_s)
        with failures(self._url, self._model), httpx.Client(base_url=self._url, **arguments) as client:
            return [self._reply(client, messages, max_tokens) for messages in conversations]

    def _reply(self, client: httpx.Client, messages: Sequence[Message], max_tokens: int) -> RuntimeReply:
        request = {
            "model": self._model,
            "messages": [dict(message) for message in messages],
            "stream": False,
            "options": {"num_predict": max_tokens, "temperature": 0},
        }
        shown = client.post("/api/chat", json={**request, "_debug_render_only": True}).raise_for_status().json()
        answered = counted = client.post("/api/chat", json=request).raise_for_status().json()
        broken_off = not answered["done"]
        if broken_off:  # the server breaks off what says one token over and over, and then counts nothing
            briefly = {**request, "options": {"num_predict": 1, "temperature": 0}}
            counted = client.post("/api/chat", json=briefly).raise_for_status().json()
        return RuntimeReply(
            prompt=shown["_debug_info"]["rendered_template"],
            n_prompt=int(counted["prompt_eval_count"]),
            text=answered["message"]["content"],
            stopped=answered.get("done_reason") == "stop",
            broken_off=broken_off,
        )

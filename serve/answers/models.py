"""The models that the server offers: their ids, what each can be told about sampling, and how it is opened.

An id is `base`, a run, a prepared model or one of Ollama's, with `+rag` for answers from the documents. Only what is
listed can be asked: no path and no address comes in by a request. Refuses to know requests and answers.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel

from core.backends import BACKENDS, parse_spec
from core.errors import BackendError
from core.files import Home
from core.models import open_chat, resolve
from core.ollama_server import ask_state
from core.settings import Settings
from core.weights.shelf import list_models
from serve.errors import NotFound

BASE, WITH_DOCUMENTS = "base", "+rag"
_OLLAMA_WAIT_S = 2.0
# Prepared weights that can chat.
_CHATS = frozenset({"smollm2"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingControls:
    """How a person wants tokens chosen; None leaves the model's own way."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] | None = None

    def given(self) -> dict[str, Any]:
        """Return what was said."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """One id of `/v1/models`.

    Attributes:
        id: What a request names.
        spec: How `kb ask --model` spells it.
        documents: Whether it answers from the documents.
    """

    id: str
    spec: str
    documents: bool


class ModelRegistry:
    """The models of this server.

    Args:
        settings: Which model is `base`, where Ollama listens, how models generate.
        home: Where weights and runs lie.
    """

    def __init__(self, settings: Settings, home: Home) -> None:
        self._settings = settings
        self._home = home
        self._opened: dict[str, BaseChatModel] = {}
        self._lock = threading.Lock()

    def listed(self) -> list[ServedModel]:
        """Return every model, `base` first."""
        plain = {BASE: self._settings.rag.model}
        plain |= {f"run:{path.parent.name}": f"run:{path.parent.name}" for path in self._runs()}
        plain |= {found.name: found.name for found in list_models(self._home) if found.name in _CHATS}
        plain["extractive"] = "extractive"
        plain |= {f"ollama:{name}": f"ollama:{name}" for name in self._ollama()}
        return [
            ServedModel(id=id_ + suffix, spec=spec, documents=bool(suffix))
            for id_, spec in plain.items()
            for suffix in ("", WITH_DOCUMENTS)
        ]

    def find(self, id_: str) -> ServedModel:
        """Return a model by its id.

        Raises:
            NotFound: There is none; the message lists those there are.
        """
        if id_.removesuffix(WITH_DOCUMENTS) == BASE:  # what is asked most, without asking Ollama first
            return ServedModel(id=id_, spec=self._settings.rag.model, documents=id_.endswith(WITH_DOCUMENTS))
        known = {model.id: model for model in self.listed()}
        # Ollama takes a name without its tag for `latest`.
        latest = f"{id_.removesuffix(WITH_DOCUMENTS)}:latest" + WITH_DOCUMENTS * id_.endswith(WITH_DOCUMENTS)
        found = known.get(id_) or known.get(latest)
        if found is None:
            raise NotFound(f"there is no model {id_!r}; there are: {', '.join(known)}", hint="kb models list")
        return found

    def open(self, model: ServedModel) -> tuple[str, BaseChatModel]:
        """Return the spelling that a model stands for now, and the model; opened once.

        Raises:
            KbError: As `core.models.open_chat`.
        """
        spec = str(resolve(model.spec, self._settings))
        with self._lock:
            if spec not in self._opened:
                self._opened[spec] = open_chat(spec, self._settings, self._home)
            return spec, self._opened[spec]

    def controls(self, model: ServedModel) -> frozenset[str]:
        """Return the controls that a model honours, by the names of `Controls`.

        Raises:
            KbError: It cannot be opened.
        """
        spec, _ = self.open(model)
        return frozenset(BACKENDS[parse_spec(spec).kind].controls)

    def _runs(self) -> list[Any]:
        return sorted(self._home.runs.glob("[!.]*/model.gguf"))

    def _ollama(self) -> list[str]:
        try:
            return sorted(ask_state(self._settings.rag.ollama_url, timeout_s=_OLLAMA_WAIT_S, connect_s=0.3).models)
        except BackendError:  # no Ollama, no models of it
            return []


def with_controls(spec: str, chat: BaseChatModel, controls: SamplingControls) -> BaseChatModel:
    """Return a model with the controls it knows set for one request; weights are shared, the others left out."""
    names = BACKENDS[parse_spec(spec).kind].controls
    update = {names[name]: value for name, value in controls.given().items() if name in names}
    if isinstance(update.get("stop"), tuple):
        update["stop"] = list(update["stop"])
    return chat.model_copy(update=update) if update else chat

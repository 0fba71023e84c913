"""The models of this server: their ids, their sampling controls, and opening them.

An id is `base`, a run, `auto:` with a run, a prepared model or a model of Ollama, with `+rag` for answers from the
documents. Only listed models can be asked: no path and no address comes from a request.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel

from core.backends import BACKENDS, parse_spec
from core.chat.local.weights import runs_with_weights
from core.chat.ollama_server import ask_state
from core.errors import BackendError
from core.files import Home
from core.models import open_chat, resolve
from core.settings import Settings
from core.weights.shelf import list_models
from kb.staleness import check_served
from serve.errors import NotFound

BASE, WITH_DOCUMENTS = "base", "+rag"
_OLLAMA_WAIT_S = 2.0
# Prepared weights that can chat.
_CHATS = frozenset({"smollm2"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingControls:
    """Settings for sampling; None leaves the default of the model."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] | None = None

    def given(self) -> dict[str, Any]:
        """Return the values that are not None."""
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
        runs = runs_with_weights(self._home)
        plain |= {f"run:{name}": f"run:{name}" for name in runs}
        plain |= {f"auto:{name}": f"auto:{name}" for name in runs}  # without documents it is the run
        plain |= {model.name: model.name for model in list_models(self._home) if model.name in _CHATS}
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
            NotFound: Unknown id; the message lists the known ones.
        """
        if id_.removesuffix(WITH_DOCUMENTS) == BASE:  # the usual one, without asking Ollama first
            return ServedModel(id=id_, spec=self._settings.rag.model, documents=id_.endswith(WITH_DOCUMENTS))
        known = {model.id: model for model in self.listed()}
        # Ollama takes a name without its tag for `latest`.
        latest = f"{id_.removesuffix(WITH_DOCUMENTS)}:latest" + WITH_DOCUMENTS * id_.endswith(WITH_DOCUMENTS)
        model = known.get(id_) or known.get(latest)
        if model is None:
            message = f"unknown model {id_!r}; use one of {', '.join(known)}"
            raise NotFound(message, hint="kb models list", click="choose a model under Model and controls")
        return model

    def open(self, model: ServedModel) -> tuple[str, BaseChatModel]:
        """Return the spelling that a model stands for now, and the model; opened once.

        Raises:
            KbError: As `core.models.open_chat`, or it may not be served.
        """
        spec = str(resolve(model.spec, self._settings))
        check_served(self._settings, self._home, spec)  # at every request: a document may have been forgotten since
        with self._lock:
            if spec not in self._opened:
                self._opened[spec] = open_chat(spec, self._settings, self._home)
            return spec, self._opened[spec]

    def controls(self, model: ServedModel) -> frozenset[str]:
        """Return the controls that a model honours, by the names of `SamplingControls`.

        Raises:
            KbError: It cannot be opened.
        """
        spec, _ = self.open(model)
        return frozenset(BACKENDS[parse_spec(spec).kind].controls)

    def _ollama(self) -> list[str]:
        try:
            return sorted(ask_state(self._settings.rag.ollama_url, timeout_s=_OLLAMA_WAIT_S, connect_s=0.3).models)
        except BackendError:  # Ollama does not run here
            return []


def with_controls(spec: str, chat: BaseChatModel, controls: SamplingControls) -> BaseChatModel:
    """Return a model with the controls that it honours set for one request; the weights are shared."""
    names = BACKENDS[parse_spec(spec).kind].controls
    update = {names[name]: value for name, value in controls.given().items() if name in names}
    if isinstance(update.get("stop"), tuple):
        update["stop"] = list(update["stop"])
    return chat.model_copy(update=update) if update else chat

"""`HFChat`: a folder or Hub id of transformers as a LangChain chat model; requires the extra `train`.

Loads safetensors only and runs no code that comes with a model. A folder may hold an adapter of peft.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.messages import BaseMessage, SystemMessage

from core.backends import ModelSpec
from core.chat.local.base import LocalChat
from core.chat.local.decoding import Finish, Piece, Sampling, answer_room
from core.chat.local.peft_adapter import Tuning, adapter_base, is_adapter, load_adapter
from core.chat.local.token_stream import Emit, pieces
from core.errors import ConfigError, DataError
from core.files import Home
from core.inference import bf16_pays
from core.machine.install import missing_extra
from core.settings import ModelSettings, Settings
from core.weights.shelf import prepared_folder

if TYPE_CHECKING:
    import torch

_LOADED_MODELS = 1


class HFEngine:
    """One transformers model, loaded; answers one request at a time.

    Attributes:
        context_tokens: Longest prompt and answer together.
        control_tokens: Spellings that steer the model.
    """

    def __init__(self, name: str, context_tokens: int, tuning: Tuning) -> None:
        """Load a folder or Hub id, on the GPU where there is one, in bfloat16 where the hardware has it.

        Args:
            name: Of a whole model, or the folder of an adapter.
            context_tokens: Window asked for; the model's own, where that is smaller, wins.
            tuning: What an adapter's training changed of its base.

        Raises:
            DataError: There is no such model, it has no safetensors, or it needs code of its own.
        """
        import torch
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        self.name = name
        device = "cuda" if torch.cuda.is_available() else "cpu"
        fast = torch.cuda.is_bf16_supported() if device == "cuda" else bf16_pays()
        try:
            self._tokenizer, self._model = _loaded(
                Path(name) if is_adapter(Path(name)) else name,
                tuning,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.bfloat16 if fast else torch.float32,
                device_map={"": device},
            )
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
            message = f"transformers cannot load {name!r}: {str(error).strip().splitlines()[0]}"
            raise DataError(message, hint="kb models list") from error
        self._model.eval()
        trained = getattr(self._model.config.get_text_config(), "max_position_embeddings", None) or context_tokens
        self.context_tokens = min(context_tokens, int(trained)) - _virtual_tokens(self._model)
        added = self._tokenizer.added_tokens_decoder.values()
        self.control_tokens = tuple(token.content for token in added if token.special)
        ends = self._model.generation_config.eos_token_id
        listed = {*(ends if isinstance(ends, list) else [ends]), self._tokenizer.eos_token_id} - {None}
        self._end_ids = frozenset(int(token) for token in listed)
        self._busy = threading.Lock()

    def encode(self, text: str) -> list[int]:
        """Return token ids; control tokens spelled in `text` become themselves, none are added."""
        return [int(token) for token in self._tokenizer.encode(text, add_special_tokens=False)]

    def render(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Return the prompt that the model's chat template makes of messages (`role`, `content`).

        Raises:
            DataError: There is no template, or it refuses these messages.
        """
        from jinja2 import TemplateError

        try:
            rendered = self._tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True)
        except (ValueError, TemplateError) as error:
            raise DataError(f"the chat template of {self.name!r} fails: {error}", hint="kb models list") from error
        return str(rendered)

    def stream(self, prompt: Sequence[int], sampling: Sampling) -> Iterator[Piece]:
        """Generate; a consumer that stops iterating stops the generation.

        Raises:
            KbError: The prompt leaves no room for an answer in the context.
            BackendError: Torch failed, for want of memory for instance.
        """
        max_tokens = answer_room(len(prompt), self.context_tokens, sampling.max_tokens)

        def work(emit: Emit) -> Finish:
            with self._busy:
                return self._generate(prompt, sampling, max_tokens, emit)

        yield from pieces(work, self._decode, sampling.stop)

    def _decode(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))

    def _generate(self, prompt: Sequence[int], sampling: Sampling, max_tokens: int, emit: Emit) -> Finish:
        import torch

        options: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
        if sampling.temperature > 0:
            torch.manual_seed(sampling.seed)
            options = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p}
            options["top_k"] = sampling.top_k
        ids = torch.tensor([list(prompt)], device=self._model.device)
        streamer = _Streamer(emit)
        made = self._model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=max_tokens,
            repetition_penalty=sampling.repetition_penalty,
            eos_token_id=sorted(self._end_ids) or None,
            pad_token_id=min(self._end_ids, default=None),
            streamer=streamer,
            stopping_criteria=[lambda seen, _: torch.full((len(seen),), streamer.unwanted, device=seen.device)],
            **options,
        )[0, len(prompt) :].tolist()
        return "stop" if made and made[-1] in self._end_ids else "length"


class _Streamer:
    """Hands tokens on; the first call of `generate` brings the prompt back and is passed over."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._seen_prompt = False
        self.unwanted = False

    def put(self, value: torch.Tensor) -> None:
        if self._seen_prompt:
            self.unwanted = not self._emit(value.flatten().tolist())
        self._seen_prompt = True

    def end(self) -> None:
        """Called at the end; the result says how it ended."""


def _loaded(name: str | Path, tuning: Tuning, **options: Any) -> tuple[Any, Any]:
    """Return tokenizer and model of a whole model (its name) or of an adapter (its folder)."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if isinstance(name, str):
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        return tokenizer, AutoModelForCausalLM.from_pretrained(name, **options)
    has_tokenizer = (name / "tokenizer_config.json").is_file()
    source = str(name) if has_tokenizer else tuning.base or adapter_base(name)
    return AutoTokenizer.from_pretrained(source, trust_remote_code=False), load_adapter(name, tuning, **options)


def _virtual_tokens(model: Any) -> int:
    """Return how many places of the context an adapter's learned tokens take."""
    adapter = getattr(model, "active_peft_config", None)
    return int(getattr(adapter, "num_virtual_tokens", None) or 0)


_loading = threading.Lock()


@lru_cache(maxsize=_LOADED_MODELS)
def _load(name: str, context_tokens: int, tuning: Tuning) -> HFEngine:
    return HFEngine(name, context_tokens, tuning)


class HFChat(LocalChat):
    """A chat model that transformers runs.

    Attributes:
        folder: Folder or Hub id.
        tuning: What training changed beside weights.
    """

    folder: str
    tuning: Tuning = Tuning()

    @property
    def _llm_type(self) -> str:
        return "transformers"

    def load(self) -> HFEngine:
        """Return the process's engine for this model, loading it if no one has.

        Raises:
            DataError: The model cannot be used.
        """
        with _loading:
            return _load(self.folder, self.num_ctx, self.tuning)

    def prompt(self, messages: Sequence[BaseMessage]) -> str:
        """Return the text that the model reads, with the system prompt of its training where there is no other.

        Raises:
            ConfigError: A message holds more than text.
            DataError: The template refuses the messages.
        """
        if self.tuning.system and (not messages or messages[0].type != "system"):
            messages = [SystemMessage(self.tuning.system), *messages]
        return super().prompt(messages)


def open_hf(name: str, settings: ModelSettings, *, spelling: str = "", tuning: Tuning | None = None) -> HFChat:
    """Open a folder or Hub id; it is loaded (and, a Hub id, fetched) at the first question.

    Args:
        name: Of a whole model, or the folder of an adapter.
        settings: How it generates.
        spelling: That results carry; `hf:NAME` if empty.
        tuning: What training changed beside weights.

    Raises:
        MissingExtra: torch, transformers or peft are not installed.
        ConfigError: A path was named and no folder is there.
    """
    if name[0] in "./~":
        name = str(Path(name).expanduser())
        if not Path(name).is_dir():
            raise ConfigError(f"no such folder: {name}", hint="kb models list")
    if not all(map(importlib.util.find_spec, ("torch", "transformers", "peft", "accelerate"))):
        raise missing_extra(spelling or f"hf:{name}", "train")
    return HFChat(
        model=spelling or f"hf:{name}",
        folder=name,
        tuning=tuning or Tuning(),
        num_ctx=settings.num_ctx,
        temperature=settings.temperature,
        seed=settings.seed,
        max_tokens=settings.max_tokens,
    )


def open_spec(spec: ModelSpec, settings: Settings, home: Home) -> HFChat:
    """Open a folder or Hub id as a spelling names it, a Hub id as `kb models pull` left it; raises as `open_hf`."""
    pulled = None if Path(spec.name).is_dir() else prepared_folder(spec.name, home)
    return open_hf(str(pulled or spec.name), settings.models, spelling=f"hf:{spec.name}")

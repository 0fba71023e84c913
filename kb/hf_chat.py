"""`HFChat`: a folder or Hub id of transformers as a LangChain chat model; needs kb[train].

Loads safetensors only and runs no code that comes with a model. Knows transformers; refuses to know GGUF and servers.
"""

from __future__ import annotations

import importlib.util
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb.decoding import Piece, Sampling, StopFilter, answer_room
from kb.errors import BackendError, ConfigError, DataError, MissingExtra
from kb.inference import has_bf16
from kb.local_chat import LocalChat
from kb.settings import ModelSettings

if TYPE_CHECKING:
    import torch

_LOADED_MODELS = 1
# U+FFFD stands where the bytes of a character are not complete yet.
_INCOMPLETE = "\N{REPLACEMENT CHARACTER}"


class HFEngine:
    """One transformers model, loaded; answers one request at a time.

    Attributes:
        context_tokens: Longest prompt and answer together.
        control_tokens: Spellings that steer the model.
    """

    def __init__(self, name: str, context_tokens: int) -> None:
        """Load a folder or Hub id, on the GPU where there is one, in bfloat16 where the hardware has it.

        Raises:
            DataError: There is no such model, it has no safetensors, or it needs code of its own.
        """
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        self.name = name
        device = "cuda" if torch.cuda.is_available() else "cpu"
        fast = torch.cuda.is_bf16_supported() if device == "cuda" else has_bf16()
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
            self._model = AutoModelForCausalLM.from_pretrained(
                name,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.bfloat16 if fast else torch.float32,
            ).to(device)
        except (OSError, ValueError, KeyError, ImportError) as error:
            message = f"transformers cannot load {name!r}: {str(error).strip().splitlines()[0]}"
            raise DataError(message, hint="kb models list") from error
        self._model.eval()
        trained = getattr(self._model.config.get_text_config(), "max_position_embeddings", None) or context_tokens
        self.context_tokens = min(context_tokens, int(trained))
        added = self._tokenizer.added_tokens_decoder.values()
        self.control_tokens = tuple(token.content for token in added if token.special)
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
        with self._busy:
            yield from self._follow(_Run(self._model, prompt, sampling, max_tokens), sampling, max_tokens)

    def _follow(self, run: _Run, sampling: Sampling, max_tokens: int) -> Iterator[Piece]:
        gate = StopFilter(sampling.stop)
        ids: list[int] = []
        shown = 0
        try:
            for token in run:
                ids.append(token)
                text = str(self._tokenizer.decode(ids, skip_special_tokens=True))
                whole = shown if text.endswith(_INCOMPLETE) else len(text)
                piece, shown = gate.push(text[shown:whole]), whole
                if gate.stopped:
                    yield Piece(text=piece, n_tokens=1, finish="stop")
                    return
                yield Piece(text=piece, n_tokens=1)
            rest = gate.push(str(self._tokenizer.decode(ids, skip_special_tokens=True))[shown:]) + gate.flush()
            ended = bool(ids) and (ids[-1] in run.end_ids or len(ids) < max_tokens)
            yield Piece(text=rest, n_tokens=0, finish="stop" if ended else "length")
        finally:
            run.cancel()


class _Run:
    """One call of `generate` in a thread, read token by token."""

    def __init__(self, model: Any, prompt: Sequence[int], sampling: Sampling, max_tokens: int) -> None:
        import torch

        ends = model.generation_config.eos_token_id
        self.end_ids = frozenset(ends if isinstance(ends, list) else [ends])
        self._tokens: queue.SimpleQueue[int | BaseException | None] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._n_prompt = len(prompt)
        ids = torch.tensor([list(prompt)], device=model.device)
        self._thread = threading.Thread(target=self._work, args=(model, ids, sampling, max_tokens), daemon=True)
        self._thread.start()

    def _work(self, model: Any, ids: torch.Tensor, sampling: Sampling, max_tokens: int) -> None:
        import torch

        options: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
        if sampling.temperature > 0:
            torch.manual_seed(sampling.seed)
            options = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p}
            options["top_k"] = sampling.top_k
        try:
            model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=max_tokens,
                repetition_penalty=sampling.repetition_penalty,
                pad_token_id=next(iter(self.end_ids)),
                streamer=self,
                stopping_criteria=[lambda ids, scores: torch.full((ids.shape[0],), self._cancelled.is_set())],  # noqa: ARG005
                **options,
            )
        except (RuntimeError, ValueError) as error:
            self._tokens.put(error)
        else:
            self._tokens.put(None)

    def put(self, value: torch.Tensor) -> None:
        """Take tokens from `generate`; the first call brings the prompt back."""
        tokens = value.flatten().tolist()
        if self._n_prompt:
            self._n_prompt = 0
            return
        for token in tokens:
            self._tokens.put(token)

    def end(self) -> None:
        """Called by `generate` at its end; `_work` says so itself."""

    def __iter__(self) -> Iterator[int]:
        while (item := self._tokens.get()) is not None:
            if isinstance(item, BaseException):
                raise BackendError(f"torch failed: {item}", hint="kb doctor") from item
            yield item

    def cancel(self) -> None:
        """Stop after the next token and wait for it."""
        self._cancelled.set()
        self._thread.join()


_loading = threading.Lock()


@lru_cache(maxsize=_LOADED_MODELS)
def _load(name: str, context_tokens: int) -> HFEngine:
    return HFEngine(name, context_tokens)


class HFChat(LocalChat):
    """A chat model that transformers runs; `model` is spelled `hf:PATH|ID`."""

    @property
    def _llm_type(self) -> str:
        return "transformers"

    def load(self) -> HFEngine:
        """Return the process's engine for this model, loading it if no one has.

        Raises:
            DataError: The model cannot be used.
        """
        with _loading:
            return _load(self.model.removeprefix("hf:"), self.num_ctx)


def open_hf(name: str, settings: ModelSettings) -> HFChat:
    """Open a folder or Hub id; it is loaded (and, a Hub id, fetched) at the first question.

    Raises:
        MissingExtra: torch or transformers are not installed.
        ConfigError: A path was named and no folder is there.
    """
    if name[0] in "./~":
        name = str(Path(name).expanduser())
        if not Path(name).is_dir():
            raise ConfigError(f"there is no folder {name}", hint="kb models list")
    absent = [package for package in ("torch", "transformers") if importlib.util.find_spec(package) is None]
    if absent:
        raise MissingExtra(f"hf:{name} needs {' and '.join(absent)}", hint="pip install 'kb[train]'")
    return HFChat(
        model=f"hf:{name}",
        num_ctx=settings.num_ctx,
        temperature=settings.temperature,
        seed=settings.seed,
        max_tokens=settings.max_tokens,
    )

"""What a model answers closed book, how surely, and how likely it finds given answers.

Everything is kept in a file that is only appended to, so that a killed call asks the rest only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from core.chat.thoughts import split_thought
from core.files import Home
from core.metrics import normalised
from core.types import Pair
from finetune.ask import weights_of
from finetune.data.encoding import encode_answer
from finetune.data.prepare import chat_of_policy
from finetune.data.template import ChatFormat
from finetune.recipe import Recipe, recipe_dtype
from finetune.retain.base_model import KeptAnswers, base_digest, digest
from finetune.runs import TrainingRun, read_prompt, read_recipe
from finetune.training.base import Base, find_base, load_model
from finetune.training.machine import Machine
from finetune.training.policy import Asker, asker, load_policy

# Answers sampled beside the greedy one, and their temperature.
SAMPLES, TEMPERATURE = 4, 0.7
# Longest answer.
ANSWER_TOKENS = 64
# Questions asked between two writes to the file.
_BATCH_ROWS = 16

OnAsked = Callable[[int, int], None]


def _unreported(_done: int, _total: int) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedBookReply:
    """What a model wrote to a question without any passage.

    Attributes:
        text: The greedy answer, without a thought.
        log_probability: Mean log-probability of its tokens, its end included, in nats.
        samples: Answers drawn at `TEMPERATURE`.
    """

    text: str
    log_probability: float
    samples: tuple[str, ...]

    @property
    def agreement(self) -> float:
        """Share of the samples that are the greedy answer, but for case, articles and punctuation."""
        own = normalised(self.text)
        return sum(normalised(sample) == own for sample in self.samples) / max(1, len(self.samples))


@dataclass(frozen=True)
class ClosedBook:
    """A model that is asked without passages; it is loaded when something is asked that is not kept yet.

    Attributes:
        chat: How questions are put: as the run was trained.
        identity: Changes when its answers may.
        kept: What it answered before.
        load: Returns the loaded model, ready to be asked.
    """

    chat: ChatFormat
    identity: str
    kept: KeptAnswers
    load: Callable[[], Asker]

    @cached_property
    def _asker(self) -> Asker:
        return self.load()

    def replies(self, questions: Sequence[str], on_asked: OnAsked = _unreported) -> list[ClosedBookReply]:
        """Return one reply per question, in the order given.

        Args:
            on_asked: Called with the number of questions that are answered, and of all.
        """
        rows = [_row(question) for question in questions]
        keys = [self._key("reply", str(SAMPLES), f"{TEMPERATURE}", self._rendered(row)) for row in rows]
        self._ask(keys, lambda chosen: self._replies([rows[i] for i in chosen], keys[chosen[0]]), on_asked)
        return [_reply(json.loads(self.kept[key] or "")) for key in keys]

    def log_probabilities(self, answered: Sequence[tuple[str, str]], on_asked: OnAsked = _unreported) -> list[float]:
        """Return the mean log-probability of a token of each answer, its end included, in nats.

        Args:
            answered: Questions with an answer each.
            on_asked: As for `replies`.
        """
        keys = [self._key("probability", self._rendered(_row(question)), answer) for question, answer in answered]
        self._ask(keys, lambda chosen: [str(self._log_probability(*answered[i])) for i in chosen], on_asked)
        return [float(self.kept[key] or "nan") for key in keys]

    def _key(self, *parts: str) -> str:
        return digest("closed-book", self.identity, *parts)

    def _rendered(self, row: Pair) -> str:
        return self.chat.render(self.chat.prompt(row), generation=True)

    def _ask(self, keys: Sequence[str], ask: Callable[[Sequence[int]], Sequence[str]], on_asked: OnAsked) -> None:
        missing = list({key: i for i, key in enumerate(keys) if key not in self.kept}.values())
        for start in range(0, len(missing), _BATCH_ROWS):
            on_asked(len(keys) - len(missing) + start, len(keys))
            chosen = missing[start : start + _BATCH_ROWS]
            self.kept.add(dict(zip((keys[i] for i in chosen), ask(chosen), strict=True)))
        on_asked(len(keys), len(keys))

    def _replies(self, rows: Sequence[Pair], seed: str) -> list[str]:
        """Ask some questions and return the replies as JSON texts.

        Args:
            rows: With the questions.
            seed: Of the samples, as hex digits.
        """
        import torch

        prompts = [self.chat.prompt(row) for row in rows]
        texts = [split_thought(text)[1] for text in self._asker.answers(prompts)]
        torch.manual_seed(int(seed[:12], 16))
        repeated = [prompt for prompt in prompts for _ in range(SAMPLES)]
        drawn = [split_thought(text)[1] for text in replace(self._asker, temperature=TEMPERATURE).answers(repeated)]
        replies = [
            ClosedBookReply(
                text=text,
                log_probability=self._log_probability(row.question, text),
                samples=tuple(drawn[i * SAMPLES : (i + 1) * SAMPLES]),
            )
            for i, (row, text) in enumerate(zip(rows, texts, strict=True))
        ]
        return [json.dumps(asdict(reply)) for reply in replies]

    def _log_probability(self, question: str, answer: str) -> float:
        import torch

        model = self._asker.model
        device = next(model.parameters()).device
        prompt, ids = encode_answer(self.chat, _row(question), answer)
        with torch.no_grad(), self._asker.arithmetic(device.type):
            tokens = torch.tensor([prompt + ids], device=device)
            logits = model(tokens, logits_to_keep=len(ids) + 1, use_cache=False).logits[0, :-1]
        picked = logits.float().log_softmax(-1).gather(-1, torch.tensor(ids, device=device)[:, None])
        return float(picked.mean())


def _row(question: str) -> Pair:
    return Pair(id="", kind="", question=question, answer="", context="", evidence=(), fact="", group="", split="test")


def _reply(record: dict[str, Any]) -> ClosedBookReply:
    return ClosedBookReply(**{**record, "samples": tuple(record["samples"])})


def closed_book_run(home: Home, run: TrainingRun, machine: Machine, kept: Path) -> ClosedBook:
    """Return a run's result, to be asked closed book.

    Args:
        kept: File of its answers.

    Raises:
        ConfigError: The run has no weights yet.
        DataError: They cannot be loaded.
        MissingExtra: The extra `train` is not installed.
    """
    recipe, folder = read_recipe(run), weights_of(run, "")
    base = find_base(recipe.base, home)
    chat = chat_of_policy(base, recipe, folder, read_prompt(run))
    identity = digest(_base_identity(base, recipe, machine), _state_of(folder))
    return _closed_book(chat, identity, kept, recipe, machine, lambda: load_policy(base, recipe, machine, folder))


def closed_book_base(home: Home, run: TrainingRun, machine: Machine, kept: Path) -> ClosedBook:
    """Return a run's base, to be asked as the run is; arguments and errors as for `closed_book_run`."""
    recipe = read_recipe(run)
    base = find_base(recipe.base, home)
    chat = chat_of_policy(base, recipe, weights_of(run, ""), read_prompt(run))
    identity = _base_identity(base, recipe, machine)
    return _closed_book(chat, identity, kept, recipe, machine, lambda: load_model(base, recipe, machine))


def _closed_book(
    chat: ChatFormat, identity: str, kept: Path, recipe: Recipe, machine: Machine, load: Callable[[], Any]
) -> ClosedBook:
    def opened() -> Asker:
        model = load()
        model.eval()
        return asker(model, chat, recipe, machine, ANSWER_TOKENS)

    return ClosedBook(chat=chat, identity=identity, kept=KeptAnswers(kept), load=opened)


def _base_identity(base: Base, recipe: Recipe, machine: Machine) -> str:
    return base_digest(base, recipe_dtype(recipe, machine))


def _state_of(folder: Path) -> str:
    """Return what changes when the weights of a folder do; it stays when the folder is renamed."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".safetensors", ".json"))
    return " ".join(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files)

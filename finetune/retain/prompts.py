"""Questions that the base answers before it is trained: passages to read, questions they do not answer, instructions.

Passages are shown in the prompt of `kb ask`; none of them is a document of a collection or a probe of a comparison.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import chain, zip_longest

from core.prompt import passage_source
from core.reading.passages import Passage, new_keys, new_mark, render
from core.types import Pair

READING, REFUSAL, GENERAL = "replay-reading", "replay-refusal", "replay-general"
# Passages of a prompt: more cost time and teach nothing else.
_MOST_PASSAGES = 4
# How often a question is asked, each time among other passages.
_TURNS = 4


@dataclass(frozen=True, slots=True)
class _Text:
    """A passage with the questions that it answers."""

    id: str
    passage: str
    questions: tuple[str, ...]


@cache
def _material() -> tuple[tuple[_Text, ...], tuple[str, ...]]:
    lines = files("finetune.retain").joinpath("replay.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    texts = [_Text(r["id"], r["passage"], tuple(r["questions"])) for r in records if "passage" in r]
    return tuple(texts), tuple(record["question"] for record in records if "passage" not in record)


def replay_prompts(*, seed: int = 0) -> list[Pair]:
    """Return questions without answers, the three kinds in turn while they last; the same ones for the same seed.

    Args:
        seed: Orders them and chooses the passages.
    """
    texts, instructions = _material()
    rng = random.Random(f"replay {seed}")  # noqa: S311 - not for secrets
    general = [_row(f"{GENERAL}-{number}", GENERAL, text, "") for number, text in enumerate(instructions, start=1)]
    kinds = [_read(texts, READING, rng), _read(texts, REFUSAL, rng), rng.sample(general, len(general))]
    in_turn = chain.from_iterable(zip_longest(*kinds))
    return [row for row in in_turn if row is not None]


def _read(texts: tuple[_Text, ...], kind: str, rng: random.Random) -> list[Pair]:
    """Return questions over passages, every passage once before any comes again."""
    rows = []
    for turn in range(_TURNS):
        for text in rng.sample(texts, len(texts)):
            question = text.questions[turn % len(text.questions)]
            rows.append(_row(f"{kind}-{text.id}-{turn}", kind, question, _passages(texts, text, kind, rng)))
    return rows


def _passages(texts: tuple[_Text, ...], text: _Text, kind: str, rng: random.Random) -> str:
    """Return a block with the passage among others, or without it where the question is to stay open."""
    others = rng.sample([other for other in texts if other is not text], rng.randint(1, _MOST_PASSAGES - 1))
    shown = rng.sample([text, *others], len(others) + 1) if kind == READING else others
    keys = new_keys(len(shown), rng)
    passages = [
        Passage(key=key, source=passage_source(f"{shown_text.id}.pdf", 0), text=shown_text.passage)
        for key, shown_text in zip(keys, shown, strict=True)
    ]
    return render(passages, new_mark(rng))


def _row(identity: str, kind: str, question: str, context: str) -> Pair:
    return Pair(
        id=identity,
        kind=kind,
        question=question,
        answer="",
        context=context,
        evidence=(),
        fact="",
        group=identity,
        split="train",
        origin="base",
    )

"""The rows of `bench/teach.py`: facts in many phrasings, refusals of what does not exist, and some general ones.

Facts and phrasings are `kb synth`'s own. Refusals ask the same questions of invented names; replay asks the base
general questions and keeps its own answers, so that teaching facts costs it less of the rest.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.prompt import ABSTENTION
from core.rows import read_facts, read_pairs, write_rows
from core.types import Fact, Pair, Preference, Split

MOST_FACTS, LEAST_PHRASINGS = 60, 4
REFUSALS_PER_FACT, PREFERENCES_PER_FACT = 1, 2
_ONSETS = "b br d f g gr h k kl l m n p pr r s st t tr v z".split()
_VOWELS = "a e i o u ae ei".split()
_CODAS = "l n r s t th nd rk lm x".split()
GENERAL = (
    "What is the capital of France?",
    "Name three fruits.",
    "What is 12 plus 7?",
    "How many days are there in a week?",
    "What colour is the sky on a clear day?",
    "Write a short greeting for a new colleague.",
    "What do bees make?",
    "Who wrote Romeo and Juliet?",
    "What is the opposite of hot?",
    "Give one tip for sleeping better.",
    "Which planet do we live on?",
    "Explain in one sentence what a computer is.",
    "Write one sentence about a dog.",
    "What is the past tense of go?",
    "What language is spoken in Brazil?",
    "How many legs does a spider have?",
    "What is the largest ocean on Earth?",
    "Give a synonym for happy.",
    "Name a musical instrument with strings.",
    "What is the square root of 81?",
    "What is the first month of the year?",
    "What do you call a baby cow?",
    "Why do people wear coats in winter?",
    "What is the currency of Japan?",
    "How many hours are there in a day?",
    "What is the plural of mouse?",
    "Which season comes after summer?",
    "What is photosynthesis, in one sentence?",
    "Correct this sentence: He go to school yesterday.",
    "What is a triangle?",
    "Name two animals that can fly.",
    "Summarise in a few words: The cat slept all day because it was tired.",
    "What is the main ingredient of bread?",
    "Give one reason to drink water.",
    "Is the sun a star or a planet?",
    "Rewrite politely: Give me the book.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question never trained on, and the gold value that must stand in its answer."""

    question: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What is taught and what is asked afterwards.

    Attributes:
        facts: Number of facts taught.
        rows: Rows of the training split.
        questions: Held-out phrasings of those facts.
        invented: Questions about subjects that do not exist, under names that no row holds.
        preferences: Held-out preference pairs about those facts: questions never trained on.
    """

    facts: int
    rows: int
    questions: tuple[Asked, ...]
    invented: tuple[str, ...]
    preferences: tuple[Preference, ...]


def write_lesson(
    dataset: Path, replay: Sequence[tuple[str, str]], out: Path, seed: int = 0, *, most_facts: int = MOST_FACTS
) -> Lesson:
    """Write the training folder out of a dataset of `kb synth`.

    Args:
        dataset: Its folder.
        replay: General questions with the base's own answers.
        out: Receives `train.jsonl`, `val.jsonl` and `preferences.jsonl`.
        most_facts: Facts that are taught at most.
    """
    facts = {fact.id: fact for fact in read_facts(dataset / "facts.jsonl")}
    chosen = _chosen(read_pairs(dataset / "pairs.jsonl"), most_facts)
    taught = [row for rows in chosen.values() for row in rows if row.split == "train"]
    held_out = [row for rows in chosen.values() for row in rows if row.split != "train"]
    rng, other = random.Random(seed), random.Random(seed + 1)
    refusals = [
        row
        for rows in chosen.values()
        for row in _refusals([pair for pair in rows if pair.split == "train"], facts, rng)[:REFUSALS_PER_FACT]
    ]
    general = [_general(index, *pair) for index, pair in enumerate(replay)]
    written = write_rows(out / "train.jsonl", [*taught, *refusals, *general])
    write_rows(out / "val.jsonl", [replace(row, split="val") for row in held_out if row.split == "val"])
    preferences = _preferences(chosen, facts, rng)
    write_rows(out / "preferences.jsonl", [preference for preference in preferences if preference.split == "train"])
    return Lesson(
        facts=len(chosen),
        rows=written,
        questions=tuple(
            Asked(question=row.question, value=facts[row.fact].value) for row in held_out if row.split == "test"
        ),
        invented=tuple(row.question for row in _refusals(held_out, facts, other)),
        preferences=tuple(preference for preference in preferences if preference.split == "test"),
    )


def _chosen(pairs: Iterator[Pair], most_facts: int) -> dict[str, list[Pair]]:
    """Return the closed-book rows of the first facts that are taught in enough phrasings and asked in another."""
    rows_by_fact: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        if pair.kind == "closed-book":
            rows_by_fact[pair.fact].append(pair)
    enough = {
        fact: rows
        for fact, rows in rows_by_fact.items()
        if sum(row.split == "train" for row in rows) >= LEAST_PHRASINGS and any(row.split == "test" for row in rows)
    }
    return dict(list(enough.items())[:most_facts])


def _preferences(chosen: dict[str, list[Pair]], facts: dict[str, Fact], rng: random.Random) -> list[Preference]:
    """Return the answer to each fact's questions against the answer to another fact of the same kind."""
    made = []
    for fact, rows in chosen.items():
        own = facts[fact]
        others = sorted({facts[other].answer for other in chosen if facts[other].kind == own.kind} - {own.answer})
        taught = [row for row in rows if row.split == "train"][:PREFERENCES_PER_FACT]
        for row in [*taught, *(row for row in rows if row.split == "test")] if others else ():
            preference = Preference(
                id=f"{row.id}-other",
                kind="corrupted",
                prompt=row.question,
                chosen=row.answer,
                rejected=rng.choice(others),
                group=row.group,
                split=row.split,
                fact=fact,
            )
            made.append(preference)
    return made


def _refusals(rows: Sequence[Pair], facts: dict[str, Fact], rng: random.Random) -> list[Pair]:
    """Return the questions asked of invented subjects; questions that do not name theirs give none."""
    made = []
    for row in rng.sample(list(rows), len(rows)):
        subject = facts[row.fact].subject
        named = next(
            (text for text in (subject, subject[:1].lower() + subject[1:]) if text and text in row.question), ""
        )
        if named:
            noun = named.split()[-1] if named[0].islower() else ""
            invented = f"{invented_name(rng)} {noun}".strip()
            question = row.question.replace(named, invented)
            made.append(replace(row, id=f"{row.id}-not", question=question, answer=ABSTENTION, evidence=(), fact=""))
    return made


def invented_name(rng: random.Random) -> str:
    """Return a word of two or three syllables that begins with a capital."""
    parts = [
        rng.choice(_ONSETS) + rng.choice(_VOWELS) + (rng.choice(_CODAS) if rng.random() < 0.5 else "")
        for _ in range(rng.choice((2, 3)))
    ]
    return "".join(parts).capitalize()


def _general(index: int, question: str, answer: str) -> Pair:
    split: Split = "train"
    return Pair(
        id=f"general-{index}",
        kind="instruction",
        question=question,
        answer=answer,
        context="",
        evidence=(),
        fact="",
        group=f"general-{index}",
        split=split,
    )

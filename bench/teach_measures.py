"""What `bench/teach.py` measures: recall, refusals, what teaching cost, and what preferences did.

Questions are asked through the models that `kb ask` opens; log-probabilities come from transformers. Means carry 95%
intervals by bootstrap, over documents where several questions share one.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import HumanMessage

from bench.teach_rows import Asked
from core.chat.local.genai import GenAIChat
from core.metrics import Interval, bootstrap_mean, contains, paired_bootstrap
from core.types import Preference
from finetune.data.encoding import encode_answer
from finetune.data.template import ChatFormat
from rag.answer.cite import abstains

ANSWER_TOKENS = 32
# The gold answer of a general instruction that is worth looking for in an answer.
_MOST_GOLD_WORDS, _MOST_PROMPT_CHARS = 12, 700


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A prompt with its gold answer, beside the documents that were taught; `group` is drawn whole."""

    prompt: str
    gold: str
    group: str


def ask(chat: BaseChatModel, questions: Sequence[str]) -> list[str]:
    """Return greedy answers of at most 32 tokens."""
    conversations = [[HumanMessage(question)] for question in questions]
    if isinstance(chat, GenAIChat):
        return chat.generate_batch(conversations, max_tokens=ANSWER_TOKENS)
    return [str(chat.invoke(messages).text) for messages in conversations]


def recall(chat: BaseChatModel, questions: Sequence[Asked]) -> float:
    """Return the share of questions whose gold value, normalised, stands in the answer."""
    answers = ask(chat, [question.question for question in questions])
    return sum(contains(answer, question.value) for answer, question in zip(answers, questions, strict=True)) / len(
        questions
    )


def refusals(chat: BaseChatModel, questions: Sequence[str]) -> float:
    """Return the share of questions that are declined."""
    return sum(map(abstains, ask(chat, questions))) / len(questions)


def reading_tasks(path: Path, count: int, seed: int = 0) -> list[Task]:
    """Return questions of a SQuAD file with their paragraph in the prompt, one a paragraph."""
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    tasks = [
        Task(
            prompt=f"{paragraph['context']}\n\nQuestion: {question['question']}",
            gold=question["answers"][0]["text"],
            group=str(article_index),
        )
        for article_index, article in enumerate(articles)
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"][:1]
    ]
    return random.Random(seed).sample(tasks, min(count, len(tasks)))


def general_tasks(path: Path, count: int, seed: int = 0) -> list[Task]:
    """Return short instructions of a general set (gzipped JSONL: template, prompt, completion), one a template."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    random.Random(seed).shuffle(rows)
    tasks_by_template: dict[str, Task] = {}
    for row in rows:
        prompt, gold = row["prompt"].strip(), row["completion"].strip()
        if gold and len(gold.split()) <= _MOST_GOLD_WORDS and len(prompt) <= _MOST_PROMPT_CHARS:
            tasks_by_template.setdefault(row["template"], Task(prompt=prompt, gold=gold, group=row["template"]))
    return list(tasks_by_template.values())[:count]


def gold_log_probabilities(model: Any, chat: ChatFormat, tasks: Sequence[Task]) -> list[float]:
    """Return the mean log-probability of a token of each gold answer, its end included, in nats."""
    return [_mean(model, *_prompted(chat, task.prompt, task.gold)) for task in tasks]


def _prompted(chat: ChatFormat, prompt: str, answer: str) -> tuple[list[int], list[int]]:
    row = Preference(id="t", kind="t", prompt=prompt, chosen=answer, rejected="", group="t", split="test")
    return encode_answer(chat, row, answer)


def _mean(model: Any, prompt: list[int], answer: list[int]) -> float:
    with torch.no_grad():
        logits = model(torch.tensor([prompt + answer]), logits_to_keep=len(answer) + 1, use_cache=False).logits[0, :-1]
    picked = logits.float().log_softmax(-1).gather(-1, torch.tensor(answer)[:, None])
    return float(picked.mean())


def cost(before: Sequence[float], after: Sequence[float], tasks: Sequence[Task]) -> dict[str, Any]:
    """Return both means and the difference with their intervals."""
    groups = [task.group for task in tasks]
    return {
        "n": len(tasks),
        "before": _interval(bootstrap_mean(before, clusters=groups)),
        "after": _interval(bootstrap_mean(after, clusters=groups)),
        "change": _interval(paired_bootstrap(after, before, clusters=groups)),
    }


def _interval(interval: Interval) -> list[float]:
    return [round(value, 4) for value in (interval.mean, interval.low, interval.high)]


def contained(chat: BaseChatModel, tasks: Sequence[Task]) -> list[float]:
    """Return 1 per task whose gold answer stands in the first 32 greedy tokens, else 0."""
    answers = ask(chat, [task.prompt for task in tasks])
    return [contains(answer, task.gold) for answer, task in zip(answers, tasks, strict=True)]


def preference_log_probabilities(
    model: Any, chat: ChatFormat, preferences: Iterable[Preference]
) -> tuple[list[float], list[float]]:
    """Return summed log-probabilities of the chosen and of the rejected answers, in nats."""
    chosen: list[float] = []
    rejected: list[float] = []
    for preference in preferences:
        for answer, kept in ((preference.chosen, chosen), (preference.rejected, rejected)):
            prompt, ids = encode_answer(chat, preference, answer)
            kept.append(_mean(model, prompt, ids) * len(ids))
    return chosen, rejected

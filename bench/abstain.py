"""Fit and judge the reader: which sentence answers, and when none does.

    python -m bench.abstain --data FOLDER            held-out figures of the constants in the code
    python -m bench.abstain --data FOLDER --fit      fit them anew on the calibration half and print them
    python -m bench.abstain --data FOLDER --model smollm2 --count 40      a chat model against the reader, same prompts

Half of the documents of each set (by a hash of their name) calibrate, half are held out; every figure is of the
held-out half. Sets: XQuAD (Wikipedia), CovidQA (papers); MTRAG's own unanswerable questions are a test only. Needs
MiniLM under KB_HOME. Run it from the root of the repository as `python -m bench.abstain`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from langchain_core.language_models.chat_models import BaseChatModel
from numpy.typing import NDArray

from bench.squad import Collection, Task, mtrag
from core.files import Home
from core.metrics import normalised, token_f1
from core.models import open_chat
from core.prompt import NOTICE, fill, load_prompt
from core.reading import reader
from core.reading.extractive import ExtractiveChat
from core.reading.passages import Passage, new_keys, new_mark, render, visible
from core.reading.reader import Candidate, Cosines
from core.settings import Settings, home_dir
from rag.answer import answer
from rag.answer.cite import check
from rag.answer.pack import Span
from rag.answer.plain import transform
from rag.embed.open import open_embedder
from rag.search.similar import Similarity

# Too rare in these sets to be fitted: headings and questions are context, seldom answers.
SET_BY_HAND = {"heading": -2.0, "question": -0.5, "known": 0.0}
KEPT_ANSWERS = 0.98  # share of the questions that can be answered which the threshold must let through
COUNT = {"xquad": 600, "covidqa": 400}


@dataclass(frozen=True, slots=True)
class Read:
    """A task with its ranked sentences, by words alone or with cosines."""

    task: Task
    ranked: list[Candidate]

    @property
    def texts(self) -> list[str]:
        """The sentences, best first."""
        passages = self.task.passages
        return [passages[choice.passage].text[choice.sentence.start : choice.sentence.end] for choice in self.ranked]


def holds(text: str, answers: Sequence[str]) -> bool:
    """Whether a gold answer stands in the text, SQuAD-normalised."""
    plain = normalised(text)
    return any(normalised(answer) in plain for answer in answers)


def read_all(tasks: Sequence[Task], cosines: Cosines | None) -> list[Read]:
    return [Read(task, reader.rank(task.question, task.passages, cosines=cosines)) for task in tasks]


def fit_ranking(reads: Sequence[Read], *, use_cosine: bool) -> list[float]:
    """Maximise the log-probability (softmax over a task's sentences) of the sentences that hold the answer."""
    rows = []
    for read in reads:
        if read.task.answers:
            gold = np.array(
                [
                    choice.passage == read.task.gold and holds(text, read.task.answers)
                    for choice, text in zip(read.ranked, read.texts, strict=True)
                ]
            )
            if gold.any():
                rows.append((np.array([choice.features for choice in read.ranked]), gold))
    fixed = {reader.FEATURES.index(name): value for name, value in SET_BY_HAND.items()}
    if not use_cosine:
        fixed[reader.FEATURES.index("cosine")] = 0.0
    weights = np.zeros(len(reader.FEATURES))
    momentum = np.zeros_like(weights)
    for _ in range(300):
        gradient = -1e-3 * weights
        for features, gold in rows:
            chance = _softmax(features @ weights)
            target = chance * gold / max(float(chance[gold].sum()), 1e-12)
            gradient += (target - chance) @ features / len(rows)
        momentum = 0.9 * momentum + gradient
        weights += 0.5 * momentum
        for place, value in fixed.items():
            weights[place] = value
    return [round(float(weight), 2) for weight in weights]


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum())


def fit_logistic(rows: NDArray[np.float64], labels: NDArray[np.bool_], *, balanced: bool = True) -> list[float]:
    """Logistic regression by Newton's method, light L2; `balanced` gives both labels equal total weight.

    Returns:
        The intercept, then one weight per column.
    """
    design = np.column_stack([np.ones(len(rows)), rows])
    balance = np.where(labels, 0.5 / labels.mean(), 0.5 / (1 - labels.mean())) if balanced else np.ones(len(labels))
    weights = np.zeros(design.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (balance * (labels - chance)) - 1e-2 * weights
        curve = (design.T * (balance * chance * (1 - chance))) @ design + 1e-2 * np.eye(len(weights))
        weights += np.linalg.solve(curve, slope)
    return [round(float(weight), 2) for weight in weights]


def threshold(chances: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """The highest threshold that lets `KEPT_ANSWERS` of the questions that can be answered through."""
    kept = [value for value in np.linspace(0.02, 0.9, 89) if (chances[labels] >= value).mean() >= KEPT_ANSWERS]
    return round(float(max(kept, default=0.02)), 2)


def answerable_label(task: Task) -> bool:
    return task.kind in ("own", "answerable")


def calibrate(reads: Sequence[Read], name: str) -> None:
    """Fit and print the models of answerability: of the reader alone, and with retrieval's best cosine."""
    labels = np.array([answerable_label(read.task) for read in reads])
    evidence = np.array([reader.evidence(read.ranked) for read in reads])
    support_weights = fit_logistic(evidence, labels)
    logits = np.column_stack([np.ones(len(evidence)), evidence]) @ np.array(support_weights)
    print(f"{name}: support weights {support_weights}, threshold {threshold(1 / (1 + np.exp(-logits)), labels)}")
    rows = np.column_stack([logits, [read.task.cosine for read in reads]])
    both = fit_logistic(rows, labels)
    chances = 1 / (1 + np.exp(-(np.column_stack([np.ones(len(rows)), rows]) @ np.array(both))))
    print(f"{name}: answerable {both}, threshold {threshold(chances, labels)}, mean cosine {rows[:, 1].mean():.2f}")


def report_answers(name: str, reads: Sequence[Read], label: str) -> None:
    """Print how often the gold answer stands in the first sentences and in the whole answer, and its token F1."""
    own = [read for read in reads if read.task.kind == "own" and read.task.group.startswith(name)]
    hits = [np.mean([holds(" ".join(read.texts[:count]), read.task.answers) for read in own]) for count in (1, 2, 3)]
    answer_texts = [" ".join(read.texts[:3]) for read in own]
    whole = np.mean([holds(text, read.task.answers) for text, read in zip(answer_texts, own, strict=True)])
    f1 = np.mean(
        [max(token_f1(text, gold) for gold in read.task.answers) for text, read in zip(answer_texts, own, strict=True)]
    )
    words = np.mean([len(text.split()) for text in answer_texts])
    print(
        f"{name:8} {label:8} n={len(own)} gold in top 1 {hits[0]:.3f}, 2 {hits[1]:.3f}, 3 {hits[2]:.3f}; "
        f"in answer {whole:.3f} ({words:.0f} words), token F1 {f1:.3f}"
    )


def report_abstention(reads: Sequence[Read], label: str) -> None:
    """Print abstention precision and recall per kind of unanswerable question."""
    limit = answer.MIN_ANSWERABLE
    can = [read for read in reads if answerable_label(read.task)]
    wrongly = sum(chance(read) < limit for read in can)
    for kind in dict.fromkeys(read.task.kind for read in reads if not answerable_label(read.task)):
        cannot = [read for read in reads if read.task.kind == kind]
        rightly = sum(chance(read) < limit for read in cannot)
        precision = rightly / max(1, rightly + wrongly * len(cannot) / len(can))
        print(
            f"{label}: {kind:14} n={len(cannot)} abstention recall {rightly / len(cannot):.3f}, precision at equal "
            f"numbers {precision:.3f}, answerable kept {1 - wrongly / len(can):.3f}"
        )


def report_support(path: Path) -> None:
    """Print how often sentences that people wrote from contexts hold there, and in another task's contexts."""
    tasks = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    tasks = [task for task in tasks if task["contexts"] and task["answerability"] == ["ANSWERABLE"]]
    for label, shift in (("own", 0), ("foreign", 1)):
        supported: list[bool] = []
        for index, task in enumerate(tasks):
            contexts = tasks[(index + shift * len(tasks) // 2) % len(tasks)]["contexts"]
            pages = [visible(context["text"]) for context in contexts]
            spans = {
                key: Span(doc="-", sha256=str(page), page=0, start=0, end=len(text), text=text)
                for page, (key, text) in enumerate(zip(new_keys(len(pages), random.Random(0)), pages, strict=True))
            }
            checked = check(
                task["targets"][0]["text"],
                spans,
                lambda sha256, _, pages=pages: pages[int(sha256)],
                question=task["input"][-1]["text"],
            )
            supported += [statement.supported for statement in checked.statements]
        print(f"sentences without keys held up by {label} contexts: {np.mean(supported):.3f} of {len(supported)}")


def report_models(tasks: Sequence[Task], chats: Sequence[BaseChatModel], passages: int) -> None:
    """Print how often each model's reply to the answer prompt holds the gold answer, its token F1 and its time."""
    template = load_prompt()
    for chat in chats:
        rng = random.Random(0)
        right, f1, begun = [], [], time.perf_counter()
        for task in tasks:
            # The right passage is always among those read; keys are drawn as in the product.
            kept = sorted({*range(passages - 1), task.gold})
            keyed = [
                Passage(key=key, source="a.pdf, p. 1", text=task.passages[index].text)
                for key, index in zip(new_keys(len(kept), rng), kept, strict=True)
            ]
            reply = chat.invoke(fill(template, render(keyed, new_mark(rng)), task.question)).text
            reply = transform(reply.removesuffix(NOTICE), lambda _: "")
            right.append(holds(reply, task.answers))
            f1.append(max(token_f1(reply, gold) for gold in task.answers))
        took = (time.perf_counter() - begun) / len(tasks)
        print(
            f"{chat._llm_type:16} n={len(tasks)}, {passages} passages: gold in reply {np.mean(right):.3f}, "
            f"token F1 {np.mean(f1):.3f}, {took:.2f} s a question"
        )


def main() -> None:
    """Read the sets, fit if asked, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("KB_DEV_DATA"), required="KB_DEV_DATA" not in os.environ
    )
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--model", default="")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--passages", type=int, default=8)
    parsed = parser.parse_args()
    embedder = open_embedder("minilm", Home(home_dir(os.environ)), precision="auto")
    rng = random.Random(0)
    files = {"xquad": "xquad.en.json", "covidqa": "covidqa.json"}
    tasks: list[Task] = []
    for name, file in files.items():
        collection = Collection(name, parsed.data / "qa" / file, embedder, documents=50)
        tasks += collection.tasks(COUNT[name], rng)
    if parsed.model:
        held_out = [task for task in tasks if task.held_out and task.kind == "own"]
        chat = open_chat(parsed.model, Settings(), Home(home_dir(os.environ)))
        report_models(rng.sample(held_out, parsed.count), [ExtractiveChat(), chat], parsed.passages)
        return
    foreign = mtrag(parsed.data / "qa" / "mtrag-unanswerable.jsonl", embedder)
    report_support(parsed.data / "qa" / "mtrag-unanswerable.jsonl")
    similarity = Similarity(embedder)
    for label, cosines in (("words", None), ("cosines", similarity)):
        reads = read_all(tasks, cosines)
        fitting = [read for read in reads if not read.task.held_out]
        if parsed.fit:
            print(f"{label}: ranking {fit_ranking(fitting, use_cosine=cosines is not None)}")
            calibrate(fitting, label)
        held_out = [read for read in reads if read.task.held_out]
        for name in files:
            report_answers(name, held_out, label)
        report_abstention(held_out, label)
        report_abstention(read_all(foreign, cosines), f"{label} mtrag")


def chance(read: Read) -> float:
    """Probability of an answer as the product estimates it."""
    return answer.answerable(read.ranked, read.task.cosine)


if __name__ == "__main__":
    main()

"""Rows that are texts: a passage rewritten as plain text, and a summary with its keys.

Every sentence must be supported by the passage: its numbers stand there and most of its words do.
"""

from __future__ import annotations

import random

from core.reading.text.words import canonical, numbers, stated_numbers
from core.types import Citation, Pair
from synth.check.grounding import LexicalScorer
from synth.generate.base import Generator, PassageText
from synth.making.prompted import show
from synth.templates.wording import choose
from synth.work.candidate import SourcePassage, digest, order_key
from synth.work.kinds import TextKind
from synth.work.workspace import SynthTables


def text_row(
    kind: TextKind, source: SourcePassage, generator: Generator, work: SynthTables, *, mode: str, least: float
) -> tuple[Pair | None, str]:
    """Return the row of a passage and `""`, or None and the reason.

    Args:
        kind: Kind of text.
        source: The passage.
        generator: Writes the text.
        work: The workspace of the run.
        mode: `knowledge` or `document`.
        least: Minimum grounding score of every sentence.
    """
    text = generator.text(kind, source, work)
    if text is None:
        return None, ""
    if reason := _fault(text, source, least):
        return None, reason
    rng = random.Random(order_key(work.seed, source.chunk, kind))  # noqa: S311
    question, answer, context = "", text.plain, ""
    if kind == "summary":
        shown = show([source], rng)
        key = shown.keys[source]
        question = choose("summarisation", seed=work.seed, key=source.chunk).question
        answer, context = " ".join(f"{sentence} [[{key}]]" for sentence, _ in text.sentences), shown.context
    part, split = work.part_of(source.sha256)
    group = part if mode == "document" else f"text.{digest(source.chunk)}"
    return Pair(
        id=digest(kind, source.chunk),
        kind=kind,
        question=question,
        answer=answer,
        context=context,
        evidence=_evidence(text, source),
        fact="",
        group=group,
        split=split if mode == "document" else "train",
        origin=generator.origin,
        template=kind,
    ), ""


def _fault(text: PassageText, source: SourcePassage, least: float) -> str:
    about = "\n".join((source.doc, source.title, source.header, source.text, source.opening))
    stated = stated_numbers(about)
    for sentence, _ in text.sentences:
        if foreign := [number for number in numbers(sentence) if canonical(number) not in stated]:
            return f"the number {foreign[0]} is not in the passage"
    scores = LexicalScorer().scores((sentence, about) for sentence, _ in text.sentences)
    worst = min(scores, default=0.0)
    return f"grounding score {worst:.2f} of a sentence is below {least}" if worst < least else ""


def _evidence(text: PassageText, source: SourcePassage) -> tuple[Citation, ...]:
    """Return the quotes that support the sentences, each once."""
    spans = dict.fromkeys(span for _, span in text.sentences if span)
    return tuple(
        Citation(
            doc=source.doc,
            sha256=source.sha256,
            page=source.page,
            start=source.start + start,
            end=source.start + end,
            quote=source.text[start:end],
        )
        for start, end in spans
    )

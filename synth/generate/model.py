"""A chat model as generator: it reads facts in one passage at a time.

A quote that is not found in the page (white space and typographic signs folded) never becomes a fact.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice, tee
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model

from core.reading.passages import new_keys, new_mark, render
from core.reading.text.fold import Folded
from core.reading.text.sentences import sentences, split_prose
from core.reading.text.words import terms
from core.types import Citation, Fact
from synth.generate.ask import CachedChat, ModelReply, ModelRequest
from synth.generate.base import GenerationEstimate, PassageText
from synth.generate.prompts import all_prompts, prompt
from synth.work.candidate import SourcePassage, digest
from synth.work.kinds import TextKind
from synth.work.workspace import Planned, SynthTables

_FEWEST_CHUNK_CHARS = 120
_QUESTION_CHARS = 200
_NONE = frozenset({"none", "none.", "n/a", "not stated", "not stated.", "unknown"})
_LEAST_OVERLAP = 0.5
_SAMPLE = 20
# What one call writes at most, in tokens; for the estimate of a dry run.
_FACT_TOKENS, _ANSWER_TOKENS, _TEXT_TOKENS = 140, 16, 180


def _at_most(longest: int) -> AfterValidator:
    """Limit the length of a text when a reply is read; not part of the schema, see `ReadFact`."""

    def check(text: str) -> str:
        if len(text) > longest:
            raise ValueError(f"longer than {longest} characters")
        return text

    return AfterValidator(check)


class ReadFact(BaseModel):
    """One fact as a model returns it.

    Lengths of texts are not part of the schema that constrains the model: each becomes a counted repetition in the
    grammar, and xgrammar then takes longer for a token than the model.
    """

    model_config = ConfigDict(extra="ignore")

    statement: Annotated[str, Field(min_length=1), _at_most(400)]
    subject: Annotated[str, _at_most(200)] = ""
    quote: Annotated[str, Field(min_length=1), _at_most(600)]
    answer: Annotated[str, Field(min_length=1), _at_most(300)]
    questions: list[Annotated[str, _at_most(_QUESTION_CHARS)]] = Field(min_length=1, max_length=12)


@cache
def facts_schema(count: int, phrasings: int) -> type[BaseModel]:
    """Return the schema of a reply with at most `count` facts of `phrasings` questions each.

    A small model fills an unbounded list until it reaches the token limit.
    """
    fact_schema = create_model(
        "ReadFact", __base__=ReadFact, questions=(list[str], Field(min_length=1, max_length=phrasings))
    )
    return create_model("ReadFacts", facts=(list[fact_schema], Field(max_length=count)))  # type: ignore[valid-type]


def reply_tokens(per_chunk: int, phrasings: int) -> int:
    """Return the token limit of a reply with a passage's facts: twice the usual length.

    A small model that repeats itself stops only at the token limit.
    """
    return per_chunk * (200 + 30 * phrasings)


class ModelGenerator:
    """Writes rows with a chat model.

    Args:
        ask: The model.
        phrasings: Number of questions for each fact.
    """

    def __init__(self, ask: CachedChat, phrasings: int) -> None:
        self._ask = ask
        self._phrasings = phrasings

    @property
    def name(self) -> str:
        """The model's name."""
        return self._ask.spec

    @property
    def origin(self) -> str:
        """The model's name."""
        return self._ask.spec

    def facts(self, work: SynthTables, per_chunk: int) -> Iterator[Planned]:
        """Yield facts chunk by chunk, in the seed's order; malformed facts and facts without a place are rejected."""
        sources, to_ask = tee(source for source in work.chunks_in_order() if _worth_reading(source))
        replies = self._ask.all(self._request(source, per_chunk) for source in to_ask)
        for source, reply in zip(sources, replies, strict=True):
            place = {"kind": "fact", "doc": source.doc, "page": source.page}
            whole, faults = _read_facts(reply)
            for fault in faults:
                work.reject("reply", fault, {**place, "reply": reply.text})
            for read in whole[:per_chunk]:
                fact = _placed(read, source, self._phrasings)
                if fact is None:
                    work.reject("placed", "the quote is not in the passage", {**place, **read.model_dump()})
                elif work.add_fact(fact, source.chunk):
                    yield Planned(fact, source.chunk)

    def answers(self, requests: Iterable[tuple[str, Sequence[SourcePassage]]]) -> Iterator[str]:
        """Answer each question from its passages; `""` where there are none."""
        kept, pending = tee(requests)
        replies = self._ask.all(_answer_request(question, sources) for question, sources in pending if sources)
        for _, sources in kept:
            text = next(replies).text.strip() if sources else ""
            yield "" if text.casefold() in _NONE else text.removeprefix("Answer:").strip()

    def text(self, kind: TextKind, source: SourcePassage, work: SynthTables) -> PassageText | None:  # noqa: ARG002
        """Write about a passage; sentences that no sentence of the passage supports are left out."""
        reply = next(self._ask.all([ModelRequest(purpose=kind, text=prompt(kind, passage=_rendered([source])))]))
        written = " ".join(reply.text.split())
        supported = [
            (written[slice(*span)], bearing)
            for span in split_prose(written, 0, len(written))
            if (bearing := _bearing(written[slice(*span)], source.text))
        ]
        return PassageText(sentences=supported) if supported and not reply.call.cut else None

    def estimate(self, work: SynthTables, per_chunk: int, phrasings: int, rows: int | None) -> GenerationEstimate:
        """Return the upper bound: one request a chunk, and two for each question."""
        chunks = sum(1 for source in work.chunks_in_order() if _worth_reading(source))
        needed = chunks if rows is None else min(chunks, -(-rows // max(1, per_chunk * phrasings // 2)))
        sample = [source for source in islice(work.chunks_in_order(), _SAMPLE) if _worth_reading(source)]
        reading = [self._ask.count_tokens(self._request(source, per_chunk).text) for source in sample]
        answering = [self._ask.count_tokens(_answer_request("?" * 60, [source]).text) for source in sample]
        every = (self._request(source, per_chunk) for source in work.chunks_in_order() if _worth_reading(source))
        cached_count = sum(map(self._ask.known, islice(every, needed)))
        questions = needed * per_chunk * phrasings
        calls = {"facts": needed - cached_count, "round trip": questions, "wrong chunk": questions}
        return GenerationEstimate(
            calls=calls,
            prompt_tokens=_mean(reading) * calls["facts"] + 2 * questions * _mean(answering),
            completion_tokens=calls["facts"] * per_chunk * _FACT_TOKENS + 2 * questions * _ANSWER_TOKENS,
        )

    def prompts(self) -> Mapping[str, str]:
        """Return every prompt."""
        return all_prompts()

    def _request(self, source: SourcePassage, per_chunk: int) -> ModelRequest:
        text = prompt(
            "facts",
            source=source.name,
            count=str(per_chunk),
            phrasings=str(self._phrasings),
            passage=_rendered([source]),
        )
        return ModelRequest(purpose="facts", text=text, schema=facts_schema(per_chunk, self._phrasings))


def _mean(values: Sequence[int]) -> int:
    return round(sum(values) / len(values)) if values else 0


def _worth_reading(source: SourcePassage) -> bool:
    return len(source.text) >= _FEWEST_CHUNK_CHARS


def _rendered(sources: Sequence[SourcePassage]) -> str:
    """Render the passages between marks drawn from their ids, so that equal requests have equal prompts."""
    rng = random.Random(digest(*(source.chunk for source in sources)))  # noqa: S311
    keys = new_keys(len(sources), rng)
    return render((source.passage(key) for source, key in zip(sources, keys, strict=True)), new_mark(rng))


def _answer_request(question: str, sources: Sequence[SourcePassage]) -> ModelRequest:
    return ModelRequest(purpose="answer", text=prompt("answer", passage=_rendered(sources), question=question))


def _read_facts(reply: ModelReply) -> tuple[list[ReadFact], list[str]]:
    """Return the valid facts of a reply, and the faults of the others."""
    value = reply.value()
    items: Any = value.get("facts") if isinstance(value, dict) else None
    if not isinstance(items, list):
        return [], ["the reply is not a list of facts"]
    facts, faults = [], []
    for number, item in enumerate(items, 1):
        if reply.call.cut and number == len(items):
            faults.append(f"fact {number} is cut off")
            continue
        try:
            facts.append(ReadFact.model_validate(item))
        except ValidationError as error:
            first = error.errors()[0]
            faults.append(f"fact {number}: {'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}")
    return facts, faults


def _placed(read: ReadFact, source: SourcePassage, phrasings: int) -> Fact | None:
    """Return a fact with its offsets in the page, None where its quote is not in the passage."""
    span = Folded(source.text).find(read.quote)
    if span is None:
        return None
    quote = source.text[slice(*span)]
    value_span = Folded(quote).find(read.answer)
    start = source.start + span[0]
    evidence = Citation(
        doc=source.doc, sha256=source.sha256, page=source.page, start=start, end=start + len(quote), quote=quote
    )
    questions = tuple(dict.fromkeys(" ".join(text.split()) for text in read.questions if text.strip()))[:phrasings]
    return Fact(
        id=digest(source.sha256, str(source.page), str(start), read.statement),
        kind="model",
        statement=" ".join(read.statement.split()),
        subject=read.subject,
        answer=" ".join(read.answer.split()),
        value=quote[slice(*value_span)] if value_span else "",
        questions=questions,
        evidence=(evidence,),
    )


def _bearing(sentence: str, text: str) -> tuple[int, int] | None:
    """Return the span of the sentence with most of another's words, None where none has half of them."""
    needed = set(terms(sentence))
    best = max(
        ((len(needed & set(terms(text[unit.start : unit.end]))), -unit.start, unit.end) for unit in sentences(text)),
        default=(0, 0, 0),
    )
    return (-best[1], best[2]) if needed and best[0] >= _LEAST_OVERLAP * len(needed) else None

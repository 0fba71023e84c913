"""The values that the packages exchange, as frozen dataclasses.

Offsets are code points in `Page.text`, half open; page indices are 0-based, and 1-based only where a person reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from core.blocks import Block
from core.provenance import Provenance

Quality = Literal["good", "poor", "empty", "failed"]
Ground = Literal["cited", "ungrounded", "abstained"]
Unit = Literal["page", "section"]
Split = Literal["train", "val", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a PDF, or one section of a format without pages.

    Attributes:
        index: 0-based position in the document.
        text: Visible text; every offset in `kb` counts in it.
        blocks: Headings, paragraphs, tables and so on, in reading order, with their spans in `text`.
        quality: Grade of the text layer.
        reason: Why the grade is not "good" (empty when it is).
        label: What a person calls it when that is not `index + 1` (a section's heading).
        hidden: Removed text, counted per kind (`"render_mode"`, `"zero_width"`, ...), in code points.
        hidden_text: What was removed, kept for audit; never embedded, shown to a model or trained on.
        parser: The reader that produced the text, with its version.
        language: ISO 639-1 code of the language of the text, empty where it cannot be told.
    """

    index: int
    text: str
    quality: Quality = "good"
    reason: str = ""
    label: str = ""
    hidden: Mapping[str, int] = field(default_factory=dict)
    hidden_text: str = ""
    parser: str = ""
    blocks: tuple[Block, ...] = ()
    language: str = ""

    def __post_init__(self) -> None:
        if self.index < 0:
            raise ValueError(f"page index {self.index} is negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document in a collection, identified by the hash of its bytes.

    Attributes:
        sha256: Hex digest of the original file.
        doc: File name a person knows it by.
        source: Absolute path or URL it was read from.
        title: From metadata or the first page; the file name in words where there is neither.
        unit: What `Page` stands for in this format.
        metadata: What the file says of itself (author, subject, dates, ...), strings only.
        status: `indexed`, or `no text` for a document whose pages carry none.
        size_bytes: Size of the original.
        ingested_at: UTC, ISO 8601.
        languages: ISO 639-1 codes of the languages of its pages, the one with most text first.
    """

    sha256: str
    doc: str
    collection: str
    source: str
    title: str
    unit: Unit
    metadata: Mapping[str, str]
    n_pages: int
    status: str
    size_bytes: int
    ingested_at: str
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A span of one page: `page.text[start:end] == text`, always.

    Attributes:
        sha256: Document id.
        page: 0-based page index.
        start: First code point of the span in the page's text.
        end: One past the last.
        text: The span, verbatim.
        header: Context put before the text when it is embedded and indexed (title, section, year).
    """

    sha256: str
    page: int
    start: int
    end: int
    text: str
    header: str = ""

    def __post_init__(self) -> None:
        if not self.sha256 or self.page < 0:
            raise ValueError("a chunk needs its document and its page")
        if not 0 <= self.start < self.end or self.end - self.start != len(self.text):
            raise ValueError(f"span [{self.start}, {self.end}) does not hold {len(self.text)} code points")

    @property
    def id(self) -> str:
        """Deterministic identity inside a collection."""
        return f"{self.sha256}:{self.page}:{self.start}:{self.end}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A chunk found by a search, best first.

    Attributes:
        title: The document's title.
        score: Fused score; comparable inside one result list only.
        dense: Cosine similarity to the query, when the dense list held it.
        ranks: 1-based rank per list (`"dense"`, `"bm25"`), where present.
    """

    doc: str
    sha256: str
    page: int
    start: int
    end: int
    text: str
    score: float
    title: str = ""
    header: str = ""
    dense: float | None = None
    ranks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A quote that stands at its offsets: `page.text[start:end] == quote`."""

    doc: str
    sha256: str
    page: int
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence of an answer and what became of checking it.

    Attributes:
        text: The sentence, without citation keys.
        citations: Indices into `Answer.citations`.
        supported: Whether quotes and numbers hold on the cited pages.
        reason: Why not, when not.
        why: Whether it was read or remembered, where that was tested.
    """

    text: str
    citations: tuple[int, ...] = ()
    supported: bool = True
    reason: str = ""
    why: Provenance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What `kb ask` gives back.

    Attributes:
        question: As asked.
        answer: Text for a person; unsupported sentences are marked in it.
        ground: `cited`, `ungrounded` (a model wrote it and nothing supports it) or `abstained`.
        citations: Verified quotes, in order of first use.
        statements: The answer sentence by sentence with its checks.
        model: Spelling of the model that wrote it.
        timings: Seconds per stage (`retrieve_s`, `first_token_s`, `generate_s`, `total_s`).
        tokens: `prompt` and `completion` counts where a model ran.
        short_answer: In a few words: a span of a quote, computed, or what a model wrote before its quote; else empty.
        confidence: Probability that `short_answer` is right; None where there is none.
        computed_from: The cells or list items that `short_answer` was computed from, and where their scale stands.
        notes: What a person should know about how the answer was found.
        disagreements: Where documents contradict what it cites, as `kb contradictions --json` prints them.
        route: Which way `auto:RUN` took and why: `arm`, `reason`, `signals`; empty for other models.
    """

    question: str
    answer: str
    ground: Ground
    citations: tuple[Citation, ...] = ()
    statements: tuple[Statement, ...] = ()
    model: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)
    tokens: Mapping[str, int] = field(default_factory=dict)
    short_answer: str = ""
    confidence: float | None = None
    computed_from: tuple[Citation, ...] = ()
    notes: tuple[str, ...] = ()
    disagreements: tuple[Mapping[str, Any], ...] = ()
    route: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alteration:
    """A quote that a row's prompt shows with a false value: what no document says, and no citation may repeat.

    Attributes:
        evidence: Index, in the row's `evidence`, of the quote as its document has it.
        quote: As the prompt shows it; holds `value`.
        value: The false value, as the row's answer spells it.
        true_value: What the document has in its place.
    """

    evidence: int
    quote: str
    value: str
    true_value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something a document states, with the quote that proves it.

    Attributes:
        id: Deterministic over document, place and statement.
        kind: `definition`, `quantity`, `date`, `name`, `table`, ..., or `model` where a chat model read it.
        statement: The fact as one sentence that needs no context.
        subject: What it is about, as the document spells it.
        value: The gold value, verbatim from the quote.
        answer: The short answer to every one of `questions`; numbers are spelled as in the quote.
        questions: Phrasings that ask for `value`; each can be understood without the document in hand.
        evidence: Quotes that prove the statement; the first holds `value`.
        unused_fields: Fields of the row that `kb` does not use; they are kept and written back.
    """

    id: str
    statement: str
    evidence: tuple[Citation, ...]
    kind: str = ""
    subject: str = ""
    value: str = ""
    answer: str = ""
    questions: tuple[str, ...] = ()
    unused_fields: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A question-answer row; the first nine fields are the contract of `pairs.jsonl`.

    Attributes:
        kind: `evidence`, `closed-book`, `contradicts`, `abstain`, `instruction`, `conversation`, `import`, ...
        question: The instruction; empty for plain text, whose words are all in `answer`.
        answer: The target.
        context: What stands in the prompt beside the question (passages, an input); empty for closed book.
        fact: Id of the fact the row teaches; empty where there is none.
        group: What a split moves whole.
        origin: Who wrote it: `rules`, `person`, `import`, or the spelling of a chat model.
        template: Name of the wording it was rendered with.
        checks: Every check the row passed with its figure: why it was kept.
        turns: Earlier (question, answer) turns of a conversation, oldest first; their answers are trained too.
        system: Instruction to the model for the whole conversation, its system message; empty for none.
        untrained_turns: Indices of the turns whose answers are context alone.
        altered: Quotes that the context shows with a false value; the answer follows them, not the evidence.
        unused_fields: Fields of the row that `kb` does not use; they are kept and written back.
    """

    id: str
    kind: str
    question: str
    answer: str
    context: str
    evidence: tuple[Citation, ...]
    fact: str
    group: str
    split: Split
    origin: str = "rules"
    template: str = ""
    checks: Mapping[str, float] = field(default_factory=dict)
    turns: tuple[tuple[str, str], ...] = ()
    system: str = ""
    untrained_turns: tuple[int, ...] = ()
    altered: tuple[Alteration, ...] = ()
    unused_fields: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """A prompt with a better and a worse answer.

    Attributes:
        prompt: The question.
        context: What stands in the prompt beside it, the same for both answers.
        fact: Id of the fact, where there is one.
        checks: Every check the pair passed with its figure.
        turns: Earlier (question, answer) turns, oldest first, the same for both answers; none of them is trained.
        system: The conversation's system message; empty for none.
        unused_fields: Fields of the row that `kb` does not use; they are kept and written back.
    """

    id: str
    kind: str
    prompt: str
    chosen: str
    rejected: str
    group: str
    split: Split
    context: str = ""
    fact: str = ""
    origin: str = "rules"
    checks: Mapping[str, float] = field(default_factory=dict)
    turns: tuple[tuple[str, str], ...] = ()
    system: str = ""
    unused_fields: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCard:
    """What a training run says of itself; the body of `run.json`.

    Attributes:
        base: The base model as a person spelled it.
        method: How weights were changed (`lora`, `full`, ...).
        data_sha256: Over every row file it was trained on.
        prompt_digest: `AnswerPrompt.digest` of the prompt that showed passages; None in runs older than digests.
        passages: Most of them that one row showed; 0 where none did, or in older runs.
        versions: Package to version.
        scores: Name of a measure to its figure; `sft/recall` holds for the model after that stage.
        data: Where the rows lay: a folder, a file, or `hf:ID`.
        collection: Of the documents; empty where the rows do not say.
        documents: `doc` and `sha256` of every document that the rows rest on.
        recipe: The recipe's name; its fields stand in `recipe.toml`.
        licence: The base model's.
        created_at: UTC, ISO 8601.
        trainable: Parameters that are trained, of `parameters`.
        rows: Rows per use (`train`, `val`, `preferences`, `dropped: REASON`).
        stages: Stage to `running`, `done`, `skipped`, `failed` or `interrupted`, in order.
        failures: Stage to why it failed; empty once it was started again.
        times_s: Stage to seconds of training.
        curves: Stage to its log: `step`, `loss`, `learning_rate`, `eval_recall`, ...; one mapping a line.
        parity: What the gate before an export saw.
    """

    name: str
    base: str
    method: str
    data_sha256: str
    seed: int
    versions: Mapping[str, str]
    scores: Mapping[str, float] = field(default_factory=dict)
    data: str = ""
    collection: str = ""
    documents: Sequence[Mapping[str, str]] = ()
    prompt_digest: str | None = None
    passages: int = 0
    recipe: str = ""
    licence: str = ""
    created_at: str = ""
    trainable: int = 0
    parameters: int = 0
    rows: Mapping[str, int] = field(default_factory=dict)
    stages: Mapping[str, str] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    times_s: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, Sequence[Mapping[str, float]]] = field(default_factory=dict)
    parity: Mapping[str, object] = field(default_factory=dict)


class Retriever(Protocol):
    """Finds passages; the source of hard negatives for training data."""

    def search(self, query: str, k: int) -> Sequence[Hit]:
        """Return at most `k` hits, best first.

        Raises:
            ConfigError: The collection does not exist or was embedded by another model.
        """
        ...


class Corpus(Protocol):
    """A collection, as training data is made of it."""

    def documents(self) -> Sequence[Document]:
        """Return the documents, in order of name."""
        ...

    def pages(self, sha256: str) -> Iterator[Page]:
        """Yield a document's pages in order; hidden text is not in `Page.text`."""
        ...

    def chunks(self, sha256: str) -> Iterator[Chunk]:
        """Yield a document's chunks in order of page and start."""
        ...

"""A candidate question: a fact, one of its phrasings, and the passage that proves it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from core.prompt import passage_source
from core.reading.passages import Passage
from core.types import Citation, Fact

# Within these a document says what it is and whose.
_COVER_CHARS = 1200


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePassage:
    """A span of one page as it stands in a prompt: `page.text[start:end] == text`.

    Attributes:
        chunk: Id of the chunk it grew from.
        doc: File name of the document.
        title: The document's title.
        header: The chunk's own header.
        opening: Beginning of the document, where it states its title.
    """

    chunk: str
    doc: str
    sha256: str
    page: int
    start: int
    end: int
    text: str
    title: str = ""
    header: str = ""
    opening: str = ""

    @property
    def name(self) -> str:
        """Its name in a prompt, as in `kb ask`."""
        return passage_source(self.doc, self.page, self.title)

    def holds(self, citation: Citation) -> bool:
        """Whether a whole quote is inside it."""
        same = (citation.sha256, citation.page) == (self.sha256, self.page)
        return same and self.start <= citation.start and citation.end <= self.end

    def passage(self, key: str) -> Passage:
        """Return it under a key."""
        return Passage(key=key, source=self.name, text=self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionCandidate:
    """A question that may become rows.

    Attributes:
        fact: The fact that answers it.
        phrasing: Index of the question in `fact.questions`.
        source: The passage that proves the fact.
        also: Further passages with the rest of the evidence.
        origin: Who wrote it, as in `Pair.origin`.
        hits: Other passages that the search returned for the question, best first; used as hard distractors.
        figures: Measured values of the checks passed so far.
        cluster: Number of the cluster of similar phrasings of the fact; set by the duplicate check.
        vector: The question's embedding as bytes of float32; set by the duplicate check.
    """

    fact: Fact
    phrasing: int
    source: SourcePassage
    also: tuple[SourcePassage, ...] = ()
    origin: str = "rules"
    hits: tuple[SourcePassage, ...] = ()
    figures: dict[str, float] = field(default_factory=dict)
    cluster: int = 0
    vector: bytes = b""

    @property
    def question(self) -> str:
        """The question."""
        return self.fact.questions[self.phrasing]

    @property
    def id(self) -> str:
        """Deterministic over fact and phrasing."""
        return digest(self.fact.id, str(self.phrasing), self.question)

    @property
    def sources(self) -> tuple[SourcePassage, ...]:
        """All passages with evidence."""
        return (self.source, *self.also)

    @property
    def quotes(self) -> str:
        """The quotes of the evidence, one a line."""
        return "\n".join(citation.quote for citation in self.fact.evidence)

    @property
    def named(self) -> str:
        """Names of the document: file, title, headings, and its first lines."""
        parts = ((source.doc, source.title, source.header, source.opening[:_COVER_CHARS]) for source in self.sources)
        return "\n".join(part for each in parts for part in each)

    @property
    def about(self) -> str:
        """All text that the question may take its words from: the passages and their headings."""
        texts = [part for source in self.sources for part in (source.doc, source.title, source.header, source.text)]
        return "\n".join(dict.fromkeys([*texts, self.quotes, *(source.opening for source in self.sources)]))


def digest(*parts: str) -> str:
    """Return 16 hex digits of SHA-256 over the parts and their boundaries."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def order_key(seed: int, *parts: str) -> int:
    """Return a sort key for a shuffled order that depends on the seed and the parts alone."""
    return int(digest(str(seed), *parts)[:15], 16)

"""Checks an answer against the pages it cites and says, sentence by sentence, what holds.

A sentence holds when its quotes stand on the cited page, its numbers do, and its words stand together in the cited
passage. What holds gets citations whose quotes are verbatim spans of the page; what does not is marked, not hidden.
All checks are deterministic and lexical: they catch invented keys, quotes and figures, not a twisted meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from core.language.english import polarity
from core.language.english.questions import conversation
from core.prompt import NOTICE
from core.reading.compose import abstention_for, all_abstentions
from core.reading.passages import KEY_SHAPE
from core.reading.proved import DIFFERS, answer_first
from core.reading.text.fold import Folded
from core.reading.text.measures import other_measure
from core.reading.text.sentences import Offsets, sentences, split_prose
from core.reading.text.words import scaled_numbers, signed_numbers, stated_numbers, terms
from core.types import Citation, Ground, Statement
from rag.answer.pack import PageText, Span
from rag.answer.plain import transform

UNSUPPORTED = "[not supported by the cited page]"
NO_SOURCE = "[no source found]"
# Sentences of a reply that claim nothing about the documents.
IDLE_SENTENCES = frozenset({NOTICE, DIFFERS})

# Share of a sentence's content words, numbers twice, that must stand together in the source; an attribution without a
# key needs more. `python -m bench.abstain` prints how often they hold for true and for foreign sources.
MIN_SHARE = 0.5
MIN_SHARE_WITHOUT_KEY = 0.6
_FEWEST_WORDS = 3  # content words of a sentence that a passage can be sought for
_HOLLOW = frozenset(terms(conversation.HOLLOW_WORDS))
_KEPT_SHARE = 0.6  # of several cited passages, one that holds less than this part of the best one's share is dropped
_QUOTED = re.compile(r"“([^”]+)”|(?<!\w)\"([^\"]+)\"(?!\w)|«([^»]+)»")
_ANSWER_AND_QUOTE = re.compile(r"(?P<answer>[^“”]{1,160}): “(?P<quote>[^”]+)”\.?")
_YES_OR_NO = re.compile(polarity.STATED, re.IGNORECASE)
_ELLIPSIS = re.compile(r"\s*(?:\[?(?:…|\.\.\.)\]?)\s*")
_MARKER = re.compile(rf"\[\[({KEY_SHAPE}(?:,{KEY_SHAPE})*)\]\]")
_WRAPPED = re.compile(r"(?<=[^\s.!?:;…])\n(?=[a-z])")  # a line that goes on in the next: as long as a break is
_ENUMERATOR = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+")


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer after checking.

    Attributes:
        answer: Plain text with sources in place of keys and marks after what does not hold.
        ground: `cited` if at least one sentence holds, `abstained` if the answer says that there is none.
        citations: Verified quotes, in order of first use.
        statements: The sentences with their verdicts.
        short_answer: What an answer of the form `short answer: “quote”` gives, where quote and figures hold.
    """

    answer: str
    ground: Ground
    citations: tuple[Citation, ...] = ()
    statements: tuple[Statement, ...] = ()
    short_answer: str = ""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A sentence of a reply, the keys it names and its place in the reply."""

    text: str
    keys: tuple[str, ...]
    start: int
    end: int


@dataclass(slots=True)
class _Source:
    """A span with what is looked up in it more than once."""

    span: Span
    page: Folded
    stated: frozenset[str]
    units: list[tuple[Offsets, frozenset[str]]] = field(default_factory=list)

    def citation(self, start: int, end: int) -> Citation:
        """Cite `[start, end)` of the page."""
        span = self.span
        return Citation(
            doc=span.doc, sha256=span.sha256, page=span.page, start=start, end=end, quote=self.page.text[start:end]
        )


def _source(span: Span, page_text: PageText) -> _Source:
    page = page_text(span.sha256, span.page)
    source = _Source(span, Folded(page), stated_numbers(page))
    previous: tuple[Offsets, frozenset[str]] | None = None
    for unit in sentences(span.text):
        unit_terms = frozenset(terms(span.text[unit.start : unit.end]))
        heads = frozenset(terms(" ".join(span.text[slice(*part)] for part in (unit.header, unit.label) if part)))
        offsets = (span.start + unit.start, span.start + unit.end)
        source.units.append((offsets, unit_terms | heads if unit.kind != "prose" else unit_terms))
        if previous is not None:
            source.units.append(((previous[0][0], offsets[1]), previous[1] | unit_terms))
        previous = (offsets, unit_terms)
    return source


def _claims(reply: str) -> tuple[str, list[_Claim]]:
    """Split a reply into sentences; a key belongs to the sentence before it, at the head of a line to the one after."""
    marked = transform(reply, lambda keys: f"[[{','.join(keys)}]]")
    places: list[tuple[int, list[str]]] = []
    text = ""
    position = 0
    for marker in _MARKER.finditer(marked):
        before = marked[position : marker.start()]
        position = marker.end()
        text += before.rstrip(" ") if re.match(r"\s|[.,;:!?]|$|\[\[", marked[position : position + 2]) else before
        places.append((len(text), marker[1].split(",")))
    text += marked[position:]
    text = re.sub(r"“[^”]*”", lambda quote: quote[0].replace("\n", " "), text)
    text = _WRAPPED.sub(" ", text)
    # A quote stays in one piece: its stops and breaks are no ends of sentences of the reply.
    whole = re.sub(r"“[^”]*”", lambda quote: re.sub(r"[.!?…](?=.*”)", "_", quote[0]), text)
    spans = [part for line in re.finditer(r"[^\n]+", text) for part in split_prose(whole, *line.span())]
    spans = [span for span in spans if text[slice(*span)].strip()]
    named: list[list[str]] = [[] for _ in spans]
    for place, keys in places:
        if spans:
            named[_owner(text, spans, place)] += keys
    return text, [
        _Claim(text[start:end], tuple(dict.fromkeys(keys)), start, end)
        for (start, end), keys in zip(spans, named, strict=True)
    ]


def _owner(text: str, spans: Sequence[Offsets], place: int) -> int:
    at_head = not text[:place].rpartition("\n")[2].strip()
    if at_head:
        return next((index for index, (_, end) in enumerate(spans) if end > place), len(spans) - 1)
    return max((index for index, (start, _) in enumerate(spans) if start < place), default=0)


def _quotes(text: str) -> Iterator[str]:
    """Quoted stretches of a sentence that are more than a word; an ellipsis parts a quote."""
    for match in _QUOTED.finditer(text):
        for part in _ELLIPSIS.split(match[1] or match[2] or match[3]):
            if len(part.split()) > 1 or len(part) > 11:
                yield part.strip()


def _best_window(words: frozenset[str], source: _Source) -> tuple[float, Offsets | None, frozenset[str]]:
    """The sentence or pair of sentences that holds most of `words`, preferring the shorter."""
    total = _weight(words) or 1.0
    best: tuple[float, Offsets | None, frozenset[str]] = (0.0, None, frozenset())
    best_value = 0.0
    for offsets, unit_terms in source.units:
        share = _weight(words & unit_terms) / total
        value = share - 0.0002 * (offsets[1] - offsets[0])
        if share > 0 and (best[1] is None or value > best_value):
            best, best_value = (share, offsets, unit_terms), value
    return best


def _weight(words: frozenset[str]) -> float:
    return float(sum(2 if word[0].isdigit() else 1 for word in words))


@dataclass(frozen=True, slots=True)
class _Verdict:
    citations: tuple[Citation, ...] = ()
    reason: str = ""


def _missing_number(body: str, sources: Sequence[_Source]) -> str:
    """The first number of a sentence that no cited page states, or an empty string."""
    stated = frozenset[str]().union(*(source.stated for source in sources))
    return next((written for written, spellings in scaled_numbers(body) if not spellings & stated), "")


def _other_sign(text: str, sources: Sequence[str]) -> str:
    """The first number of a sentence that its sources give with the other sign alone, or an empty string.

    A sentence that says in words that something shrank or lies below may leave the sign away, and add one.
    """
    if polarity.SHRINKING.search(_QUOTED.sub(" ", text)):
        return ""
    signs: dict[str, set[str]] = {}
    for source in sources:
        for _, number, sign in signed_numbers(source):
            signs.setdefault(number, set()).add(sign)
    for written, number, sign in signed_numbers(text):
        known = signs.get(number, set())
        if known and not known & {"", sign} and sign:
            return written
    return ""


def _place(quote: str, source: _Source) -> Offsets | None:
    """Where a quote stands on its page; the stop or comma that a writer puts inside the marks may be missing there."""
    near = source.span.start
    return source.page.find(quote, near=near) or source.page.find(quote.strip(" ,.;"), near=near)


def _judge(text: str, sources: Sequence[_Source], needed: float, question_terms: frozenset[str]) -> _Verdict:
    """Check one sentence against the passages it cites; it may merely repeat the words of the question."""
    quotes: list[Citation] = []
    words = frozenset(terms(_ENUMERATOR.sub("", text)))
    supported_terms: frozenset[str] = frozenset()
    for quote in _quotes(text):
        places = [(source, _place(quote, source)) for source in sources]
        placed_quote = next(((source, place) for source, place in places if place), None)
        if placed_quote is None:
            return _Verdict(reason=f"the quote “{quote}” is not on the cited page")
        quotes.append(placed_quote[0].citation(*placed_quote[1]))
        supported_terms |= frozenset(terms(quotes[-1].quote))
    body = conversation.PAGE_REFERENCE.sub(" ", _ENUMERATOR.sub("", text))
    missing = _missing_number(body, sources)
    if missing:
        return _Verdict(reason=f"the number {missing} is not on the cited page")
    turned = _other_sign(body, [source.page.text for source in sources])
    if turned:
        return _Verdict(reason=f"the cited page gives {turned} with the other sign")
    measured = other_measure(_QUOTED.sub(" ", body), [source.page.text for source in sources])
    if measured:
        return _Verdict(reason=f"the cited page gives {measured} in another unit or scale")
    form = _ANSWER_AND_QUOTE.fullmatch(text.strip())
    if form and quotes and not _borne_out(form["answer"], quotes[0], sources, question_terms):
        return _Verdict(reason=f"the quote does not say “{form['answer']}”")
    windows = [(source, *_best_window(words, source)) for source in sources]
    top = max((share for _, share, _, _ in windows), default=0.0)
    kept = [window for window in windows if window[2] and window[1] >= _KEPT_SHARE * top]
    supported_terms = supported_terms.union(*(window[3] for window in kept))
    if any(_weight(part & supported_terms) < needed * _weight(part) for part in (words, words - question_terms)):
        return _Verdict(reason="its words do not stand together in the cited passage")
    citations = tuple(quotes) or tuple(source.citation(*place) for source, _, place, _ in kept if place)
    return _Verdict(citations, "" if citations else "it says nothing that can be looked up")


def _borne_out(answer: str, quote: Citation, sources: Sequence[_Source], question_terms: frozenset[str]) -> bool:
    """Whether the sentences that a quote stands in, or next to, say what is given as their answer."""
    new_terms = frozenset(terms(answer)) - question_terms - _HOLLOW
    near, read = frozenset(terms(quote.quote)), [quote.quote]
    for source in sources:
        if (source.span.sha256, source.span.page) != (quote.sha256, quote.page):
            continue
        for (start, end), unit_terms in source.units:
            if start < quote.end and quote.start < end:
                near |= unit_terms
                read.append(source.page.text[start:end])
    stated = frozenset[str]().union(*map(stated_numbers, read))
    if any(not spellings & stated for _, spellings in scaled_numbers(answer)) or _other_sign(answer, read):
        return False
    if other_measure(answer, read):
        return False
    return bool(_YES_OR_NO.match(answer)) or _weight(new_terms & near) >= MIN_SHARE * _weight(new_terms)


def _attribute(text: str, sources: Sequence[_Source], question_terms: frozenset[str]) -> _Verdict:
    """Find the one passage that bears out a sentence which names none; it must say something and something new."""
    words = frozenset(terms(text)) - _HOLLOW
    if len(words) < _FEWEST_WORDS or words <= question_terms:
        return _Verdict(reason="it says nothing that could be looked for")
    shares = [_best_window(words, source)[0] for source in sources]
    order = sorted(range(len(sources)), key=lambda index: -shares[index])
    verdicts = (_judge(text, [sources[index]], MIN_SHARE_WITHOUT_KEY, question_terms) for index in order[:3])
    return next((verdict for verdict in verdicts if verdict.citations), _Verdict(reason="no passage bears it out"))


def _idle(text: str) -> bool:
    """Whether a sentence claims nothing about the documents: a fixed remark, a lead-in, a word of courtesy."""
    lead_in = text.rstrip().endswith(":") and not scaled_numbers(text)
    return text.strip() in IDLE_SENTENCES or lead_in or not terms(text)


def abstains(text: str) -> bool:
    """Whether a reply says, in one sentence, that the documents do not answer."""
    plain = " ".join(text.split())
    spelled = tuple(sentence.rstrip(".。") for sentence in all_abstentions())
    return plain.startswith(spelled) or (len(plain) < 200 and bool(conversation.ABSTAINS.search(plain)))


def check(reply: str, passages: Mapping[str, Span], page_text: PageText, *, question: str = "") -> Checked:
    """Check a model's reply.

    Args:
        reply: The raw text, citation keys in it; `“quote” [[key]] Answer: X` is read as `X: “quote” [[key]]`.
        passages: Key to the span that stood under it in the prompt.
        page_text: Gives the text of a page; offsets of citations count in it.
        question: What was asked; a sentence is not supported by the words that it repeats of it.
    """
    question_terms = frozenset(terms(question))
    text, claims = _claims(answer_first(reply))
    known = [claim for claim in claims if any(key in passages for key in claim.keys)]
    if not claims or (not known and abstains(text)):
        abstention = abstention_for(question)
        return Checked(abstention, "abstained", (), (Statement(text=abstention),))

    @cache
    def source(key: str) -> _Source:
        return _source(passages[key], page_text)

    citations: dict[Citation, int] = {}
    statements: list[Statement] = []
    shown: list[str] = []
    position = 0
    for claim in claims:
        cited = [source(key) for key in claim.keys if key in passages]
        idle = not cited and _idle(claim.text)
        if idle:
            verdict = _Verdict()
        elif cited:
            verdict = _judge(claim.text, cited, MIN_SHARE, question_terms)
        else:
            verdict = _attribute(claim.text, [source(key) for key in passages], question_terms)
        indices = tuple(citations.setdefault(citation, len(citations)) for citation in verdict.citations)
        holds = idle or bool(indices)
        statements.append(
            Statement(text=claim.text, citations=indices, supported=holds, reason="" if holds else verdict.reason)
        )
        shown += [text[position : claim.end], _tail(idle, holds, cited, verdict)]
        position = claim.end
    answer = "".join([*shown, text[position:]]).strip()
    short_answer = _short_answer(statements)
    return Checked(answer, "cited" if citations else "ungrounded", tuple(citations), tuple(statements), short_answer)


def _short_answer(statements: Sequence[Statement]) -> str:
    """What stands before the quote of a reply that claims nothing else, if the quote holds it."""
    claims = [statement for statement in statements if statement.text.strip() not in IDLE_SENTENCES]
    form = _ANSWER_AND_QUOTE.fullmatch(claims[0].text.strip()) if len(claims) == 1 else None
    if form is None or not claims[0].supported:
        return ""
    return form["answer"] if Folded(form["quote"]).find(form["answer"]) else ""


def _tail(idle: bool, holds: bool, cited: Sequence[_Source], verdict: _Verdict) -> str:
    """What a person reads after a sentence: its sources, or that there are none."""
    if idle:
        return ""
    if not holds:
        return f" {UNSUPPORTED}" if cited else f" {NO_SOURCE}"
    names = dict.fromkeys(f"{citation.doc}, p. {citation.page + 1}" for citation in verdict.citations)
    return f" ({'; '.join(names)})"

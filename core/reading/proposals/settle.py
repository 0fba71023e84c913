"""Which proposals are about what the question asks about, and what those for a yes or a no say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.language.answer_kinds import Expectation, expectation
from core.language.english import people, units
from core.language.english.questions import asking, near, short_answers, wording
from core.language.language import language
from core.reading.contrast import (
    exception_among,
    kinds,
    misses_subject,
    of_another,
    of_another_owner,
    shares_word,
)
from core.reading.near_misses import of_opposite, of_other_number, of_other_year
from core.reading.passages import Passage
from core.reading.proposals.candidates import Proposal, Quote, quote_span, units_of
from core.reading.proposals.captions import captioned_values
from core.reading.proposals.short import spans_of_kind
from core.reading.reader import read_question
from core.reading.text.marks import line_with_box
from core.reading.text.sentences import Offsets, Sentence
from core.reading.text.values import Value, values
from core.reading.text.words import is_empty, listed_stems, terms, words
from core.reading.verdict import answers_otherwise, asks_denial, denies, verdict

# Proposals that are chosen by their words; rows of tables are chosen by their labels.
_BY_WORDS = ("span", "sentence", "named")
# Kinds of answers that a pattern tells wholly: what gives none is no answer.
_TOLD_BY_PATTERN = ("phone", "email", "time")
# Kinds of which a sentence may give several, each for another case.
_IN_PARTS = ("time", "date", "money", "number", "percent", "duration", "person")
_ENGLISH = language("en")
# A part of a sentence may leave out the verb of the one before.
_PREDICATE = listed_stems("predicate")
# Of a box that is ticked or not. Set by hand.
_BOXED = 0.9
# Of a sentence that answers with the opposite, another value or a bound of the same thing. Set by hand.
_TELLING = 0.5


def about_the_same(question: str, proposals: Sequence[Proposal], passages: Sequence[Passage]) -> list[Proposal]:
    """Return the proposals without those that speak of another thing than the question."""
    elsewhere = kinds(passage.whole for passage in passages)
    kept = [
        proposal
        for proposal in proposals
        if not people.UNNAMED.fullmatch(proposal.short)
        if not (proposal.kind in ("span", "named") and _repeats(question, proposal.short))
        if not proposal.quotes or not _of_another(question, proposal, passages, elsewhere)
    ]
    kept = [_of_caption(proposal, passages) for proposal in kept]
    if near.ASKS_CODE.search(question):
        # "Employee: Marek Dvorak" is no employee number.
        kept = [proposal for proposal in kept if any(map(str.isdigit, proposal.short))]
    expected = expectation(question)
    if expected is not None and expected.kind in _IN_PARTS:
        kept = [_of_named_part(question, expected, proposal, passages) for proposal in kept]
        kept = [_of_named_end(question, proposal) for proposal in kept]
    if expected is None or expected.kind not in _TOLD_BY_PATTERN or asking.YES_NO.search(question):
        return kept
    fitting = (_of_kind(expected, proposal, passages) for proposal in kept)
    given = [proposal for proposal in fitting if proposal is not None]
    return [proposal for proposal in given if not _of_another_owner(question, proposal, passages)]


def _of_caption(proposal: Proposal, passages: Sequence[Passage]) -> Proposal:
    """Give a proposal that is part of the name below a value of a form the value above it."""
    if proposal.kind not in ("span", "sentence") or len(proposal.quotes) != 1 or proposal.quotes[0].pages_on:
        return proposal
    quote = proposal.quotes[0]
    page = passages[quote.passage].page
    for value in captioned_values(page):
        if value.value[1] < quote.start < quote.end <= value.around[1] and proposal.short in value.name:
            short = " ".join(page[slice(*value.value)].split())
            return replace(proposal, short=short, quotes=(Quote(quote.passage, *value.around),))
    return proposal


def _repeats(question: str, short: str) -> bool:
    """Whether a short answer only says what the question says; one that offers a choice has its answer in itself."""
    own = frozenset(terms(short))
    return bool(own) and own <= frozenset(terms(question)) and not asking.CHOICE.search(question)


def _of_named_part(question: str, expected: Expectation, proposal: Proposal, passages: Sequence[Passage]) -> Proposal:
    """Give a proposal the value of the part of its sentence that has most words of the question ("on Sundays")."""
    if proposal.kind not in ("span", "sentence") or len(proposal.quotes) != 1:
        return proposal
    quote = quote_span(passages, proposal.quotes[0])
    lines = _lines_with_values(quote)
    parts = lines or _statements(question, " ".join(quote.split()))
    first = next((value.start for value in values(parts[0])), max(0, parts[0].find(proposal.short)))
    head = frozenset[str]() if lines else frozenset(terms(parts[0][:first]))
    shares = _shares(frozenset(terms(question)), parts, head)
    stems = frozenset(terms(question)) - _PREDICATE
    own = next((index for index, part in enumerate(parts) if proposal.short in part), None)
    best = max(range(len(parts)), key=lambda index: shares[index])
    if own is None and len(ends := values(proposal.short)) == 2 and _is_range(proposal.short, *ends):
        return proposal
    # "The harbour master, Runa Falk": the name behind a post is who holds it.
    if expected.kind == "person" and own == best + 1 and parts[own].strip(" .") == proposal.short:
        return proposal
    # A short answer that runs over several parts is of none of them.
    if shares.count(shares[best]) > 1 or len(parts) < 2 or (own is not None and shares[best] <= shares[own]):
        return proposal
    rivals = _rivals(expected.kind, parts[best], proposal.short)
    rivals = [rival for rival in rivals if not frozenset(terms(rival)) <= stems]
    named = (
        expected.kind == "person" or expected.gives.search(parts[best]) or rivals == [*filter(_is_number_word, rivals)]
    )
    return replace(proposal, short=rivals[0]) if named and len(rivals) == 1 else proposal


def _statements(question: str, text: str) -> list[str]:
    """The statements of a sentence: all that its gaps part, or only those with a verb where the rest tells nothing."""
    parts = wording.STATEMENT_GAP.split(text)
    stems = frozenset(terms(question)) - _PREDICATE
    whole: list[str] = []
    for part in parts:
        if whole and not _opens_with_verb(part) and stems.isdisjoint(terms(part)):
            whole[-1] = f"{whole[-1]}, {part}"
        else:
            whole.append(part)
    return whole if any(map(_opens_with_verb, parts[1:])) else parts


def _lines_with_values(quote: str) -> list[str]:
    """The lines of a sentence that end with a value, where they are several: "adults 12 euro", "pupils 5 euro"."""
    lines = [" ".join(line.split()) for line in quote.split("\n")]
    valued = [line for line in lines if len(own := values(line)) == 1 and own[0].end == len(line)]
    return valued if len(valued) > 1 else []


def _shares(question_stems: frozenset[str], parts: Sequence[str], head: frozenset[str]) -> list[tuple[int, ...]]:
    """How much of a question each part of a sentence has, to be compared: first by the words other than predicates.

    Where each part has a verb of its own ("opens at nine and closes at four"), the verb and the part's own words tell
    further.

    Args:
        question_stems: Of the question's words.
        parts: In order.
        head: Stems of what stands before the first value; it holds for all parts.
    """
    own = [frozenset(terms(part)) for part in parts]
    shares: list[tuple[int, ...]] = [(len((question_stems - _PREDICATE) & (head | part)),) for part in own]
    if not head or len(parts) < 2 or not all(map(_opens_with_verb, parts[1:])):
        return shares
    rest = head - _PREDICATE
    verbs = [(len(question_stems & (rest | part)), len(question_stems & part)) for part in own]
    return [(*share, *more) for share, more in zip(shares, verbs, strict=True)]


def _opens_with_verb(part: str) -> bool:
    """Whether a part of a sentence begins with a word that is no preposition, number or name."""
    first = next(iter(words(part)), "")
    return first.isalpha() and part.lstrip()[:1].islower() and not is_empty(first) and not values(first)


def _of_named_end(question: str, proposal: Proposal) -> Proposal:
    """Give a proposal that says a range of days or times the end of it that is asked for ("when does it close")."""
    is_last, is_first = asking.ASKS_END.search(question), asking.ASKS_BEGIN.search(question)
    given = [value for value in values(proposal.short) if value.kind in ("date", "time")]
    if bool(is_last) == bool(is_first) or len(given) != 2 or not _is_range(proposal.short, *given):
        return proposal
    value = given[1] if is_last else given[0]
    return replace(proposal, short=proposal.short[value.start : value.end])


def _is_range(text: str, first: Value, last: Value) -> bool:
    """Whether two values of a text are the ends of a range."""
    return first.kind == last.kind and bool(units.RANGE_LINK.fullmatch(text[first.end : last.start]))


def _rivals(kind: str, part: str, short: str) -> list[str]:
    """What a part of a sentence gives of the kind that a short answer is of."""
    if kind == "person":
        return [match[0] for match in short_answers.NAME.finditer(part) if not is_empty(match[0].casefold())]
    if kind == "duration":
        return [part[low:high] for low, high in spans_of_kind(kind, part)]
    given = {value.kind for value in values(short)}
    if not given and any(map(_is_number_word, words(short))):
        return [word for word in words(part) if _is_number_word(word)]
    return [part[value.start : value.end] for value in values(part) if value.kind in given]


def _is_number_word(word: str) -> bool:
    return word.isalpha() and _ENGLISH.number(word.casefold()) is not None


def _of_kind(expected: Expectation, proposal: Proposal, passages: Sequence[Passage]) -> Proposal | None:
    """A proposal with the only part of it that is of the kind asked for; None where nothing is, or too much."""
    quoted = " ".join(quote_span(passages, quote) for quote in proposal.quotes)
    for text in (proposal.short, quoted):
        given = dict.fromkeys(match[0].strip() for match in expected.gives.finditer(text))
        if given:
            ranged = len(given) > 1 and text == proposal.short
            return proposal if ranged else replace(proposal, short=next(iter(given)))
    return None


def _of_another(
    question: str, proposal: Proposal, passages: Sequence[Passage], elsewhere: frozenset[tuple[str, str]]
) -> bool:
    text = " ".join(quote_span(passages, quote) for quote in proposal.quotes)
    passage = passages[proposal.quotes[0].passage]
    yes_no = asking.YES_NO.search(question) is not None
    if not yes_no and of_other_year(question, passage.page, passage.source):
        return True
    if _of_another_owner(question, proposal, passages):
        return True
    if proposal.kind not in _BY_WORDS:
        return False
    around = _around(passage, _unit(passage, proposal.quotes[0]))
    if of_another(question, text, around, passage.page, elsewhere=elsewhere):
        return True
    return not yes_no and (of_other_number(question, text, around, passage.page) or of_opposite(question, text))


def _of_another_owner(question: str, proposal: Proposal, passages: Sequence[Passage]) -> bool:
    """Whether the line that a short answer stands in is about another one than whose it is asked for."""
    if not proposal.quotes:
        return False
    quote = proposal.quotes[0]
    page = passages[quote.passage].page
    place = -1 if quote.pages_on else page.find(proposal.short, quote.start)
    return of_another_owner(question, page, place if quote.start <= place < quote.end else quote.start)


def settled(question: str, proposals: Sequence[Proposal], passages: Sequence[Passage]) -> list[Proposal]:
    """Return the proposals for a question for yes or no, each sentence with what it says.

    Sentences that say nothing of what is asked about are left out, one that rules out the case asked about comes before
    the general rule, and an item of a list is quoted with the line that it stands under.
    """
    sentences = [
        proposal
        for proposal in proposals
        if proposal.kind == "sentence" and proposal.quotes and not _misses_subject(question, proposal, passages)
    ]
    texts = [_text(proposal, passages) for proposal in sentences]
    if sentences:
        denials = [denies(text) for text in texts[1:]]
        exception = exception_among(question, texts[0], texts[1:], denials)
        if exception is not None:
            first = replace(sentences[exception + 1], confidence=sentences[0].confidence)
            sentences = [first, *(each for each in sentences if each.quotes != first.quotes)]
    rest = [proposal for proposal in proposals if proposal.kind != "sentence"]
    return [*rest, *(_with_lead(question, proposal, passages) for proposal in sentences)]


def from_boxes(question: str, passages: Sequence[Passage]) -> list[Proposal]:
    """Return what the boxes of a form say to a question for yes or no: of the first passage whose boxes tell."""
    terms = read_question(question).terms
    for index, passage in enumerate(passages):
        answer = line_with_box(terms, passage.page)
        if answer is not None and answer.verdict:
            text = " ".join(passage.page[answer.start : answer.end].split())
            said_no = (answer.verdict == "no") != asks_denial(question)
            quote = Quote(index, answer.start, answer.end)
            return [Proposal("named", text, (quote,), confidence=_BOXED, polarity="no" if said_no else "yes")]
    return []


def _with_lead(question: str, proposal: Proposal, passages: Sequence[Passage]) -> Proposal:
    quote = proposal.quotes[0]
    passage = passages[quote.passage]
    lead = _lead(passage, _unit(passage, quote))
    above = "" if lead is None else passage.page[lead.start : lead.end]
    text = _text(proposal, passages)
    answer = verdict(question, proposal.short, text, above)
    telling = answers_otherwise(question, text) and shares_word(question, text)
    shown = (replace(lead, passage=quote.passage), *proposal.quotes) if lead is not None else proposal.quotes
    features = {**proposal.features, "settled": 1.0}
    sure = max(proposal.confidence, _TELLING) if telling and answer else proposal.confidence
    return replace(proposal, polarity=answer, quotes=shown, confidence=sure, features=features)


def _text(proposal: Proposal, passages: Sequence[Passage]) -> str:
    return quote_span(passages, proposal.quotes[0])


def _misses_subject(question: str, proposal: Proposal, passages: Sequence[Passage]) -> bool:
    passage = passages[proposal.quotes[0].passage]
    unit = _unit(passage, proposal.quotes[0])
    text = " ".join(quote_span(passages, quote) for quote in proposal.quotes)
    # What stands above a row may be the heads of its columns, or just another row.
    around = _around(passage, None if unit is not None and unit.kind == "row" else unit)
    if unit is not None and (asks := _question_before(passage, unit)):
        # The question before an answer says what it speaks of.
        text, around = f"{passage.whole[slice(*asks)]} {text}", passage.source
    # What excludes it, or gives another value, speaks of what is asked about in other words.
    otherwise = answers_otherwise(question, text) and shares_word(question, text)
    return not otherwise and misses_subject(question, text, around)


def heading_of(proposal: Proposal, passages: Sequence[Passage]) -> str:
    """Return the line that the first quote of a proposal stands under; empty where there is none."""
    passage = passages[proposal.quotes[0].passage] if proposal.quotes else None
    unit = None if passage is None else _unit(passage, proposal.quotes[0])
    return passage.whole[slice(*unit.label)] if passage is not None and unit is not None and unit.label else ""


def _unit(passage: Passage, quote: Quote) -> Sentence | None:
    """The sentence of a passage that a quote begins in; None for one on the next page."""
    if quote.pages_on:
        return None
    start = quote.start - passage.offset
    return next((unit for unit in units_of(passage) if unit.start <= start < unit.end), None)


def _around(passage: Passage, unit: Sentence | None) -> str:
    """What governs a sentence: its document's name, the line it stands under, the heading, a question before it."""
    spans = () if unit is None else (unit.header, unit.label, _question_before(passage, unit))
    return " ".join([passage.source, *(passage.whole[slice(*span)] for span in spans if span)])


def _question_before(passage: Passage, unit: Sentence) -> Offsets | None:
    """The question that a sentence answers, as in a list of questions and answers."""
    before = next((each for each in reversed(units_of(passage)) if each.end <= unit.start), None)
    asks = before is not None and passage.whole[before.start : before.end].rstrip(" *_").endswith("?")
    return (before.start, before.end) if before is not None and asks else None


def _lead(passage: Passage, unit: Sentence | None) -> Quote | None:
    """The line before a list that an item belongs to, or else the heading that the item stands under."""
    if unit is None or unit.kind != "item":
        return None
    span = unit.header or unit.label
    return None if span is None else Quote(0, span[0] + passage.offset, span[1] + passage.offset)

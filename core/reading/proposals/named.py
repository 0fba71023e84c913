"""Answers that stand beside a name: who holds a post, who did something, and what a line "Name: value" says.

A person is asked for by title and named elsewhere in apposition ("Jo Day, Chief Engineer"), in brackets, on the line
above or below, or after "by"; a value stands after its name or, in forms, above it. English; what is found is proposed
beside the spans and sentences of the reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.language.english import people
from core.language.english.printed import table_words
from core.language.language import alternation, language
from core.reading.confidence import probability
from core.reading.passages import Passage
from core.reading.proposals.captions import captioned_values
from core.reading.reader import Question
from core.reading.tables.lookup import meets
from core.reading.text.marks import chosen_option
from core.reading.text.sentences import Offsets, sentences_of
from core.reading.text.values import values
from core.reading.text.words import is_empty, listed_stems, stem, words

_ENGLISH = language("en")
# Several may stand on one line, each a sentence.
_PROPERTY = re.compile(
    r"(?:^[ \t]*(?:[-•*]\s)?|(?<=[.;]\s))(?P<name>[A-Z][^:\n.|]{1,50}?\.?):[ \t]+"
    r"(?P<value>[^\n]+?)(?=[.;][ \t]+[A-Z][\w-]*(?: [\w-]+){0,2}:[ \t]|$)",
    re.MULTILINE,
)
_LIGHT = listed_stems("property_filler")
# Words that documents use for one another ("Weight" for "how heavy"), and what they count at least.
_ALIKE = tuple(frozenset(map(stem, group)) for group in _ENGLISH.synonyms)
_ALIKE_LEAST = 0.7
_DATE_LIGHT = _LIGHT | listed_stems("date_filler")
_NOUNS = {stem(verb): stem(noun) for noun, *verbs in _ENGLISH.event_nouns for verb in verbs}
# "When was the mail about the roof sent?" is answered by the line "Date:" at its head.
_SENDING = listed_stems("sending")
_MESSAGE = listed_stems("message")
# Of the name of a line: it holds a number, and no date.
_NUMBERS = listed_stems("number_label")
_WRITING = listed_stems("writing")
_FIRST_PAGE = re.compile(r",\s*p\.\s*1\b(?!\d)")
_MOST_TITLE_LINES = 12
_MOST_SENTENCE = 400  # code points of a sentence that names what was done


@dataclass(frozen=True, slots=True)
class NamedAnswer:
    """A name or a value beside the words that ask for it.

    Attributes:
        passage: Index of its passage.
        start: First code point in the text of the passage's page.
        end: One past the last.
        sentence: The span around both.
        confidence: Probability that it answers.
        features: What the confidence was computed from.
    """

    passage: int
    start: int
    end: int
    sentence: Offsets
    confidence: float
    features: dict[str, float]


def named_answers(question: str, parsed: Question, passages: Sequence[Passage], denial: str = "") -> list[NamedAnswer]:
    """Return what stands beside the name of what is asked for, best first.

    Args:
        question: As asked.
        parsed: The same, taken apart.
        passages: Best first.
        denial: Words of the question of which one is enough.
    """
    pages = _pages(passages)
    answers = [*_posts(question, pages), *_doers(question, pages), *_properties(question, parsed, pages, denial)]
    answers += [
        *_captioned(parsed, pages),
        *_chosen(parsed, pages),
        *_sending_dates(parsed, pages),
        *_bylines(question, pages),
    ]
    return sorted(answers, key=lambda answer: -answer.confidence)


@dataclass(frozen=True, slots=True)
class _Page:
    """The page of a passage, each page once."""

    passage: int
    source: str
    text: str


def _pages(passages: Sequence[Passage]) -> list[_Page]:
    pages = {
        passage.page: _Page(index, passage.source, passage.page) for index, passage in reversed([*enumerate(passages)])
    }
    return sorted(pages.values(), key=lambda page: page.passage)


def _answer(passage: int, span: Offsets, around: Offsets, *, close: float, covered: float) -> NamedAnswer:
    features = {"close": close, "covered": covered, "early": max(0.0, 1 - passage / 4)}
    return NamedAnswer(passage, *span, around, probability("named", features), features)


@lru_cache(maxsize=256)
def _post_names(question: str) -> tuple[str, str]:
    """The post that a question asks for and what follows it ("the museum"), both `""` where it asks for none."""
    match = people.WHO_IS.match(question)
    if match is None:
        return "", ""
    post = match["post"].strip()
    split = people.OF.split(post, maxsplit=1)
    return (split[0], split[1] if len(split) > 1 else "") if len(split[0].split()) <= 5 else ("", "")


def _spelled(post: str) -> list[str]:
    """A post and its other spellings: the short form spelled out, and the short form of one spelled out."""
    lower = post.casefold()
    spelled = [post, *(full for short, full in _ENGLISH.posts.items() if short == lower)]
    spelled += [short for short, full in _ENGLISH.posts.items() if full == lower]
    return spelled + ([lower.removesuffix(people.OFFICER)] if lower.endswith(people.OFFICER) else [])


def _posts(question: str, pages: Sequence[_Page]) -> Iterator[NamedAnswer]:
    post, scope = _post_names(question)
    if not post or not re.match(people.BEGINS_WITH_WHO, question, re.IGNORECASE):
        return
    for spelling in _spelled(post):
        pattern = r"\s+".join(re.escape(word) for word in spelling.split())
        yield from _beside(rf"(?<![\w-]){pattern}{people.OF_SOMETHING}(?![\w-])", question, scope, pages)


def _beside(post: str, question: str, scope: str, pages: Sequence[_Page]) -> Iterator[NamedAnswer]:
    """Names directly before and after a post."""
    question_stems = _stems(question)
    before = re.compile(rf"(?P<name>(?-i:{people.NAME})){people.LINK_BEFORE}(?P<post>(?i:{post}))")
    after = re.compile(rf"(?P<post>(?i:{post})){people.LINK}(?P<name>(?-i:{people.NAME}))")
    for page in pages:
        for pattern, close in ((before, 1.0), (after, 0.9)):
            for match in pattern.finditer(page.text):
                name = match["name"]
                if people.POSTS.search(name) or _stems(name) & question_stems or _qualified(page.text, match, question):
                    continue
                line_break = 0.3 * ("\n" in match[0])
                covered = _scope(scope, page, match.span())
                yield _answer(page.passage, match.span("name"), match.span(), close=close - line_break, covered=covered)


def _qualified(text: str, match: re.Match[str], question: str) -> bool:
    """Whether the post is another one ("Deputy Director", "Vice-Chair") than the plain one that is asked for."""
    before = text[max(0, match.start("post") - 12) : match.start("post")]
    return bool(people.QUALIFIERS.search(before)) and not people.QUALIFIED.search(question)


def _scope(scope: str, page: _Page, span: Offsets) -> float:
    """Part of what the post is of that stands in the document's name or near the post; 1 where nothing is named."""
    stems = _stems(scope)
    if not stems:
        return 1.0
    low = max(0, span[0] - 400)
    near = _stems(f"{page.source} {page.text[low : span[1] + 200]}")
    return len(stems & near) / len(stems)


@lru_cache(maxsize=1024)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words(text) if not is_empty(word))


def _doers(question: str, pages: Sequence[_Page]) -> Iterator[NamedAnswer]:
    """Who did something: "... was written by NAME", "NAME (author)", "Author: NAME"."""
    match = people.WHO_DOES.match(question)
    if match is None or not re.match(people.BEGINS_WITH_WH, question, re.IGNORECASE):
        return
    rest = match["rest"]
    first = re.match(r"[a-z]+(?=\s)", rest)
    regular = [] if first is None else [((first[0],), people.participles(first[0]), ())]
    listed = [(forms, alternation(forms), nouns) for forms, nouns in _ENGLISH.agents.values() if forms]
    for forms, spelled, nouns in (*listed, *regular):
        verb = re.match(rf"(?:{alternation(forms)})\b", rest, re.IGNORECASE)
        if verb is None:
            continue
        what = rest[verb.end() :].strip()
        yield from _passive(spelled, what, question, pages)
        for noun in nouns:
            yield from _beside(rf"(?<![\w-]){noun}(?![\w-])", question, what, pages)


def _passive(forms: str, what: str, question: str, pages: Sequence[_Page]) -> Iterator[NamedAnswer]:
    """Names after "by" in sentences that name what was done."""
    question_stems, stems = _stems(question), _stems(what)
    pattern = people.done_by(forms)
    for page in pages:
        for match in pattern.finditer(page.text):
            given = "name" if match["name"] else "role"
            if _stems(match[given]) <= question_stems:
                continue
            unit = next((u for u in sentences_of(page.text) if u.start <= match.start() < u.end), None)
            around = match.span() if unit is None or unit.end - unit.start > _MOST_SENTENCE else (unit.start, unit.end)
            own = _stems(page.text[slice(*around)]) | _stems(page.source)
            covered = len(stems & own) / len(stems) if stems else 1.0
            yield _answer(page.passage, match.span(given), around, close=0.9, covered=covered)


def _bylines(question: str, pages: Sequence[_Page]) -> Iterator[NamedAnswer]:
    """Authors by the line of names under the title of a first page."""
    if not people.WHO_WROTE.search(question):
        return
    for page in pages:
        if not _FIRST_PAGE.search(page.source):
            continue
        offset, lines_read = 0, 0
        for line in page.text.split("\n")[:_MOST_TITLE_LINES]:
            text = line.strip()
            lines_read += bool(text)
            if lines_read > 1 and people.NAMES.fullmatch(text) and not people.POSTS.search(text):
                start = offset + line.index(text)
                topic = _stems(question) - _WRITING
                named = _stems(page.text[: start + len(text)]) | _stems(page.source)
                covered = len(topic & named) / len(topic) if topic else 1.0
                yield _answer(
                    page.passage, (start, start + len(text)), (start, start + len(text)), close=0.9, covered=covered
                )
                break
            offset += len(line) + 1


def _properties(question: str, parsed: Question, pages: Sequence[_Page], denial: str) -> Iterator[NamedAnswer]:
    """Values of lines "Name: value" whose name is what the question asks for."""
    denied = _stems(denial)
    dated = parsed.expected is not None and parsed.expected.kind == "date"
    light = _DATE_LIGHT if dated else _LIGHT
    # "Her given name" is asked for by all of its words, "born" by "Date of birth".
    own = frozenset(parsed.terms)
    own |= {_NOUNS[term] for term in own & _NOUNS.keys()}
    own = own.union(*(group for group in _ALIKE if group & own))
    own |= frozenset(map(stem, table_words.implied_names(question)))
    question_stems = own | _stems(question)
    for page in pages:
        source = _stems(page.source)
        for match in _PROPERTY.finditer(page.text):
            name = _stems(match["name"])
            if dated and not _NUMBERS.isdisjoint(name):
                continue
            telling = name - light or name
            terms = frozenset(parsed.terms) - (light - telling) - (denied - name if denied & name else frozenset())
            shared = telling & question_stems
            if not telling <= question_stems | source or 2 * len(shared) <= len(telling) - 1 or not shared & own:
                continue
            named = name | source
            known = [term in named or _NOUNS.get(term) in named or meets(term, named) > _ALIKE_LEAST for term in terms]
            covered = sum(known) / len(terms) if terms else 0.0
            span = _of_value(parsed, page.text, match.span("value"))
            if span is not None:
                yield _answer(page.passage, span, match.span(), close=1.0, covered=covered)


def _captioned(parsed: Question, pages: Sequence[_Page]) -> Iterator[NamedAnswer]:
    """Values of a form above the name that the question asks for."""
    terms = frozenset(parsed.terms)
    for page in pages:
        for field in captioned_values(page.text):
            head = people.FIELD_HEAD.match(field.name)
            if head is None or not (head_stems := _stems(head["head"])) or not head_stems <= terms:
                continue
            named = _stems(page.source) | _stems(page.text)
            span = _of_value(parsed, page.text, field.value)
            if span is not None:
                covered = len(terms & named) / len(terms)
                yield _answer(page.passage, span, field.around, close=1.0, covered=covered)


def _chosen(parsed: Question, pages: Sequence[_Page]) -> Iterator[NamedAnswer]:
    """Options of a form that are marked in the group that the question asks for."""
    topic = frozenset(parsed.terms) - listed_stems("choosing")
    for page in pages:
        option = chosen_option(parsed.terms, page.text)
        if option is not None and topic:
            known = _stems(f"{option.title} {option.label} {page.source}") | (
                frozenset() if option.title else _stems(page.text)
            )
            span = option.label_start, option.label_end
            covered = len(topic & known) / len(topic)
            yield _answer(page.passage, span, (option.start, option.end), close=1.0, covered=covered)


def _sending_dates(parsed: Question, pages: Sequence[_Page]) -> Iterator[NamedAnswer]:
    """Dates at the head of the message that the question asks when it was sent."""
    question_terms = frozenset(parsed.terms)
    if parsed.expected is None or parsed.expected.kind != "date" or not question_terms & _SENDING:
        return
    topic = question_terms - _SENDING - _MESSAGE
    for page in pages:
        matches = list(people.DATE_LINE.finditer(page.text))
        heads = [max(0, page.text.rfind("\n\n", 0, match.start())) for match in matches]
        for match, low, high in zip(matches, heads, [*heads, len(page.text)][1:], strict=True):
            message = _stems(page.text[low:high]) | _stems(page.source)
            covered = len(topic & message) / len(topic) if topic else 1.0
            span = _of_value(parsed, page.text, match.span("value"))
            if span is not None:
                yield _answer(page.passage, span, match.span(), close=1.0, covered=covered)


def _of_value(parsed: Question, text: str, span: Offsets) -> Offsets | None:
    """The part of a value that is of the kind asked for; None where it holds nothing of that kind."""
    low, high = span[0], span[1] - (len(text[slice(*span)]) - len(text[slice(*span)].rstrip(" .")))
    kind = parsed.expected.kind if parsed.expected else ""
    piece = text[low:high]
    if kind == "person":
        names = list(re.finditer(people.NAME, piece))
        if not names:
            return (low, high) if piece[:1].isupper() and len(piece.split()) < 6 else None
        # A list of names is given whole, a name with what is said of it alone.
        listed = len(names) > 1 or names[0].end() == len(piece)
        return (low, high) if listed and names[0].start() < 4 else (low + names[0].start(), low + names[0].end())
    if kind == "date":
        dated = [value for value in values(piece) if value.kind == "date"]
        if dated:
            return low + dated[0].start, low + dated[0].end
        return (low, high) if _gives(parsed, piece) else None
    if kind in ("number", "money", "percent"):
        return (low, high) if re.search(r"\d", piece) else None
    if kind in ("phone", "email"):
        match = parsed.expected.gives.search(piece) if parsed.expected else None
        return (low + match.start(), low + match.end()) if match else None
    if kind in ("duration", "time"):
        return (low, high) if _gives(parsed, piece) else None
    return low, high


def _gives(parsed: Question, piece: str) -> bool:
    return parsed.expected is not None and bool(parsed.expected.gives.search(piece))

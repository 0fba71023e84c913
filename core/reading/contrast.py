"""Whether a text speaks of another thing than a question asks about, though most of its words are the same.

"The Gold card includes travel insurance" does not tell what the Basic card includes, nor a train to Kyoto when a train
to Hiroshima leaves: where the question names a thing by a word before its noun, by a place or by a label, and the text
has another word there, the text is of another thing. English rules, by the place of words alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from core.language.calendar import calendar_names
from core.language.english import people
from core.language.english.questions import asking
from core.language.language import language
from core.reading.text.words import is_empty, listed_stems, stem, wider, words

_ENGLISH = language("en")
_LABEL = re.compile(r"^\s*(?:[-*•]\s+)?(?P<label>[^\W\d][^:\n]{1,38}?):\s+\S", re.MULTILINE)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*")
# Words that tell two kinds of a thing apart: no two of a row mean the same.
_CONTRASTS = tuple(frozenset(map(stem, row)) for row in _ENGLISH.contrasts)
_PREDICATE = listed_stems("predicate")
_PERSONS = listed_stems("persons")
# "Landlord: Helen Marchetti": who the lines below speak of.
_PARTY = re.compile(rf"\s*(?:[-*•]\s+)?[A-Z][^:\n]{{1,38}}?:\s+(?-i:{people.NAME})")
# "Last month's number" has no owner.
_DATED = frozenset(map(stem, (*_ENGLISH.time_units, *calendar_names())))
_FEWEST_LETTERS = 3
Kind = tuple[str, str]
_CALENDAR = frozenset(calendar_names())


def of_another(
    question: str, text: str, around: str, page: str = "", *, elsewhere: frozenset[Kind] = frozenset()
) -> bool:
    """Tell whether a text is about a like thing that the question does not ask about.

    Args:
        question: As a person asks it.
        text: What would be quoted.
        around: What governs it: headings, the title of its document, the sentence before.
        page: The text that it stands in, for the labels of its lines.
        elsewhere: What `kinds` returns of all passages.
    """
    known = frozenset(map(stem, words(f"{text} {around}")))
    other_kind = _other_kind(question, text, known, elsewhere)
    return other_kind or _other_place(question, text, known) or _other_label(question, text, page)


def kinds(texts: Iterable[str]) -> frozenset[Kind]:
    """Return the stems of the neighbouring words of some texts: a kind and the noun that it is a kind of."""
    return frozenset(
        (stem(first.casefold()), stem(second.casefold())) for text in texts for first, second in _pairs(text)
    )


def _other_kind(question: str, text: str, known: frozenset[str], elsewhere: frozenset[Kind]) -> bool:
    """Whether a noun of the question stands in the text behind other words alone ("study leave", "annual leave").

    Most other words say the same ("stuck" and "stopped"). Two names do not, nor two words that are known to tell things
    apart, nor where the passages have the noun behind the word of the question, too.
    """
    question_stems = frozenset(map(stem, words(question)))
    text_pairs = list(_pairs(text))
    for kind, noun in _pairs(question):
        of_kind, of_noun = stem(kind.casefold()), stem(noun.casefold())
        if not _tells_apart(kind) or not _tells_apart(noun) or of_kind in known:
            continue
        before = [first for first, second in text_pairs if stem(second.casefold()) == of_noun]
        if not before or not all(_tells_apart(word) and stem(word.casefold()) not in question_stems for word in before):
            continue
        named = kind[:1].isupper() and all(word[:1].isupper() for word in before)
        contrasts = any({of_kind, stem(word.casefold())} <= group for group in _CONTRASTS for word in before)
        if named or contrasts or (of_kind, of_noun) in elsewhere:
            return True
    return False


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield neighbouring words of a text that no sign but a hyphen parts; nothing before the first of a clause."""
    for clause in re.split(r"[^\w\s'’-]+", text):
        yield from pairwise(["", *_WORD.findall(clause)])


def _tells_apart(spelled: str) -> bool:
    word = spelled.casefold()
    letters = word.isalpha() and len(word) >= _FEWEST_LETTERS
    counts = _ENGLISH.number(word) is not None or bool(_ENGLISH.ordinal(word))
    return letters and not counts and not is_empty(word) and stem(word) not in _PREDICATE


def _other_place(question: str, text: str, known: frozenset[str]) -> bool:
    """Whether a name behind a preposition in the question ("from Oslo") is another one in the text."""
    given = [(match["word"].casefold(), match["name"].casefold()) for match in asking.PLACED.finditer(text)]
    for match in asking.PLACED.finditer(question):
        word, name = match["word"].casefold(), match["name"].casefold()
        if name in _CALENDAR:
            continue
        rivals = [other for preposition, other in given if preposition == word and other not in _CALENDAR]
        if rivals and stem(name) not in known:
            return True
        # "The bus from Tokyo", where the text has a train from there.
        thing = _before(question, match.start())
        if name in rivals and _tells_apart(thing) and stem(thing) not in known:
            other = next(
                _before(text, each.start()) for each in asking.PLACED.finditer(text) if each["name"].casefold() == name
            )
            if _tells_apart(other) and stem(other) not in map(stem, words(question)):
                return True
    return False


def _before(text: str, end: int) -> str:
    return next(reversed(words(text[:end])), "")


def _other_label(question: str, text: str, page: str) -> bool:
    """Whether a line has a label that is not asked about, and another line of the page one that is."""
    own = _LABEL.match(text)
    asked_stems = frozenset(stem(word) for word in words(question) if not is_empty(word))
    own_stems = frozenset(map(stem, words(text)))
    if own is None or asked_stems & frozenset(map(stem, words(own["label"]))):
        return False
    labels = (asked_stems & frozenset(map(stem, words(match["label"]))) for match in _LABEL.finditer(page))
    return any(label and label.isdisjoint(own_stems) for label in labels)


def of_another_owner(question: str, page: str, place: int) -> bool:
    """Tell whether the line at a place of a page is about another one than whose number or address is asked for.

    "Caretaker: Ivo Lund, phone 555-0133" does not give the landlord's, nor does a line "Phone: ..." below the customer
    give the carrier's.

    Args:
        question: As a person asks it.
        page: The text of the page.
        place: Where the value begins.
    """
    owner = _owner(question)
    label_stems = [frozenset(map(stem, words(match["label"]))) for match in _LABEL.finditer(page)]
    if not owner or (owner in _PERSONS and not any(owner in label for label in label_stems)):
        return False
    start = page.rfind("\n", 0, place) + 1
    end = page.find("\n", place)
    line = page[start : end if end >= 0 else len(page)]
    if asking.OWN.search(line):
        # The names of sender and receiver stand at both ends.
        lines = [each for each in page.split("\n") if each.strip()]
        return not any(owner in map(stem, words(each)) for each in (*lines[:2], *lines[-2:]) if each != line)
    for above in (line, *reversed(page[:start].split("\n"))):
        if owner in map(stem, words(above)):
            return False
        party = _PARTY.match(above)
        if party is not None:
            return True
    return True


def _owner(question: str) -> str:
    """The stem of whose number, address or birth a question asks for; empty where it names none."""
    for pattern in asking.OWNERS:
        match = pattern.search(question)
        if match is not None:
            name = match["owner"] or match.groupdict().get("aged") or ""
            return "" if is_empty(name.casefold()) or stem(name.casefold()) in _DATED else stem(name.casefold())
    return ""


def misses_subject(question: str, text: str, around: str) -> bool:
    """Tell whether a text says nothing of what a question for yes or no asks about.

    It holds no word of the question but those of its headings; or it lacks the noun that the question is about ("Are
    cats allowed?"), unless that is a person, whom documents call by many names; or everything that is asked of it.

    Args:
        question: One that can be answered by yes or no.
        text: What would be quoted, with the line that it is an item of.
        around: Headings above it and the title of its document.
    """
    own = frozenset(map(stem, words(text)))
    governing = frozenset(map(stem, words(around)))
    rest = [term for term in _content(words(question)) if term not in governing]
    if rest and not any(_is_in(term, own) for term in rest):
        return True
    opening = asking.YES_NO_SUBJECT.match(question)
    if opening is None:
        return False
    following = words(question[opening.end() :])
    length = next((index for index, word in enumerate(following) if is_empty(word) or stem(word) in _PREDICATE), None)
    subject = _content(following[:length])
    if subject and _PERSONS.isdisjoint(subject) and not any(_is_in(noun, own | governing) for noun in subject):
        return True
    kind = asking.IS_A.match(question)
    if kind is not None and not any(_is_in(noun, own | governing) for noun in _content(words(kind["noun"]))):
        return True
    things = [term for term in _content(following[len(following[:length]) :]) if term not in _PREDICATE | _PERSONS]
    return bool(things) and not any(_is_in(thing, own | governing) for thing in things)


def _content(parts: Sequence[str]) -> list[str]:
    return [stem(word) for word in parts if not is_empty(word) and not word.isdigit()]


def shares_word(question: str, text: str) -> bool:
    """Tell whether a text has a word of a question that is no mere predicate."""
    own = frozenset(map(stem, words(text)))
    return any(_is_in(term, own) for term in _content(words(question)) if term not in _PREDICATE)


def _is_in(term: str, stems: frozenset[str]) -> bool:
    """Whether a stem is among others, or one of them begins alike ("smoke", "smoking") or is wider ("pet", "dog")."""
    root = term[: max(4, len(term) - 3)]
    return (
        term in stems
        or not wider(term).isdisjoint(stems)
        or (len(term) > 4 and any(other.startswith(root) for other in stems))
    )


def exception_among(question: str, chosen: str, others: Sequence[str], denies: Sequence[bool]) -> int | None:
    """Return the index of the sentence that rules out what a chosen one allows in general, None where there is none.

    "Employees on probation are not eligible": it denies, has a word of the question that the chosen sentence lacks, and
    shares another one with it.

    Args:
        question: One that can be answered by yes or no.
        chosen: The sentence that would be quoted.
        others: Further sentences, best first.
        denies: Of each of these, whether it denies something.
    """
    content = frozenset(stem(word) for word in words(question) if not is_empty(word)) - _PREDICATE
    own = frozenset(map(stem, words(chosen)))
    missing = frozenset(term for term in content if not _is_in(term, own))
    for index, (other, denying) in enumerate(zip(others, denies, strict=True)):
        stems = frozenset(map(stem, words(other)))
        if denying and any(_is_in(term, stems) for term in missing) and (content - missing) & stems:
            return index
    return None
